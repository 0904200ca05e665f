package handlers

import (
	"context"
	"errors"

	"hallpass"
	"hallpass/gen"
)

// CreateSession answers POST /sessions.
func (s *Server) CreateSession(ctx context.Context, _ gen.CreateSessionRequestObject) (gen.CreateSessionResponseObject, error) {
	var minted *hallpass.MintedSession
	err := mint(func() (err error) {
		if minted, err = hallpass.MintSession(callerOf(ctx), s.now(), s.Random); err != nil {
			return err
		}
		return s.Store.CreateSession(ctx, &minted.Session)
	})
	if err != nil {
		return nil, err
	}
	return gen.CreateSession201JSONResponse{Body: gen.Session{
		SessionKey: minted.Key.Reveal(), Nonce: minted.Nonce.Reveal(), ExpiresAt: hallpass.FormatInstant(minted.ExpiresAt),
	}}, nil
}

// mint repeats a making whose random selector turned out to be taken.
func mint(try func() error) error {
	for {
		if err := try(); !errors.Is(err, hallpass.ErrSelectorTaken) {
			return err
		}
	}
}

// AuthorizeSession answers POST /sessions/authorize.
func (s *Server) AuthorizeSession(ctx context.Context, r gen.AuthorizeSessionRequestObject) (gen.AuthorizeSessionResponseObject, error) {
	caller, now := callerOf(ctx), s.now()
	permissions, rules := permissionsOf(r.Body.Permissions), rulesOf(r.Body.Rules)
	var f hallpass.Fields
	hallpass.CheckSessionGrant(&f, permissions, rules)
	if err := f.Err(); err != nil {
		return nil, err
	}
	session, err := s.sessionByNonce(ctx, r.Body.Nonce)
	if err != nil {
		return nil, err
	}
	authorized, err := session.Authorize(hallpass.NewGrant(permissions, rules), r.Body.ExpiresAt, caller, now, s.SessionMaxTTL)
	if err != nil {
		return nil, err
	}
	if err := s.Store.AuthorizeSession(ctx, authorized); err != nil {
		return nil, err
	}
	return gen.AuthorizeSession200Response{}, nil
}

// sessionByNonce returns the session that the nonce names and matches.
func (s *Server) sessionByNonce(ctx context.Context, text string) (*hallpass.Session, error) {
	nonce, ok := hallpass.ParseNonce(text)
	if !ok {
		return nil, hallpass.ErrNonceUnknown
	}
	session, _, err := s.Store.Session(ctx, nonce.Selector)
	if err != nil {
		return nil, err
	}
	if session == nil || !session.NonceDigest.Matches(nonce.Verifier) {
		return nil, hallpass.ErrNonceUnknown
	}
	return session, nil
}
