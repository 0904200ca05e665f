package contract_test

// This file is the wire as a client reads it, written down apart from the generated types.

type session struct {
	SessionKey string `json:"session_key"`
	Nonce      string `json:"nonce"`
	ExpiresAt  string `json:"expires_at"`

	caller caller // with the session's key
}

type application struct {
	ID          string           `json:"id"`
	TenantID    string           `json:"tenant_id"`
	Name        string           `json:"name"`
	Type        string           `json:"type"`
	Key         string           `json:"key"`
	Keys        []applicationKey `json:"keys"`
	CreatedBy   string           `json:"created_by"`
	CreatedAt   string           `json:"created_at"`
	ModifiedBy  string           `json:"modified_by"`
	ModifiedAt  string           `json:"modified_at"`
	ExpiresAt   string           `json:"expires_at"`
	Permissions []string         `json:"permissions"`
	Rules       []object         `json:"rules"`
}

type applicationKey struct {
	ID        string `json:"id"`
	TenantID  string `json:"tenant_id"`
	Key       string `json:"key"`
	Version   string `json:"version"`
	CreatedBy string `json:"created_by"`
	CreatedAt string `json:"created_at"`
}

type page struct {
	Pagination struct {
		TotalItems int    `json:"total_items"`
		PageNumber int    `json:"page_number"`
		PageSize   int    `json:"page_size"`
		TotalPages int    `json:"total_pages"`
		After      string `json:"after"`
	} `json:"pagination"`
	Data []application `json:"data"`
}

type permission struct {
	Type             string   `json:"type"`
	Description      string   `json:"description"`
	ApplicationTypes []string `json:"application_types"`
}

type tenantAnswer struct {
	ID         string            `json:"id"`
	OwnerID    string            `json:"owner_id"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Settings   map[string]string `json:"settings"`
	CreatedAt  string            `json:"created_at"`
	ModifiedBy string            `json:"modified_by"`
	ModifiedAt string            `json:"modified_at"`
}

type accessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

type transaction struct {
	ID              string  `json:"id"`
	Status          string  `json:"status"`
	TenantID        string  `json:"tenant_id"`
	BrandID         string  `json:"brand_id"`
	Created         string  `json:"created"`
	Completed       string  `json:"completed"`
	LastSession     string  `json:"last_session_event"`
	ExpiryPeriod    int     `json:"expiry_period"`
	ExpiryTimestamp string  `json:"expiry_timestamp"`
	Version         int     `json:"version"`
	Verifications   *[]any  `json:"verifications"`
	Tokens          []token `json:"tokens"`
	Events          []event `json:"events"`
}

type token struct {
	Token     string `json:"token"`
	Role      string `json:"role"`
	Version   int    `json:"version"`
	AccessURL string `json:"accessUrl"`
}

type event struct {
	Trigger   string `json:"trigger"`
	Timestamp string `json:"timestamp"`
	Role      string `json:"role"`
}

type creationToken struct {
	Token string `json:"token"`
	Role  string `json:"role"`
}

type transactionSession struct {
	ID          string `json:"id"`
	Created     string `json:"created"`
	LastRequest string `json:"last_request"`
	Role        string `json:"role"`
	UserAgent   string `json:"user_agent"`
	Version     int    `json:"version"`
	Token       string `json:"token"`
}
