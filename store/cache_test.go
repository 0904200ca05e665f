package store_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
)

// A write is seen by every read that begins after it has returned. Readers run beside a writer: each notes the last
// write that had returned when it began, and must not read anything older.
func neverStale(t *testing.T, write func(i int64) error, read func() (int64, error)) {
	t.Helper()
	const writes, readers = 100, 3
	var returned atomic.Int64
	done := make(chan struct{})
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				atLeast := returned.Load()
				got, err := read()
				if err != nil {
					t.Error(err)
					return
				}
				if got < atLeast {
					t.Errorf("read %d after write %d had returned", got, atLeast)
					return
				}
			}
		})
	}
	for i := int64(1); i <= writes; i++ {
		if err := write(i); err != nil {
			t.Error(err)
			break
		}
		returned.Store(i)
	}
	close(done)
	all.Wait()
}

func TestNoReadReturnsAnOlderApplication(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Private)
		a.Name = "0"
		w.must(w.UpdateApplication(t.Context(), a))
		neverStale(t, func(i int64) error {
			change := *a
			change.Name = strconv.FormatInt(i, 10)
			return w.UpdateApplication(context.Background(), &change)
		}, func() (int64, error) {
			got, _, err := w.Member(context.Background(), a.ID)
			if err != nil {
				return 0, err
			}
			return strconv.ParseInt(got.Name, 10, 64)
		})
	})
}

func TestNoReadReturnsAnOlderTenant(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Private)
		neverStale(t, func(i int64) error {
			change := *w.tenant
			change.Settings = map[string]string{"i": strconv.FormatInt(i, 10)}
			_, err := w.UpdateTenant(context.Background(), &change)
			return err
		}, func() (int64, error) {
			_, got, err := w.Member(context.Background(), a.ID)
			if err != nil || got.Settings["i"] == "" {
				return 0, err
			}
			return strconv.ParseInt(got.Settings["i"], 10, 64)
		})
	})
}

func TestNoReadReturnsAnOlderTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		tr := w.newTransaction(w.tenant)
		neverStale(t, func(int64) error {
			_, err := w.StartTransactionSession(context.Background(), w.tenant.ID, hallpass.TransactionSession{
				ID: "s", TransactionID: tr.ID, Role: "unknown", LastRequestAt: noon,
			}, "")
			return err
		}, func() (int64, error) {
			got, err := w.Transaction(context.Background(), tr.ID)
			if err != nil {
				return 0, err
			}
			return int64(got.Version), nil
		})
	})
}

func TestNoReadReturnsAnOlderSession(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		const sessions = 40
		for range sessions {
			s := w.newSession(a)
			var authorizedNow atomic.Bool
			done := make(chan struct{})
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					for last := false; !last; {
						select {
						case <-done:
							last = true
						default:
						}
						must := authorizedNow.Load()
						got, err := w.Session(context.Background(), s.Selector)
						if err != nil || got == nil || must && !got.Authorized() {
							t.Errorf("read %+v, %v; authorized %v", got, err, must)
							return
						}
					}
				})
			}
			if err := w.AuthorizeSession(t.Context(), authorized(s)); err != nil {
				t.Error(err)
			}
			authorizedNow.Store(true)
			close(done)
			all.Wait()
		}
	})
}

func TestNoReadFindsADeletedKey(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		for range 40 {
			k := w.newKey(a.ID)
			w.must(w.CreateKey(t.Context(), w.tenant.ID, &k))
			var gone atomic.Bool
			done := make(chan struct{})
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					for last := false; !last; {
						select {
						case <-done:
							last = true
						default:
						}
						must := gone.Load()
						if got, err := w.Key(context.Background(), k.Selector); err != nil || must && got != nil {
							t.Errorf("read %+v, %v; deleted %v", got, err, must)
							return
						}
					}
				})
			}
			if err := w.DeleteKey(t.Context(), w.tenant.ID, a.ID, k.ID, ""); err != nil {
				t.Error(err)
			}
			gone.Store(true)
			close(done)
			all.Wait()
		}
	})
}

func TestAFailedWriteIsNotRemembered(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		s := w.newSession(a)
		w.must(w.AuthorizeSession(t.Context(), authorized(s)))
		second := authorized(s)
		second.ExpiresAt = noon.Add(99 * time.Hour)
		wantIs(t, "the second authorization", w.AuthorizeSession(t.Context(), second), hallpass.ErrNonceSpent)
		got, err := w.Session(t.Context(), s.Selector)
		w.must(err)
		wantSame(t, "the session", got, authorized(s))
	})
}
