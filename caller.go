package hallpass

import "time"

// CallerKind is what kind of credential a caller presented: an application key of one of the three types, or a session
// key.
type CallerKind string

// SessionCaller is the kind of a caller with a session key; the other kinds are the application types.
const SessionCaller CallerKind = "session"

// Caller is who a request comes from, established from its credential.
type Caller struct {
	Tenant      *Tenant
	Application *Application // for a session key the public application that asked for the session
	Key         Selector     // the application key presented; zero for session keys and bearer tokens
	Session     *Session     // nil unless a session key was presented
}

// Kind returns what kind of credential the caller presented.
func (c *Caller) Kind() CallerKind {
	if c.Session != nil {
		return SessionCaller
	}
	return CallerKind(c.Application.Type)
}

// Grant returns what the caller may do: the session's grant for a session key, otherwise the application's.
func (c *Caller) Grant() Grant {
	if c.Session != nil {
		return c.Session.Grant
	}
	return c.Application.Grant
}

// ErrUnauthenticated refuses every request whose key is missing, unknown, expired or revoked, all alike.
var ErrUnauthenticated = Refuse(KindUnauthenticated, "A missing or invalid BT-API-KEY was provided")

// AuthenticateKey says who presents the key with that verifier. Key and application are nil where they were not found.
func AuthenticateKey(k *Key, a *Application, t *Tenant, v Verifier, now time.Time) (*Caller, error) {
	if k == nil || a == nil || t == nil || !k.Digest.Matches(v) || a.Expired(now) {
		return nil, ErrUnauthenticated
	}
	return &Caller{Tenant: t, Application: a, Key: k.Selector}, nil
}

// AuthenticateSession says who presents the session key with that verifier. The session ends with the application and
// with the key that it was asked for with, so both must still be there.
func AuthenticateSession(s *Session, k *Key, a *Application, t *Tenant, v Verifier, now time.Time) (*Caller, error) {
	if s == nil || k == nil || a == nil || t == nil ||
		!s.KeyDigest.Matches(v) || s.Expired(now) || a.Expired(now) || k.ApplicationID != a.ID {
		return nil, ErrUnauthenticated
	}
	return &Caller{Tenant: t, Application: a, Session: s}, nil
}
