package handlers

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"hallpass"
	"hallpass/store"
)

// signing signs and verifies tokens and follows the signing secrets as they rotate: a token that does not verify is tried
// again with the secrets that are stored by then, and [Server.Housekeep] reads them anew.
type signing struct {
	store *store.DB

	mu               sync.Mutex
	signer           *hallpass.Signer
	active, previous []byte
	verified         *simplelru.LRU[[sha256.Size]byte, *hallpass.Claims] // what these secrets signed, by digest
}

// maxVerified is how many verified tokens are remembered; verifying one again costs ten times as much as finding it.
const maxVerified = 4096

func newSigning(ctx context.Context, db *store.DB) (*signing, error) {
	s := &signing{store: db}
	_, err := s.reload(ctx)
	return s, err
}

// reload reads the secrets again and reports whether they have changed.
func (s *signing) reload(ctx context.Context) (changed bool, err error) {
	active, previous, err := s.store.SigningSecrets(ctx)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(active, s.active) && slices.Equal(previous, s.previous) {
		return false, nil
	}
	s.active, s.previous = active, previous
	s.signer = hallpass.NewSigner(active, previous)
	s.verified, err = simplelru.NewLRU[[sha256.Size]byte, *hallpass.Claims](maxVerified, nil)
	return true, err
}

// sign returns the claims as a token signed with the active secret.
func (s *signing) sign(c hallpass.Claims) (hallpass.Secret, error) {
	s.mu.Lock()
	signer := s.signer
	s.mu.Unlock()
	return signer.Sign(c)
}

// verify returns the claims of a token that is good now, or ErrInvalidToken.
func (s *signing) verify(ctx context.Context, token string, now time.Time) (*hallpass.Claims, error) {
	digest := sha256.Sum256([]byte(token))
	s.mu.Lock()
	signer := s.signer
	claims, known := s.verified.Get(digest)
	s.mu.Unlock()
	if known {
		if claims.Expired(now) {
			return nil, hallpass.ErrInvalidToken
		}
		return claims, nil
	}
	claims, err := signer.Verify(token, now)
	if err != nil {
		changed, reloadErr := s.reload(ctx)
		if reloadErr != nil {
			return nil, reloadErr
		}
		if !changed {
			return nil, err
		}
		return s.verify(ctx, token, now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signer == signer {
		s.verified.Add(digest, claims)
	}
	return claims, nil
}
