package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// DataKeyBytes is the length of a data key.
const DataKeyBytes = 32

// box seals what must be read back: AES-256-GCM with a random nonce (NIST SP 800-38D). What is sealed is bound to its
// purpose, such as the row it belongs to, so that one ciphertext cannot stand in for another, and names its key, so that
// keys can be rotated.
type box struct {
	keys   []sealKey // the first seals, all open
	random io.Reader
}

type sealKey struct {
	id   [keyIDBytes]byte
	aead cipher.AEAD
}

// What is sealed is a version, the id of its key, the nonce and the ciphertext.
const (
	sealVersion = 1
	keyIDBytes  = 4
	headerBytes = 1 + keyIDBytes
)

func newBox(random io.Reader, keys ...[]byte) (*box, error) {
	b := &box{random: random}
	for _, key := range keys {
		if len(key) != DataKeyBytes {
			return nil, fmt.Errorf("the data key must be %d bytes", DataKeyBytes)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append([]byte("hallpass key id "), key...))
		b.keys = append(b.keys, sealKey{[keyIDBytes]byte(sum[:keyIDBytes]), aead})
	}
	return b, nil
}

func (b *box) seal(plain []byte, purpose string) ([]byte, error) {
	key := b.keys[0]
	head := headerBytes + key.aead.NonceSize()
	sealed := make([]byte, head, head+len(plain)+key.aead.Overhead())
	sealed[0] = sealVersion
	copy(sealed[1:], key.id[:])
	if _, err := io.ReadFull(b.random, sealed[headerBytes:]); err != nil {
		return nil, err
	}
	return key.aead.Seal(sealed, sealed[headerBytes:], plain, []byte(purpose)), nil
}

// errSealed says that a ciphertext was made with none of these keys, or not for this purpose.
var errSealed = errors.New("the data key is not the one that the database was made with, or the data is damaged")

func (b *box) open(sealed []byte, purpose string) ([]byte, error) {
	for _, key := range b.keys {
		head := headerBytes + key.aead.NonceSize()
		if len(sealed) < head || sealed[0] != sealVersion || !bytes.Equal(sealed[1:headerBytes], key.id[:]) {
			continue
		}
		plain, err := key.aead.Open(nil, sealed[headerBytes:head], sealed[head:], []byte(purpose))
		if err == nil {
			return plain, nil
		}
	}
	return nil, errSealed
}

// current reports whether the first key has sealed it.
func (b *box) current(sealed []byte) bool {
	return len(sealed) >= headerBytes && bytes.Equal(sealed[1:headerBytes], b.keys[0].id[:])
}

// reseal returns the same plaintext sealed with the first key.
func (b *box) reseal(sealed []byte, purpose string) ([]byte, error) {
	plain, err := b.open(sealed, purpose)
	if err != nil {
		return nil, err
	}
	return b.seal(plain, purpose)
}
