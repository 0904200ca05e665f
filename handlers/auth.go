package handlers

import (
	"context"
	"net/http"
	"strings"

	"hallpass"
	"hallpass/contract"
	"hallpass/store"
)

// The contract's security schemes, and the token endpoint, which authenticates its client by itself.
const (
	schemeAPIKey        = "apiKey"
	schemeTenantAccess  = "tenantAccess"
	schemeCreationToken = "creationToken"
	schemeClient        = "client"
	tokenEndpoint       = "createAccessToken"
)

// scheme is the security scheme that the operation asks for.
func (c *call) scheme() string {
	switch {
	case c.operation.ID == tokenEndpoint:
		return schemeClient
	case c.operation.Anonymous():
		return ""
	}
	return c.operation.Security[0][0].Name
}

// authenticate establishes who calls from the credential that the operation asks for.
func (s *Server) authenticate(r *http.Request, c *call) (err error) {
	switch c.scheme() {
	case schemeAPIKey:
		c.caller, err = s.authenticateKey(r.Context(), r.Header.Get(headerAPIKey))
	case schemeTenantAccess, schemeCreationToken:
		err = s.authenticateBearer(r, c, c.operation.Security[0][0])
	case schemeClient:
		c.client.id, c.client.secret, c.client.basic = r.BasicAuth()
	}
	return err
}

// authenticateKey finds the caller behind an application or session key. Every key that is not good now is refused alike.
func (s *Server) authenticateKey(ctx context.Context, text string) (*hallpass.Caller, error) {
	credential, ok := hallpass.ParseKey(text)
	if !ok {
		return nil, hallpass.ErrUnauthenticated
	}
	var session *hallpass.Session
	var h *store.Holder
	var err error
	if credential.Kind == hallpass.SessionKey {
		session, h, err = s.Store.Session(ctx, credential.Selector)
	} else {
		h, err = s.Store.Holder(ctx, credential.Selector)
	}
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, hallpass.ErrUnauthenticated
	}
	if session != nil {
		return hallpass.AuthenticateSession(session, &h.Key, &h.Application, &h.Tenant, credential.Verifier, s.now())
	}
	return hallpass.AuthenticateKey(&h.Key, &h.Application, &h.Tenant, credential.Verifier, s.now())
}

var (
	errNoTransactionRights = hallpass.Refuse(hallpass.KindForbidden, "The token does not grant transaction creation rights.")
	errForeignTenant       = hallpass.Refuse(hallpass.KindForbidden, "The token is not one of the tenant that X-Tenant names.")
)

// authenticateBearer finds the caller behind a bearer token, and refuses one without the scope that the scheme asks for.
func (s *Server) authenticateBearer(r *http.Request, c *call, scheme contract.Scheme) error {
	word, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(word, "Bearer") || token == "" {
		return hallpass.ErrInvalidToken
	}
	claims, err := s.signing.verify(r.Context(), strings.TrimSpace(token), s.now())
	if err != nil {
		return err
	}
	application, tenant, err := s.Store.Member(r.Context(), claims.ClientID)
	if err != nil {
		return err
	}
	if application == nil || application.Expired(s.now()) {
		return hallpass.ErrInvalidToken
	}
	c.claims = claims
	c.caller = &hallpass.Caller{Tenant: tenant, Application: application}

	scopes := scheme.Scopes
	if scheme.Name == schemeCreationToken {
		scopes = []string{hallpass.ScopeSessionCreation}
	}
	for _, scope := range scopes {
		if !claims.HasScope(scope) {
			return errNoTransactionRights
		}
	}
	if named := r.Header.Get("X-Tenant"); named != "" && !strings.EqualFold(named, tenant.ID) {
		return errForeignTenant
	}
	return nil
}
