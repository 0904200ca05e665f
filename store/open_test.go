package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

func TestOpenNeedsAnInitialisedDatabase(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		c := w.config
		if w.onPostgres() {
			c.DSN = postgresSchema(t)
			_, err := store.Open(t.Context(), c)
			wantIs(t, "an empty schema", err, store.ErrUninitialised)
			return
		}
		dir := t.TempDir()
		c.DSN = filepath.Join(dir, "missing.db")
		_, err := store.Open(t.Context(), c)
		wantIs(t, "no file", err, store.ErrUninitialised)
		if _, err := os.Stat(c.DSN); !os.IsNotExist(err) {
			t.Errorf("opening made the file: %v", err)
		}
		c.DSN = filepath.Join(dir, "empty.db")
		w.must(os.WriteFile(c.DSN, nil, 0o600))
		_, err = store.Open(t.Context(), c)
		wantIs(t, "an empty file", err, store.ErrUninitialised)
	})
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.config
		for promise, dsn := range map[string]string{
			"a text": filepath.Join(t.TempDir(), "text.db"), "a directory": t.TempDir(), "a path through nothing": filepath.Join(t.TempDir(), "no", "where.db"),
		} {
			c.DSN = dsn
			if promise == "a text" {
				w.must(os.WriteFile(dsn, []byte(strings.Repeat("this is no database\n", 100)), 0o600))
			}
			if db, err := store.Create(t.Context(), c); err == nil {
				t.Errorf("%s is made a database", promise)
				_ = db.Close()
			}
			if db, err := store.Open(t.Context(), c); err == nil {
				t.Errorf("%s is opened", promise)
				_ = db.Close()
			}
		}
	})
}

func TestOpenRefusesAnotherDataKey(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for promise, key := range map[string][]byte{
			"another key": []byte(strings.Repeat("x", store.DataKeyBytes)), "a short key": dataKey[:31], "a long key": append(dataKey[:32:32], 1), "no key": nil,
		} {
			c := w.config
			c.DataKey = key
			if db, err := store.Open(t.Context(), c); err == nil {
				t.Errorf("%s opens it", promise)
				_ = db.Close()
			} else if !strings.Contains(err.Error(), "data key") {
				t.Errorf("%s: the refusal does not speak of the data key: %v", promise, err)
			}
		}
		w.must(w.reopened().Ready(t.Context()))
	})
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		secret, _, err := w.SigningSecrets(t.Context())
		w.must(err)
		again, err := store.Create(t.Context(), w.config)
		w.must(err)
		defer func() { _ = again.Close() }()
		tenant, err := again.TenantByName(t.Context(), w.tenant.Name)
		w.must(err)
		wantSame(t, "tenant", tenant, w.tenant)
		w.wantSecrets("after it is created once more", secret, nil)
	})
}

func TestReady(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.must(w.Ready(t.Context()))
		w.exec(`UPDATE goose_db_version SET version_id = version_id + 100 WHERE version_id > 0`)
		if err := w.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "schema") {
			t.Errorf("with another schema it says %v", err)
		}
	})
}

func TestFileNamesAreTakenAsTheyAre(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		for _, name := range []string{"a b.db", "question?mode=memory", "100%25.db", "hash#tag.db", "größe.db", "semi;colon&and.db", "file:x.db"} {
			dir := t.TempDir()
			c := w.config
			c.DSN = filepath.Join(dir, name)
			db, err := store.Create(t.Context(), c)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			err = db.Backup(t.Context(), filepath.Join(dir, "copy "+name))
			w.must(db.Close())
			if err != nil {
				t.Errorf("%s: backup: %v", name, err)
			}
			for _, made := range []string{name, "copy " + name} {
				info, err := os.Stat(filepath.Join(dir, made))
				if err != nil || info.Size() == 0 {
					t.Errorf("%s is not there: %v", made, err)
				} else if info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v", made, info.Mode())
				}
			}
		}
	})
}

func TestTwoProcessesWriteBesideEachOther(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		other := w.reopened()
		a := w.newApplication(w.tenant, hallpass.Public)
		inParallel(40, func(i int) {
			if i%2 == 0 {
				tenant := &hallpass.Tenant{ID: uuid.NewString(), OwnerID: "o", Name: "x", Type: hallpass.TestTenant, CreatedAt: noon}
				if err := other.CreateTenant(t.Context(), tenant); err != nil {
					t.Errorf("the other process: %v", err)
				}
				return
			}
			if err := w.CreateSession(t.Context(), w.mintSession(a)); err != nil {
				t.Errorf("this process: %v", err)
			}
		})
		wantSame(t, "tenants", w.count(`SELECT COUNT(*) FROM tenants`), 21)
		wantSame(t, "sessions", w.count(`SELECT COUNT(*) FROM sessions`), 20)
	})
}

func TestOnPostgresNothingIsRememberedPastAnotherProcess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		if !w.onPostgres() {
			return // there this process is the only writer
		}
		other := w.reopened()
		a := w.newApplication(w.tenant, hallpass.Public)
		s := w.newSession(a)
		_, _, err := w.Session(t.Context(), s.Selector)
		w.must(err)
		w.must(other.AuthorizeSession(t.Context(), authorized(s)))
		got, _, err := w.Session(t.Context(), s.Selector)
		w.must(err)
		wantSame(t, "a session authorized elsewhere", got, authorized(s))
		w.must(other.DeleteKey(t.Context(), w.tenant.ID, a.ID, a.Keys[0].ID, ""))
		key, err := w.Holder(t.Context(), a.Keys[0].Selector)
		w.must(err)
		got, _, err = w.Session(t.Context(), s.Selector)
		w.must(err)
		if key != nil || got != nil {
			t.Errorf("deleted elsewhere, there are still %v and %v", key, got)
		}
	})
}
