package hallpass_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass"
)

const dayLong = 24 * time.Hour

// people are a tenant with a public and a private application.
type people struct {
	tenant          *hallpass.Tenant
	public, private *hallpass.Application
}

func newPeople() people {
	return people{
		tenant:  &hallpass.Tenant{ID: "tenant", Settings: map[string]string{}},
		public:  &hallpass.Application{ID: "public", TenantID: "tenant", Type: hallpass.Public},
		private: &hallpass.Application{ID: "private", TenantID: "tenant", Type: hallpass.Private, Grant: hallpass.NewGrant(permissions{"token:read"}, nil)},
	}
}

func (p people) page() *hallpass.Caller {
	return &hallpass.Caller{Tenant: p.tenant, Application: p.public, Key: 42}
}
func (p people) backend() *hallpass.Caller {
	return &hallpass.Caller{Tenant: p.tenant, Application: p.private, Key: 43}
}

func (p people) session(t *testing.T) *hallpass.MintedSession {
	t.Helper()
	s, err := hallpass.MintSession(p.page(), noon, &chance{3})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMintSession(t *testing.T) {
	t.Parallel()
	s := newPeople().session(t)
	key, keyOK := hallpass.ParseKey(s.Key.Reveal())
	nonce, nonceOK := hallpass.ParseNonce(s.Nonce.Reveal())
	if !keyOK || !nonceOK || key.Kind != hallpass.SessionKey {
		t.Fatalf("key %+v (%v), nonce %+v (%v)", key, keyOK, nonce, nonceOK)
	}
	if key.Selector != s.Selector || nonce.Selector != s.Selector || key.Verifier == nonce.Verifier {
		t.Error("key and nonce must share the selector and nothing else")
	}
	if !s.KeyDigest.Matches(key.Verifier) || !s.NonceDigest.Matches(nonce.Verifier) || s.KeyDigest.Matches(nonce.Verifier) {
		t.Error("the digests are not those of key and nonce")
	}
	wantSame(t, "session", s.Session, hallpass.Session{
		Selector: s.Selector, TenantID: "tenant", ApplicationID: "public", IssuingKey: 42, KeyDigest: s.KeyDigest, NonceDigest: s.NonceDigest,
		CreatedAt: noon, ExpiresAt: noon.Add(3 * time.Minute),
	})
	if s.Authorized() {
		t.Error("a session is born authorized")
	}
}

func TestSessionExpiresAtTheInstant(t *testing.T) {
	t.Parallel()
	s := hallpass.Session{ExpiresAt: noon}
	for at, want := range map[time.Time]bool{noon.Add(-time.Microsecond): false, noon: true, noon.Add(time.Hour): true} {
		wantSame(t, "expired at "+at.String(), s.Expired(at), want)
	}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	grant := hallpass.NewGrant(permissions{"token:read"}, nil)
	wide := hallpass.NewGrant(permissions{"token:use"}, nil)
	soon := noon.Add(time.Minute)
	for _, c := range []struct {
		promise   string
		prepare   func(s *hallpass.Session, p *people)
		grant     hallpass.Grant
		expiresAt *string
		now       time.Time
		kind      hallpass.Kind // KindInternal where it is to succeed
		refusal   error         // the very refusal, where there is one value
		field     string
		until     time.Time
	}{
		{promise: "leaves three minutes from birth where no end is given", now: soon, until: noon.Add(3 * time.Minute)},
		{promise: "accepts the last instant", now: noon.Add(3*time.Minute - time.Microsecond), until: noon.Add(3 * time.Minute)},
		{promise: "takes a later end", expiresAt: ptr("2030-04-23T20:00:00+00:00"), now: soon, until: noon.Truncate(time.Second).Add(8 * time.Hour)},
		{promise: "takes an earlier end", expiresAt: ptr("2030-04-23T12:02:00Z"), now: soon, until: noon.Truncate(time.Second).Add(2 * time.Minute)},
		{promise: "takes an end with an offset, in UTC", expiresAt: ptr("4/23/2030 1:00:00 PM -07:00"), now: soon, until: noon.Truncate(time.Second).Add(8 * time.Hour)},
		{promise: "takes the longest life, to the microsecond", expiresAt: ptr("2030-04-24T12:00:00.123456Z"), now: soon, until: noon.Add(dayLong)},
		{promise: "allows more than the authorizer holds", grant: wide, now: soon, until: noon.Add(3 * time.Minute)},
		{promise: "allows it under another value of strict_session_grants", grant: wide, now: soon, until: noon.Add(3 * time.Minute), prepare: func(_ *hallpass.Session, p *people) {
			p.tenant.Settings[hallpass.SettingStrictSessionGrants] = "false"
		}},
		{promise: "under strict_session_grants allows what the authorizer holds", now: soon, until: noon.Add(3 * time.Minute), prepare: strictly},

		{promise: "refuses more under strict_session_grants", grant: wide, now: soon, kind: hallpass.KindForbidden, prepare: strictly},
		{promise: "refuses a longer life than the longest", expiresAt: ptr("2030-04-24T12:00:00.123457Z"), now: soon, kind: hallpass.KindInvalid, field: "must be at most 24h0m0s after the session's creation"},
		{promise: "refuses an end now", expiresAt: ptr("2030-04-23T12:01:00.123456Z"), now: soon, kind: hallpass.KindInvalid, field: "must be in the future"},
		{promise: "refuses an end in the past", expiresAt: ptr("2020-01-01"), now: soon, kind: hallpass.KindInvalid, field: "must be in the future"},
		{promise: "refuses an end that is no time", expiresAt: ptr("later"), now: soon, kind: hallpass.KindInvalid, field: "must be an ISO 8601 date and time"},
		{promise: "refuses an empty end", expiresAt: ptr(""), now: soon, kind: hallpass.KindInvalid, field: "must be an ISO 8601 date and time"},
		{promise: "refuses an expired session", now: noon.Add(3 * time.Minute), kind: hallpass.KindNotFound, refusal: hallpass.ErrNonceUnknown},
		{promise: "refuses another tenant's session", now: soon, kind: hallpass.KindNotFound, refusal: hallpass.ErrNonceUnknown, prepare: foreign},
		{promise: "refuses a spent nonce", now: soon, kind: hallpass.KindConflict, refusal: hallpass.ErrNonceSpent, prepare: spent},

		{promise: "does not tell another tenant that a nonce is spent", now: soon, kind: hallpass.KindNotFound, refusal: hallpass.ErrNonceUnknown,
			prepare: func(s *hallpass.Session, p *people) { spent(s, p); foreign(s, p) }},
		{promise: "does not tell that an expired nonce is spent", now: noon.Add(time.Hour), kind: hallpass.KindNotFound, refusal: hallpass.ErrNonceUnknown, prepare: spent},
		{promise: "names a spent nonce before a grant too wide", grant: wide, now: soon, kind: hallpass.KindConflict, refusal: hallpass.ErrNonceSpent,
			prepare: func(s *hallpass.Session, p *people) { spent(s, p); strictly(s, p) }},
		{promise: "names a grant too wide before a wrong end", grant: wide, expiresAt: ptr("later"), now: soon, kind: hallpass.KindForbidden, prepare: strictly},
		{promise: "names a spent nonce before a wrong end", expiresAt: ptr("later"), now: soon, kind: hallpass.KindConflict, refusal: hallpass.ErrNonceSpent, prepare: spent},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			p := newPeople()
			s := p.session(t).Session
			if c.prepare != nil {
				c.prepare(&s, &p)
			}
			if c.grant.Empty() {
				c.grant = grant
			}
			before := s
			got, err := s.Authorize(c.grant, c.expiresAt, p.backend(), c.now, dayLong)
			wantSame(t, "the session that was asked", s, before)
			if c.kind == hallpass.KindInternal {
				if err != nil {
					t.Fatal(err)
				}
				want := before
				want.Grant, want.AuthorizedAt, want.AuthorizedBy, want.ExpiresAt = c.grant, c.now, "private", c.until
				if diff := cmp.Diff(want, *got); diff != "" || got.ExpiresAt.Location() != time.UTC {
					t.Errorf("authorized session (-want +got), until %v:\n%s", got.ExpiresAt, diff)
				}
				return
			}
			refusal := theRefusal(t, err, c.kind)
			if got != nil || c.refusal != nil && !errors.Is(err, c.refusal) {
				t.Errorf("got %+v and %v; want nothing and %v", got, err, c.refusal)
			}
			if c.field != "" {
				wantSame(t, "fields", refusal.Fields, problems{"expires_at": {c.field}})
			}
		})
	}
}

func strictly(_ *hallpass.Session, p *people) {
	p.tenant.Settings[hallpass.SettingStrictSessionGrants] = "true"
}
func foreign(_ *hallpass.Session, p *people) { p.tenant.ID = "another tenant" }
func spent(s *hallpass.Session, _ *people)   { s.AuthorizedAt = noon }
