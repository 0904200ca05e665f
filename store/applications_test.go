package store_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// fullApplication is an application with everything that can be stored.
func (w *world) fullApplication() *hallpass.Application {
	a := &hallpass.Application{
		ID: uuid.NewString(), TenantID: w.tenant.ID, Name: "Größe", Type: hallpass.Private, CreatedBy: uuid.NewString(), CreatedAt: noon,
		ExpiresAt: noon.Add(time.Hour + time.Microsecond),
		Grant: hallpass.NewGrant([]hallpass.Permission{hallpass.TokenCreate, hallpass.TransactionCreate}, []hallpass.Rule{
			{Priority: 3, Container: "/pci/", Transform: hallpass.Mask, Permissions: []hallpass.Permission{hallpass.TokenRead}},
			{Priority: 1, Container: "/", Description: "all", Permissions: []hallpass.Permission{hallpass.TokenUse, hallpass.TokenRead}},
		}),
	}
	a.Keys = []hallpass.Key{w.newKey(a.ID), w.newKey(a.ID), w.newKey(a.ID)}
	return a
}

func TestApplicationComesBackAsStored(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		want := w.fullApplication()
		w.must(w.CreateApplication(t.Context(), want))
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Application(t.Context(), w.tenant.ID, want.ID)
			w.must(err)
			wantSame(t, "application "+name, got, want)

			member, tenant, err := db.Member(t.Context(), want.ID)
			w.must(err)
			keyless := *want
			keyless.Keys = nil
			wantSame(t, "member "+name, *member, keyless)
			wantSame(t, "tenant "+name, tenant, w.tenant)
		})
	})
}

func TestApplicationIsItsTenantsAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		other := w.newTenant("Other")
		a := w.newApplication(w.tenant, hallpass.Public)
		_, err := w.Application(t.Context(), other.ID, a.ID)
		wantKind(t, err, hallpass.KindNotFound)
		_, err = w.Application(t.Context(), w.tenant.ID, uuid.NewString())
		wantKind(t, err, hallpass.KindNotFound)

		theirs := *a
		theirs.TenantID, theirs.Name = other.ID, "Stolen"
		wantKind(t, w.UpdateApplication(t.Context(), &theirs), hallpass.KindNotFound)
		wantKind(t, w.DeleteApplication(t.Context(), other.ID, a.ID, ""), hallpass.KindNotFound)
		list, total, err := w.Applications(t.Context(), other.ID, store.ApplicationFilter{IDs: []string{a.ID}, Limit: 10})
		w.must(err)
		if len(list) != 0 || total != 0 {
			t.Errorf("another tenant lists %d of %d", len(list), total)
		}
		got, err := w.Application(t.Context(), w.tenant.ID, a.ID)
		w.must(err)
		wantSame(t, "what is left after all that", got, a)

		stranger, tenant, err := w.Member(t.Context(), uuid.NewString())
		if stranger != nil || tenant != nil || err != nil {
			t.Errorf("an unknown member is %v, %v, %v", stranger, tenant, err)
		}
	})
}

func TestUpdateApplication(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.fullApplication()
		w.must(w.CreateApplication(t.Context(), a))
		want := *a
		want.Name, want.ModifiedBy, want.ModifiedAt = "Renamed", uuid.NewString(), noon.Add(time.Minute)
		want.Grant = hallpass.NewGrant([]hallpass.Permission{hallpass.TokenRead}, nil)
		change := want
		change.Type, change.ExpiresAt, change.CreatedBy, change.Keys = hallpass.Public, time.Time{}, "nobody", nil // these stay
		w.must(w.UpdateApplication(t.Context(), &change))
		w.everySight(func(name string, db *store.DB) {
			got, err := db.Application(t.Context(), w.tenant.ID, a.ID)
			w.must(err)
			wantSame(t, "application "+name, *got, want)
		})
		change.ID = uuid.NewString()
		wantKind(t, w.UpdateApplication(t.Context(), &change), hallpass.KindNotFound)
	})
}

func TestDeleteApplicationTakesItsKeysAndSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		gone, stays := w.newApplication(w.tenant, hallpass.Public), w.newApplication(w.tenant, hallpass.Public)
		ended, lives := w.newSession(gone), w.newSession(stays)
		w.must(w.DeleteApplication(t.Context(), w.tenant.ID, gone.ID, ""))
		w.everySight(func(name string, db *store.DB) {
			_, err := db.Application(t.Context(), w.tenant.ID, gone.ID)
			wantKind(t, err, hallpass.KindNotFound)
			member, _, err := db.Member(t.Context(), gone.ID)
			w.must(err)
			key, err := db.Holder(t.Context(), gone.Keys[0].Selector)
			w.must(err)
			session, _, err := db.Session(t.Context(), ended.Selector)
			w.must(err)
			if member != nil || key != nil || session != nil {
				t.Errorf("%s there are still %v, %v, %v", name, member, key, session)
			}
			session, _, err = db.Session(t.Context(), lives.Selector)
			w.must(err)
			wantSame(t, "the other application's session, "+name, session, lives)
		})
		wantKind(t, w.DeleteApplication(t.Context(), w.tenant.ID, gone.ID, ""), hallpass.KindNotFound)
	})
}

func TestApplicationIsStoredWithItsKeysOrNotAtAll(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		taken := w.newApplication(w.tenant, hallpass.Private).Keys[0]
		before := w.count(`SELECT COUNT(*) FROM applications`)
		for promise, change := range map[string]func(a *hallpass.Application){
			"four keys":           func(a *hallpass.Application) { a.Keys = append(a.Keys, w.newKey(a.ID)) },
			"a selector twice":    func(a *hallpass.Application) { a.Keys[2].Selector = a.Keys[1].Selector },
			"a taken selector":    func(a *hallpass.Application) { a.Keys[2].Selector = taken.Selector },
			"a taken key id":      func(a *hallpass.Application) { a.Keys[1].ID = taken.ID },
			"an unknown tenant":   func(a *hallpass.Application) { a.TenantID = uuid.NewString() },
			"an unknown type":     func(a *hallpass.Application) { a.Type = "robot" },
			"another one's id":    func(a *hallpass.Application) { a.ID = taken.ApplicationID },
			"an application gone": func(a *hallpass.Application) { a.Keys[0].ApplicationID = uuid.NewString() },
		} {
			a := w.fullApplication()
			change(a)
			if err := w.CreateApplication(t.Context(), a); err == nil {
				t.Errorf("with %s it is stored", promise)
			}
			wantSame(t, "applications after "+promise, w.count(`SELECT COUNT(*) FROM applications`), before)
			wantSame(t, "keys after "+promise, w.count(`SELECT COUNT(*) FROM application_keys`), 1)
		}
		a := w.fullApplication()
		a.Keys[0].Selector = taken.Selector
		wantIs(t, "a taken selector", w.CreateApplication(t.Context(), a), hallpass.ErrSelectorTaken)
	})
}

func TestApplicationsAreListedNewestFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		other := w.newTenant("Other")
		w.newApplication(other, hallpass.Public)
		var all []*hallpass.Application // oldest first
		for i := range 7 {
			kind := []hallpass.ApplicationType{hallpass.Public, hallpass.Private, hallpass.Management}[i%3]
			a := &hallpass.Application{
				ID: uuid.NewString(), TenantID: w.tenant.ID, Name: strconv.Itoa(i), Type: kind, CreatedAt: noon.Add(time.Duration(i) * time.Microsecond),
			}
			a.Keys = []hallpass.Key{w.newKey(a.ID), w.newKey(a.ID)}
			w.must(w.CreateApplication(t.Context(), a))
			all = append(all, a)
		}
		for _, c := range []struct {
			promise string
			filter  store.ApplicationFilter
			want    string
			total   int
		}{
			{"all on one page", store.ApplicationFilter{Limit: 20}, "6543210", 7},
			{"the first page", store.ApplicationFilter{Limit: 3}, "654", 7},
			{"the second page", store.ApplicationFilter{Offset: 3, Limit: 3}, "321", 7},
			{"the last page", store.ApplicationFilter{Offset: 6, Limit: 3}, "0", 7},
			{"past the end", store.ApplicationFilter{Offset: 100, Limit: 3}, "", 7},
			{"no room", store.ApplicationFilter{}, "", 7},
			{"one type", store.ApplicationFilter{Types: []string{"public"}, Limit: 20}, "630", 3},
			{"two types", store.ApplicationFilter{Types: []string{"public", "management"}, Limit: 3}, "653", 5},
			{"an unknown type", store.ApplicationFilter{Types: []string{"robot"}, Limit: 20}, "", 0},
			{"two ids", store.ApplicationFilter{IDs: []string{all[1].ID, all[4].ID}, Limit: 20}, "41", 2},
			{"an id of another type", store.ApplicationFilter{IDs: []string{all[0].ID}, Types: []string{"private"}, Limit: 20}, "", 0},
			{"ids and types", store.ApplicationFilter{IDs: []string{all[0].ID, all[1].ID}, Types: []string{"public"}, Limit: 20}, "0", 1},
			{"a value that is no id", store.ApplicationFilter{IDs: []string{"' OR 1=1 --"}, Limit: 20}, "", 0},
		} {
			list, total, err := w.Applications(t.Context(), w.tenant.ID, c.filter)
			w.must(err)
			names := ""
			for _, a := range list {
				names += a.Name
				i, _ := strconv.Atoi(a.Name)
				wantSame(t, c.promise, a, all[i])
			}
			wantSame(t, c.promise, names, c.want)
			wantSame(t, c.promise+": how many there are", total, c.total)
		}
	})
}
