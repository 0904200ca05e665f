package store_test

import (
	"bytes"
	"sync"
	"testing"

	"hallpass"
	"hallpass/store"
)

func TestTenantKeysAreMadeOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		processes := []*store.DB{w.DB, w.reopened(), w.reopened()}
		var mu sync.Mutex
		seen := map[hallpass.TenantKey]bool{}
		inParallel(24, func(i int) {
			key, err := processes[i%len(processes)].TenantKey(t.Context(), w.tenant.ID)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			seen[*key] = true
		})
		wantSame(t, "keys seen", len(seen), 1)
		wantSame(t, "keys stored", w.count(`SELECT COUNT(*) FROM tenant_keys WHERE tenant_id = $1`, w.tenant.ID), 2)
		for key := range seen {
			wantSame(t, "whether it is the empty key", key == hallpass.TenantKey{}, false)
			for _, spelling := range plainly(key[:]) {
				if bytes.Contains(w.stored(), spelling) {
					t.Error("the key is there to read")
				}
			}
			w.everySight(func(sight string, db *store.DB) {
				again, err := db.TenantKey(t.Context(), w.tenant.ID)
				w.must(err)
				wantSame(t, "the key is the same, "+sight, *again == key, true)
			})
		}
		other, err := w.TenantKey(t.Context(), w.newTenant("Second").ID)
		w.must(err)
		wantSame(t, "whether another tenant has the same", seen[*other], false)
	})
}

// TestTenantKeysAreBoundToTheirTenant promises that the key of one tenant cannot stand in for that of another.
func TestTenantKeysAreBoundToTheirTenant(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		second := w.newTenant("Second")
		for _, tenant := range []*hallpass.Tenant{w.tenant, second} {
			_, err := w.TenantKey(t.Context(), tenant.ID)
			w.must(err)
		}
		w.exec(`UPDATE tenant_keys SET wrapped = (SELECT wrapped FROM tenant_keys k WHERE k.tenant_id = $1 AND k.purpose = 'digest') WHERE tenant_id = $2 AND purpose = 'digest'`, w.tenant.ID, second.ID)
		if _, err := w.reopened().TenantKey(t.Context(), second.ID); err == nil {
			t.Error("the key of another tenant is taken")
		}
	})
}
