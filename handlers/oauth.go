package handlers

import (
	"context"
	"slices"
	"strings"
	"time"

	"hallpass"
	"hallpass/gen"
)

// clientCredentials are the id of an application and the text of one of its keys.
type clientCredentials struct {
	id, secret string
	basic      bool // presented by HTTP Basic
}

// CreateAccessToken answers POST /oauth2/token, the client credentials grant of RFC 6749 section 4.4.
func (s *Server) CreateAccessToken(ctx context.Context, r gen.CreateAccessTokenRequestObject) (gen.CreateAccessTokenResponseObject, error) {
	if given(r.Body.GrantType) == "" {
		return nil, hallpass.Invalid("grant_type", "is required")
	}
	if *r.Body.GrantType != "client_credentials" {
		return nil, errGrantType
	}
	client := callOf(ctx).client
	if client.basic && (r.Body.ClientID != nil || r.Body.ClientSecret != nil) {
		return nil, hallpass.Refuse(hallpass.KindInvalid, "Client credentials must be presented one way only.")
	}
	if !client.basic {
		client = clientCredentials{id: given(r.Body.ClientID), secret: given(r.Body.ClientSecret)}
	}
	application, err := s.authenticateClient(ctx, client)
	if err != nil {
		return nil, err
	}
	if asked := strings.Fields(given(r.Body.Scope)); len(asked) > 0 {
		if slices.ContainsFunc(asked, func(scope string) bool { return scope != hallpass.ScopeTenantAccess }) {
			return nil, errScope
		}
	}
	token, err := s.signing.sign(application.AccessClaims(s.newID(), s.now().Add(s.AccessTokenTTL)))
	if err != nil {
		return nil, err
	}
	return gen.CreateAccessToken200JSONResponse{Body: gen.AccessToken{
		AccessToken: token.Reveal(), TokenType: "Bearer", ExpiresIn: int32(s.AccessTokenTTL / time.Second),
		Scope: strings.Join(application.TokenScopes(), " "),
	}}, nil
}

var (
	errClient    = hallpass.Refuse(hallpass.KindUnauthenticated, "The client credentials are not valid.")
	errGrantType = hallpass.Refuse(hallpass.KindInvalid, "Only the client_credentials grant is served.")
	errScope     = hallpass.Refuse(hallpass.KindInvalid, "The scope is not one that this server knows.")
)

// oauthCode is the error code of RFC 6749 section 5.2 for a refusal of the token endpoint.
func oauthCode(refusal *hallpass.Error) string {
	switch refusal {
	case errGrantType:
		return "unsupported_grant_type"
	case errScope:
		return "invalid_scope"
	}
	return kinds[refusal.Kind].oauth
}

// authenticateClient finds the application that the credentials are of. Whatever is wrong with them is refused alike.
func (s *Server) authenticateClient(ctx context.Context, client clientCredentials) (*hallpass.Application, error) {
	credential, ok := hallpass.ParseKey(client.secret)
	if !ok || credential.Kind != hallpass.ApplicationKey {
		return nil, errClient
	}
	caller, err := s.authenticateKey(ctx, client.secret)
	if err == hallpass.ErrUnauthenticated || err == nil && !strings.EqualFold(caller.Application.ID, client.id) { //nolint:errorlint // one value
		return nil, errClient
	}
	if err != nil {
		return nil, err
	}
	return caller.Application, nil
}
