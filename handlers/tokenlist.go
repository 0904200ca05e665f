package handlers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"hallpass"
	"hallpass/gen"
	"hallpass/store"
)

// tokenPage is one page of tokens, of either generation.
type tokenPage struct {
	Pagination any                   `json:"pagination"`
	Data       []*hallpass.TokenView `json:"data"`
}

// VisitListTokensResponse implements the generated response interface, as do the three below.
func (p tokenPage) VisitListTokensResponse(w http.ResponseWriter) error { return p.write(w) }

// VisitListTokensV2Response implements the generated response interface.
func (p tokenPage) VisitListTokensV2Response(w http.ResponseWriter) error { return p.write(w) }

// VisitSearchTokensResponse implements the generated response interface.
func (p tokenPage) VisitSearchTokensResponse(w http.ResponseWriter) error { return p.write(w) }

// VisitSearchTokensV2Response implements the generated response interface.
func (p tokenPage) VisitSearchTokensV2Response(w http.ResponseWriter) error { return p.write(w) }

func (p tokenPage) write(w http.ResponseWriter) error { return writeJSON(w, http.StatusOK, p) }

// ListTokens answers GET /tokens.
func (s *Server) ListTokens(ctx context.Context, r gen.ListTokensRequestObject) (gen.ListTokensResponseObject, error) {
	query, err := hallpass.ParseTokenFilter(callOf(ctx).request.URL.Query(), hallpass.V1)
	if err != nil {
		return nil, err
	}
	return s.pageByCreation(ctx, hallpass.TokenRead, query, r.Params.Page, r.Params.Size)
}

// SearchTokens answers POST /tokens/search.
func (s *Server) SearchTokens(ctx context.Context, r gen.SearchTokensRequestObject) (gen.SearchTokensResponseObject, error) {
	query, err := hallpass.ParseTokenQuery(given(r.Body.Query), hallpass.V1)
	if err != nil {
		return nil, err
	}
	return s.pageByCreation(ctx, hallpass.TokenSearch, query, r.Body.Page, r.Body.Size)
}

// ListTokensV2 answers GET /v2/tokens.
func (s *Server) ListTokensV2(ctx context.Context, r gen.ListTokensV2RequestObject) (gen.ListTokensV2ResponseObject, error) {
	query, err := hallpass.ParseTokenFilter(callOf(ctx).request.URL.Query(), hallpass.V2)
	if err != nil {
		return nil, err
	}
	return s.pageByContainer(ctx, hallpass.TokenRead, query, r.Params.Start, r.Params.Size)
}

// SearchTokensV2 answers POST /v2/tokens/search.
func (s *Server) SearchTokensV2(ctx context.Context, r gen.SearchTokensV2RequestObject) (gen.SearchTokensV2ResponseObject, error) {
	query, err := hallpass.ParseTokenQuery(given(r.Body.Query), hallpass.V2)
	if err != nil {
		return nil, err
	}
	return s.pageByContainer(ctx, hallpass.TokenSearch, query, r.Body.Start, r.Body.Size)
}

// tokensWithin is what the caller may list or search by the query. A container that is asked for must be one that the
// caller holds the permission on as a whole.
func (s *Server) tokensWithin(ctx context.Context, operation hallpass.Permission, query hallpass.TokenQuery) (store.TokenPage, error) {
	caller := callerOf(ctx)
	if query.Container != "" && !hallpass.HoldsOnContainer(caller.Grant(), operation, query.Container) {
		return store.TokenPage{}, errForbidden
	}
	return store.TokenPage{
		TenantID: caller.Tenant.ID, Scopes: hallpass.Reach(caller.Grant(), operation), Query: query, Now: s.now(),
	}, nil
}

func (s *Server) pageByCreation(ctx context.Context, operation hallpass.Permission, query hallpass.TokenQuery, page, size *int32) (*tokenPage, error) {
	at, err := pageAt(page, nil, size)
	if err != nil {
		return nil, err
	}
	p, err := s.tokensWithin(ctx, operation, query)
	if err != nil {
		return nil, err
	}
	p.Limit, p.Offset = at.size, at.offset
	list, total, err := s.Store.TokensByCreation(ctx, p)
	if err != nil {
		return nil, err
	}
	views, err := s.viewRead(ctx, operation, list, p.Now)
	return &tokenPage{Pagination: at.pagination(total), Data: views}, err
}

func (s *Server) pageByContainer(ctx context.Context, operation hallpass.Permission, query hallpass.TokenQuery, start *string, size *int32) (*tokenPage, error) {
	p, err := s.tokensWithin(ctx, operation, query)
	if err != nil {
		return nil, err
	}
	p.Limit = defaultPageSize
	if size != nil {
		p.Limit = int(*size)
	}
	if p.After, err = readCursor(given(start)); err != nil {
		return nil, err
	}
	list, next, err := s.Store.TokensByContainer(ctx, p)
	if err != nil {
		return nil, err
	}
	views, err := s.viewRead(ctx, operation, list, p.Now)
	if err != nil {
		return nil, err
	}
	return &tokenPage{Pagination: gen.CursorPagination{PageSize: int32(len(views)), Next: writeCursor(next)}, Data: views}, nil
}

// viewRead is what the caller may see of the tokens that it lists or searches, recorded as read.
func (s *Server) viewRead(ctx context.Context, operation hallpass.Permission, list []*store.StoredToken, now time.Time) ([]*hallpass.TokenView, error) {
	caller := callerOf(ctx)
	views, ids := make([]*hallpass.TokenView, 0, len(list)), make([]string, 0, len(list))
	for _, t := range list {
		decision := hallpass.Decide(caller.Grant(), operation, t.ID, t.Container)
		if !decision.Allowed() {
			continue
		}
		view, err := t.At(now).View(decision.Transform, s.expressions)
		if err != nil {
			return nil, err
		}
		views, ids = append(views, view), append(ids, t.ID)
	}
	return views, s.recordRead(ctx, hallpass.EntityToken, ids...)
}

// readCursor reads what writeCursor wrote.
func readCursor(text string) (*store.TokenCursor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // the first page
	}
	var cursor store.TokenCursor
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(plain, &cursor) != nil {
		return nil, hallpass.Invalid("start", "must be what `next` of a page says")
	}
	return &cursor, nil
}

// writeCursor returns nil at the end.
func writeCursor(cursor *store.TokenCursor) *string {
	if cursor == nil {
		return nil
	}
	plain, err := json.Marshal(cursor)
	if err != nil { // two plain members always marshal
		return nil
	}
	text := base64.RawURLEncoding.EncodeToString(plain)
	return &text
}
