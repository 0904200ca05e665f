package store_test

import (
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

func request(name string) hallpass.Digest { return sha256.Sum256([]byte(name)) }

var aReply = store.Reply{Status: 201, Header: map[string]string{"Location": "/there", "Content-Type": "application/json"}, Body: []byte("{\"a\":1}\x00\xff")}

// begin claims a key and says how that went: first, runs or replays.
func begin(t *testing.T, db *store.DB, d hallpass.Digest, now time.Time) string {
	t.Helper()
	reply, err := db.BeginRequest(t.Context(), d, now)
	switch {
	case errors.Is(err, store.ErrRequestRuns):
		return "runs"
	case err != nil:
		t.Fatal(err)
	case reply == nil:
		return "first"
	default:
		wantSame(t, "the kept reply", *reply, aReply)
	}
	return "replays"
}

func TestAnIdempotencyKeyRunsOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		d := request("one")
		wantSame(t, "the first", begin(t, w.DB, d, noon), "first")
		wantSame(t, "its twin", begin(t, w.DB, d, noon), "runs")
		wantSame(t, "another key", begin(t, w.DB, request("two"), noon), "first")
		w.must(w.FinishRequest(t.Context(), d, &aReply))
		w.everySight(func(name string, db *store.DB) {
			wantSame(t, "the twin of a success, "+name, begin(t, db, d, noon.Add(time.Hour)), "replays")
		})
		wantSame(t, "the other key", begin(t, w.DB, request("two"), noon), "runs")
	})
}

func TestAnIdempotencyKeyIsGivenUpAfterAFailure(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		d := request("one")
		begin(t, w.DB, d, noon)
		w.must(w.ForgetRequest(t.Context(), d))
		wantSame(t, "the next", begin(t, w.DB, d, noon), "first")
		w.must(w.FinishRequest(t.Context(), d, &aReply))
		w.must(w.ForgetRequest(t.Context(), d))
		wantSame(t, "a success is not forgotten", begin(t, w.DB, d, noon), "replays")
		w.must(w.ForgetRequest(t.Context(), request("unknown")))
	})
}

func TestARequestThatNeverFinishedIsTakenForDead(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		d := request("one")
		begin(t, w.DB, d, noon)
		wantSame(t, "just before ten minutes", begin(t, w.DB, d, noon.Add(10*time.Minute-time.Microsecond)), "runs")
		wantSame(t, "at ten minutes", begin(t, w.DB, d, noon.Add(10*time.Minute)), "first")
		wantSame(t, "which starts anew", begin(t, w.DB, d, noon.Add(11*time.Minute)), "runs")
		w.must(w.FinishRequest(t.Context(), d, &aReply))
		wantSame(t, "a success does not die", begin(t, w.DB, d, noon.Add(time.Hour)), "replays")
	})
}

func TestAKeptReplyLastsADay(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		d := request("one")
		begin(t, w.DB, d, noon)
		w.must(w.FinishRequest(t.Context(), d, &aReply))
		wantSame(t, "within the day", begin(t, w.DB, d, noon.Add(24*time.Hour-time.Microsecond)), "replays")
		wantSame(t, "after the day", begin(t, w.DB, d, noon.Add(24*time.Hour)), "first")
		wantSame(t, "and the old reply is gone", begin(t, w.DB, d, noon.Add(24*time.Hour)), "runs")
	})
}

func TestOfRacingTwinsOneRuns(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var first, runs atomic.Int32
		inParallel(50, func(i int) {
			_, err := w.BeginRequest(t.Context(), request("one"), noon)
			switch {
			case err == nil:
				first.Add(1)
			case errors.Is(err, store.ErrRequestRuns):
				runs.Add(1)
			default:
				t.Errorf("caller %d gets %v", i, err)
			}
		})
		wantSame(t, "first", first.Load(), 1)
		wantSame(t, "refused", runs.Load(), 49)
	})
}

func TestAKeptReplyIsBoundToItsKey(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		one, two := request("one"), request("two")
		for _, d := range []hallpass.Digest{one, two} {
			begin(t, w.DB, d, noon)
			w.must(w.FinishRequest(t.Context(), d, &aReply))
		}
		w.exec(`UPDATE idempotent_requests SET reply = (SELECT reply FROM idempotent_requests WHERE digest = $1) WHERE digest = $2`, one[:], two[:])
		if reply, err := w.BeginRequest(t.Context(), two, noon); err == nil {
			t.Errorf("another key's reply is replayed: %+v", reply)
		}
		wantSame(t, "the key that it belongs to", begin(t, w.DB, one, noon), "replays")
	})
}
