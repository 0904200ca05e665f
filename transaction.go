package hallpass

import (
	"slices"
	"time"
)

// TransactionStatus is where a transaction stands.
type TransactionStatus string

// The statuses that a transaction of this server takes. Expired is never stored: it follows from the time.
const (
	TransactionNew        TransactionStatus = "new"
	TransactionInProgress TransactionStatus = "workflow_in_progress"
	TransactionCompleted  TransactionStatus = "completed"
	TransactionCancelled  TransactionStatus = "cancelled"
	TransactionExpired    TransactionStatus = "expired"
)

// The events that end a transaction.
const (
	EventCancelled = "transaction_cancelled"
	EventCompleted = "transaction_completed" // an extension of ours
)

// DefaultExpiryDays is how long a transaction lives where its creator does not say.
const DefaultExpiryDays = 90

// Transaction is a piece of work, such as a verification of somebody's identity, that sessions are opened for.
type Transaction struct {
	ID            string // UUID v4, lower case
	TenantID      string
	Status        TransactionStatus // as stored; see StatusAt
	Roles         []string          // the roles named in its tokens and users; empty where it names none
	TokenRoles    []string          // the roles that tokens were issued for at its creation
	CreatedAt     time.Time
	ExpiresAt     time.Time
	EndedAt       time.Time // when it was completed or cancelled; zero before
	LastSessionAt time.Time // when a session was last started or resumed; zero before
	ModifiedAt    time.Time
	Version       int32  // how often it has changed
	Details       []byte // the JSON of its creation, less what stands above
}

// ErrTransaction refuses every transaction that is unknown, another tenant's or over, all alike.
var ErrTransaction = Refuse(KindInvalid, "The transaction data is invalid.")

// StatusAt returns the status at now: the stored one, or expired where the time has run out on a transaction that was
// not over.
func (t *Transaction) StatusAt(now time.Time) TransactionStatus {
	if t.Status.open() && !now.Before(t.ExpiresAt) {
		return TransactionExpired
	}
	return t.Status
}

// open reports whether the status is one that the transaction can leave by an event.
func (s TransactionStatus) open() bool { return s == TransactionNew || s == TransactionInProgress }

// Open reports whether the transaction is still valid at now: new or in progress, and before its expiry.
func (t *Transaction) Open(now time.Time) bool { return t.StatusAt(now).open() }

// CheckOpen refuses a transaction that is over at now.
func (t *Transaction) CheckOpen(now time.Time) error {
	if !t.Open(now) {
		return ErrTransaction
	}
	return nil
}

// CheckTenant refuses a transaction that was not found or is another tenant's.
func (t *Transaction) CheckTenant(tenantID string) error {
	if t == nil || t.TenantID != tenantID {
		return ErrTransaction
	}
	return nil
}

// CheckRole refuses a role that the transaction does not know. It knows unknown, the roles that it names, and every role
// where it names none.
func (t *Transaction) CheckRole(role string) error {
	if role == RoleUnknown || len(t.Roles) == 0 || slices.Contains(t.Roles, role) {
		return nil
	}
	return &Error{
		Kind: KindInvalid, Detail: ErrTransaction.Detail,
		Fields: map[string][]string{"role": {"is not a role of the transaction"}},
	}
}

// CreationClaims returns the claims of a session creation token for the role: good for ttl, and never past the
// transaction's expiry.
func (t *Transaction) CreationClaims(role, clientID, tokenID string, now time.Time, ttl time.Duration) Claims {
	expires := now.Add(ttl)
	if expires.After(t.ExpiresAt) {
		expires = t.ExpiresAt
	}
	return Claims{
		Session: &SessionClaim{Role: role}, Scope: []string{ScopeSessionCreation}, TransactionUUID: t.ID,
		ExpiresAt: expires.Unix(), ID: tokenID, ClientID: clientID,
	}
}

// TransactionSession is the session of one role in a transaction.
type TransactionSession struct {
	ID            string // UUID v4
	TransactionID string
	Role          string
	CreatedAt     time.Time
	LastRequestAt time.Time
	UserAgent     string
	Version       int32 // how often it was resumed
}

// AccessClaims returns the claims of the token that the session gets: scope session_access, no longer alive than the
// creation token that was redeemed for it.
func (s *TransactionSession) AccessClaims(clientID, tokenID string, expiresAt int64) Claims {
	return Claims{
		Session: &SessionClaim{Role: s.Role}, Scope: []string{ScopeSessionAccess}, TransactionUUID: s.TransactionID,
		ExpiresAt: expiresAt, ID: tokenID, ClientID: clientID,
	}
}
