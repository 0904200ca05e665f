package contract_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mr-tron/base58"
)

// madeUpKey is a key of the right shape that nobody was ever given.
func madeUpKey(prefix string) string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw)
	raw[0] &= 0x7f
	return prefix + base58.Encode(raw)
}

func needsCredential(op *operation) bool { return op.scheme != "" }

func needsKey(op *operation) bool { return op.scheme == "apiKey" }

func needsBearer(op *operation) bool { return needsCredential(op) && !needsKey(op) }

// TestCredentials promises that nobody gets past an operation's security without a credential that is good.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, needsKey, func(t *testing.T, _ *operation, one sample) {
		answers := map[string]*answer{"none": s.nobody().send(t, one.request)}
		good := one.caller.credential
		for name, key := range map[string]string{
			"empty": "", "garbage": "x", "only a prefix": "key_", "an unknown application key": madeUpKey("key_test_us_pvt_"),
			"an unknown session key": madeUpKey("key_sess_"), "a key with one letter more": good + "1",
			"a key without its last letter": good[:len(good)-1], "a key in capitals": strings.ToUpper(good),
			"a key with another verifier": otherVerifier(t, good), "a very long key": "key_" + strings.Repeat("1", 8000),
		} {
			answers[name] = keyCaller(s.url, "", key).send(t, one.request)
		}
		alike(t, answers)
		answers["none"].is(t, http.StatusUnauthorized)
	})
}

// otherVerifier is the key with its public half kept and its secret half made up.
func otherVerifier(t *testing.T, key string) string {
	t.Helper()
	prefix, text := key[:strings.LastIndexByte(key, '_')+1], key[strings.LastIndexByte(key, '_')+1:]
	raw, err := base58.Decode(text)
	if err != nil || len(raw) < 16 {
		return madeUpKey(prefix)
	}
	_, _ = rand.Read(raw[len(raw)-16:])
	return prefix + base58.Encode(raw)
}

// TestBearerCredentials promises the same of bearer tokens, with the header that RFC 6750 asks for.
func TestBearerCredentials(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, needsBearer, func(t *testing.T, _ *operation, one sample) {
		good := one.caller.token()
		answers := map[string]*answer{"none": s.nobody().send(t, one.request)}
		for name, credential := range map[string]string{
			"empty": "", "only the scheme": "Bearer", "garbage": "Bearer x", "another scheme": "Basic " + good,
			"a token without a scheme": good, "an application key": "Bearer " + s.home.private.credential,
			"a very long token": "Bearer " + strings.Repeat("e", 8000) + ".e.e",
		} {
			answers[name] = caller{url: s.url, header: "Authorization", credential: credential}.send(t, one.request)
		}
		answers["a key in the other header"] = s.home.private.send(t, one.request)
		for _, a := range answers {
			if got := a.header.Get("WWW-Authenticate"); got != "Bearer" {
				t.Errorf("WWW-Authenticate is %q", got)
			}
		}
		alike(t, answers)
		answers["none"].is(t, http.StatusUnauthorized).says(t, "Invalid token.")
	})
	t.Run("the scheme's name is read in any case", func(t *testing.T) {
		t.Parallel()
		c := s.home.access
		c.credential = "bEaReR " + c.token()
		c.get(t, "/api/transaction/"+s.home.transaction).is(t, http.StatusOK)
	})
}

// TestCallers promises that an operation refuses every kind of caller that the contract does not name.
func TestCallers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	kinds := map[string]caller{
		"public": s.home.public, "private": s.home.private, "management": s.home.management,
		"session": s.home.authorized(t, tokenPermissions...).caller,
	}
	each(t, s, needsKey, func(t *testing.T, op *operation, one sample) {
		if len(op.callers) == 0 {
			t.Fatal("the contract names no callers")
		}
		for kind, c := range kinds {
			if !slices.Contains(op.callers, kind) {
				c.send(t, one.request).is(t, http.StatusForbidden)
			}
		}
		s.home.session(t).caller.send(t, one.request).is(t, http.StatusForbidden)
	})
}

// TestBearerCallers promises that the transaction routes refuse the tokens of applications that may not have them.
func TestBearerCallers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	tokens := map[string]caller{
		"a public application":                             s.home.application(t, "public", "token:create").accessToken(t),
		"a management application":                         s.home.application(t, "management", "application:read").accessToken(t),
		"a private application without transaction:create": s.home.application(t, "private", "transaction:read").accessToken(t),
	}
	each(t, s, func(op *operation) bool { return op.scheme == "tenantAccess" }, func(t *testing.T, _ *operation, one sample) {
		for name, c := range tokens {
			a := c.send(t, one.request)
			if a.status != http.StatusForbidden {
				t.Errorf("%s: %d", name, a.status)
			}
			a.says(t, "The token does not grant transaction creation rights.")
		}
	})
}

// TestPermissionsOfCallers promises that an operation refuses a caller of the right kind without the permission that the contract
// names, and that the permission is all it takes.
func TestPermissionsOfCallers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, func(op *operation) bool { return op.permission != "" }, func(t *testing.T, op *operation, one sample) {
		kind, other := "private", "transaction:read"
		switch {
		case !slices.Contains(op.callers, "private"):
			kind, other = "management", "tenant:delete"
		case op.scheme == "tenantAccess" && op.permission != "transaction:create":
			other = "transaction:create" // or there would be no scope either
		}
		without, with := s.home.application(t, kind, other), s.home.application(t, kind, other, op.permission)
		if op.scheme == "tenantAccess" {
			without, with = s.tokenThatLost(t, op.permission), with.accessToken(t)
		}
		without.send(t, one.request).is(t, http.StatusForbidden)
		if slices.Contains(op.callers, "session") {
			others := slices.DeleteFunc(slices.Clone(tokenPermissions), func(p string) bool { return p == op.permission })
			s.home.authorized(t, others...).caller.send(t, one.request).is(t, http.StatusForbidden)
		}
		with.send(t, one.request).is(t, one.status)
	})
}

// tokenThatLost is the access token of an application that held the permission when it got the token and lost it since.
func (s *service) tokenThatLost(t *testing.T, permission string) caller {
	t.Helper()
	application := s.home.application(t, "private", transactionPermissions...)
	access := application.accessToken(t)
	rest := slices.DeleteFunc(slices.Clone(transactionPermissions), func(p string) bool { return p == permission })
	s.home.management.put(t, "/applications/"+application.id, object{"name": "Less", "permissions": rest}).is(t, http.StatusOK)
	return access
}

// TestOrderOfRefusal promises that who calls is asked before what is sent.
func TestOrderOfRefusal(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, needsCredential, func(t *testing.T, op *operation, one sample) {
		spoilt := one.request.with("Content-Type", "text/plain")
		spoilt.body, spoilt.broken, spoilt.path = marked("not json"), true, spoilt.path+"?a=%zz"
		s.nobody().send(t, spoilt).is(t, http.StatusUnauthorized)
		wrong := s.home.session(t).caller
		if !needsKey(op) {
			wrong = s.home.application(t, "public").accessToken(t)
		}
		wrong.send(t, spoilt).is(t, http.StatusForbidden)
	})
}
