package handlers_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"hallpass"
)

// BenchmarkServe answers requests as 64 callers send them, all but the network: allocations and the time of one operation
// on all cores.
func BenchmarkServe(b *testing.B) {
	h := newHouse(b, "bench", rand.Reader)
	public := h.application(b, "Web page", hallpass.Public, hallpass.TokenCreate)
	private := h.application(b, "Backend", hallpass.Private, hallpass.TokenCreate, hallpass.TokenRead)
	card := `{"type":"card","data":{"number":"4242424242424242","expiration_month":12,"expiration_year":2031}}`
	grant := `"rules":[{"description":"Read cards","priority":1,"container":"/pci/","permissions":["token:read"],"transform":"reveal"}]`

	token := h.post(b, private, "/tokens", card)["id"]
	session := h.post(b, public, "/sessions", "")
	h.post(b, private, "/sessions/authorize", fmt.Sprintf(`{"nonce":%q,%s}`, session["nonce"], grant))
	reader := hallpass.Secret(fmt.Sprint(session["session_key"]))

	for _, o := range []struct {
		name, method, path, body string
		key                      hallpass.Secret
	}{
		{"createSession", http.MethodPost, "/sessions", "", public},
		{"authorizeSession", http.MethodPost, "/sessions/authorize", `{"nonce":"%s",` + grant + `}`, private},
		{"getApplicationByKey", http.MethodGet, "/applications/key", "", reader},
		{"getToken", http.MethodGet, fmt.Sprint("/tokens/", token), "", reader},
		{"createToken", http.MethodPost, "/tokens", card, private},
	} {
		b.Run(o.name, func(b *testing.B) {
			bodies := []string{o.body}
			if strings.Contains(o.body, "%s") {
				bodies = make([]string, b.N)
				for i := range bodies {
					bodies[i] = fmt.Sprintf(o.body, h.post(b, public, "/sessions", "")["nonce"])
				}
			}
			var next atomic.Int64
			b.SetParallelism(64)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				w := &sink{header: http.Header{}}
				for pb.Next() {
					clear(w.header)
					body := bodies[int(next.Add(1)-1)%len(bodies)]
					r, _ := http.NewRequest(o.method, o.path, strings.NewReader(body))
					r.Header["Bt-Api-Key"] = []string{o.key.Reveal()}
					r.Header["Content-Type"] = []string{"application/json"}
					h.ServeHTTP(w, r)
					if w.status >= 300 {
						b.Error("status", w.status)
						return
					}
				}
			})
		})
	}
}

// sink is a response that nobody reads.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

// post returns the members of what a request is answered.
func (h *house) post(tb testing.TB, key hallpass.Secret, path, body string) (members map[string]any) {
	tb.Helper()
	var sent io.Reader = http.NoBody
	if body != "" {
		sent = strings.NewReader(body)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, sent)
	r.Header.Set("BT-API-KEY", key.Reveal())
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices {
		tb.Fatalf("POST %s answers %d %s", path, w.Code, w.Body)
	}
	if w.Body.Len() > 0 {
		if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&members); err != nil {
			tb.Fatal(err)
		}
	}
	return members
}
