package store

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// DataKeyBytes is the length of a data key.
const DataKeyBytes = 32

// box seals what must be read back: AES-256-GCM with a random nonce (NIST SP 800-38D). What is sealed is bound to its
// purpose, such as the row it belongs to, so that one ciphertext cannot stand in for another.
type box struct {
	aead   cipher.AEAD
	random io.Reader
}

// sealVersion is the first byte of everything sealed.
const sealVersion = 1

func newBox(random io.Reader, key []byte) (*box, error) {
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
	return &box{aead: aead, random: random}, nil
}

func (b *box) seal(plain []byte, purpose string) ([]byte, error) {
	sealed := make([]byte, 1+b.aead.NonceSize(), 1+b.aead.NonceSize()+len(plain)+b.aead.Overhead())
	sealed[0] = sealVersion
	if _, err := io.ReadFull(b.random, sealed[1:]); err != nil {
		return nil, err
	}
	return b.aead.Seal(sealed, sealed[1:], plain, []byte(purpose)), nil
}

// errSealed says that a ciphertext was not made with this data key for this purpose.
var errSealed = errors.New("the data key is not the one that the database was made with, or the data is damaged")

func (b *box) open(sealed []byte, purpose string) ([]byte, error) {
	if len(sealed) < 1+b.aead.NonceSize() || sealed[0] != sealVersion {
		return nil, errSealed
	}
	nonce, ciphertext := sealed[1:1+b.aead.NonceSize()], sealed[1+b.aead.NonceSize():]
	plain, err := b.aead.Open(nil, nonce, ciphertext, []byte(purpose))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}
