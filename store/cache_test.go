package store_test

import (
	"context"
	"encoding/json"
	"errors"
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
	const writes, readers = 50, 3
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

// older is the smaller of two numbers.
func older(a, b string) (int64, error) {
	x, xErr := strconv.ParseInt(a, 10, 64)
	y, yErr := strconv.ParseInt(b, 10, 64)
	return min(x, y), errors.Join(xErr, yErr)
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
			byID, _, err := w.Member(context.Background(), a.ID)
			if err != nil {
				return 0, err
			}
			byKey, err := w.Holder(context.Background(), a.Keys[0].Selector)
			if err != nil {
				return 0, err
			}
			return older(byID.Name, byKey.Application.Name)
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
			_, byID, err := w.Member(context.Background(), a.ID)
			if err != nil {
				return 0, err
			}
			byKey, err := w.Holder(context.Background(), a.Keys[0].Selector)
			if err != nil || byID.Settings["i"] == "" || byKey.Tenant.Settings["i"] == "" {
				return 0, err
			}
			return older(byID.Settings["i"], byKey.Tenant.Settings["i"])
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

func TestNoReadReturnsAnOlderToken(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.newToken(w.tenant, `{"id": "changing", "type": "token", "data": 0}`)
		neverStale(t, func(i int64) error {
			return w.patch(w.tokenAt(w.DB, w.tenant, "changing", noon), `{"data": `+strconv.FormatInt(i, 10)+`}`)
		}, func() (int64, error) {
			got, err := w.Token(context.Background(), w.tenant.ID, "changing", noon)
			if err != nil {
				return 0, err
			}
			n, _ := got.Data.(json.Number)
			return n.Int64()
		})
	})
}

// TestARememberedTokenFollowsItsRow reads a token before and after each kind of write that can change it.
func TestARememberedTokenFollowsItsRow(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		is := func(what, id string, at time.Time, want any) {
			t.Helper()
			got, err := w.Token(t.Context(), w.tenant.ID, id, at)
			w.must(err)
			var data any
			if got != nil {
				data = got.Data
			}
			wantSame(t, what, data, want)
		}
		w.newToken(w.tenant, `{"id": "token-a", "type": "token", "data": "old", "expires_at": "`+noon.Add(time.Minute).Format(time.RFC3339Nano)+`"}`)
		is("created", "token-a", noon, "old")
		w.must(w.patch(w.tokenAt(w.DB, w.tenant, "token-a", noon), `{"data": "patched"}`))
		is("patched", "token-a", noon, "patched")
		is("before its end", "token-a", noon.Add(time.Minute-time.Microsecond), "patched")
		is("at its end", "token-a", noon.Add(time.Minute), nil)
		successor := w.draft(w.tenant, `{"id": "token-a", "type": "token", "data": "another"}`)
		successor.CreatedAt = noon.Add(time.Minute)
		_, err := w.create(successor)
		w.must(err)
		is("its name given to another", "token-a", noon.Add(time.Minute), "another")
		w.must(w.DeleteToken(t.Context(), w.tokenAt(w.DB, w.tenant, "token-a", noon), anAuthor, noon))
		is("deleted", "token-a", noon, nil)

		w.newToken(w.tenant, `{"id": "token-b", "type": "token", "data": "twice", "fingerprint_expression": "one"}`)
		is("created", "token-b", noon, "twice")
		twin := w.draft(w.tenant, `{"type": "token", "data": "again", "fingerprint_expression": "one", "deduplicate_token": true}`)
		twin.UpdateExisting = true
		_, err = w.create(twin)
		w.must(err)
		is("met by its twin", "token-b", noon, "again")

		w.newToken(w.tenant, `{"id": "token-c", "type": "card", "data": {"number": "4242424242424242", "cvc": "123"}}`)
		is("created", "token-c", noon, map[string]any{"number": "4242424242424242", "cvc": "123"})
		_, err = w.Sweep(t.Context(), noon.Add(time.Hour), keepLogs)
		w.must(err)
		is("swept of its cvc", "token-c", noon, map[string]any{"number": "4242424242424242"})
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
						got, _, err := w.Session(context.Background(), s.Selector)
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
						if got, err := w.Holder(context.Background(), k.Selector); err != nil || must && got != nil {
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
		got, _, err := w.Session(t.Context(), s.Selector)
		w.must(err)
		wantSame(t, "the session", got, authorized(s))
	})
}
