package hallpass

import (
	"io"
	"time"
)

// SessionTTL is how long a session lives from its creation unless it is authorized for longer.
const SessionTTL = 3 * time.Minute

// Session is a credential that can do nothing until a private application authorizes it by its nonce, and nothing again
// once it has expired. Key and nonce share the selector and have a verifier each.
type Session struct {
	Selector      Selector
	TenantID      string
	ApplicationID string   // the public application that asked for it
	IssuingKey    Selector // the key that it was asked for with; the session ends with it
	KeyDigest     Digest
	NonceDigest   Digest
	CreatedAt     time.Time
	ExpiresAt     time.Time
	AuthorizedAt  time.Time // zero until it is authorized
	AuthorizedBy  string    // id of the authorizing application
	Grant         Grant
}

// Authorized reports whether the session has been given a grant.
func (s *Session) Authorized() bool { return !s.AuthorizedAt.IsZero() }

// Expired reports whether the session has ended; it ends at the instant of ExpiresAt.
func (s *Session) Expired(now time.Time) bool { return !now.Before(s.ExpiresAt) }

// MintedSession is a session with the two texts that are shown once.
type MintedSession struct {
	Session
	Key   Secret
	Nonce Secret
}

// MintSession makes a session for the caller, a public application.
func MintSession(caller *Caller, now time.Time, random io.Reader) (*MintedSession, error) {
	selector, err := NewSelector(now, random)
	if err != nil {
		return nil, err
	}
	key, err := NewVerifier(random)
	if err != nil {
		return nil, err
	}
	nonce, err := NewVerifier(random)
	if err != nil {
		return nil, err
	}
	return &MintedSession{
		Session: Session{
			Selector: selector, TenantID: caller.Tenant.ID, ApplicationID: caller.Application.ID, IssuingKey: caller.Key,
			KeyDigest: key.Digest(), NonceDigest: nonce.Digest(),
			CreatedAt: now, ExpiresAt: now.Add(SessionTTL),
		},
		Key:   Mint(string(SessionKey), selector, key),
		Nonce: Mint("", selector, nonce),
	}, nil
}

// The refusals of a nonce. Unknown, expired and foreign are alike on purpose: none tells of another tenant.
var (
	ErrNonceUnknown = Refuse(KindNotFound, "The nonce is unknown or has expired.")
	ErrNonceSpent   = Refuse(KindConflict, "The nonce has been used already.")
)

// Authorize returns the session as it is once caller, a private application, gives it the grant at now, until the moment
// in expiresAt or, where that is nil, for as long as it lives anyway. It refuses a session that has expired or is another
// tenant's with ErrNonceUnknown, one that is authorized already with ErrNonceSpent, a moment that is not in the future or
// more than maxTTL after the session's creation, and under strict_session_grants a grant that goes beyond the caller's.
func (s *Session) Authorize(g Grant, expiresAt *string, caller *Caller, now time.Time, maxTTL time.Duration) (*Session, error) {
	switch {
	case s.TenantID != caller.Tenant.ID || s.Expired(now):
		return nil, ErrNonceUnknown
	case s.Authorized():
		return nil, ErrNonceSpent
	case caller.Tenant.On(SettingStrictSessionGrants) && !g.Within(caller.Grant()):
		return nil, errGrantTooWide
	}
	authorized := *s
	authorized.Grant, authorized.AuthorizedAt, authorized.AuthorizedBy = g, now, caller.Application.ID
	if expiresAt == nil {
		return &authorized, nil
	}
	until, err := CheckExpiry(expiresAt, now)
	if err != nil {
		return nil, err
	}
	if until.After(s.CreatedAt.Add(maxTTL)) {
		return nil, Invalid("expires_at", "must be at most "+maxTTL.String()+" after the session's creation")
	}
	authorized.ExpiresAt = until.UTC()
	return &authorized, nil
}

var errGrantTooWide = Refuse(KindForbidden, "The session would hold more than the authorizing application does.")
