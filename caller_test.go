package hallpass_test

import (
	"errors"
	"testing"
	"time"

	"hallpass"
)

func TestAuthenticateKey(t *testing.T) {
	t.Parallel()
	verifier := verifierOf(1)
	type presented struct {
		key         *hallpass.Key
		application *hallpass.Application
		tenant      *hallpass.Tenant
		verifier    hallpass.Verifier
	}
	good := func() presented {
		p := newPeople()
		return presented{&hallpass.Key{Selector: 43, ApplicationID: "private", Digest: verifier.Digest()}, p.private, p.tenant, verifier}
	}
	for _, c := range []struct {
		promise string
		change  func(p *presented)
		ok      bool
	}{
		{"accepts a good key", func(*presented) {}, true},
		{"accepts an application that ends later", func(p *presented) { p.application.ExpiresAt = noon.Add(time.Microsecond) }, true},
		{"refuses an unknown key", func(p *presented) { p.key = nil }, false},
		{"refuses a key without application", func(p *presented) { p.application = nil }, false},
		{"refuses an application without tenant", func(p *presented) { p.tenant = nil }, false},
		{"refuses another verifier", func(p *presented) { p.verifier = verifierOf(2) }, false},
		{"refuses an application that ends now", func(p *presented) { p.application.ExpiresAt = noon }, false},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			p := good()
			c.change(&p)
			caller, err := hallpass.AuthenticateKey(p.key, p.application, p.tenant, p.verifier, noon)
			if !c.ok {
				if caller != nil || !errors.Is(err, hallpass.ErrUnauthenticated) {
					t.Errorf("got %+v, %v", caller, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, "caller", *caller, hallpass.Caller{Tenant: p.tenant, Application: p.application, Key: 43})
			wantSame(t, "kind", caller.Kind(), hallpass.CallerKind("private"))
			wantSame(t, "grant", caller.Grant(), p.application.Grant)
		})
	}
}

func TestAuthenticateSession(t *testing.T) {
	t.Parallel()
	keyVerifier, nonceVerifier := verifierOf(1), verifierOf(2)
	type presented struct {
		session     *hallpass.Session
		key         *hallpass.Key
		application *hallpass.Application
		tenant      *hallpass.Tenant
		verifier    hallpass.Verifier
	}
	good := func() presented {
		p := newPeople()
		return presented{
			&hallpass.Session{
				TenantID: "tenant", ApplicationID: "public", IssuingKey: 42, KeyDigest: keyVerifier.Digest(), NonceDigest: nonceVerifier.Digest(),
				ExpiresAt: noon.Add(time.Minute), Grant: hallpass.NewGrant(permissions{"token:use"}, nil),
			},
			&hallpass.Key{Selector: 42, ApplicationID: "public"}, p.public, p.tenant, keyVerifier,
		}
	}
	for _, c := range []struct {
		promise string
		change  func(p *presented)
		ok      bool
	}{
		{"accepts a good session key", func(*presented) {}, true},
		{"accepts one that is not authorized, which can do nothing", func(p *presented) { p.session.Grant = hallpass.Grant{} }, true},
		{"refuses an unknown session", func(p *presented) { p.session = nil }, false},
		{"refuses a session whose key was deleted", func(p *presented) { p.key = nil }, false},
		{"refuses a session whose application was deleted", func(p *presented) { p.application = nil }, false},
		{"refuses a session without tenant", func(p *presented) { p.tenant = nil }, false},
		{"refuses another verifier", func(p *presented) { p.verifier = verifierOf(3) }, false},
		{"refuses the nonce's verifier", func(p *presented) { p.verifier = nonceVerifier }, false},
		{"refuses a session that ends now", func(p *presented) { p.session.ExpiresAt = noon }, false},
		{"refuses a session whose application ends now", func(p *presented) { p.application.ExpiresAt = noon }, false},
		{"refuses a session whose key is another application's", func(p *presented) { p.key.ApplicationID = "private" }, false},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			p := good()
			c.change(&p)
			caller, err := hallpass.AuthenticateSession(p.session, p.key, p.application, p.tenant, p.verifier, noon)
			if !c.ok {
				if caller != nil || !errors.Is(err, hallpass.ErrUnauthenticated) {
					t.Errorf("got %+v, %v", caller, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, "caller", *caller, hallpass.Caller{Tenant: p.tenant, Application: p.application, Session: p.session})
			wantSame(t, "kind", caller.Kind(), hallpass.SessionCaller)
			wantSame(t, "grant", caller.Grant(), p.session.Grant)
		})
	}
}
