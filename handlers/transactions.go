package handlers

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"hallpass"
	"hallpass/gen"
)

// CreateTransaction answers PUT /api/transaction/.
func (s *Server) CreateTransaction(ctx context.Context, r gen.CreateTransactionRequestObject) (gen.CreateTransactionResponseObject, error) {
	caller, now := callerOf(ctx), s.now()
	t, err := s.newTransaction(caller, *r.Body, now)
	if err != nil {
		return nil, err
	}
	wire, err := s.wireTransaction(ctx, t, now)
	if err != nil {
		return nil, err
	}
	for i := range wire.Tokens {
		token, err := s.creationToken(ctx, t, wire.Tokens[i].Role, now)
		if err != nil {
			return nil, err
		}
		access := s.accessURL(ctx, given(wire.BrandID), t.ID, token)
		wire.Tokens[i].Token, wire.Tokens[i].AccessURL = &token, &access
	}
	if err := s.Store.CreateTransaction(ctx, t, callerOf(ctx).Application.ID); err != nil {
		return nil, err
	}
	return gen.CreateTransaction200JSONResponse{Body: *wire, Headers: gen.CreateTransaction200ResponseHeaders{Vary: &varyAccept}}, nil
}

// varyAccept is on every answer of the transaction routes, as the vendor's.
var varyAccept = "Accept"

// newTransaction makes the transaction that a request asks for.
func (s *Server) newTransaction(caller *hallpass.Caller, body gen.CreateTransactionRequest, now time.Time) (*hallpass.Transaction, error) {
	if body.TenantID != nil && !strings.EqualFold(*body.TenantID, caller.Tenant.ID) {
		return nil, hallpass.Invalid("tenant_id", "is not the tenant of the bearer token")
	}
	t := &hallpass.Transaction{
		ID: s.newID(), TenantID: caller.Tenant.ID, Status: hallpass.TransactionNew,
		CreatedAt: now, ModifiedAt: now, TokenRoles: []string{},
	}
	days := hallpass.DefaultExpiryDays
	if body.ExpiryPeriod != nil {
		days = int(*body.ExpiryPeriod)
	}
	t.ExpiresAt = now.Add(time.Duration(days) * 24 * time.Hour)
	if body.ExpiryTimestamp != nil {
		until, ok := hallpass.ParseTransactionInstant(*body.ExpiryTimestamp)
		if !ok || !until.After(now) {
			return nil, hallpass.Invalid("expiry_timestamp", "must be a moment in the future")
		}
		t.ExpiresAt = until
	}
	t.Roles, t.TokenRoles = rolesOf(body)
	body.Tokens, body.TenantID, body.ExpiryPeriod, body.ExpiryTimestamp = nil, nil, nil, nil
	var err error
	t.Details, err = json.Marshal(body)
	return t, err
}

// rolesOf returns the roles that the transaction names, and those that it gets tokens for at once: the ones in its tokens,
// or unknown where there are none.
func rolesOf(body gen.CreateTransactionRequest) (named, issued []string) {
	named, issued = []string{}, []string{}
	for _, t := range given(body.Tokens) {
		if !slices.Contains(issued, t.Role) {
			issued = append(issued, t.Role)
		}
	}
	named = append(named, issued...)
	for _, u := range given(body.Users) {
		if role := given(u.Role); role != "" && !slices.Contains(named, role) {
			named = append(named, role)
		}
	}
	if len(issued) == 0 {
		issued = append(issued, hallpass.RoleUnknown)
	}
	return named, issued
}

// GetTransaction answers GET /api/transaction/{transaction_id}.
func (s *Server) GetTransaction(ctx context.Context, r gen.GetTransactionRequestObject) (gen.GetTransactionResponseObject, error) {
	t, err := s.transaction(ctx, r.TransactionID)
	if err != nil {
		return nil, err
	}
	wire, err := s.wireTransaction(ctx, t, s.now())
	if err != nil {
		return nil, err
	}
	if err := s.recordRead(ctx, hallpass.EntityTransaction, t.ID); err != nil {
		return nil, err
	}
	if given(r.Params.WithVerifications) {
		wire.Verifications = &[]gen.TransactionVerification{}
	}
	return gen.GetTransaction200JSONResponse{Body: *wire, Headers: gen.GetTransaction200ResponseHeaders{Vary: &varyAccept}}, nil
}

// ApplyTransactionEvent answers PUT /api/transaction/{transaction_id}/event.
func (s *Server) ApplyTransactionEvent(ctx context.Context, r gen.ApplyTransactionEventRequestObject) (gen.ApplyTransactionEventResponseObject, error) {
	now, status := s.now(), hallpass.TransactionCancelled
	if r.Body.Trigger == gen.TransactionCompleted {
		status = hallpass.TransactionCompleted
	}
	caller := callerOf(ctx)
	t, err := s.Store.EndTransaction(ctx, caller.Tenant.ID, strings.ToLower(r.TransactionID), status, caller.Application.ID, now)
	if err != nil {
		return nil, err
	}
	wire, err := s.wireTransaction(ctx, t, now)
	if err != nil {
		return nil, err
	}
	return gen.ApplyTransactionEvent200JSONResponse{Body: *wire, Headers: gen.ApplyTransactionEvent200ResponseHeaders{Vary: &varyAccept}}, nil
}

// CreateSessionCreationToken answers POST /api/transaction/{transaction_id}/token.
func (s *Server) CreateSessionCreationToken(ctx context.Context, r gen.CreateSessionCreationTokenRequestObject) (gen.CreateSessionCreationTokenResponseObject, error) {
	now := s.now()
	t, err := s.openTransaction(ctx, r.TransactionID, now)
	if err != nil {
		return nil, err
	}
	role := hallpass.RoleUnknown
	if r.Body != nil && r.Body.Role != nil {
		role = *r.Body.Role
	}
	if err := t.CheckRole(role); err != nil {
		return nil, err
	}
	token, err := s.creationToken(ctx, t, role, now)
	if err != nil {
		return nil, err
	}
	if err := s.record(ctx, hallpass.EntityTransaction, hallpass.OperationAuthorize, t.ID); err != nil {
		return nil, err
	}
	return gen.CreateSessionCreationToken200JSONResponse{
		Body:    gen.SessionCreationToken{Token: token, Role: role},
		Headers: gen.CreateSessionCreationToken200ResponseHeaders{Vary: &varyAccept},
	}, nil
}

// StartTransactionSession answers POST /api/transaction/{transaction_id}/session.
func (s *Server) StartTransactionSession(ctx context.Context, r gen.StartTransactionSessionRequestObject) (gen.StartTransactionSessionResponseObject, error) {
	c, now := callOf(ctx), s.now()
	if !strings.EqualFold(c.claims.TransactionUUID, r.TransactionID) {
		return nil, errNoTransactionRights
	}
	t, err := s.openTransaction(ctx, r.TransactionID, now)
	if err != nil {
		return nil, err
	}
	started, err := s.Store.StartTransactionSession(ctx, t.TenantID, hallpass.TransactionSession{
		ID: s.newID(), TransactionID: t.ID, Role: c.claims.Session.Role, LastRequestAt: now, UserAgent: cut(c.request.UserAgent(), maxUserAgent),
	}, c.caller.Application.ID)
	if err != nil {
		return nil, err
	}
	token, err := s.signing.sign(started.AccessClaims(c.claims.ClientID, s.newID(), c.claims.ExpiresAt))
	if err != nil {
		return nil, err
	}
	return gen.StartTransactionSession200JSONResponse{
		Body: gen.TransactionSession{
			ID: started.ID, Role: started.Role, Version: started.Version, UserAgent: unlessZero(started.UserAgent),
			Created: hallpass.FormatTransactionInstant(started.CreatedAt), LastRequest: hallpass.FormatTransactionInstant(now),
			Token: token.Reveal(),
		},
		Headers: gen.StartTransactionSession200ResponseHeaders{Vary: &varyAccept},
	}, nil
}

// maxUserAgent is how many bytes of a User-Agent header are kept.
const maxUserAgent = 1024

func cut(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.ToValidUTF8(text, "")
}

// transaction returns the caller's tenant's transaction of that id, or ErrTransaction.
func (s *Server) transaction(ctx context.Context, id string) (*hallpass.Transaction, error) {
	t, err := s.Store.Transaction(ctx, strings.ToLower(id))
	if err != nil {
		return nil, err
	}
	return t, t.CheckTenant(callerOf(ctx).Tenant.ID)
}

// openTransaction is transaction for one that is not over at now.
func (s *Server) openTransaction(ctx context.Context, id string, now time.Time) (*hallpass.Transaction, error) {
	t, err := s.transaction(ctx, id)
	if err != nil {
		return nil, err
	}
	return t, t.CheckOpen(now)
}

// creationToken signs a session creation token in the caller's name.
func (s *Server) creationToken(ctx context.Context, t *hallpass.Transaction, role string, now time.Time) (string, error) {
	token, err := s.signing.sign(t.CreationClaims(role, callerOf(ctx).Application.ID, s.newID(), now, s.CreationTokenTTL))
	return token.Reveal(), err
}

// defaultBrand stands in an accessUrl where the transaction names no brand.
const defaultBrand = "default"

// accessURL is the page that starts or resumes the workflow, in the vendor's shape. The token stands behind the #, so a
// browser never sends it with the request for the page.
func (s *Server) accessURL(ctx context.Context, brand, id, token string) string {
	if brand == "" {
		brand = defaultBrand
	}
	return s.publicURL(ctx) + "/" + url.PathEscape(brand) + "/#/esign/" + id + "?access_token=" + token
}

// publicURL is what URLs in answers begin with, without a slash at the end: the one that is set, or else the scheme and host
// that the request was sent to.
func (s *Server) publicURL(ctx context.Context) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	r := callOf(ctx).request
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// wireTransaction is the transaction as it stands at now. Tokens are named by role only.
func (s *Server) wireTransaction(ctx context.Context, t *hallpass.Transaction, now time.Time) (*gen.Transaction, error) {
	var wire gen.Transaction
	if err := json.Unmarshal(t.Details, &wire); err != nil {
		return nil, err
	}
	sessions, err := s.Store.TransactionSessions(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	days := int32(t.ExpiresAt.Sub(t.CreatedAt) / (24 * time.Hour))
	wire.ID, wire.TenantID, wire.Status, wire.Version = t.ID, t.TenantID, string(t.StatusAt(now)), t.Version
	wire.Created, wire.ExpiryTimestamp = hallpass.FormatTransactionInstant(t.CreatedAt), hallpass.FormatTransactionInstant(t.ExpiresAt)
	wire.ExpiryPeriod = &days
	wire.LastAPIRequest, wire.LastSessionEvent = transactionInstant(t.ModifiedAt), transactionInstant(t.LastSessionAt)
	if t.Status == hallpass.TransactionCompleted {
		wire.Completed = transactionInstant(t.EndedAt)
	}
	wire.Tokens = []gen.TransactionToken{}
	if t.Open(now) {
		for _, role := range t.TokenRoles {
			wire.Tokens = append(wire.Tokens, gen.TransactionToken{Role: role})
		}
	}
	events := transactionEvents(t, sessions)
	wire.Events = &events
	return &wire, nil
}

func transactionInstant(at time.Time) *gen.TransactionTimestamp {
	if at.IsZero() {
		return nil
	}
	text := hallpass.FormatTransactionInstant(at)
	return &text
}

// transactionEvents is what happened to a transaction, oldest first, as far as its state still tells.
func transactionEvents(t *hallpass.Transaction, sessions []hallpass.TransactionSession) []gen.TransactionEvent {
	events := []gen.TransactionEvent{{Trigger: "transaction_created", Timestamp: hallpass.FormatTransactionInstant(t.CreatedAt)}}
	for i := range sessions {
		events = append(events, gen.TransactionEvent{
			Trigger: "session_started", Timestamp: hallpass.FormatTransactionInstant(sessions[i].CreatedAt), Role: &sessions[i].Role,
		})
	}
	ended := map[hallpass.TransactionStatus]string{
		hallpass.TransactionCompleted: hallpass.EventCompleted, hallpass.TransactionCancelled: hallpass.EventCancelled,
	}[t.Status]
	if ended != "" {
		events = append(events, gen.TransactionEvent{Trigger: ended, Timestamp: hallpass.FormatTransactionInstant(t.EndedAt)})
	}
	return events
}
