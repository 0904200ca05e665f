package contract_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// newKey is an idempotency key that no other run has used: a server may remember them for a day.
func newKey(t *testing.T) string { return t.Name() + " " + uuid.NewString() }

// keyed is a request with an idempotency key.
func keyed(r request, key string) request { return r.with("BT-IDEMPOTENCY-KEY", key) }

// replayed ends the test unless two answers are one.
func replayed(t *testing.T, again, first *answer) {
	t.Helper()
	if again.status != first.status || string(again.body) != string(first.body) {
		t.Fatalf("the replay is %d %s, not %d %s", again.status, again.body, first.status, first.body)
	}
	for _, name := range []string{"Content-Type", "Location", "Vary"} {
		if got, want := again.header.Get(name), first.header.Get(name); got != want {
			t.Errorf("the replay has %s %q, not %q", name, got, want)
		}
	}
}

// TestIdempotency promises that a request with a key has effect once, and that its success is told again.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := shared(t)
	idempotent := func(op *operation) bool { return op.changes() && op.scheme != "" }
	each(t, s, idempotent, func(t *testing.T, op *operation, one sample) {
		r := keyed(one.request, newKey(t))
		first := one.caller.send(t, r).is(t, one.status)
		replayed(t, one.caller.send(t, r), first)

		other := r // whatever it says: the key names the request
		other.body, other.kind, other.broken = `{"another":"body"`, "application/json", true
		replayed(t, one.caller.send(t, other), first)

		slashed := r
		slashed.path = otherSlash(r.path)
		replayed(t, one.caller.send(t, slashed), first)
	})
}

// TestIdempotencyScope promises that a key is one application's own, for one method and path.
func TestIdempotencyScope(t *testing.T) {
	t.Parallel()
	s := shared(t)
	create := request{method: http.MethodPost, path: "/sessions"}

	t.Run("another key is another request", func(t *testing.T) {
		t.Parallel()
		one := s.home.public.send(t, keyed(create, newKey(t))).is(t, http.StatusCreated)
		two := s.home.public.send(t, keyed(create, newKey(t))).is(t, http.StatusCreated)
		if string(one.body) == string(two.body) {
			t.Fatal("two keys share one reply")
		}
	})
	t.Run("another application is another caller", func(t *testing.T) {
		t.Parallel()
		r := keyed(create, newKey(t))
		one := s.home.public.send(t, r).is(t, http.StatusCreated)
		two := s.home.application(t, "public").send(t, r).is(t, http.StatusCreated)
		if string(one.body) == string(two.body) {
			t.Fatal("two applications share one reply")
		}
	})
	t.Run("another tenant is another caller", func(t *testing.T) {
		t.Parallel()
		foreign, r := s.foreign(t), keyed(create, newKey(t))
		one := s.home.public.send(t, r).is(t, http.StatusCreated)
		two := foreign.public.send(t, r).is(t, http.StatusCreated)
		if string(one.body) == string(two.body) {
			t.Fatal("two tenants share one reply")
		}
	})
	t.Run("another key of the same application is the same caller", func(t *testing.T) {
		t.Parallel()
		one, r := s.home.application(t, "public"), keyed(create, newKey(t))
		two := keyCaller(s.url, one.id, s.home.newKey(t, one.id).Key)
		first := one.send(t, r).is(t, http.StatusCreated)
		replayed(t, two.send(t, r), first)
	})
	t.Run("another path is another request", func(t *testing.T) {
		t.Parallel()
		name := newKey(t)
		for _, a := range []caller{s.home.application(t, "public"), s.home.application(t, "public")} {
			var key applicationKey
			r := keyed(request{method: http.MethodPost, path: "/applications/" + a.id + "/keys"}, name)
			s.home.management.send(t, r).is(t, http.StatusCreated).into(t, &key)
			s.home.management.get(t, "/applications/"+a.id+"/keys/"+key.ID).is(t, http.StatusOK)
		}
	})
	t.Run("a key means nothing to GET and DELETE", func(t *testing.T) {
		t.Parallel()
		path := "/applications/" + s.home.application(t, "public").id
		name := newKey(t)
		get := keyed(request{method: http.MethodGet, path: path}, name)
		first := s.home.management.send(t, get).is(t, http.StatusOK)
		s.home.management.put(t, path, object{"name": "Renamed"}).is(t, http.StatusOK)
		if again := s.home.management.send(t, get).is(t, http.StatusOK); string(again.body) == string(first.body) {
			t.Fatal("GET is replayed")
		}
		remove := keyed(request{method: http.MethodDelete, path: path}, name)
		s.home.management.send(t, remove).is(t, http.StatusNoContent)
		s.home.management.send(t, remove).is(t, http.StatusNotFound)
	})
}

// TestIdempotencyOfFailures promises that a refusal is not kept: the next attempt is a first one.
func TestIdempotencyOfFailures(t *testing.T) {
	t.Parallel()
	s := shared(t)
	body := object{"nonce": s.home.session(t).Nonce}
	r := keyed(request{method: http.MethodPost, path: "/sessions/authorize", body: body}, newKey(t))
	s.home.private.send(t, r).refuses(t, "permissions", "rules")
	body["permissions"] = list{"token:read"}
	s.home.private.send(t, r).is(t, http.StatusOK)
	body["permissions"] = list{}
	s.home.private.send(t, r).is(t, http.StatusOK)
}

var errBrokeOff = errors.New("the client went away")

// TestIdempotentRequestGoesAway promises that a key is free again when its request broke off.
func TestIdempotentRequestGoesAway(t *testing.T) {
	t.Parallel()
	s := shared(t)
	r := keyed(request{method: http.MethodPost, path: "/sessions"}, newKey(t))
	h := s.home.public.hold(t, r, 10)
	h.awaitReading(t)
	_ = h.body.CloseWithError(errBrokeOff)
	for a := range h.answer {
		t.Fatalf("a request that broke off is answered %d", a.status)
	}
	deadline := time.Now().Add(10 * time.Second) // the server has to notice that the connection is gone
	for {
		if a := s.home.public.send(t, r); a.status == http.StatusCreated || time.Now().After(deadline) {
			a.is(t, http.StatusCreated)
			return
		}
	}
}

// TestIdempotencyEnds promises that a reply is told again for 24 hours, and then no more.
func TestIdempotencyEnds(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	r := keyed(request{method: http.MethodPost, path: "/sessions"}, newKey(t))
	first := s.home.public.send(t, r).is(t, http.StatusCreated)
	s.own.clock.move(24*time.Hour - time.Microsecond)
	s.own.housekeep(t)
	replayed(t, s.home.public.send(t, r), first)
	s.own.clock.move(time.Microsecond)
	if again := s.home.public.send(t, r).is(t, http.StatusCreated); string(again.body) == string(first.body) {
		t.Fatal("the reply is told again after 24 hours")
	}
}

// TestIdempotencyOfTheDead promises that a request which never ended does not hold its key for ever.
func TestIdempotencyOfTheDead(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	r := keyed(request{method: http.MethodPost, path: "/sessions"}, newKey(t))
	s.home.public.hold(t, r, 10).awaitReading(t)
	s.own.clock.move(time.Minute)
	s.home.public.send(t, r).is(t, http.StatusConflict)
	s.own.clock.move(24 * time.Hour)
	s.home.public.send(t, r).is(t, http.StatusCreated)
}
