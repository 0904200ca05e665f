package contract_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
)

// tenant is what tests call with: one application of each type, an access token, and a transaction that stays open.
type tenant struct {
	id                          string
	public, private, management caller
	access                      caller
	transaction                 string
	elsewhere                   bool
}

var (
	tokenPermissions       = []string{"token:create", "token:read", "token:update", "token:delete", "token:search", "token:use"}
	transactionPermissions = []string{"transaction:create", "transaction:read", "transaction:update"}
)

// tenant makes a tenant with its first management key in the store, and everything else over HTTP.
func (b *backend) tenant(t testing.TB, address, name string) *tenant {
	t.Helper()
	ctx, now := context.Background(), b.now().UTC().Truncate(hallpass.Precision)
	made := &hallpass.Tenant{
		ID: uuid.NewString(), OwnerID: uuid.NewString(), Name: name, Type: hallpass.TestTenant,
		Settings: map[string]string{}, CreatedAt: now,
	}
	var permissions []hallpass.Permission
	for _, p := range hallpass.Permissions(hallpass.Management) {
		permissions = append(permissions, p.Name)
	}
	application := &hallpass.Application{
		ID: uuid.NewString(), TenantID: made.ID, Name: "Management", Type: hallpass.Management,
		Grant: hallpass.NewGrant(permissions, nil), CreatedAt: now,
	}
	if err := b.db.CreateTenant(ctx, made); err != nil {
		t.Fatal(err)
	}
	var key hallpass.Key
	for err := error(hallpass.ErrSelectorTaken); errors.Is(err, hallpass.ErrSelectorTaken); { // many are minted while the clock stands
		var mintErr error
		if key, mintErr = hallpass.MintKey(uuid.NewString(), hallpass.KeyPrefix(made.Type, hallpass.Management), now, rand.Reader); mintErr != nil {
			t.Fatal(mintErr)
		}
		key.ApplicationID = application.ID
		application.Keys = []hallpass.Key{key}
		if err = b.db.CreateApplication(ctx, application); err != nil && !errors.Is(err, hallpass.ErrSelectorTaken) {
			t.Fatal(err)
		}
	}
	bed.secrets.add("application key", key.Text.Reveal())

	tn := &tenant{id: made.ID, management: keyCaller(address, application.ID, key.Text.Reveal())}
	tn.furnish(t)
	return tn
}

// furnish makes everything of a tenant but its management application.
func (tn *tenant) furnish(t testing.TB) {
	t.Helper()
	tn.public = tn.application(t, "public", "token:create")
	tn.private = tn.application(t, "private", append(tokenPermissions, transactionPermissions...)...)
	tn.access = tn.private.accessToken(t)
	tn.transaction = tn.newTransaction(t, object{}).ID
}

// adopt makes a service of somebody else's server.
func adopt(e *environment) *service {
	as := func(key string) caller { return keyCaller(e.url, e.owner[key].ID, key) }
	return &service{url: e.url, ahead: e.ahead, home: &tenant{
		id: e.owner[e.management].TenantID, public: as(e.public), private: as(e.private), management: as(e.management),
		access: bearerCaller(e.url, e.access), transaction: e.transaction, elsewhere: true,
	}}
}

// hasForeign reports whether the server has another tenant that the suite may use.
func (s *service) hasForeign() bool { return s.own != nil || bed.elsewhere.other != "" }

// foreign returns another tenant of the same server: on somebody else's the one that there is.
func (s *service) foreign(t testing.TB) *tenant {
	t.Helper()
	if !s.hasForeign() {
		bed.record.skip(t, needsSecondTenant)
	}
	if s.own != nil {
		return s.own.tenant(t, s.url, "Another tenant")
	}
	key := bed.elsewhere.other
	owner := bed.elsewhere.owner[key]
	tn := &tenant{id: owner.TenantID, management: keyCaller(s.url, owner.ID, key), elsewhere: true}
	tn.furnish(t)
	return tn
}

// tenantWith returns a tenant with these settings, that no other test uses meanwhile, in place of the test's t.Parallel:
// on somebody else's server it is the one that there is, and the test runs alone.
func tenantWith(t *testing.T, settings object) *tenant {
	t.Helper()
	tn := shared(t).home
	if bed.elsewhere == nil {
		t.Parallel()
		tn = shared(t).foreign(t)
	}
	tn.withSettings(t, settings)
	return tn
}

// application makes an application with one key and returns its caller.
func (tn *tenant) application(t testing.TB, kind string, permissions ...string) caller {
	t.Helper()
	made := tn.newApplication(t, object{"name": "Made for " + t.Name(), "type": kind, "permissions": permissions})
	return keyCaller(tn.management.url, made.ID, made.Key)
}

// newApplication makes an application; on somebody else's server it goes again with the test.
func (tn *tenant) newApplication(t testing.TB, body object) application {
	t.Helper()
	var made application
	tn.management.post(t, "/applications", body).is(t, http.StatusCreated).into(t, &made)
	if tn.elsewhere {
		t.Cleanup(func() { tn.management.delete(t, "/applications/"+made.ID) })
	}
	return made
}

// session makes a session that is not authorized yet.
func (tn *tenant) session(t testing.TB) session {
	t.Helper()
	var made session
	tn.public.post(t, "/sessions", nil).is(t, http.StatusCreated).into(t, &made)
	made.caller = keyCaller(tn.public.url, "", made.SessionKey)
	return made
}

// authorized makes a session that holds the permissions.
func (tn *tenant) authorized(t testing.TB, permissions ...string) session {
	t.Helper()
	made := tn.session(t)
	tn.private.post(t, "/sessions/authorize", object{"nonce": made.Nonce, "permissions": permissions}).is(t, http.StatusOK)
	return made
}

// authorizedUntil makes a session that holds the permissions until then.
func (tn *tenant) authorizedUntil(t testing.TB, end time.Time, permissions ...string) session {
	t.Helper()
	made := tn.session(t)
	tn.authorize(t, made, object{"permissions": permissions, "expires_at": end.Format(time.RFC3339Nano)}).is(t, http.StatusOK)
	return made
}

// newTransaction makes a transaction.
func (tn *tenant) newTransaction(t testing.TB, body object) transaction {
	t.Helper()
	var made transaction
	tn.access.put(t, "/api/transaction/", body).is(t, http.StatusOK).into(t, &made)
	return made
}

// creation returns the caller with a new creation token for a role of a transaction.
func (tn *tenant) creation(t testing.TB, id, role string) caller {
	t.Helper()
	var made creationToken
	tn.access.post(t, "/api/transaction/"+id+"/token", object{"role": role}).is(t, http.StatusOK).into(t, &made)
	return bearerCaller(tn.access.url, made.Token)
}

// accessToken exchanges an application's key for an access token (RFC 6749 section 4.4) and returns the token's caller.
func (c caller) accessToken(t testing.TB) caller {
	t.Helper()
	var made accessToken
	c.grant(t, url.Values{}).is(t, http.StatusOK).into(t, &made)
	return bearerCaller(c.url, made.AccessToken)
}

// grant asks for an access token with the caller's id and key in the form, and whatever else is given.
func (c caller) grant(t testing.TB, more url.Values) *answer {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.id}, "client_secret": {c.credential}}
	for name, values := range more {
		form[name] = values
	}
	return caller{url: c.url}.send(t, tokenRequest(form))
}

func tokenRequest(form url.Values) request {
	return request{method: http.MethodPost, path: "/oauth2/token", body: form.Encode(), kind: "application/x-www-form-urlencoded"}
}

// in is a moment from now on, as text.
func (s *service) in(d time.Duration) string { return s.now().Add(d).UTC().Format(time.RFC3339Nano) }
