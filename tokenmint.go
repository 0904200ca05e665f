package hallpass

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"
	"time"

	"github.com/google/uuid"
)

// TokenIDs makes the ids of one tenant's tokens, of those that nobody else names: the selector of each, encrypted, as a
// UUID of version 4. So an id tells nothing, yet leads to the place of its token, and tokens need no index of random ids,
// which would cost more than all else that is stored of them.
type TokenIDs struct{ block cipher.Block }

// TokenIDs returns the maker of the tenant's ids. The key must be the tenant's.
func (k *TenantKey) TokenIDs(tenantID string) *TokenIDs {
	key := k.digest("token id", tenantID)
	block, _ := aes.NewCipher(key[:]) // fails for keys of other lengths only
	return &TokenIDs{block}
}

// Mint returns a function that makes one id after another, for tokens made at now.
func (t *TokenIDs) Mint(now time.Time, random io.Reader) func() (string, error) {
	return func() (string, error) {
		selector, err := NewSelector(now, random)
		now = now.Add(Precision) // all selectors of an instant may be taken
		return t.ID(selector), err
	}
}

// ID returns the id that is made of the selector.
//
// A UUID of version 4 has 122 bits to fill: 64 hold the selector, the others are zero. Encrypting the block over and over,
// 64 times on average, until it is such a UUID again, permutes them: J. Black and P. Rogaway, Ciphers with Arbitrary Finite
// Domains, 2002, "cycle walking".
func (t *TokenIDs) ID(s Selector) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[8:], uint64(s))
	copy(u[:6], u[8:14])
	u[6], u[8] = 4<<4, 2<<6 // version and variant, RFC 9562 section 4
	clear(u[9:14])
	for walk := true; walk; walk = !random4(u) {
		t.block.Encrypt(u[:], u[:])
	}
	return u.String()
}

// Selector returns the selector that the id was made of, and reports whether the id was made here.
func (t *TokenIDs) Selector(id string) (Selector, bool) {
	u, err := uuid.Parse(id)
	if err != nil || !random4(u) || u.String() != id {
		return 0, false
	}
	for walk := true; walk; walk = !random4(u) {
		t.block.Decrypt(u[:], u[:])
	}
	zero := u
	copy(u[8:14], u[:6])
	clear(zero[:6])
	clear(zero[14:])
	return Selector(binary.BigEndian.Uint64(u[8:])), zero == uuid.UUID{6: 4 << 4, 8: 2 << 6}
}

func random4(u uuid.UUID) bool { return u.Version() == 4 && u.Variant() == uuid.RFC4122 }
