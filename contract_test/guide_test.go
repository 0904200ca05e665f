package contract_test

import (
	"net/http"
	"testing"
	"time"
)

// TestSessionGuide follows the vendor's guide to sessions (developers.basistheory.com, Guides > Govern > Sessions): a
// browser shows a person's data in plain text, though its own key may not read anything.
func TestSessionGuide(t *testing.T) {
	t.Parallel()
	s := timed(t)
	tn := s.home
	backend := tn.application(t, "private", "token:create", "token:read")
	browser := tn.application(t, "public", "token:create")

	// The backend keeps what it knows of a person as a token. It sees no more than the mask itself.
	person := object{"first_name": plain("Ada"), "last_name": plain("Lovelace"), "born": 1815}
	token := backend.createToken(t, object{
		"type": "token", "data": person, "containers": list{"/pii/high/"},
		"mask": object{"first_name": "{{ data.first_name | slice: 0 }}.", "born": "{{ data.born }}"},
	})
	other := backend.createToken(t, object{"type": "token", "data": plain("somebody else"), "containers": list{"/pii/high/"}})
	same(t, "the person, for the backend", backend.readToken(t, token.ID).Data, object{"first_name": "A.", "born": 1815})

	// The browser's own key opens nothing.
	browser.get(t, tokenPath(token.ID)).is(t, http.StatusForbidden)

	// The browser asks for a session, which cannot do anything yet, and hands its nonce to the backend.
	var session session
	browser.post(t, "/sessions", nil).is(t, http.StatusCreated).into(t, &session)
	inSession := keyCaller(s.url, "", session.SessionKey)
	inSession.get(t, tokenPath(token.ID)).is(t, http.StatusForbidden)

	// The backend lets the session see that one token in plain text. The nonce is spent with it.
	grant := object{"nonce": session.Nonce, "rules": list{object{
		"description": "Reveal one person", "priority": 1, "permissions": list{"token:read"}, "transform": "reveal",
		"conditions": list{object{"attribute": "id", "operator": "equals", "value": token.ID}},
	}}}
	backend.post(t, "/sessions/authorize", grant).is(t, http.StatusOK)
	backend.post(t, "/sessions/authorize", grant).is(t, http.StatusConflict)

	// With the session's key the browser reads the token.
	read := inSession.readToken(t, token.ID)
	same(t, "the person, for the session", read.Data, person)
	same(t, "the token", []string{read.ID, read.Type, read.TenantID, read.CreatedBy, read.CreatedAt}, []string{token.ID, "token", tn.id, backend.id, token.CreatedAt})

	// It reads no other token and does nothing else, and the browser's own key is as little good as before.
	inSession.get(t, tokenPath(other.ID)).is(t, http.StatusForbidden)
	inSession.get(t, tokenPath("unknown")).is(t, http.StatusForbidden)
	inSession.patch(t, tokenPath(token.ID), object{"data": object{"born": 1816}}).is(t, http.StatusForbidden)
	inSession.delete(t, tokenPath(token.ID)).is(t, http.StatusForbidden)
	inSession.post(t, "/tokens", object{"type": "token", "data": plain("more")}).is(t, http.StatusForbidden)
	browser.get(t, tokenPath(token.ID)).is(t, http.StatusForbidden)

	t.Run("three minutes after it was made the session is over", func(t *testing.T) {
		skipElsewhere(t, needsClock)
		s.own.clock.move(3*time.Minute - time.Microsecond)
		same(t, "the person, at the last moment", inSession.readToken(t, token.ID).Data, person)
		s.own.clock.move(time.Microsecond)
		inSession.get(t, tokenPath(token.ID)).is(t, http.StatusUnauthorized)
		same(t, "the person, for the backend", backend.readToken(t, token.ID).Data, object{"first_name": "A.", "born": 1815})
	})
}
