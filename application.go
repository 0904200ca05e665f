package hallpass

import (
	"io"
	"time"
)

// MaxKeys is how many keys an application holds at most.
const MaxKeys = 3

// Application is a caller of the API: what kind it is, and what it may do.
type Application struct {
	ID         string // UUID v4
	TenantID   string
	Name       string
	Type       ApplicationType
	Grant      Grant
	CreatedBy  string // id of an application; empty for a tenant's first
	CreatedAt  time.Time
	ModifiedBy string
	ModifiedAt time.Time // zero until the first change
	ExpiresAt  time.Time // zero for never
	Keys       []Key     // oldest first
}

// Expired reports whether the application has ended.
func (a *Application) Expired(now time.Time) bool {
	return !a.ExpiresAt.IsZero() && !now.Before(a.ExpiresAt)
}

// Key is one key of an application. Its text is shown once, when it is minted.
type Key struct {
	ID            string // UUID v4
	Selector      Selector
	ApplicationID string
	Digest        Digest
	CreatedBy     string
	CreatedAt     time.Time
	Text          Secret // only in the answer that mints the key; never stored
}

// KeyPrefix returns what the keys of the application begin with, such as key_test_us_pvt_.
func KeyPrefix(tenant TenantType, application ApplicationType) string {
	prefix := "key_prod_us_"
	if tenant == TestTenant {
		prefix = "key_test_us_"
	}
	switch application {
	case Public:
		return prefix + "pub_"
	case Private:
		return prefix + "pvt_"
	default:
		return prefix + "mgt_"
	}
}

// MintKey makes a key with the given id and prefix (see [KeyPrefix]).
func MintKey(id, prefix string, now time.Time, random io.Reader) (Key, error) {
	selector, err := NewSelector(now, random)
	if err != nil {
		return Key{}, err
	}
	verifier, err := NewVerifier(random)
	if err != nil {
		return Key{}, err
	}
	return Key{
		ID: id, Selector: selector, Digest: verifier.Digest(), CreatedAt: now,
		Text: Mint(prefix, selector, verifier),
	}, nil
}

// CheckExpiry reads the `expires_at` of a new application: absent, or a moment in the future.
func CheckExpiry(text *string, now time.Time) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	t, ok := ParseExpiry(*text)
	switch {
	case !ok:
		return time.Time{}, Invalid("expires_at", "must be an ISO 8601 date and time")
	case !t.After(now):
		return time.Time{}, Invalid("expires_at", "must be in the future")
	}
	return t, nil
}

// TokenScopes returns the scopes of the access tokens that the application may get: tenant_access for a private one that
// holds transaction:create, none for any other.
func (a *Application) TokenScopes() []string {
	if a.Type == Private && a.Grant.Has(TransactionCreate) {
		return []string{ScopeTenantAccess}
	}
	return []string{}
}

// AccessClaims returns the claims of an access token of the application, good until expiresAt.
func (a *Application) AccessClaims(tokenID string, expiresAt time.Time) Claims {
	return Claims{Scope: a.TokenScopes(), ExpiresAt: expiresAt.Unix(), ID: tokenID, ClientID: a.ID}
}
