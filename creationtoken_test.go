package hallpass_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass"
)

var (
	activeSecret   = []byte(strings.Repeat("a", hallpass.SigningSecretBytes))
	previousSecret = []byte(strings.Repeat("p", hallpass.SigningSecretBytes))
	olderSecret    = []byte(strings.Repeat("o", hallpass.SigningSecretBytes))
)

// hand makes a JWT by hand from the texts of header and payload.
func hand(header, payload string, digest func() hash.Hash, secret []byte) string {
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
	return signed + "." + enc.EncodeToString(macOf(signed, digest, secret))
}

func macOf(signed string, digest func() hash.Hash, secret []byte) []byte {
	mac := hmac.New(digest, secret)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// ours is a JWT by hand with our header, our algorithm and the active secret.
func ours(payload string) string {
	return hand(`{"alg":"HS384","typ":"JWT"}`, payload, sha512.New384, activeSecret)
}

func payloadOf(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

func someClaims(expiresAt time.Time) hallpass.Claims {
	return hallpass.Claims{
		Session: &hallpass.SessionClaim{Role: "Borrower"}, Scope: []string{"session_creation_authorization_code"},
		TransactionUUID: "dcaad720-d1e9-47ba-a76b-a6370ef0373b", ExpiresAt: expiresAt.Unix(), ID: "5fbe2af0-fa42-4a47-9fe4-14b150b26180", ClientID: "dealflo",
	}
}

func TestSignWritesExactlyWhatAVerifierExpects(t *testing.T) {
	t.Parallel()
	signer := hallpass.NewSigner(activeSecret, nil)
	token, err := signer.Sign(someClaims(time.Unix(1914234237, 0)))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token.Reveal(), ".")
	header, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "header", string(header), `{"alg":"HS384","typ":"JWT"}`)
	wantSame(t, "the six claims, in order", payloadOf(t, token.Reveal()), `{"session":{"role":"Borrower"},"scope":["session_creation_authorization_code"],`+
		`"transaction_uuid":"dcaad720-d1e9-47ba-a76b-a6370ef0373b","exp":1914234237,"jti":"5fbe2af0-fa42-4a47-9fe4-14b150b26180","client_id":"dealflo"}`)
	wantSame(t, "token", token.Reveal(), ours(payloadOf(t, token.Reveal())))

	access := (&hallpass.Application{ID: "dealflo", Type: hallpass.Private, Grant: hallpass.NewGrant(permissions{"transaction:create"}, nil)}).
		AccessClaims("5fbe2af0-fa42-4a47-9fe4-14b150b26180", time.Unix(3698071610, 5))
	if token, err = signer.Sign(access); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "the four claims of an access token", payloadOf(t, token.Reveal()),
		`{"scope":["tenant_access"],"exp":3698071610,"jti":"5fbe2af0-fa42-4a47-9fe4-14b150b26180","client_id":"dealflo"}`)
}

func TestVerifyReadsWhatSignWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		signer := hallpass.NewSigner(activeSecret, previousSecret)
		want := someClaims(noon.Add(time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "seconds")) * time.Second))
		want.Session.Role = rapid.StringN(1, 32, -1).Draw(t, "role")
		want.ClientID = rapid.StringN(1, 40, -1).Draw(t, "client")
		token, err := signer.Sign(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := signer.Verify(token.Reveal(), noon)
		if err != nil {
			t.Fatal(err)
		}
		if got.Session.Role != want.Session.Role || got.ClientID != want.ClientID || got.ExpiresAt != want.ExpiresAt || !got.HasScope(want.Scope[0]) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestVerifyAcceptsTheActiveAndThePreviousSecret(t *testing.T) {
	t.Parallel()
	signed := func(secret []byte) string {
		token, err := hallpass.NewSigner(secret, nil).Sign(someClaims(noon.Add(time.Minute)))
		if err != nil {
			t.Fatal(err)
		}
		return token.Reveal()
	}
	signer := hallpass.NewSigner(activeSecret, previousSecret)
	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"the active secret": {signed(activeSecret), true}, "the previous one": {signed(previousSecret), true}, "one before that": {signed(olderSecret), false},
	} {
		if _, err := signer.Verify(c.token, noon); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := hallpass.NewSigner(activeSecret, nil).Verify(signed(previousSecret), noon); err == nil {
		t.Error("without a previous secret its tokens are accepted")
	}
}

func TestVerifyEndsAtTheInstant(t *testing.T) {
	t.Parallel()
	signer := hallpass.NewSigner(activeSecret, nil)
	end := noon.Truncate(time.Second)
	token, err := signer.Sign(someClaims(end))
	if err != nil {
		t.Fatal(err)
	}
	for at, good := range map[time.Time]bool{end.Add(-time.Nanosecond): true, end: false, end.Add(time.Second): false} {
		claims, err := signer.Verify(token.Reveal(), at)
		if (err == nil) != good {
			t.Errorf("at %v: %v", at, err)
		}
		c := someClaims(end)
		if c.Expired(at) == good || claims != nil && claims.Expired(at) {
			t.Errorf("at %v Expired does not agree", at)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	const (
		header = `{"alg":"HS384","typ":"JWT"}`
		rest   = `"scope":[],"jti":"j","client_id":"c"`
	)
	later := fmt.Sprintf(`"exp":%d`, noon.Unix()+60)
	good := "{" + later + "," + rest + "}"
	nbf := func(name string, seconds int64) string {
		return fmt.Sprintf(`{%s,%q:%d,%s}`, later, name, noon.Unix()+seconds, rest)
	}
	whole := ours(good)
	parts := strings.Split(whole, ".")
	unsigned := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "."
	}
	signer := hallpass.NewSigner(activeSecret, previousSecret)
	for promise, token := range map[string]string{
		"a good one": whole, "one that began now": ours(nbf("nbf", 0)), "one that was issued now": ours(nbf("iat", 0)),
	} {
		if _, err := signer.Verify(token, noon); err != nil {
			t.Fatalf("%s is refused: %v", promise, err)
		}
	}
	for promise, token := range map[string]string{
		"nothing":                            "",
		"two dots":                           "..",
		"words":                              "not a token",
		"two parts":                          parts[0] + "." + parts[1],
		"four parts":                         whole + ".x",
		"algorithm none":                     unsigned(`{"alg":"none","typ":"JWT"}`),
		"algorithm None":                     unsigned(`{"alg":"None"}`),
		"algorithm none with our signature":  hand(`{"alg":"none","typ":"JWT"}`, good, sha512.New384, activeSecret),
		"no algorithm":                       hand(`{"typ":"JWT"}`, good, sha512.New384, activeSecret),
		"an empty algorithm":                 hand(`{"alg":""}`, good, sha512.New384, activeSecret),
		"a lower-case algorithm":             hand(`{"alg":"hs384"}`, good, sha512.New384, activeSecret),
		"an algorithm that is a list":        hand(`{"alg":["HS384"]}`, good, sha512.New384, activeSecret),
		"HS256 with our secret":              hand(`{"alg":"HS256","typ":"JWT"}`, good, sha256.New, activeSecret),
		"HS512 with our secret":              hand(`{"alg":"HS512","typ":"JWT"}`, good, sha512.New, activeSecret),
		"HS384 that is signed as HS256":      hand(header, good, sha256.New, activeSecret),
		"RS256 that is signed with HMAC":     hand(`{"alg":"RS256","typ":"JWT"}`, good, sha256.New, activeSecret),
		"RS384 that is signed with HMAC":     hand(`{"alg":"RS384","typ":"JWT"}`, good, sha512.New384, activeSecret),
		"another secret":                     hand(header, good, sha512.New384, olderSecret),
		"an empty secret":                    hand(header, good, sha512.New384, nil),
		"no signature":                       parts[0] + "." + parts[1] + ".",
		"half a signature":                   whole[:len(whole)-32],
		"another payload":                    parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(good, `"c"`, `"d"`, 1))) + "." + parts[2],
		"another header":                     base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS384"}`)) + "." + parts[1] + "." + parts[2],
		"padding":                            whole + "=",
		"a space in front":                   " " + whole,
		"a newline in the middle":            parts[0] + "\n." + parts[1] + "." + parts[2],
		"one that ended now":                 ours(fmt.Sprintf(`{"exp":%d,%s}`, noon.Unix(), rest)),
		"one without end":                    ours("{" + rest + "}"),
		"one whose end is null":              ours(`{"exp":null,` + rest + "}"),
		"one whose end is zero":              ours(`{"exp":0,` + rest + "}"),
		"one whose end is below zero":        ours(`{"exp":-1,` + rest + "}"),
		"one whose end is a text":            ours(fmt.Sprintf(`{"exp":"%d",%s}`, noon.Unix()+60, rest)),
		"one whose end is beyond all time":   ours(`{"exp":1e300,` + rest + "}"),
		"one that begins in a second":        ours(nbf("nbf", 1)),
		"one that is issued in the future":   ours(nbf("iat", 1)),
		"one whose begin is a text":          ours("{" + later + `,"nbf":"soon",` + rest + "}"),
		"one without id":                     ours("{" + later + `,"scope":[],"client_id":"c"}`),
		"one with an empty id":               ours("{" + later + `,"scope":[],"jti":"","client_id":"c"}`),
		"one without client":                 ours("{" + later + `,"scope":[],"jti":"j"}`),
		"one whose scope is a text":          ours("{" + later + `,"scope":"tenant_access","jti":"j","client_id":"c"}`),
		"a payload that is a list":           ours(`[1]`),
		"a payload that is no JSON":          ours(`{`),
		"an empty payload":                   ours(``),
		"a payload of null":                  ours(`null`),
		"more than four thousand characters": ours("{" + later + `,"more":"` + strings.Repeat("x", 4096) + `",` + rest + "}"),
	} {
		claims, err := signer.Verify(token, noon)
		if claims != nil || !errors.Is(err, hallpass.ErrInvalidToken) {
			t.Errorf("%s: got %+v, %v", promise, claims, err)
		}
	}
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	signer := hallpass.NewSigner(activeSecret, previousSecret)
	failures := make(chan error, 8)
	for range cap(failures) {
		go func() {
			var err error
			for range 200 {
				var token hallpass.Secret
				if token, err = signer.Sign(someClaims(noon.Add(time.Minute))); err == nil {
					_, err = signer.Verify(token.Reveal(), noon)
				}
				if err != nil {
					break
				}
			}
			failures <- err
		}()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
}

// FuzzVerify takes a token as it comes, and a payload that it signs itself so that the claims are reached too.
func FuzzVerify(f *testing.F) {
	good := fmt.Sprintf(`{"exp":%d,"jti":"j","client_id":"c","scope":["tenant_access"]}`, noon.Unix()+60)
	f.Add(ours(good), good)
	f.Add(hand(`{"alg":"none"}`, good, sha512.New384, activeSecret), `{"exp":1e9,"nbf":9e99}`)
	f.Add(hand(`{"alg":"HS256"}`, good, sha256.New, activeSecret), `{"exp":1,"exp":2,"iat":-1}`)
	f.Add("a.b.c", `[]`)
	signer := hallpass.NewSigner(activeSecret, previousSecret)
	f.Fuzz(func(t *testing.T, token, payload string) {
		for _, token := range []string{token, ours(payload)} {
			claims, err := signer.Verify(token, noon)
			if err != nil {
				if claims != nil || !errors.Is(err, hallpass.ErrInvalidToken) {
					t.Errorf("refused with %v and %+v", err, claims)
				}
				continue
			}
			dot := strings.LastIndexByte(token, '.')
			signature, err := base64.RawURLEncoding.Strict().DecodeString(token[dot+1:])
			signed := token[:dot]
			if err != nil || !hmac.Equal(signature, macOf(signed, sha512.New384, activeSecret)) && !hmac.Equal(signature, macOf(signed, sha512.New384, previousSecret)) {
				t.Fatalf("accepted a token that is not ours: %q", token)
			}
			if claims.Expired(noon) || claims.ID == "" || claims.ClientID == "" || !json.Valid([]byte(payloadOf(t, token))) {
				t.Fatalf("accepted %+v from %q", claims, token)
			}
		}
	})
}
