package hallpass

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The scopes of the tokens that this server signs.
const (
	ScopeTenantAccess    = "tenant_access"                       // work with a tenant's transactions
	ScopeSessionCreation = "session_creation_authorization_code" // start or resume one session of a transaction
	ScopeSessionAccess   = "session_access"                      // what that session gets
)

// RoleUnknown is the role of a session where none is named.
const RoleUnknown = "unknown"

// Claims are the claims of a token, in the order in which they are written: exactly the six of the vendor's example for a
// session creation token, the last four for an access token.
type Claims struct {
	Session         *SessionClaim `json:"session,omitempty"`
	Scope           []string      `json:"scope"`
	TransactionUUID string        `json:"transaction_uuid,omitempty"`
	ExpiresAt       int64         `json:"exp"` // seconds since 1970 UTC
	ID              string        `json:"jti"` // UUID v4
	ClientID        string        `json:"client_id"`
}

// SessionClaim carries the role that a session takes.
type SessionClaim struct {
	Role string `json:"role"`
}

// HasScope reports whether the token carries the scope.
func (c *Claims) HasScope(scope string) bool { return slices.Contains(c.Scope, scope) }

// Expired reports whether the token has ended.
func (c *Claims) Expired(now time.Time) bool { return now.Unix() >= c.ExpiresAt }

// ErrInvalidToken refuses every bearer token that is not good now, all alike.
var ErrInvalidToken = Refuse(KindUnauthenticated, "Invalid token.")

// SigningSecretBytes is the length of a signing secret, that of an HS384 signature (RFC 7518 section 3.2).
const SigningSecretBytes = 48

// Signer signs tokens with the active secret and verifies those of the active and of the previous one. It is safe for
// concurrent use.
type Signer struct {
	secrets [][]byte // active first
	macs    sync.Pool
}

// NewSigner returns a signer for the active secret and, where previous is not nil, the one before it.
func NewSigner(active, previous []byte) *Signer {
	s := &Signer{secrets: [][]byte{active}}
	if previous != nil {
		s.secrets = append(s.secrets, previous)
	}
	s.macs.New = func() any { return hmac.New(sha512.New384, active) }
	return s
}

// tokenHeader is {"alg":"HS384","typ":"JWT"}, the header of every token.
const tokenHeader = "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9"

// Sign returns the claims as a compact JWT (RFC 7519) signed with HS384.
func (s *Signer) Sign(c Claims) (Secret, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	token := make([]byte, 0, len(tokenHeader)+2+enc.EncodedLen(len(payload))+enc.EncodedLen(SigningSecretBytes))
	token = append(token, tokenHeader...)
	token = append(token, '.')
	token = enc.AppendEncode(token, payload)

	mac, _ := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write(token)
	var sum [sha512.Size384]byte
	signature := mac.Sum(sum[:0])

	token = append(token, '.')
	return Secret(enc.AppendEncode(token, signature)), nil
}

// maxTokenBytes bounds what is parsed as a token.
const maxTokenBytes = 4096

// Verify returns the claims of a token that this signer signed and that is good now: HS384 and nothing else, unexpired,
// not of the future. Anything else is [ErrInvalidToken].
func (s *Signer) Verify(token string, now time.Time) (*Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, ErrInvalidToken
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS384.Alg()}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithStrictDecoding(),
	)
	for _, secret := range s.secrets {
		var c verifiedClaims
		_, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return secret, nil })
		if err == nil && c.ID != "" && c.ClientID != "" {
			return &c.Claims, nil
		}
	}
	return nil, ErrInvalidToken
}

// verifiedClaims adds the claims that our tokens never carry but that limit one that does.
type verifiedClaims struct {
	Claims
	NotBefore *jwt.NumericDate `json:"nbf"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
}

func (c *verifiedClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	if c.ExpiresAt == 0 {
		return nil, nil //nolint:nilnil // absent, in the terms of jwt.Claims
	}
	return jwt.NewNumericDate(time.Unix(c.ExpiresAt, 0)), nil
}
func (c *verifiedClaims) GetNotBefore() (*jwt.NumericDate, error) { return c.NotBefore, nil }
func (c *verifiedClaims) GetIssuedAt() (*jwt.NumericDate, error)  { return c.IssuedAt, nil }
func (c *verifiedClaims) GetIssuer() (string, error)              { return "", nil }
func (c *verifiedClaims) GetSubject() (string, error)             { return "", nil }
func (c *verifiedClaims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }
