package handlers_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"hallpass"
	"hallpass/handlers"
	"hallpass/store"
)

// house is a server with what it leaves behind.
type house struct {
	*handlers.Server
	db       *store.DB
	log      bytes.Buffer
	registry *prometheus.Registry
	key      hallpass.Secret // of a management application named as the test wants it
}

const tenantID = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"

func newHouse(t testing.TB, name string, random io.Reader) *house {
	t.Helper()
	return newHouseUnder(t, hallpass.Contract, name, random)
}

func newHouseUnder(t testing.TB, contract hallpass.ContractDocument, name string, random io.Reader) *house {
	t.Helper()
	db, err := store.Create(t.Context(), store.Config{
		DSN: filepath.Join(t.TempDir(), "hallpass.db"), DataKey: make([]byte, store.DataKeyBytes), Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h := &house{db: db, registry: prometheus.NewRegistry()}
	now := time.Now().UTC().Truncate(hallpass.Precision)
	if err := db.CreateTenant(t.Context(), &hallpass.Tenant{ID: tenantID, OwnerID: tenantID, Name: "T", Type: hallpass.TestTenant, CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	h.key = h.application(t, name, hallpass.Management)
	h.Server, err = handlers.New(t.Context(), handlers.Config{
		Contract: contract, Store: db, Now: time.Now, Random: random, Metrics: h.registry,
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// application stores an application with those permissions and returns its key.
func (h *house) application(t testing.TB, name string, kind hallpass.ApplicationType, permissions ...hallpass.Permission) hallpass.Secret {
	t.Helper()
	id, now := uuid.NewString(), time.Now().UTC().Truncate(hallpass.Precision)
	key, err := hallpass.MintKey(id, hallpass.KeyPrefix(hallpass.TestTenant, kind), now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key.ApplicationID = id
	err = h.db.CreateApplication(t.Context(), &hallpass.Application{
		ID: id, TenantID: tenantID, Name: name, Type: kind, CreatedAt: now, Keys: []hallpass.Key{key},
		Grant: hallpass.NewGrant(permissions, nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	return key.Text
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("BT-API-KEY", h.key.Reveal())
	h.ServeHTTP(w, r)
	return w
}

// TestReplyThatBreaksTheContract has the server answer with a name longer than the contract allows: one that only the
// store could have come by, for no request would be let through with it.
func TestReplyThatBreaksTheContract(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 201)
	h := newHouse(t, long, rand.Reader)
	w := h.get("/applications/key")

	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "nnn") || !strings.Contains(w.Body.String(), `"status":500`) {
		t.Errorf("it answers %d %s", w.Code, w.Body)
	}
	if log := h.log.String(); !strings.Contains(log, "getApplicationByKey") || !strings.Contains(log, "name") || strings.Contains(log, "nnn") {
		t.Errorf("the log says %s", log)
	}
	if n := h.violations(t, "getApplicationByKey"); n != 1 {
		t.Errorf("%v violations are counted", n)
	}
}

// TestRefusalThatBreaksTheContract serves a contract that does not know 401 of one operation.
func TestRefusalThatBreaksTheContract(t *testing.T) {
	t.Parallel()
	var document map[string]any
	if err := json.Unmarshal(hallpass.Contract.Checked, &document); err != nil {
		t.Fatal(err)
	}
	responses, _ := find(document, "paths", "/tenants/self", "get", "responses").(map[string]any)
	delete(responses, "401")
	changed, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	h := newHouseUnder(t, hallpass.ContractDocument{Checked: changed}, "N", rand.Reader)
	h.key = "key_of_nobody"
	if w := h.get("/tenants/self"); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"status":500`) {
		t.Errorf("it answers %d %s", w.Code, w.Body)
	}
	if n := h.violations(t, "getTenant"); n != 1 {
		t.Errorf("%v violations are counted", n)
	}
}

// find follows members into a JSON tree.
func find(tree any, path ...string) any {
	for _, name := range path {
		object, _ := tree.(map[string]any)
		tree = object[name]
	}
	return tree
}

// violations is how many the metrics count for the operation.
func (h *house) violations(t *testing.T, operation string) float64 {
	t.Helper()
	families, err := h.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "hallpass_contract_violations_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == operation {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// TestPanic has the source of chance panic in the middle of a request.
func TestPanic(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "N", panicking{})
	w := h.get("/applications/key")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"detail":"Something went wrong`) || strings.Contains(w.Body.String(), "chance") {
		t.Errorf("it answers %d %s", w.Code, w.Body)
	}
	if log := h.log.String(); !strings.Contains(log, "out of chance") || !strings.Contains(log, "goroutine") {
		t.Errorf("the log says %s", log)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("out of chance") }
