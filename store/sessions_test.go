package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

func TestSessionComesBackAsStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		want := w.newSession(a)
		see := func(what string, want *hallpass.Session) {
			t.Helper()
			w.everySight(func(name string, db *store.DB) {
				got, _, err := db.Session(t.Context(), want.Selector)
				w.must(err)
				wantSame(t, what+" "+name, got, want)
			})
		}
		see("a new session", want)
		want = authorized(want)
		w.must(w.AuthorizeSession(t.Context(), want))
		see("an authorized session", want)
		if got, _, err := w.Session(t.Context(), 1<<40); got != nil || err != nil {
			t.Errorf("an unknown session is %v, %v", got, err)
		}
	})
}

func TestASessionsSelectorIsItsAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		first, second := w.newSession(a), w.mintSession(a)
		second.Selector = first.Selector
		wantIs(t, "the second of a selector", w.CreateSession(t.Context(), second), hallpass.ErrSelectorTaken)
		w.everySight(func(name string, db *store.DB) {
			got, _, err := db.Session(t.Context(), first.Selector)
			w.must(err)
			wantSame(t, "the first "+name, got, first)
		})
	})
}

func TestANonceIsSpentOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		s := authorized(w.newSession(a))
		w.must(w.AuthorizeSession(t.Context(), s))
		again := authorized(s)
		again.AuthorizedBy, again.Grant = "another backend", hallpass.Grant{}
		wantIs(t, "the second authorization", w.AuthorizeSession(t.Context(), again), hallpass.ErrNonceSpent)
		w.everySight(func(name string, db *store.DB) {
			got, _, err := db.Session(t.Context(), s.Selector)
			w.must(err)
			wantSame(t, "the session "+name, got, s)
		})
	})
}

func TestOfRacingAuthorizationsOneWins(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const callers = 1000
		s := w.newSession(w.newApplication(w.tenant, hallpass.Public))
		var won, spent atomic.Int32
		inParallel(callers, func(i int) {
			mine := authorized(s)
			mine.Grant.Rules[0].Priority = int32(i + 1)
			switch err := w.AuthorizeSession(t.Context(), mine); {
			case err == nil:
				won.Add(1)
				got, _, err := w.Session(t.Context(), s.Selector)
				if err != nil {
					t.Error(err)
					return
				}
				wantSame(t, "the winner's session", got, mine)
			case errors.Is(err, hallpass.ErrNonceSpent):
				spent.Add(1)
			default:
				t.Errorf("caller %d gets %v", i, err)
			}
		})
		wantSame(t, "winners", won.Load(), 1)
		wantSame(t, "losers", spent.Load(), callers-1)
	})
}

func TestASessionThatIsGoneIsNotAuthorized(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		unknown := authorized(w.mintSession(a))
		wantIs(t, "an unknown session", w.AuthorizeSession(t.Context(), unknown), hallpass.ErrNonceUnknown)

		s := w.newSession(a)
		late := authorized(s)
		late.AuthorizedAt = s.ExpiresAt
		wantIs(t, "a session at its end", w.AuthorizeSession(t.Context(), late), hallpass.ErrNonceUnknown)
		late.AuthorizedAt = s.ExpiresAt.Add(-time.Microsecond)
		w.must(w.AuthorizeSession(t.Context(), late))
	})
}

func TestCountSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		for range 3 {
			w.newSession(a)
		}
		w.must(w.AuthorizeSession(t.Context(), authorized(w.newSession(a)))) // for an hour
		for at, want := range map[time.Time][2]int64{
			noon: {4, 0}, noon.Add(hallpass.SessionTTL - time.Microsecond): {4, 0}, noon.Add(hallpass.SessionTTL): {1, 3}, noon.Add(time.Hour): {0, 4},
		} {
			live, expired, err := w.CountSessions(t.Context(), at)
			w.must(err)
			wantSame(t, "living and expired at "+at.String(), [2]int64{live, expired}, want)
		}
	})
}
