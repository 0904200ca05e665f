package store_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

func TestTransactionComesBackAsStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		want := &hallpass.Transaction{
			ID: uuid.NewString(), TenantID: w.tenant.ID, Status: hallpass.TransactionNew, Roles: []string{"Größe", ""}, TokenRoles: []string{},
			CreatedAt: noon, ExpiresAt: noon.Add(90 * 24 * time.Hour), ModifiedAt: noon, Version: 3, Details: []byte("{\"a\":\"\\u0000\"}\x00\xff"),
		}
		w.must(w.CreateTransaction(t.Context(), want, ""))
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Transaction(t.Context(), want.ID)
			w.must(err)
			wantSame(t, "transaction "+name, got, want)
			missing, err := db.Transaction(t.Context(), uuid.NewString())
			if missing != nil || err != nil {
				t.Errorf("an unknown transaction is %v, %v", missing, err)
			}
		})
		if err := w.CreateTransaction(t.Context(), want, ""); err == nil {
			t.Error("it is stored twice")
		}
		orphan := *want
		orphan.ID, orphan.TenantID = uuid.NewString(), uuid.NewString()
		if err := w.CreateTransaction(t.Context(), &orphan, ""); err == nil {
			t.Error("one of no tenant is stored")
		}
	})
}

func TestEndTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for _, status := range []hallpass.TransactionStatus{hallpass.TransactionCompleted, hallpass.TransactionCancelled} {
			tr := w.newTransaction(w.tenant)
			at := tr.ExpiresAt.Add(-time.Microsecond)
			want := *tr
			want.Status, want.EndedAt, want.ModifiedAt, want.Version = status, at, at, 1
			got, err := w.EndTransaction(t.Context(), w.tenant.ID, tr.ID, status, "", at)
			w.must(err)
			wantSame(t, "the answer", *got, want)
			w.everySight(func(name string, db *store.DB) {
				got, err := db.Transaction(t.Context(), tr.ID)
				w.must(err)
				wantSame(t, "what is stored, "+name, *got, want)
			})
			_, err = w.EndTransaction(t.Context(), w.tenant.ID, tr.ID, hallpass.TransactionCancelled, "", noon)
			wantIs(t, "one that has ended", err, hallpass.ErrTransaction)
		}
	})
}

func TestEndTransactionRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		other := w.newTenant("Other")
		tr := w.newTransaction(w.tenant)
		for promise, c := range map[string]struct {
			tenant, id string
			at         time.Time
		}{
			"an unknown one":        {w.tenant.ID, uuid.NewString(), noon},
			"another tenant's":      {other.ID, tr.ID, noon},
			"one whose time is out": {w.tenant.ID, tr.ID, tr.ExpiresAt},
		} {
			got, err := w.EndTransaction(t.Context(), c.tenant, c.id, hallpass.TransactionCancelled, "", c.at)
			wantIs(t, promise, err, hallpass.ErrTransaction)
			if got != nil {
				t.Errorf("%s: got %+v", promise, got)
			}
		}
		if _, err := w.EndTransaction(t.Context(), w.tenant.ID, tr.ID, hallpass.TransactionExpired, "", noon); err == nil {
			t.Error("expired is stored")
		}
		got, err := w.Transaction(t.Context(), tr.ID)
		w.must(err)
		wantSame(t, "the transaction after all that", got, tr)
	})
}

func TestOfRacingEndsOneWins(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		tr := w.newTransaction(w.tenant)
		var won atomic.Int32
		inParallel(50, func(i int) {
			status := []hallpass.TransactionStatus{hallpass.TransactionCompleted, hallpass.TransactionCancelled}[i%2]
			ended, err := w.EndTransaction(t.Context(), w.tenant.ID, tr.ID, status, "", noon.Add(time.Second))
			switch {
			case err == nil:
				won.Add(1)
				wantSame(t, "the winner's status", ended.Status, status)
			case !errors.Is(err, hallpass.ErrTransaction):
				t.Errorf("caller %d gets %v", i, err)
			}
		})
		wantSame(t, "winners", won.Load(), 1)
	})
}

func TestStartTransactionSession(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		tr := w.newTransaction(w.tenant)
		start := func(role, agent string, at time.Time) hallpass.TransactionSession {
			t.Helper()
			s, err := w.StartTransactionSession(t.Context(), w.tenant.ID, hallpass.TransactionSession{
				ID: uuid.NewString(), TransactionID: tr.ID, Role: role, LastRequestAt: at, UserAgent: agent,
			}, "")
			w.must(err)
			return *s
		}
		first := start("Borrower", "one", noon.Add(time.Second))
		wantSame(t, "a started session", first, hallpass.TransactionSession{
			ID: first.ID, TransactionID: tr.ID, Role: "Borrower", CreatedAt: noon.Add(time.Second), LastRequestAt: noon.Add(time.Second), UserAgent: "one",
		})
		other := start("Lender", "two", noon.Add(2*time.Second))
		resumed := start("Borrower", "three", noon.Add(3*time.Second))
		want := first
		want.LastRequestAt, want.UserAgent, want.Version = noon.Add(3*time.Second), "three", 1
		wantSame(t, "a resumed session", resumed, want)

		wanted := *tr
		wanted.Status, wanted.LastSessionAt, wanted.Version = hallpass.TransactionInProgress, noon.Add(3*time.Second), 3
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Transaction(t.Context(), tr.ID)
			w.must(err)
			wantSame(t, "the transaction "+name, *got, wanted)
			list, err := db.TransactionSessions(t.Context(), tr.ID)
			w.must(err)
			wantSame(t, "its sessions, oldest first, "+name, list, []hallpass.TransactionSession{resumed, other})
		})
		list, err := w.TransactionSessions(t.Context(), uuid.NewString())
		if len(list) != 0 || err != nil {
			t.Errorf("an unknown transaction has sessions %v, %v", list, err)
		}
	})
}

func TestStartTransactionSessionRefusesOneThatIsOver(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		ended, live := w.newTransaction(w.tenant), w.newTransaction(w.tenant)
		_, err := w.EndTransaction(t.Context(), w.tenant.ID, ended.ID, hallpass.TransactionCompleted, "", noon)
		w.must(err)
		for promise, s := range map[string]hallpass.TransactionSession{
			"an unknown one":        {TransactionID: uuid.NewString(), LastRequestAt: noon},
			"one that has ended":    {TransactionID: ended.ID, LastRequestAt: noon},
			"one whose time is out": {TransactionID: live.ID, LastRequestAt: live.ExpiresAt},
		} {
			s.ID, s.Role = uuid.NewString(), "unknown"
			_, err := w.StartTransactionSession(t.Context(), w.tenant.ID, s, "")
			wantIs(t, promise, err, hallpass.ErrTransaction)
		}
		wantSame(t, "sessions", w.count(`SELECT COUNT(*) FROM transaction_sessions`), 0)
	})
}

func TestRacingStartsShareOneSession(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const callers = 20
		tr := w.newTransaction(w.tenant)
		var ids [callers]string
		inParallel(callers, func(i int) {
			s, err := w.StartTransactionSession(t.Context(), w.tenant.ID, hallpass.TransactionSession{
				ID: uuid.NewString(), TransactionID: tr.ID, Role: "unknown", LastRequestAt: noon,
			}, "")
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.ID
		})
		for _, id := range ids {
			wantSame(t, "the session", id, ids[0])
		}
		list, err := w.TransactionSessions(t.Context(), tr.ID)
		w.must(err)
		if len(list) != 1 || list[0].Version != callers-1 {
			t.Errorf("sessions %+v", list)
		}
	})
}
