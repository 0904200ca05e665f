package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"hallpass"
	"hallpass/gen"
	"hallpass/store"
)

// tokenReply is a token as the domain shows it: its members in the vendor's order, and numbers with all their digits.
type tokenReply struct {
	status   int
	location string
	view     *hallpass.TokenView
}

func (t tokenReply) write(w http.ResponseWriter) error {
	if t.location != "" {
		w.Header().Set("Location", t.location)
	}
	return writeJSON(w, t.status, t.view)
}

// VisitCreateTokenResponse implements the generated response interface, as do the two below.
func (t tokenReply) VisitCreateTokenResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitGetTokenResponse implements the generated response interface.
func (t tokenReply) VisitGetTokenResponse(w http.ResponseWriter) error { return t.write(w) }

// VisitUpdateTokenResponse implements the generated response interface.
func (t tokenReply) VisitUpdateTokenResponse(w http.ResponseWriter) error { return t.write(w) }

func writeJSON(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(body)
}

// CreateToken answers POST /tokens.
func (s *Server) CreateToken(ctx context.Context, _ gen.CreateTokenRequestObject) (gen.CreateTokenResponseObject, error) {
	body, _ := callOf(ctx).body().(map[string]any)
	request, err := hallpass.ParseTokenRequest(body)
	if err != nil {
		return nil, err
	}
	views, err := s.createTokens(ctx, []*hallpass.TokenRequest{request})
	if err != nil {
		return nil, err
	}
	return tokenReply{http.StatusCreated, "/tokens/" + url.PathEscape(views[0].ID), views[0]}, nil
}

// createTokens makes all the tokens that are asked for, or none, and returns what the caller may see of each.
func (s *Server) createTokens(ctx context.Context, requests []*hallpass.TokenRequest) ([]*hallpass.TokenView, error) {
	caller, now := callerOf(ctx), s.now()
	builder, err := s.tokenBuilder(ctx, caller, now)
	if err != nil {
		return nil, err
	}
	drafts := make([]*hallpass.TokenDraft, 0, len(requests))
	for _, r := range requests {
		d, err := builder.Build(r)
		if err != nil {
			return nil, err
		}
		if !hallpass.Decide(caller.Grant(), hallpass.TokenCreate, d.ID, d.Container).Allowed() {
			return nil, errForbidden
		}
		drafts = append(drafts, d)
	}
	created, err := s.Store.CreateTokens(ctx, drafts, caller.Application.ID, now, overwriter(builder, caller))
	if err != nil {
		return nil, err
	}
	views := make([]*hallpass.TokenView, 0, len(created))
	for i := range created {
		view, err := s.viewCreated(caller, &created[i], now)
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

// overwriter says what an existing token becomes that a draft has met. To change it the caller needs token:update.
func overwriter(b *hallpass.TokenBuilder, caller *hallpass.Caller) store.Overwrite {
	return func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error) {
		if !d.UpdateExisting {
			return nil, nil //nolint:nilnil // the token stays as it is
		}
		if !hallpass.Decide(caller.Grant(), hallpass.TokenUpdate, existing.ID, existing.Container).Allowed() {
			return nil, errForbidden
		}
		return b.Overwrite(existing, d)
	}
}

// viewCreated is what the caller may see of a token that it has created, or met.
func (s *Server) viewCreated(caller *hallpass.Caller, created *store.CreatedToken, now time.Time) (*hallpass.TokenView, error) {
	operation := hallpass.TokenCreate
	if created.Deduplicated {
		operation = hallpass.TokenRead
	}
	decision := hallpass.Decide(caller.Grant(), operation, created.ID, created.Container)
	if !decision.Allowed() {
		return created.RedactedView().WithExtras(created.Deduplicated), nil
	}
	view, err := created.At(now).View(decision.Transform, s.expressions)
	if err != nil {
		return nil, err
	}
	return view.WithExtras(created.Deduplicated), nil
}

// tokenBuilder makes tokens in the caller's name.
func (s *Server) tokenBuilder(ctx context.Context, caller *hallpass.Caller, now time.Time) (*hallpass.TokenBuilder, error) {
	key, err := s.Store.TenantKey(ctx, caller.Tenant.ID)
	if err != nil {
		return nil, err
	}
	ids, err := s.Store.TokenIDs(ctx, caller.Tenant.ID)
	if err != nil {
		return nil, err
	}
	return &hallpass.TokenBuilder{
		Tenant: caller.Tenant, Key: key, Author: caller.Application.ID, Now: now, Evaluator: s.expressions,
		MintID: ids.Mint(now, s.Random),
	}, nil
}

// GetToken answers GET /tokens/{id}.
func (s *Server) GetToken(ctx context.Context, r gen.GetTokenRequestObject) (gen.GetTokenResponseObject, error) {
	now := s.now()
	t, decision, err := s.token(ctx, hallpass.TokenRead, r.ID, now)
	if err != nil {
		return nil, err
	}
	view, err := t.At(now).View(decision.Transform, s.expressions)
	if err != nil {
		return nil, err
	}
	return tokenReply{http.StatusOK, "", view}, s.recordRead(ctx, hallpass.EntityToken, t.ID)
}

// token returns the token of that id and how much of it the operation may show. It refuses a caller whose grants could not
// allow the operation on the id whatever the token is before it looks the token up.
func (s *Server) token(ctx context.Context, operation hallpass.Permission, id string, now time.Time) (*store.StoredToken, hallpass.Decision, error) {
	caller := callerOf(ctx)
	if !hallpass.CouldAllow(caller.Grant(), operation, id) {
		return nil, hallpass.Decision{}, errForbidden
	}
	if hallpass.CheckTokenID(id) != nil {
		return nil, hallpass.Decision{}, hallpass.ErrNotFound
	}
	t, err := s.Store.Token(ctx, caller.Tenant.ID, id, now)
	if err != nil {
		return nil, hallpass.Decision{}, err
	}
	if t == nil {
		return nil, hallpass.Decision{}, hallpass.ErrNotFound
	}
	decision := hallpass.Decide(caller.Grant(), operation, t.ID, t.Container)
	if !decision.Allowed() {
		return nil, decision, errForbidden
	}
	return t, decision, nil
}

// UpdateToken answers PATCH /tokens/{id}.
func (s *Server) UpdateToken(ctx context.Context, r gen.UpdateTokenRequestObject) (gen.UpdateTokenResponseObject, error) {
	caller, now := callerOf(ctx), s.now()
	t, _, err := s.token(ctx, hallpass.TokenUpdate, r.ID, now)
	if err != nil {
		return nil, err
	}
	builder, err := s.tokenBuilder(ctx, caller, now)
	if err != nil {
		return nil, err
	}
	patch, _ := callOf(ctx).body().(map[string]any)
	d, err := builder.Patch(t.At(now), patch)
	if err != nil {
		return nil, err
	}
	decision := hallpass.Decide(caller.Grant(), hallpass.TokenUpdate, d.ID, d.Container)
	if !decision.Allowed() {
		return nil, errForbidden
	}
	if err := s.Store.UpdateToken(ctx, t, d, caller.Application.ID, now); err != nil {
		return nil, err
	}
	view, err := d.View(decision.Transform, s.expressions)
	if err != nil {
		return nil, err
	}
	return tokenReply{http.StatusOK, "", view}, nil
}

// DeleteToken answers DELETE /tokens/{id}.
func (s *Server) DeleteToken(ctx context.Context, r gen.DeleteTokenRequestObject) (gen.DeleteTokenResponseObject, error) {
	now := s.now()
	t, _, err := s.token(ctx, hallpass.TokenDelete, r.ID, now)
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteToken(ctx, t, callerOf(ctx).Application.ID, now); err != nil {
		return nil, err
	}
	return gen.DeleteToken204Response{}, nil
}
