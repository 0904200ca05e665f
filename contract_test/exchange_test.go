package contract_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// object and list are JSON as tests write it.
type (
	object = map[string]any
	list   = []any
)

// caller is who a request comes from: a server's address and a credential for it.
type caller struct {
	url        string
	header     string // the header that carries the credential; empty for nobody
	credential string
	id         string // of the application, where there is one
}

func keyCaller(url, id, key string) caller {
	return caller{url: url, header: "BT-API-KEY", credential: key, id: id}
}

func bearerCaller(url, token string) caller {
	return caller{url: url, header: "Authorization", credential: "Bearer " + token}
}

// at is the same caller at another address of the same service.
func (c caller) at(url string) caller {
	c.url = url
	return c
}

// token is the bearer token of a caller that has one.
func (c caller) token() string { return strings.TrimPrefix(c.credential, "Bearer ") }

// request is what a test sends. A body that is not text is sent as JSON.
type request struct {
	method, path string
	body         any
	kind         string // content type; application/json where there is a body and this is empty, none where it is "-"
	header       map[string]string
	broken       bool // breaks the contract on purpose, so it is not held against it
}

// with is the request with one more header.
func (r request) with(name, value string) request {
	header := map[string]string{name: value}
	for n, v := range r.header {
		if n != name {
			header[n] = v
		}
	}
	r.header = header
	return r
}

// bytes is the body as it is sent.
func (r request) bytes() []byte {
	switch body := r.body.(type) {
	case nil:
		return nil
	case string:
		return []byte(body)
	case []byte:
		return body
	default:
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		return text
	}
}

func (c caller) get(t testing.TB, path string) *answer {
	t.Helper()
	return c.send(t, request{method: http.MethodGet, path: path})
}

func (c caller) post(t testing.TB, path string, body any) *answer {
	t.Helper()
	return c.send(t, request{method: http.MethodPost, path: path, body: body})
}

func (c caller) put(t testing.TB, path string, body any) *answer {
	t.Helper()
	return c.send(t, request{method: http.MethodPut, path: path, body: body})
}

func (c caller) delete(t testing.TB, path string) *answer {
	t.Helper()
	return c.send(t, request{method: http.MethodDelete, path: path})
}

// send sends a request, holds the exchange against the contract and returns the answer.
func (c caller) send(t testing.TB, r request) *answer {
	t.Helper()
	body := r.bytes()
	hr := c.prepare(context.Background(), t, r)
	hr.Body, hr.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		hr.Body = http.NoBody
	}
	if !r.broken {
		if err := bed.contract.request(hr, body); err != nil {
			t.Fatalf("%s %s: the suite sends what the contract forbids: %v", r.method, r.path, err)
		}
	}
	return c.exchange(t, hr)
}

// prepare is the request without its body.
func (c caller) prepare(ctx context.Context, t testing.TB, r request) *http.Request {
	t.Helper()
	hr, err := http.NewRequestWithContext(ctx, r.method, c.url+r.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case r.kind != "" && r.kind != "-":
		hr.Header.Set("Content-Type", r.kind)
	case r.body != nil && r.kind == "":
		hr.Header.Set("Content-Type", "application/json")
	}
	if c.header != "" {
		hr.Header.Set(c.header, c.credential)
	}
	for name, value := range r.header {
		hr.Header.Set(name, value)
	}
	return hr
}

// exchange sends a prepared request and checks what comes back.
func (c caller) exchange(t testing.TB, hr *http.Request) *answer {
	t.Helper()
	a, err := c.try(t, hr)
	if err != nil {
		if route, _ := bed.contract.route(hr); route != nil {
			bed.record.blame(t, route.Operation.OperationID)
		}
		t.Fatalf("%s %s: %v", hr.Method, hr.URL.Path, err)
	}
	return a
}

// try is exchange for a request that may break off.
func (c caller) try(t testing.TB, hr *http.Request) (*answer, error) {
	t.Helper()
	sent := time.Now()
	response, err := bed.http.Do(hr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := read(response)
	if err != nil {
		return nil, err
	}
	a := &answer{name: hr.Method + " " + hr.URL.Path, status: response.StatusCode, header: response.Header, body: body}
	a.operation, err = bed.contract.response(hr, a.status, a.header, body)
	if a.operation != "" {
		bed.record.add(met{a.operation, a.status}, t, time.Since(sent))
	}
	if err != nil {
		a.blame(t)
		t.Errorf("%s answers %d in breach of the contract: %v\n%s", a.name, a.status, err, a.body)
	}
	a.keepsPromises(t, hr)
	return a, nil
}

// read returns the body of a response, unpacked where it is gzipped.
func read(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(response.Body)
	if err != nil || len(body) == 0 || response.Header.Get("Content-Encoding") != "gzip" {
		return body, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

// marker begins every value that a test sends only to see whether it comes back.
const marker = "zqMarkerqz"

// marked is a value that no refusal may repeat.
func marked(name string) string { return marker + name }

// keepsPromises checks what every answer promises, whatever was asked.
func (a *answer) keepsPromises(t testing.TB, hr *http.Request) {
	t.Helper()
	complain := func(format string, args ...any) {
		t.Helper()
		a.blame(t)
		t.Errorf("%s (%d): %s", a.name, a.status, fmt.Sprintf(format, args...))
	}
	if a.header.Get("X-Content-Type-Options") != "nosniff" {
		complain("X-Content-Type-Options is not nosniff")
	}
	if a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified {
		complain("is a redirect")
	}
	trace := a.header.Get("BT-TRACE-ID")
	sent := hr.Header.Get("BT-TRACE-ID")
	switch {
	case trace == "" && a.operation != "" && bed.contract.traces(a.operation):
		complain("has no BT-TRACE-ID")
	case sent != "" && isTrace(sent) && trace != sent:
		complain("BT-TRACE-ID is not the one that was sent")
	}
	if a.status >= 400 && hr.Method != http.MethodHead && !a.isHealth() {
		a.isProblem(complain)
		bed.secrets.refusal(a.operation, a.body)
	}
	if a.status >= 400 && bytes.Contains(a.body, []byte(marker)) {
		complain("repeats what was sent: %s", a.body)
	}
	for _, name := range []string{"BT-API-KEY", "Authorization"} {
		credential := hr.Header.Get(name)
		credential = credential[strings.LastIndexByte(credential, ' ')+1:]
		if a.status >= 400 && len(credential) > 16 && bytes.Contains(a.body, []byte(credential)) {
			complain("repeats the credential that was sent")
		}
	}
	if length := a.header.Get("Content-Length"); a.status == http.StatusNoContent && length != "" && length != "0" {
		complain("announces a body")
	}
	if a.operation == "getContractJSON" || a.operation == "getContractDereferenced" {
		return // their examples only look like secrets
	}
	if secrets := bed.secrets.collect(a.body); secrets > 0 && !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		complain("carries a secret without Cache-Control: no-store")
	}
}

// isHealth reports whether a body is a ServiceStatus, whatever its status.
func (a *answer) isHealth() bool { return a.operation == "getReadiness" }

// isProblem checks the shape that clients of both vendors rely on.
func (a *answer) isProblem(complain func(string, ...any)) {
	if a.header.Get("Content-Type") != "application/json" {
		complain("the Content-Type of a refusal is %q", a.header.Get("Content-Type"))
	}
	var body struct {
		Title, Detail *string
		Status        *int
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		complain("the body of a refusal is not JSON: %v", err)
		return
	}
	if body.Title == nil || *body.Title == "" || body.Detail == nil || *body.Detail == "" || body.Status == nil || *body.Status != a.status {
		complain("title, status and detail are not all there: %s", a.body)
	}
}

func isTrace(text string) bool {
	return len(text) <= 200 && strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// traces reports whether an operation documents BT-TRACE-ID.
func (v *validator) traces(id string) bool {
	return v.operation(id).documents(http.StatusInternalServerError)
}
