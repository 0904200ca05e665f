package contract_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallpass"
	"hallpass/handlers"
	"hallpass/store"
)

// defaultOrigin is an origin that browsers may call from.
const defaultOrigin = "https://app.example"

// service is a server under test, with a tenant to test it by.
type service struct {
	url   string
	home  *tenant
	own   *backend      // nil where the server is somebody else's
	ahead time.Duration // how far somebody else's clock is ahead
}

// now is the time at the server, as far as the suite can tell.
func (s *service) now() time.Time {
	if s.own != nil {
		return s.own.now()
	}
	return time.Now().Add(s.ahead)
}

// nobody is a caller without a credential.
func (s *service) nobody() caller { return caller{url: s.url} }

// What a test may need that somebody else's server does not give. docs/contract.md lists them.
const (
	needsClock         = "a hand on the server's clock"
	needsSecondTenant  = "a second tenant"
	needsSecret        = "the server's signing secret"
	needsConfiguration = "a server that is configured otherwise"
	needsReadTimeout   = "a server with a short read time-out"
	needsRateLimit     = "a server with a low rate limit"
	needsStore         = "a server whose store can be closed"
)

var commonOnce sync.Once

// shared returns the server that most tests share: the suite's own, in real time, or the one from the environment.
func shared(t testing.TB) *service {
	t.Helper()
	commonOnce.Do(func() {
		if bed.elsewhere != nil {
			bed.common = adopt(bed.elsewhere)
			return
		}
		own := newBackend(t, nil)
		s := &service{url: own.start(t, nil, nil).URL, own: own}
		s.home = own.tenant(t, s.url, "Contract suite")
		bed.common = s
	})
	if bed.common == nil {
		t.Fatal("the shared server did not start")
	}
	return bed.common
}

// alone returns a server that no other test uses meanwhile, with a tenant of the test's own and a clock that stands still
// until the test moves it. Where the suite runs against somebody else's server it skips the test, saying what it would
// have needed; timed and tenantWith do without, where a test can wait or needs only a tenant's settings.
func alone(t testing.TB, needs string) *service {
	t.Helper()
	skipElsewhere(t, needs)
	own := bed.rested(t)
	t.Cleanup(func() { bed.rest(own) })
	own.clock.set(newClock().now)
	s := &service{url: own.url, own: own}
	s.home = own.tenant(t, s.url, "Contract suite")
	return s
}

// rested returns a backend that a test is done with, or a new one: to start a server takes longer than most tests.
func (b *testbed) rested(t testing.TB) *backend {
	t.Helper()
	b.mu.Lock()
	if last := len(b.resting) - 1; last >= 0 {
		own := b.resting[last]
		b.resting = b.resting[:last]
		b.mu.Unlock()
		return own
	}
	b.mu.Unlock()
	own := newBackend(t, newClock())
	own.url = own.start(t, nil, nil).URL
	return own
}

func (b *testbed) rest(own *backend) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resting = append(b.resting, own)
}

// skipElsewhere skips a test that needs a hand on the server.
func skipElsewhere(t testing.TB, needs string) {
	t.Helper()
	if bed.elsewhere != nil {
		bed.record.skip(t, needs)
	}
}

// backend is a database of the suite's own and what stands around it.
type backend struct {
	db      *store.DB
	path    string
	url     string // of the server that it was started with
	clock   *clock // nil for real time
	dataKey []byte
	log     *logBook

	mu         sync.Mutex
	registries []*prometheus.Registry
	servers    []*handlers.Server
}

func newBackend(t testing.TB, c *clock) *backend {
	t.Helper()
	dir, err := os.MkdirTemp(bed.dir, "db-")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{path: filepath.Join(dir, "hallpass.db"), clock: c, dataKey: make([]byte, store.DataKeyBytes), log: &logBook{}}
	_, _ = rand.Read(b.dataKey)
	b.db = b.open(t, store.Create)
	active, _, err := b.db.SigningSecrets(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	bed.secrets.add("signing secret", string(active))
	bed.secrets.add("data key", string(b.dataKey))
	bed.mu.Lock()
	defer bed.mu.Unlock()
	bed.backends = append(bed.backends, b)
	return b
}

// open opens the backend's database, which may be open already.
func (b *backend) open(t testing.TB, how func(context.Context, store.Config) (*store.DB, error)) *store.DB {
	t.Helper()
	db, err := how(context.Background(), store.Config{DSN: b.path, DataKey: b.dataKey, Now: b.now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (b *backend) now() time.Time {
	if b.clock != nil {
		return b.clock.Now()
	}
	return time.Now()
}

// serve starts a server on the backend, until the test ends, and returns its address. Several may share one backend.
func (b *backend) serve(t testing.TB, configure func(*handlers.Config), tune func(*http.Server)) string {
	t.Helper()
	server := b.start(t, configure, tune)
	t.Cleanup(server.Close)
	return server.URL
}

func (b *backend) start(t testing.TB, configure func(*handlers.Config), tune func(*http.Server)) *httptest.Server {
	t.Helper()
	registry := prometheus.NewRegistry()
	config := handlers.Config{
		Contract: hallpass.Contract, Store: b.db, Now: b.now, Random: rand.Reader, Metrics: registry,
		Log:         slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		CORSOrigins: []string{"*"},
	}
	if configure != nil {
		configure(&config)
	}
	handler, err := handlers.New(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug)
	if tune != nil {
		tune(server.Config)
	}
	server.Start()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.registries = append(b.registries, registry)
	b.servers = append(b.servers, handler)
	return server
}

// housekeep has every server of the backend do what falls due now and then.
func (b *backend) housekeep(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, server := range b.servers {
		if err := server.Housekeep(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// logBook keeps everything that a backend's servers log.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}
