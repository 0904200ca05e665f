package contract_test

import (
	"net/http"
	"testing"
	"time"
)

// TestSessionEnds promises that a session is over at the very moment that it was authorized for, as if it had never been.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := timed(t)
	end := s.end()
	short, long := s.home.authorizedUntil(t, end, "token:read"), s.home.authorizedUntil(t, end.Add(time.Hour), "token:read")
	s.before(end, func() { short.caller.get(t, "/applications/key").is(t, http.StatusOK) })
	s.reach(end)
	for range 2 {
		unknown := keyCaller(s.url, "", madeUpKey("key_sess_")).get(t, "/applications/key")
		alike(t, map[string]*answer{"over": short.caller.get(t, "/applications/key"), "unknown": unknown.is(t, http.StatusUnauthorized)})
		long.caller.get(t, "/applications/key").is(t, http.StatusOK)
		alike(t, map[string]*answer{ // its nonce is gone with it
			"over": s.home.authorize(t, short, reading), "unknown": s.home.authorize(t, session{Nonce: madeUpKey("")}, reading).is(t, http.StatusNotFound),
		})
		s.home.authorize(t, long, reading).is(t, http.StatusConflict)
		s.sweep(t) // what has ended may go from the store: nobody can tell
	}
}

// TestSessionEndsByItself promises that a session lasts three minutes where nobody says otherwise, authorized or not.
func TestSessionEndsByItself(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	waiting, granted := s.home.session(t), s.home.session(t)
	s.home.authorize(t, granted, reading).is(t, http.StatusOK)
	s.own.clock.move(3*time.Minute - time.Microsecond)
	waiting.caller.get(t, "/applications/key").is(t, http.StatusForbidden)
	granted.caller.get(t, "/applications/key").is(t, http.StatusOK)
	s.own.clock.move(time.Microsecond)
	unknown := keyCaller(s.url, "", madeUpKey("key_sess_")).get(t, "/applications/key")
	alike(t, map[string]*answer{
		"waiting": waiting.caller.get(t, "/applications/key"), "granted": granted.caller.get(t, "/applications/key"), "unknown": unknown,
	})
	unknown.is(t, http.StatusUnauthorized)
}

// TestNonceExpires promises that a nonce authorizes for three minutes, and what it authorized goes on.
func TestNonceExpires(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	early, late, spent := s.home.session(t), s.home.session(t), s.home.authorized(t, "token:read")
	s.own.clock.move(3*time.Minute - time.Microsecond)
	s.home.authorize(t, early, object{"permissions": list{"token:read"}, "expires_at": s.in(time.Hour)}).is(t, http.StatusOK)
	s.own.clock.move(time.Microsecond)
	answers := map[string]*answer{
		"expired": s.home.authorize(t, late, reading), "expired and spent": s.home.authorize(t, spent, reading),
		"unknown": s.home.authorize(t, session{Nonce: madeUpKey("")}, reading),
	}
	s.sweep(t)
	answers["expired and swept"] = s.home.authorize(t, late, reading)
	alike(t, answers)
	answers["expired"].is(t, http.StatusNotFound)
	s.home.authorize(t, early, reading).is(t, http.StatusConflict)
}

func TestSessionEndsWithItsMaker(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for name, end := range map[string]func(t *testing.T, id, keyID string){
		"when the application is deleted": func(t *testing.T, id, _ string) {
			s.home.management.delete(t, "/applications/"+id).is(t, http.StatusNoContent)
		},
		"when the key is deleted": func(t *testing.T, id, keyID string) {
			s.home.management.delete(t, "/applications/"+id+"/keys/"+keyID).is(t, http.StatusNoContent)
		},
		"when the keys are regenerated": func(t *testing.T, id, _ string) {
			s.home.management.post(t, "/applications/"+id+"/regenerate", nil).is(t, http.StatusOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tn := *s.home
			made := tn.newApplication(t, object{"name": "Page", "type": "public"})
			tn.public = keyCaller(s.url, made.ID, made.Key)
			live, waiting := tn.authorized(t, "token:read"), tn.session(t)
			live.caller.get(t, "/applications/key").is(t, http.StatusOK)
			end(t, made.ID, made.Keys[0].ID)
			live.caller.get(t, "/applications/key").is(t, http.StatusUnauthorized)
			waiting.caller.get(t, "/applications/key").is(t, http.StatusUnauthorized)
			tn.public.post(t, "/sessions", nil).is(t, http.StatusUnauthorized)
			s.home.authorize(t, waiting, reading).is(t, http.StatusNotFound)
		})
	}
	t.Run("not when another key of the application is deleted", func(t *testing.T) {
		t.Parallel()
		tn := *s.home
		tn.public = tn.application(t, "public")
		var second applicationKey
		tn.management.post(t, "/applications/"+tn.public.id+"/keys", nil).is(t, http.StatusCreated).into(t, &second)
		live := tn.authorized(t, "token:read")
		tn.management.delete(t, "/applications/"+tn.public.id+"/keys/"+second.ID).is(t, http.StatusNoContent)
		live.caller.get(t, "/applications/key").is(t, http.StatusOK)
	})
	t.Run("not when the authorizing application is deleted", func(t *testing.T) {
		t.Parallel()
		tn := *s.home
		tn.private = tn.application(t, "private")
		live := tn.authorized(t, "token:read")
		tn.management.delete(t, "/applications/"+tn.private.id).is(t, http.StatusNoContent)
		live.caller.get(t, "/applications/key").is(t, http.StatusOK)
	})
}
