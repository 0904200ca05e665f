package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

func TestTenantComesBackAsStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		want := &hallpass.Tenant{
			ID: uuid.NewString(), OwnerID: uuid.NewString(), Name: "Größe & Söhne", Type: hallpass.ProductionTenant,
			Settings: map[string]string{"strict_session_grants": "true", "": "x"}, CreatedAt: noon,
		}
		w.must(w.CreateTenant(t.Context(), want))
		a := w.newApplication(want, hallpass.Private)
		w.everySight(func(name string, db *store.DB) {
			byName, err := db.TenantByName(t.Context(), want.Name)
			w.must(err)
			wantSame(t, "by its name, "+name, byName, want)
			_, byMember, err := db.Member(t.Context(), a.ID)
			w.must(err)
			wantSame(t, "by its application, "+name, byMember, want)
		})
	})
}

func TestUpdateTenant(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a, other := w.newApplication(w.tenant, hallpass.Private), w.newTenant("Other")
		check := func(promise string, change, want hallpass.Tenant) {
			t.Helper()
			updated, err := w.UpdateTenant(t.Context(), &change)
			w.must(err)
			wantSame(t, promise+": the answer", *updated, want)
			w.everySight(func(name string, db *store.DB) {
				_, tenant, err := db.Member(t.Context(), a.ID)
				w.must(err)
				wantSame(t, promise+": "+name, *tenant, want)
			})
		}
		want := *w.tenant
		want.Name, want.ModifiedBy, want.ModifiedAt, want.Settings = "Renamed", a.ID, noon.Add(time.Second), map[string]string{"a": "1"}
		check("name and settings are replaced", want, want)
		change := want
		change.Settings, change.Name = nil, "Renamed again"
		want.Name = change.Name
		check("settings that are not given are kept", change, want)
		change.Settings, want.Settings = map[string]string{}, map[string]string{}
		check("settings can be emptied", change, want)
		change.Type, change.OwnerID, change.CreatedAt = hallpass.ProductionTenant, uuid.NewString(), noon.Add(time.Hour)
		check("type, owner and birth stay", change, want)

		untouched, err := w.TenantByName(t.Context(), "Other")
		w.must(err)
		wantSame(t, "another tenant", untouched, other)
		if _, err := w.UpdateTenant(t.Context(), &hallpass.Tenant{ID: uuid.NewString(), Name: "Nobody"}); err == nil {
			t.Error("a tenant that is not there is updated")
		}
	})
}

func TestTenantByNameWantsOneTenant(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		_, err := w.TenantByName(t.Context(), "Nobody")
		wantKind(t, err, hallpass.KindNotFound)
		w.newTenant("Twin")
		w.newTenant("Twin")
		_, err = w.TenantByName(t.Context(), "Twin")
		wantKind(t, err, hallpass.KindConflict)
	})
}

func TestTenantOfAnUnknownTypeIsNotStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		tenant := *w.tenant
		tenant.ID, tenant.Type = uuid.NewString(), "staging"
		if err := w.CreateTenant(t.Context(), &tenant); err == nil {
			t.Error("it is stored")
		}
		if err := w.CreateTenant(t.Context(), w.tenant); err == nil {
			t.Error("a tenant is stored twice")
		}
	})
}
