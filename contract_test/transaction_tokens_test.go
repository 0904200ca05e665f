package contract_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestSessionCreationToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	made := s.home.newTransaction(t, object{"tokens": list{object{"role": "Borrower"}}, "users": list{object{"role": "Witness"}}})
	path := "/api/transaction/" + made.ID + "/token"
	t.Run("is answered with its role and nothing else", func(t *testing.T) {
		t.Parallel()
		a := s.home.access.post(t, path, object{"role": "Borrower"}).is(t, http.StatusOK)
		var answered creationToken
		a.into(t, &answered)
		same(t, "the body", a.object(t), object{"token": answered.Token, "role": "Borrower"})
		if a.header.Get("Vary") == "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			t.Errorf("headers are %v", a.header)
		}
	})
	t.Run("is for the unknown role where none is named", func(t *testing.T) {
		t.Parallel()
		for _, body := range []any{nil, object{}, object{"role": "unknown"}, object{"other": "member"}} {
			var answered creationToken
			s.home.access.post(t, path, body).is(t, http.StatusOK).into(t, &answered)
			if answered.Role != "unknown" || payloadOf(t, answered.Token).Session.Role != "unknown" {
				t.Errorf("%v: the role is %q", body, answered.Role)
			}
		}
	})
	t.Run("is for a role that the transaction's tokens or users name", func(t *testing.T) {
		t.Parallel()
		s.home.creation(t, made.ID, "Borrower")
		s.home.creation(t, made.ID, "Witness")
		for _, role := range []string{"Stranger", "borrower", "Borrower ", marked("x")} {
			a := s.home.access.post(t, path, object{"role": role})
			a.refuses(t, "role")
			a.says(t, "The transaction data is invalid.")
		}
	})
	t.Run("is for any role where the transaction names none", func(t *testing.T) {
		t.Parallel()
		s.home.creation(t, s.home.newTransaction(t, object{}).ID, "Ünbekannt & <Sohn>")
	})
	t.Run("takes an Accept header and the id in capitals", func(t *testing.T) {
		t.Parallel()
		r := request{method: http.MethodPost, path: strings.Replace(path, made.ID, strings.ToUpper(made.ID), 1), body: object{"role": "unknown"}}
		var answered creationToken
		s.home.access.send(t, r.with("Accept", "application/json, text/javascript")).is(t, http.StatusOK).into(t, &answered)
		if id := payloadOf(t, answered.Token).TransactionUUID; id != made.ID {
			t.Errorf("the token is for %s", id)
		}
	})
	t.Run("leaves those before it good", func(t *testing.T) {
		t.Parallel()
		first, second := s.home.creation(t, made.ID, "Witness"), s.home.creation(t, made.ID, "Witness")
		if payloadOf(t, first.token()).Jti == payloadOf(t, second.token()).Jti {
			t.Error("two tokens share a jti")
		}
		for _, c := range []caller{first, second, first} {
			c.post(t, "/api/transaction/"+made.ID+"/session", nil).is(t, http.StatusOK)
		}
	})
}

// TestTokenIsTheVendors promises that whoever reads the vendor's tokens can read ours: the same header, and the same claims
// of the same types in the same order as in the example.
func TestTokenIsTheVendors(t *testing.T) {
	t.Parallel()
	s := shared(t)
	c := s.home.creation(t, s.home.transaction, "Borrower")
	header, _, signature := parts(t, c.token())
	vendorHeader, _, vendorSignature := parts(t, vendorToken())
	if string(header) != string(vendorHeader) || string(header) != hs384 {
		t.Errorf("the header is %s", header)
	}
	if len(signature) != len(vendorSignature) || len(signature) != sha512.Size384 {
		t.Errorf("the signature has %d bytes", len(signature))
	}
	ours, theirs := claims(t, c.token()), claims(t, vendorToken())
	if len(ours) != len(theirs) || len(ours) != 6 {
		t.Fatalf("there are %d claims", len(ours))
	}
	for i := range ours {
		if ours[i].name != theirs[i].name || typeOf(ours[i].value) != typeOf(theirs[i].value) {
			t.Errorf("claim %d is %s: %s, not like %s: %s", i, ours[i].name, ours[i].value, theirs[i].name, theirs[i].value)
		}
	}
	p := payloadOf(t, c.token())
	want := payload{Scope: []string{"session_creation_authorization_code"}, Exp: p.Exp, Jti: p.Jti, ClientID: p.ClientID}
	want.TransactionUUID = s.home.transaction
	want.Session.Role = "Borrower"
	same(t, "the payload", p, want)
	if !uuidV4.MatchString(p.Jti) || !uuidV4.MatchString(p.ClientID) {
		t.Errorf("jti and client_id are %s and %s", p.Jti, p.ClientID)
	}
	if s.own != nil && !verifies(c.token(), s.secret(t)) {
		t.Error("the signature is not that of HMAC-SHA-384 under the signing secret")
	}
}

// typeOf is the JSON type of a value, with the types of what it holds.
func typeOf(raw []byte) string {
	switch v := decoded(raw).(type) {
	case []any:
		if len(v) == 0 {
			return "array"
		}
		return fmt.Sprintf("array of %T", v[0])
	case map[string]any:
		types := ""
		for name, value := range v {
			types += fmt.Sprintf(" %s %T", name, value)
		}
		return "object with" + types
	case float64:
		return fmt.Sprintf("number, whole: %t", v == float64(int64(v)))
	default:
		return fmt.Sprintf("%T", v)
	}
}

// TestCreationTokenEnds promises half an hour, and never longer than the transaction.
func TestCreationTokenEnds(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	start := s.now()
	made := s.home.newTransaction(t, object{"expiry_timestamp": start.Add(40 * time.Minute).Format("2006-01-02T15:04:05.000Z")})
	path := "/api/transaction/" + made.ID + "/session"
	early := s.home.creation(t, made.ID, "unknown")
	if exp := payloadOf(t, early.token()).Exp; exp != start.Add(30*time.Minute).Unix() {
		t.Errorf("it ends %s after its issue", time.Unix(exp, 0).Sub(start))
	}
	s.own.clock.set(time.Unix(payloadOf(t, early.token()).Exp, 0).Add(-time.Microsecond))
	early.post(t, path, nil).is(t, http.StatusOK)
	late := s.home.creation(t, made.ID, "unknown")
	if exp := payloadOf(t, late.token()).Exp; exp > start.Add(40*time.Minute).Unix() {
		t.Errorf("it ends %s after its transaction", time.Unix(exp, 0).Sub(start.Add(40*time.Minute)))
	}
	s.own.clock.set(time.Unix(payloadOf(t, early.token()).Exp, 0))
	early.post(t, path, nil).is(t, http.StatusUnauthorized).says(t, "Invalid token.")
	late.post(t, path, nil).is(t, http.StatusOK)
	s.own.clock.set(time.Unix(payloadOf(t, late.token()).Exp, 0))
	late.post(t, path, nil).is(t, http.StatusUnauthorized)
}

func TestAccessTokenEnds(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	access := s.home.private.accessToken(t)
	exp := time.Unix(payloadOf(t, access.token()).Exp, 0)
	if lasts := exp.Sub(s.now()); lasts > time.Hour || lasts < time.Hour-time.Second {
		t.Errorf("it lasts %s", lasts)
	}
	path := "/api/transaction/" + s.home.transaction
	s.own.clock.set(exp.Add(-time.Microsecond))
	access.get(t, path).is(t, http.StatusOK)
	s.own.clock.set(exp)
	access.get(t, path).is(t, http.StatusUnauthorized)
}

// TestForgedTokens promises that nothing but what this server signed, as it signed it, is taken.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s := shared(t)
	creation := s.home.creation(t, s.home.transaction, "unknown")
	for kind, c := range map[string]struct {
		good string
		send func(t *testing.T, c caller) *answer
	}{
		"access token": {s.home.access.token(), func(t *testing.T, c caller) *answer { return c.get(t, "/api/transaction/"+s.home.transaction) }},
		"creation token": {creation.token(), func(t *testing.T, c caller) *answer {
			return c.post(t, "/api/transaction/"+s.home.transaction+"/session", nil)
		}},
	} {
		c.send(t, bearerCaller(s.url, c.good)).is(t, http.StatusOK)
		for name, token := range forgeries(t, c.good) {
			t.Run(kind+" with "+name, func(t *testing.T) {
				c.send(t, bearerCaller(s.url, token)).is(t, http.StatusUnauthorized).says(t, "Invalid token.")
			})
		}
	}
}

// TestTokensOfOurSecret promises that the signature alone is not enough either.
func TestTokensOfOurSecret(t *testing.T) {
	t.Parallel()
	s := shared(t)
	skipElsewhere(t, needsSecret)
	secret, exp := s.secret(t), s.now().Add(time.Hour).Unix()
	rest := fmt.Sprintf(`"jti":"21935b5d-1893-4218-b250-7ce3ec6eb195","client_id":%q`, s.home.private.id)
	good := fmt.Sprintf(`{"scope":["tenant_access"],"exp":%d,%s}`, exp, rest)
	signed := func(format string, values ...any) string {
		return sign(sha512.New384, secret, hs384, fmt.Sprintf(format, values...))
	}
	soon, past := s.now().Add(time.Minute).Unix(), s.now().Add(-time.Second).Unix()
	path := "/api/transaction/" + s.home.transaction
	bearerCaller(s.url, signed("%s", good)).get(t, path).is(t, http.StatusOK)
	bearerCaller(s.url, sign(sha512.New384, secret, `{"typ":"JWT","alg":"HS384"}`, good)).get(t, path).is(t, http.StatusOK)

	for name, token := range map[string]string{
		"HS256":                    sign(sha256.New, secret, `{"alg":"HS256","typ":"JWT"}`, good),
		"HS512":                    sign(sha512.New, secret, `{"alg":"HS512","typ":"JWT"}`, good),
		"HS256 in HS384's clothes": sign(sha256.New, secret, hs384, good),
		"HS384 in HS256's clothes": sign(sha512.New384, secret, `{"alg":"HS256","typ":"JWT"}`, good),
		"hs384":                    sign(sha512.New384, secret, `{"alg":"hs384","typ":"JWT"}`, good),
		"none":                     sign(sha512.New384, secret, `{"alg":"none","typ":"JWT"}`, good),
		"expired":                  signed(`{"scope":["tenant_access"],"exp":%d,%s}`, past, rest),
		"without exp":              signed(`{"scope":["tenant_access"],%s}`, rest),
		"exp zero":                 signed(`{"scope":["tenant_access"],"exp":0,%s}`, rest),
		"exp as text":              signed(`{"scope":["tenant_access"],"exp":"%d",%s}`, exp, rest),
		"not yet (nbf)":            signed(`{"scope":["tenant_access"],"exp":%d,"nbf":%d,%s}`, exp, soon, rest),
		"of the future (iat)":      signed(`{"scope":["tenant_access"],"exp":%d,"iat":%d,%s}`, exp, soon, rest),
		"without jti":              signed(`{"scope":["tenant_access"],"exp":%d,"client_id":%q}`, exp, s.home.private.id),
		"of nobody":                signed(`{"scope":["tenant_access"],"exp":%d,"jti":"x"}`, exp),
		"of an unknown client":     signed(`{"scope":["tenant_access"],"exp":%d,"jti":"x","client_id":"dealflo"}`, exp),
		"scope as text":            signed(`{"scope":"tenant_access","exp":%d,%s}`, exp, rest),
		"no object":                signed(`["tenant_access"]`),
		"no JSON":                  signed("tenant_access"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bearerCaller(s.url, token).get(t, path).is(t, http.StatusUnauthorized).says(t, "Invalid token.")
		})
	}
	for name, scope := range map[string]string{
		"no scope": `[]`, "another scope": `["session_access","tenant"]`, "the scope with a space": `["tenant_access "]`,
	} {
		t.Run("forbids "+name, func(t *testing.T) {
			t.Parallel()
			token := signed(`{"scope":%s,"exp":%d,%s}`, scope, exp, rest)
			bearerCaller(s.url, token).get(t, path).is(t, http.StatusForbidden).says(t, "The token does not grant transaction creation rights.")
		})
	}
}

// TestSigningSecretRotates promises that tokens outlive one rotation of the secret, and not two.
func TestSigningSecretRotates(t *testing.T) {
	t.Parallel()
	s := alone(t, needsSecret)
	path := "/api/transaction/" + s.home.transaction
	rotate := func() {
		secret := make([]byte, 48)
		_, _ = rand.Read(secret)
		bed.secrets.add("signing secret", string(secret))
		if err := s.own.db.RotateSigningSecret(context.Background(), secret); err != nil {
			t.Fatal(err)
		}
		s.own.housekeep(t)
	}
	first := s.home.private.accessToken(t)
	rotate()
	second := s.home.private.accessToken(t)
	if !verifies(second.token(), s.secret(t)) || verifies(first.token(), s.secret(t)) {
		t.Error("the new secret does not sign")
	}
	first.get(t, path).is(t, http.StatusOK)
	rotate()
	first.get(t, path).is(t, http.StatusUnauthorized)
	second.get(t, path).is(t, http.StatusOK)
}
