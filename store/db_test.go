package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// keepLogs is longer than any test lets pass.
const keepLogs = 10000 * time.Hour

// noon is the moment at which these tests take place; its microseconds show that they are kept.
var noon = time.Date(2030, time.April, 23, 12, 0, 0, 123456000, time.UTC)

var dataKey = bytes.Repeat([]byte{7}, store.DataKeyBytes)

// world is an open database with a tenant.
type world struct {
	*store.DB
	t      *testing.T
	config store.Config
	now    atomic.Int64 // microseconds
	tenant *hallpass.Tenant
	last   atomic.Int64 // selector given out
}

// everywhere runs a test on SQLite, and on PostgreSQL too where HALLPASS_TEST_POSTGRES says where one is.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, newWorld(t, sqliteFile(t))) })
	if os.Getenv(postgresVariable) != "" {
		t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, newWorld(t, postgresSchema(t))) })
	}
}

// onSQLite runs a test of what only SQLite does.
func onSQLite(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	test(t, newWorld(t, sqliteFile(t)))
}

func sqliteFile(t *testing.T) string { return filepath.Join(t.TempDir(), "hallpass.db") }

const postgresVariable = "HALLPASS_TEST_POSTGRES"

// postgresSchema makes an empty schema that is dropped with the test, and returns the URL that leads to it.
func postgresSchema(t *testing.T) string {
	t.Helper()
	base, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("pgx", base.String())
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := pool.ExecContext(t.Context(), `CREATE SCHEMA `+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := pool.ExecContext(context.Background(), `DROP SCHEMA `+name+` CASCADE`)
		if err := errors.Join(err, pool.Close()); err != nil {
			t.Error(err)
		}
	})
	query := base.Query()
	query.Set("search_path", name)
	base.RawQuery = query.Encode()
	return base.String()
}

// initialised is the file of an initialised SQLite database: making one takes longer than most tests do.
var initialised = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "hallpass-store-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "hallpass.db")
	db, err := store.Create(context.Background(), store.Config{DSN: path, DataKey: dataKey, Random: rand.Reader, Now: func() time.Time { return noon }})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Clean(path))
})

func newWorld(t *testing.T, dsn string) *world {
	t.Helper()
	w := &world{t: t}
	if !store.IsPostgres(dsn) {
		file, err := initialised()
		if err == nil {
			err = os.WriteFile(dsn, file, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.now.Store(noon.UnixMicro())
	w.config = store.Config{DSN: dsn, DataKey: dataKey, Random: rand.Reader, Now: func() time.Time { return time.UnixMicro(w.now.Load()).UTC() }}
	db, err := store.Create(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.DB = db
	t.Cleanup(func() { _ = w.Close() })
	w.tenant = w.newTenant("First")
	return w
}

// reopened is the database as another process sees it that has read nothing yet.
func (w *world) reopened() *store.DB {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// everySight runs a check on the database as it is, where rows may be remembered, and as another process sees it.
func (w *world) everySight(check func(name string, db *store.DB)) {
	w.t.Helper()
	check("in the same process", w.DB)
	check("once more", w.DB)
	check("in another process", w.reopened())
}

// raw is a connection past the store.
func (w *world) raw() *sql.DB {
	w.t.Helper()
	driver, dsn := "sqlite", "file:"+w.config.DSN+"?_pragma=busy_timeout(5000)"
	if w.onPostgres() {
		driver, dsn = "pgx", w.config.DSN
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (w *world) onPostgres() bool { return strings.HasPrefix(w.config.DSN, "postgres") }

// exec runs a statement past the store.
func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.raw().ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatal(err)
	}
}

// count is the one number that a query past the store gives.
func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.raw().QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) newTenant(name string) *hallpass.Tenant {
	w.t.Helper()
	tenant := &hallpass.Tenant{
		ID: uuid.NewString(), OwnerID: uuid.NewString(), Name: name, Type: hallpass.TestTenant, Settings: map[string]string{}, CreatedAt: noon,
	}
	w.must(w.CreateTenant(w.t.Context(), tenant))
	return tenant
}

// newKey makes a key of the application without storing it. Selectors count up, so no two are alike.
func (w *world) newKey(applicationID string) hallpass.Key {
	n := w.last.Add(1)
	return hallpass.Key{
		ID: uuid.NewString(), Selector: hallpass.Selector(n), ApplicationID: applicationID, Digest: verifierOf(n).Digest(),
		CreatedBy: "somebody", CreatedAt: noon.Add(time.Duration(n) * time.Microsecond),
	}
}

func verifierOf(n int64) (v hallpass.Verifier) {
	copy(v[:], "verifier"+uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}).String())
	return v
}

// newApplication stores an application of the tenant with one key.
func (w *world) newApplication(tenant *hallpass.Tenant, kind hallpass.ApplicationType) *hallpass.Application {
	w.t.Helper()
	a := &hallpass.Application{ID: uuid.NewString(), TenantID: tenant.ID, Name: "An application", Type: kind, CreatedAt: noon}
	a.Keys = []hallpass.Key{w.newKey(a.ID)}
	w.must(w.CreateApplication(w.t.Context(), a))
	return a
}

// mintSession makes a session of the application without storing it.
func (w *world) mintSession(a *hallpass.Application) *hallpass.Session {
	n := w.last.Add(1)
	return &hallpass.Session{
		Selector: hallpass.FirstSelector(noon) + hallpass.Selector(n), TenantID: a.TenantID, ApplicationID: a.ID, IssuingKey: a.Keys[0].Selector,
		KeyDigest: verifierOf(n).Digest(), NonceDigest: verifierOf(-n).Digest(), CreatedAt: noon, ExpiresAt: noon.Add(hallpass.SessionTTL),
	}
}

func (w *world) newSession(a *hallpass.Application) *hallpass.Session {
	w.t.Helper()
	s := w.mintSession(a)
	w.must(w.CreateSession(w.t.Context(), s))
	return s
}

// authorized is the session as it is once it is authorized, not stored.
func authorized(s *hallpass.Session) *hallpass.Session {
	a := *s
	a.AuthorizedAt, a.AuthorizedBy, a.ExpiresAt = noon.Add(time.Second), "a backend", noon.Add(time.Hour)
	a.Grant = hallpass.NewGrant([]hallpass.Permission{hallpass.TokenUse}, []hallpass.Rule{
		{Priority: 2, Container: "/pci/", Permissions: []hallpass.Permission{hallpass.TokenRead}},
		{Priority: 1, Description: "one token", Transform: hallpass.Reveal, Permissions: []hallpass.Permission{hallpass.TokenRead}, Conditions: []hallpass.Condition{
			{Attribute: "id", Operator: "equals", Value: "1"},
		}},
	})
	return &a
}

func (w *world) newTransaction(tenant *hallpass.Tenant) *hallpass.Transaction {
	w.t.Helper()
	tr := &hallpass.Transaction{
		ID: uuid.NewString(), TenantID: tenant.ID, Status: hallpass.TransactionNew, Roles: []string{"Borrower"}, TokenRoles: []string{"unknown"},
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), ModifiedAt: noon, Details: []byte(`{"reference":"in the clear"}`),
	}
	w.must(w.CreateTransaction(w.t.Context(), tr, ""))
	return tr
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// wantKind checks that err is a refusal of the kind.
func wantKind(t *testing.T, err error, kind hallpass.Kind) {
	t.Helper()
	var refusal *hallpass.Error
	if !errors.As(err, &refusal) || refusal.Kind != kind {
		t.Errorf("got error %v, want a refusal of kind %d", err, kind)
	}
}

// wantIs checks that err is the very error.
func wantIs(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// wantSame checks that two values are equal.
func wantSame[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}
