package contract_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	_ "embed" // for the vendor's example
	"encoding/base64"
	"encoding/json"
	"hash"
	"strings"
	"testing"
)

// This file reads and makes tokens with nothing but the standard library, as somebody would who knows RFC 7515 and the
// vendor's example and has never seen this server.

const hs384 = `{"alg":"HS384","typ":"JWT"}`

// claim is one member of a token's payload, in the place where it stands.
type claim struct {
	name  string
	value json.RawMessage
}

// parts splits a compact token into header, payload and signature, decoded.
func parts(t *testing.T, token string) (header, payload, signature []byte) {
	t.Helper()
	segments := strings.Split(strings.TrimSpace(token), ".")
	if len(segments) != 3 {
		t.Fatalf("a token of %d parts", len(segments))
	}
	var raw [3][]byte
	for i, segment := range segments {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(segment); err != nil {
			t.Fatalf("part %d is not base64url: %v", i, err)
		}
	}
	return raw[0], raw[1], raw[2]
}

// claims are a token's claims in their order.
func claims(t *testing.T, token string) []claim {
	t.Helper()
	_, payload, _ := parts(t, token)
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var all []claim
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		c := claim{name: name.(string)}
		if err := decoder.Decode(&c.value); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// payload are a token's claims by name.
type payload struct {
	Session         struct{ Role string }
	Scope           []string
	TransactionUUID string `json:"transaction_uuid"`
	Exp             int64
	Jti             string
	ClientID        string `json:"client_id"`
}

func payloadOf(t *testing.T, token string) payload {
	t.Helper()
	_, raw, _ := parts(t, token)
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// sign makes a compact token.
func sign(algorithm func() hash.Hash, secret []byte, header, payload string) string {
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload))
	mac := hmac.New(algorithm, secret)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil))
}

// verifies reports whether the secret signed the token with HS384.
func verifies(token string, secret []byte) bool {
	last := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[last+1:])
	mac := hmac.New(sha512.New384, secret)
	mac.Write([]byte(token[:last]))
	return err == nil && hmac.Equal(signature, mac.Sum(nil))
}

// secret is the active signing secret of a server of the suite's own.
func (s *service) secret(t *testing.T) []byte {
	t.Helper()
	active, _, err := s.own.db.SigningSecrets(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return active
}

// vendorToken is the token in the vendor's example.
func vendorToken() string { return strings.TrimSpace(vendorsExample) }

//go:embed testdata/session-creation-token.jwt
var vendorsExample string

// forgeries are tokens made out of a good one that no server may take, by what is wrong with them.
func forgeries(t *testing.T, good string) map[string]string {
	t.Helper()
	_, raw, signature := parts(t, good)
	enc := base64.RawURLEncoding
	segments := strings.Split(good, ".")
	unsigned := func(header string) string { return enc.EncodeToString([]byte(header)) + "." + segments[1] + "." }
	foreign := bytes.Repeat([]byte{7}, 48)
	wider := strings.Replace(string(raw), `"scope":[`, `"scope":["tenant_access","session_creation_authorization_code",`, 1)
	flipped := bytes.Clone(signature)
	flipped[0] ^= 1
	return map[string]string{
		"alg none":                     unsigned(`{"alg":"none","typ":"JWT"}`),
		"alg None":                     unsigned(`{"alg":"None","typ":"JWT"}`),
		"alg none with the signature":  unsigned(`{"alg":"none","typ":"JWT"}`) + segments[2],
		"no algorithm":                 unsigned(`{"typ":"JWT"}`) + segments[2],
		"another secret":               sign(sha512.New384, foreign, hs384, string(raw)),
		"an empty secret":              sign(sha512.New384, nil, hs384, string(raw)),
		"HS256 and another secret":     sign(sha256.New, foreign, `{"alg":"HS256","typ":"JWT"}`, string(raw)),
		"HS512 and another secret":     sign(sha512.New, foreign, `{"alg":"HS512","typ":"JWT"}`, string(raw)),
		"a key of its own":             sign(sha512.New384, foreign, `{"alg":"HS384","typ":"JWT","jwk":{"kty":"oct","k":"BwcH"}}`, string(raw)),
		"a wider scope, old signature": segments[0] + "." + enc.EncodeToString([]byte(wider)) + "." + segments[2],
		"a flipped bit":                segments[0] + "." + segments[1] + "." + enc.EncodeToString(flipped),
		"half a signature":             good[:len(good)-len(segments[2])/2],
		"no signature":                 segments[0] + "." + segments[1] + ".",
		"no last part":                 segments[0] + "." + segments[1],
		"a fourth part":                good + ".e30",
		"truncated":                    good[:len(good)-1],
		"padding":                      good + "=",
		"no payload":                   segments[0] + ".." + segments[2],
		"the vendor's example":         vendorToken(),
	}
}
