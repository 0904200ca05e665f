package contract_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

var grantType = url.Values{"grant_type": {"client_credentials"}}

func TestAccessToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	client := s.home.private
	nobody := s.nobody()
	check := func(t *testing.T, a *answer) {
		t.Helper()
		var made accessToken
		a.is(t, http.StatusOK).into(t, &made)
		if made.TokenType != "Bearer" || made.Scope != "tenant_access" || made.ExpiresIn < 1 {
			t.Errorf("it is %+v", made)
		}
		p := payloadOf(t, made.AccessToken)
		same(t, "the payload", p, payload{Scope: []string{"tenant_access"}, Exp: p.Exp, Jti: p.Jti, ClientID: client.id})
		var names []string
		for _, claim := range claims(t, made.AccessToken) {
			names = append(names, claim.name)
		}
		same(t, "the claims", names, list{"scope", "exp", "jti", "client_id"})
		left, late := p.Exp-s.now().Unix(), int64(slack(s).Seconds())
		if left > int64(made.ExpiresIn)+late || left < int64(made.ExpiresIn)-late-10 {
			a.blame(t)
			t.Errorf("it says %d seconds and lasts %d", made.ExpiresIn, left)
		}
		if s.own != nil && !verifies(made.AccessToken, s.secret(t)) {
			t.Error("the signature is not that of HMAC-SHA-384 under the signing secret")
		}
		bearerCaller(s.url, made.AccessToken).get(t, "/api/transaction/"+s.home.transaction).is(t, http.StatusOK)
	}
	t.Run("for credentials in the form", func(t *testing.T) {
		t.Parallel()
		check(t, client.grant(t, nil))
	})
	t.Run("for credentials by HTTP Basic", func(t *testing.T) {
		t.Parallel()
		check(t, nobody.send(t, tokenRequest(grantType).with("Authorization", basic(client.id, client.credential))))
	})
	t.Run("of the scope that is asked for", func(t *testing.T) {
		t.Parallel()
		check(t, client.grant(t, url.Values{"scope": {"tenant_access"}}))
		check(t, client.grant(t, url.Values{"scope": {""}}))
	})
	t.Run("whatever else the form holds", func(t *testing.T) {
		t.Parallel()
		check(t, client.grant(t, url.Values{"audience": {"https://api.example"}}))
	})
	t.Run("a new one each time", func(t *testing.T) {
		t.Parallel()
		if one, two := client.accessToken(t), client.accessToken(t); one == two {
			t.Error("two grants give one token")
		}
	})
	t.Run("is never kept by a cache", func(t *testing.T) {
		t.Parallel()
		if got := client.grant(t, nil).is(t, http.StatusOK).header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control is %q", got)
		}
	})
}

// TestAccessTokenWithoutScope promises that an application which may not have the scope gets a token that opens nothing.
func TestAccessTokenWithoutScope(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for name, c := range map[string]caller{
		"a private application without transaction:create": s.home.application(t, "private", "token:read", "transaction:read", "transaction:update"),
		"a public application":                             s.home.public,
		"a management application":                         s.home.management,
	} {
		t.Run("for "+name, func(t *testing.T) {
			t.Parallel()
			var made accessToken
			c.grant(t, nil).is(t, http.StatusOK).into(t, &made)
			if made.Scope != "" || len(payloadOf(t, made.AccessToken).Scope) != 0 {
				t.Errorf("it is %+v", made)
			}
			a := bearerCaller(s.url, made.AccessToken).get(t, "/api/transaction/"+s.home.transaction)
			a.is(t, http.StatusForbidden).says(t, "The token does not grant transaction creation rights.")
		})
	}
}

// oauthRefusal ends the test unless the answer is a refusal in the words of RFC 6749 section 5.2.
func oauthRefusal(t *testing.T, a *answer, status int, code string) {
	t.Helper()
	body := a.is(t, status).object(t)
	if body["error"] != code || body["error_description"] != body["detail"] {
		t.Errorf("it says %s", a.body)
	}
	if got, want := a.header.Get("WWW-Authenticate"), map[bool]string{true: "Basic"}[status == http.StatusUnauthorized]; got != want {
		t.Errorf("WWW-Authenticate is %q", got)
	}
}

// TestAccessTokenClients promises that every client whose credentials are not good is refused alike.
func TestAccessTokenClients(t *testing.T) {
	t.Parallel()
	s := shared(t)
	client, nobody := s.home.private, s.nobody()
	session := s.home.authorized(t, "token:read")
	form := func(id, secret string) request {
		return tokenRequest(url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}})
	}
	t.Run("credentials that are not those of one application, all alike", func(t *testing.T) {
		t.Parallel()
		answers := map[string]*answer{}
		for name, r := range map[string]request{
			"none":                  tokenRequest(grantType),
			"empty":                 form("", ""),
			"no secret":             form(client.id, ""),
			"no id":                 form("", client.credential),
			"an unknown id":         form("7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e00", client.credential),
			"a name for an id":      form("Backend", client.credential),
			"another secret":        form(client.id, otherVerifier(t, client.credential)),
			"a secret of no shape":  form(client.id, marked("x")),
			"another application's": form(client.id, s.home.public.credential),
			"a session key":         form(s.home.public.id, session.SessionKey),
			"Basic, wrong":          tokenRequest(grantType).with("Authorization", basic(client.id, "wrong")),
			"Basic, empty":          tokenRequest(grantType).with("Authorization", basic("", "")),
			"Basic, not base64":     tokenRequest(grantType).with("Authorization", "Basic %%%"),
			"a bearer token":        tokenRequest(grantType).with("Authorization", s.home.access.credential),
			"a key in its header":   tokenRequest(grantType).with("BT-API-KEY", client.credential),
			"a wrong secret, and a scope that is none": tokenRequest(url.Values{
				"grant_type": {"client_credentials"}, "client_id": {client.id}, "client_secret": {"x"}, "scope": {"x"},
			}),
		} {
			answers[name] = nobody.send(t, r)
			oauthRefusal(t, answers[name], http.StatusUnauthorized, "invalid_client")
		}
		alike(t, answers)
	})
}

// TestAccessTokenRequests promises a refusal in the words of RFC 6749 for what a good client asks in a wrong way.
func TestAccessTokenRequests(t *testing.T) {
	t.Parallel()
	s := shared(t)
	client, nobody := s.home.private, s.nobody()
	t.Run("credentials presented both ways", func(t *testing.T) {
		t.Parallel()
		r := tokenRequest(url.Values{
			"grant_type": {"client_credentials"}, "client_id": {client.id}, "client_secret": {client.credential},
		}).with("Authorization", basic(client.id, client.credential))
		oauthRefusal(t, nobody.send(t, r), http.StatusBadRequest, "invalid_request")
	})
	t.Run("a grant that is not served", func(t *testing.T) {
		t.Parallel()
		for _, grant := range []string{"password", "authorization_code", "CLIENT_CREDENTIALS", marked("x")} {
			oauthRefusal(t, client.grant(t, url.Values{"grant_type": {grant}}), http.StatusBadRequest, "unsupported_grant_type")
		}
	})
	t.Run("a request without a grant", func(t *testing.T) {
		t.Parallel()
		for _, more := range []url.Values{{"grant_type": {""}}, {"grant_type": nil}} {
			a := client.grant(t, more)
			oauthRefusal(t, a, http.StatusBadRequest, "invalid_request")
			a.refuses(t, "grant_type")
		}
	})
	t.Run("a scope that is none", func(t *testing.T) {
		t.Parallel()
		for _, scope := range []string{"session_access", "tenant_access session_access", marked("x"), "TENANT_ACCESS"} {
			oauthRefusal(t, client.grant(t, url.Values{"scope": {scope}}), http.StatusBadRequest, "invalid_scope")
		}
	})
	for name, c := range map[string]struct{ body, member string }{
		"nothing":               {"", "body"},
		"a form that is none":   {"a=%zz", "body"},
		"a member twice":        {"grant_type=client_credentials&grant_type=" + marked("x"), "grant_type"},
		"a secret twice":        {"client_secret=" + marked("x") + "&client_secret=" + marked("y"), "client_secret"},
		"a secret far too long": {"client_secret=" + marked("") + strings.Repeat("x", 200), "client_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request{method: http.MethodPost, path: "/oauth2/token", body: c.body, kind: "application/x-www-form-urlencoded", broken: true}
			a := nobody.send(t, r)
			oauthRefusal(t, a, http.StatusBadRequest, "invalid_request")
			a.refuses(t, c.member)
		})
	}
}
