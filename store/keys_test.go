package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

func TestKeyComesBackAsStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Private)
		want := w.newKey(a.ID)
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &want))
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Holder(t.Context(), want.Selector)
			w.must(err)
			holder := *a
			holder.Keys = nil
			wantSame(t, "the key and who holds it "+name, *got, store.Holder{Key: want, Application: holder, Tenant: *w.tenant})
			listed, err := db.Application(t.Context(), w.tenant.ID, a.ID)
			w.must(err)
			wantSame(t, "keys, oldest first, "+name, listed.Keys, []hallpass.Key{a.Keys[0], want})
			missing, err := db.Holder(t.Context(), 1<<40)
			if missing != nil || err != nil {
				t.Errorf("an unknown key is %v, %v", missing, err)
			}
		})
	})
}

func TestAnApplicationHoldsThreeKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Private)
		second, third, fourth := w.newKey(a.ID), w.newKey(a.ID), w.newKey(a.ID)
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &second))
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &third))
		wantKind(t, w.CreateKey(t.Context(), w.tenant.ID, &fourth), hallpass.KindUnprocessable)

		w.must(w.DeleteKey(t.Context(), w.tenant.ID, a.ID, second.ID, ""))
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &fourth))
		got, err := w.Application(t.Context(), w.tenant.ID, a.ID)
		w.must(err)
		wantSame(t, "keys", got.Keys, []hallpass.Key{a.Keys[0], third, fourth})
	})
}

func TestRacingCreationOfKeysNeverExceedsThree(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Private)
		var created, refused atomic.Int32
		inParallel(24, func(int) {
			for {
				k := w.newKey(a.ID)
				err := w.CreateKey(t.Context(), w.tenant.ID, &k)
				if errors.Is(err, hallpass.ErrSelectorTaken) { // the slot went to another; mint again
					continue
				}
				if err == nil {
					created.Add(1)
				} else {
					wantKind(t, err, hallpass.KindUnprocessable)
					refused.Add(1)
				}
				return
			}
		})
		wantSame(t, "created", created.Load(), 2)
		wantSame(t, "refused", refused.Load(), 22)
		wantSame(t, "keys", w.count(`SELECT COUNT(*) FROM application_keys`), 3)
	})
}

// inParallel runs n calls that begin together, and waits for all.
func inParallel(n int, call func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() { <-begin; call(i) })
	}
	close(begin)
	all.Wait()
}

func TestATakenSelectorIsMintedAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a, b := w.newApplication(w.tenant, hallpass.Private), w.newApplication(w.tenant, hallpass.Private)
		k := w.newKey(a.ID)
		k.Selector = b.Keys[0].Selector
		wantIs(t, "create", w.CreateKey(t.Context(), w.tenant.ID, &k), hallpass.ErrSelectorTaken)
		wantIs(t, "replace", w.ReplaceKeys(t.Context(), w.tenant.ID, &k), hallpass.ErrSelectorTaken)
		got, err := w.Application(t.Context(), w.tenant.ID, a.ID)
		w.must(err)
		wantSame(t, "the keys after both", got.Keys, a.Keys)
	})
}

func TestAKeyNeedsItsApplication(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		k := w.newKey(uuid.NewString())
		if err := w.CreateKey(t.Context(), w.tenant.ID, &k); err == nil {
			t.Error("a key of no application is stored")
		}
		if err := w.ReplaceKeys(t.Context(), w.tenant.ID, &k); err == nil {
			t.Error("a key of no application replaces others")
		}
	})
}

func TestReplaceKeysLeavesOne(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a, other := w.newApplication(w.tenant, hallpass.Public), w.newApplication(w.tenant, hallpass.Public)
		session := w.newSession(a)
		second, want := w.newKey(a.ID), w.newKey(a.ID)
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &second))
		w.must(w.ReplaceKeys(t.Context(), w.tenant.ID, &want))
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Application(t.Context(), w.tenant.ID, a.ID)
			w.must(err)
			wantSame(t, "keys "+name, got.Keys, []hallpass.Key{want})
			for _, gone := range []hallpass.Selector{a.Keys[0].Selector, second.Selector} {
				if k, err := db.Holder(t.Context(), gone); k != nil || err != nil {
					t.Errorf("%s key %d is still %v, %v", name, gone, k, err)
				}
			}
			if s, _, err := db.Session(t.Context(), session.Selector); s != nil || err != nil {
				t.Errorf("%s a session of a replaced key is still %v, %v", name, s, err)
			}
			kept, err := db.Holder(t.Context(), other.Keys[0].Selector)
			w.must(err)
			wantSame(t, "another application's key "+name, kept.Key, other.Keys[0])
		})
	})
}

func TestDeleteKey(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		foreign := w.newTenant("Other")
		a, other := w.newApplication(w.tenant, hallpass.Public), w.newApplication(w.tenant, hallpass.Public)
		second := w.newKey(a.ID)
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &second))
		session := w.newSession(a)
		for promise, id := range map[string][3]string{
			"another tenant's":      {foreign.ID, a.ID, a.Keys[0].ID},
			"another application's": {w.tenant.ID, other.ID, a.Keys[0].ID},
			"an unknown one":        {w.tenant.ID, a.ID, uuid.NewString()},
		} {
			if err := w.DeleteKey(t.Context(), id[0], id[1], id[2], ""); err == nil {
				t.Errorf("%s is deleted", promise)
			} else {
				wantKind(t, err, hallpass.KindNotFound)
			}
		}
		got, _, err := w.Session(t.Context(), session.Selector)
		w.must(err)
		wantSame(t, "the session meanwhile", got, session)

		w.must(w.DeleteKey(t.Context(), w.tenant.ID, a.ID, a.Keys[0].ID, ""))
		w.everySight(func(name string, db *store.DB) {
			key, err := db.Holder(t.Context(), a.Keys[0].Selector)
			w.must(err)
			session, _, err := db.Session(t.Context(), session.Selector)
			w.must(err)
			if key != nil || session != nil {
				t.Errorf("%s there are still %v and %v", name, key, session)
			}
			kept, err := db.Holder(t.Context(), second.Selector)
			w.must(err)
			wantSame(t, "the other key "+name, kept.Key, second)
		})
		wantKind(t, w.DeleteKey(t.Context(), w.tenant.ID, a.ID, a.Keys[0].ID, ""), hallpass.KindNotFound)
	})
}
