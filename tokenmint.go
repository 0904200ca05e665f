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

// ID returns the id that is made of the selector, which is less than 2^62.
//
// The random bits of a UUID of version 4 lie 60 in its first half and 62 in its second. The first half takes a tag of the
// selector, the second the selector under a mask of the tag: deterministic authenticated encryption in the manner of SIV
// (RFC 5297), with AES-256 for the tag and for the mask.
func (t *TokenIDs) ID(s Selector) string {
	tag := t.tag(s)
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], tag|4<<12)                                    // version, RFC 9562 section 4.2
	binary.BigEndian.PutUint64(u[8:], (uint64(s)^t.prf(1, tag))&selectorBits|2<<62) // variant, section 4.1
	return u.String()
}

// Selector returns the selector that the id was made of, and reports whether the id was made here.
func (t *TokenIDs) Selector(id string) (Selector, bool) {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0, false
	}
	tag := binary.BigEndian.Uint64(u[:8]) & tagBits
	s := Selector((binary.BigEndian.Uint64(u[8:]) ^ t.prf(1, tag)) & selectorBits)
	return s, t.ID(s) == id
}

const (
	selectorBits = 1<<62 - 1
	tagBits      = ^uint64(15 << 12) // all but the version
)

func (t *TokenIDs) tag(s Selector) uint64 { return t.prf(0, uint64(s)) & tagBits }

// prf returns 64 bits that nobody can tell from random ones without the key.
func (t *TokenIDs) prf(purpose byte, of uint64) uint64 {
	block := [aes.BlockSize]byte{purpose}
	binary.BigEndian.PutUint64(block[8:], of)
	t.block.Encrypt(block[:], block[:])
	return binary.BigEndian.Uint64(block[:8])
}
