package hallpass

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/mr-tron/base58"
)

// TenantKey is the secret of one tenant that its fingerprints and search terms are made with. Without it neither can be
// guessed from likely data, and those of one tenant say nothing of another's. It prints as [Redacted].
type TenantKey [32]byte

// Format writes [Redacted] for every verb.
func (TenantKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText returns [Redacted].
func (TenantKey) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// SearchTerm is what is stored of a text that a token can be found by: it compares equal for equal texts of one tenant.
type SearchTerm [sha256.Size]byte

// SearchTerm returns the search term of a text, letter for letter. The key must be the tenant's.
func (k *TenantKey) SearchTerm(tenantID, text string) SearchTerm {
	return k.digest("search term", tenantID, text)
}

// Fingerprint returns the 43 or 44 characters of base58 that stand for a value in tokens of the type. Equal values of
// one type have equal fingerprints; other types and tenants give others. The key must be the tenant's.
func (k *TenantKey) Fingerprint(tenantID string, t TokenType, value string) string {
	sum := k.digest("fingerprint", tenantID, string(t), value)
	return base58.Encode(sum[:])
}

// digest returns the HMAC-SHA-256 of the parts, each with its length before it so that no two lists of parts are one.
func (k *TenantKey) digest(parts ...string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k[:])
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		_, _ = io.WriteString(mac, part)
	}
	return [sha256.Size]byte(mac.Sum(nil))
}
