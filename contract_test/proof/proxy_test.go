package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxy stands between the suite and a server that is right, and makes it wrong in one way.
type proxy struct {
	t         *testing.T
	server    *httptest.Server
	upstream  *url.URL
	transport *http.Transport
	mutant    *mutant // nil for a proxy that changes nothing
	world     *world

	fails   sync.Once
	mu      sync.Mutex
	kept    map[string]*reply // what the mutant keeps, for later
	texts   map[string]string
	waiting map[string]int
}

// exchange is a request on its way through the proxy.
type exchange struct {
	*proxy
	operation string // its id; empty where the contract has none
	request   *http.Request
	params    map[string]string
	sent      beginning // of the request's body, as far as it was read
}

// beginning keeps the first of what is written to it.
type beginning struct{ bytes.Buffer }

// Write implements io.Writer.
func (b *beginning) Write(p []byte) (int, error) {
	if b.Len() < 1<<16 {
		_, _ = b.Buffer.Write(p)
	}
	return len(p), nil
}

// reply is an answer that a mutant may spoil.
type reply struct {
	status int
	header http.Header
	body   []byte
	bare   bool // written as it is, also where HTTP allows no body
}

func newProxy(t *testing.T, w *world, upstream string, m *mutant) *proxy {
	t.Helper()
	address, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		t: t, upstream: address, mutant: m, world: w, kept: map[string]*reply{}, texts: map[string]string{}, waiting: map[string]int{},
		transport: &http.Transport{MaxIdleConnsPerHost: 300, DisableCompression: true, ExpectContinueTimeout: time.Minute},
	}
	p.server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		p.transport.CloseIdleConnections()
	})
	return p
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if reason := recover(); reason != nil && reason != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
			p.fails.Do(func() { p.t.Errorf("the mutant fails: %v\n%s", reason, debug.Stack()) })
			panic(http.ErrAbortHandler)
		} else if reason != nil {
			panic(reason)
		}
	}()
	x := &exchange{proxy: p, request: r}
	x.operation, x.params = p.route(r)
	var answer *reply
	if p.mutant != nil && (p.mutant.operation == x.operation || slices.Contains(p.mutant.also, x.operation)) {
		answer = p.mutant.spoil(x)
	} else {
		answer = x.forward()
	}
	answer.write(w)
}

// route finds the operation as the contract means it: HEAD is GET, and a trailing slash is none.
func (p *proxy) route(r *http.Request) (string, map[string]string) {
	probe := r.Clone(r.Context())
	if probe.Method == http.MethodHead {
		probe.Method = http.MethodGet
	}
	for _, path := range []string{r.URL.Path, strings.TrimSuffix(r.URL.Path, "/"), r.URL.Path + "/"} {
		probe.URL.Path, probe.URL.RawPath = path, ""
		if route, params, err := p.world.routes.FindRoute(probe); err == nil {
			return route.Operation.OperationID, params
		}
	}
	return "", nil
}

// forward sends the request on, as it has become.
func (x *exchange) forward() *reply {
	out := x.request.Clone(x.request.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = x.upstream.Scheme, x.upstream.Host, ""
	out.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(x.request.Body, &x.sent), x.request.Body}
	if x.request.ContentLength == 0 {
		out.Body = http.NoBody
	}
	if _, named := out.Header["User-Agent"]; !named {
		out.Header["User-Agent"] = nil
	}
	response, err := x.transport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler) // the suite went away, or the server did
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return &reply{status: response.StatusCode, header: response.Header, body: body}
}

func (a *reply) write(w http.ResponseWriter) {
	if a.bare {
		a.writeBare(w)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// writeBare writes what net/http would not: a 204 with a body.
func (a *reply) writeBare(w http.ResponseWriter) {
	conn, buffer, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = buffer.WriteString("HTTP/1.1 " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) + "\r\n")
	_ = a.header.Write(buffer)
	_, _ = buffer.WriteString("Connection: close\r\n\r\n")
	_, _ = buffer.Write(a.body)
	_ = buffer.Flush()
}

// read reads the request's body to its end, before it is forwarded, unless the suite wants to see when the server reads it.
func (x *exchange) read() []byte {
	if x.request.Header.Get("Expect") != "" {
		return nil
	}
	body, err := io.ReadAll(x.request.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x.write(body)
	return body
}

// write puts another body into the request, where it was read.
func (x *exchange) write(body []byte) {
	if x.request.Header.Get("Expect") != "" {
		return
	}
	x.request.Body, x.request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	x.request.Header.Set("Content-Length", strconv.Itoa(len(body)))
}

// aside sends a request of the mutant's own with the caller's credential.
func (x *exchange) aside(method, path string, body any) *reply {
	text, _ := json.Marshal(body)
	r, err := http.NewRequest(method, x.upstream.String()+path, bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"BT-API-KEY", "Authorization", "Content-Type"} {
		r.Header.Set(name, x.request.Header.Get(name))
	}
	response, err := x.transport.RoundTrip(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = response.Body.Close() }()
	got, _ := io.ReadAll(response.Body)
	return &reply{status: response.StatusCode, header: response.Header, body: got}
}

// key is the key or token that the request came with.
func (x *exchange) key() string {
	if key := x.request.Header.Get("BT-API-KEY"); key != "" {
		return key
	}
	_, token, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	return token
}

// as sends the request on with another credential.
func (x *exchange) as(credential string) *reply {
	if x.request.Header.Get("Authorization") != "" {
		x.request.Header.Set("Authorization", "Bearer "+credential)
	} else {
		x.request.Header.Set("BT-API-KEY", credential)
	}
	return x.forward()
}

// claims are those of the bearer token that the request came with, whoever signed it.
func (x *exchange) claims() (claims struct {
	Scope []string
	Exp   int64
}) {
	if parts := strings.Split(x.key(), "."); len(parts) > 1 {
		raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(raw, &claims)
	}
	return claims
}

// keep remembers a reply, and recall what was kept.
func (p *proxy) keep(name string, a *reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept[name] = a.copied()
}

func (p *proxy) recall(name string) *reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.kept[name]; a != nil {
		return a.copied()
	}
	return nil
}

func (a *reply) copied() *reply {
	return &reply{status: a.status, header: a.header.Clone(), body: bytes.Clone(a.body), bare: a.bare}
}

// object is the body as JSON; nil where it is no object.
func (a *reply) object() map[string]any { return objectOf(a.body) }

func objectOf(text []byte) (object map[string]any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&object)
	return object
}

// set puts another body into the reply.
func (a *reply) set(body any) {
	text, is := body.([]byte)
	if !is {
		var buffer bytes.Buffer
		encoder := json.NewEncoder(&buffer)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(body); err != nil {
			panic(err)
		}
		text = bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
	}
	a.body = text
	a.header.Set("Content-Length", strconv.Itoa(len(text)))
}

// become turns the reply into another one of the same kind: a refusal with another status.
func (a *reply) become(status int) {
	a.status = status
	if problem := a.object(); problem["title"] != nil {
		problem["status"], problem["title"] = status, http.StatusText(status)
		a.set(problem)
	}
}
