package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
)

// plantSessions stores n sessions past the store, in one statement; they expire one microsecond after another, the first
// at noon.
func (w *world) plantSessions(a *hallpass.Application, n int) {
	w.t.Helper()
	w.exec(`
		WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < CAST($1 AS INTEGER))
		INSERT INTO sessions (selector, issuing_key, key_digest, nonce_digest, created_at, expires_at)
		SELECT 1000000 + n, CAST($2 AS BIGINT), CAST($3 AS BYTEA), CAST($3 AS BYTEA), 0, CAST($4 AS BIGINT) + n - 1 FROM numbers`,
		n, int64(a.Keys[0].Selector), make([]byte, 32), noon.UnixMicro())
}

func TestSweepDeletesOnlyWhatHasExpired(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		w.plantSessions(a, 700)
		live := w.newSession(a)
		w.must(w.AuthorizeSession(t.Context(), authorized(live)))
		tr := w.newTransaction(w.tenant)
		for name, at := range map[string]time.Time{"old": noon.Add(-24 * time.Hour), "new": noon} {
			begin(t, w.DB, request(name), at)
			w.must(w.FinishRequest(t.Context(), request(name), &aReply))
		}
		swept, err := w.Sweep(t.Context(), noon.Add(449*time.Microsecond), keepLogs) // at which the 450th expires
		w.must(err)
		wantSame(t, "swept", swept, 450+1)
		wantSame(t, "sessions left", w.count(`SELECT COUNT(*) FROM sessions`), 250+1)
		wantSame(t, "expired ones among them", w.count(`SELECT COUNT(*) FROM sessions WHERE expires_at <= $1`, noon.UnixMicro()+449), 0)
		wantSame(t, "a fresh reply", begin(t, w.DB, request("new"), noon), "replays")
		got, _, err := w.Session(t.Context(), live.Selector)
		w.must(err)
		wantSame(t, "a living session", got, authorized(live))

		swept, err = w.Sweep(t.Context(), noon.Add(449*time.Microsecond), keepLogs)
		w.must(err)
		wantSame(t, "swept again", swept, 0)
		swept, err = w.Sweep(t.Context(), noon.Add(48*time.Hour), keepLogs)
		w.must(err)
		wantSame(t, "swept two days on", swept, 250+1+1)
		kept, err := w.Transaction(t.Context(), tr.ID)
		w.must(err)
		wantSame(t, "a transaction whose time is out", kept, tr)
		member, _, err := w.Member(t.Context(), a.ID)
		w.must(err)
		wantSame(t, "the application", member.ID, a.ID)
	})
}

// TestSweepOfSessions promises that sessions go at their end, in whatever order they end, and also where the clock was put
// back between two sweeps.
func TestSweepOfSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		extend := func(n int) {
			for range n {
				w.must(w.AuthorizeSession(t.Context(), authorized(w.newSession(a)))) // for an hour
			}
		}
		sweep := func(name string, age time.Duration, want int64) {
			t.Helper()
			swept, err := w.Sweep(t.Context(), noon.Add(age), keepLogs)
			w.must(err)
			wantSame(t, name, swept, want)
		}
		w.newSession(a)
		extend(230) // more than one batch
		w.newSession(a)
		sweep("swept before their end", hallpass.SessionTTL-time.Microsecond, 0)
		sweep("swept at their end", hallpass.SessionTTL, 2)
		sweep("swept again", hallpass.SessionTTL+time.Second, 0)
		sweep("swept before the extended ones end", time.Hour-time.Microsecond, 0)
		sweep("swept when they end", time.Hour, 230)
		w.newSession(a)
		extend(1)
		sweep("swept by a clock that was put back", hallpass.SessionTTL, 1)
		sweep("swept an hour on", time.Hour, 1)
	})
}

func TestSweepGoesInBatches(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		const rows, batch = 3000, 200
		w.plantSessions(w.newApplication(w.tenant, hallpass.Public), rows)
		var commits, most int
		left := rows
		w.ObserveGroups(func(int) { // runs before each commit, when the one before is done
			now := w.count(`SELECT COUNT(*) FROM sessions`)
			commits, most, left = commits+1, max(most, left-now), now
		})
		swept, err := w.Sweep(t.Context(), noon.Add(time.Hour), keepLogs)
		w.must(err)
		wantSame(t, "swept", swept, rows)
		if commits < rows/batch || most > batch {
			t.Errorf("%d rows went in %d commits, up to %d rows in one", rows, commits, most)
		}
	})
}

func TestSweepLetsWritesThrough(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		w.plantSessions(a, 10000) // fifty batches
		var batches, written, writtenByHalf atomic.Int64
		w.ObserveGroups(func(int) {
			if batches.Add(1) == 25 {
				writtenByHalf.Store(written.Load())
			}
		})
		done := make(chan struct{})
		var writers sync.WaitGroup
		var longest atomic.Int64
		for range 4 {
			writers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					began := time.Now()
					if err := w.CreateSession(t.Context(), w.mintSession(a)); err != nil {
						t.Error(err)
						return
					}
					written.Add(1)
					longest.Store(max(longest.Load(), int64(time.Since(began))))
				}
			})
		}
		swept, err := w.Sweep(t.Context(), noon.Add(time.Minute), keepLogs)
		during := written.Load()
		close(done)
		writers.Wait()
		w.must(err)
		wantSame(t, "swept", swept, 10000)
		if writtenByHalf.Load() == 0 || during == writtenByHalf.Load() {
			t.Errorf("of %d writes during the sweep, %d were in its first half", during, writtenByHalf.Load())
		}
		t.Logf("%d writes went through %d commits meanwhile; the longest took %v", during, batches.Load(), time.Duration(longest.Load()))
	})
}

func TestSweepStopsWithItsContext(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.plantSessions(w.newApplication(w.tenant, hallpass.Public), 1000)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.Sweep(ctx, noon.Add(time.Hour), keepLogs)
		wantIs(t, "a sweep whose context has ended", err, context.Canceled)
		wantSame(t, "sessions left", w.count(`SELECT COUNT(*) FROM sessions`), 1000)
	})
}

func TestSweepOnAClosedDatabaseFails(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.must(w.Close())
		if _, err := w.Sweep(t.Context(), noon, keepLogs); err == nil {
			t.Error("it succeeds")
		}
	})
}
