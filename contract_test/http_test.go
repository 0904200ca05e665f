package contract_test

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hallpass/handlers"
)

// TestTrailingSlash promises that /x and /x/ are one, without a redirect.
func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	each(t, shared(t), every, func(t *testing.T, _ *operation, one sample) {
		one.request.path = otherSlash(one.request.path)
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestHead promises that HEAD is GET without the body.
func TestHead(t *testing.T) {
	t.Parallel()
	get := func(op *operation) bool { return op.method == http.MethodGet }
	compared := []string{"Content-Type", "Content-Length", "Cache-Control", "Etag", "Vary"}
	each(t, shared(t), get, func(t *testing.T, op *operation, one sample) {
		callers := map[int]caller{one.status: one.caller}
		if op.scheme != "" {
			callers[http.StatusUnauthorized] = caller{url: one.caller.url}
		}
		for status, c := range callers {
			full := c.send(t, one.request).is(t, status)
			one.request.method = http.MethodHead
			one.request.broken = true // HEAD itself is not in the contract
			head := c.send(t, one.request).is(t, status)
			one.request.method = http.MethodGet
			after := c.send(t, one.request).is(t, status)
			for _, name := range compared {
				if name == "Content-Length" && string(after.body) != string(full.body) {
					continue // other tests made what is listed here
				}
				if got, want := head.header.Get(name), full.header.Get(name); got != want {
					t.Errorf("%s is %q, not %q as with GET", name, got, want)
				}
			}
		}
	})
}

// TestNoBody promises that nothing follows the headers where there is no body: after 204, and after HEAD. It reads the
// connection itself, because net/http would not show what does.
func TestNoBody(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, documenting(http.StatusNoContent), func(t *testing.T, _ *operation, one sample) {
		one.caller.nothingFollows(t, one.request, http.StatusNoContent)
	})
	each(t, s, func(op *operation) bool { return op.method == http.MethodGet }, func(t *testing.T, _ *operation, one sample) {
		one.request.method = http.MethodHead
		one.caller.nothingFollows(t, one.request, one.status)
	})
}

// nothingFollows sends a request on a connection of its own and fails the test where anything follows the headers.
func (c caller) nothingFollows(t *testing.T, r request, status int) {
	t.Helper()
	hr := c.prepare(t.Context(), t, r)
	hr.Close = true
	conn, err := dial(hr.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := errors.Join(conn.SetDeadline(time.Now().Add(bed.http.Timeout)), hr.Write(conn)); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, hr)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // which is empty by definition
	a := &answer{name: r.method + " " + r.path, status: response.StatusCode, header: response.Header}
	route, _ := bed.contract.route(hr)
	a.operation = route.Operation.OperationID
	a.is(t, status)
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		a.blame(t)
		t.Errorf("%s is %d, and after the headers comes %q (%v)", a.name, a.status, rest, err)
	}
}

// dial opens a connection to where a request goes.
func dial(to *url.URL) (net.Conn, error) {
	if to.Scheme == "https" {
		return tls.Dial("tcp", net.JoinHostPort(to.Hostname(), cmp.Or(to.Port(), "443")), nil)
	}
	return net.Dial("tcp", net.JoinHostPort(to.Hostname(), cmp.Or(to.Port(), "80")))
}

// methods are those that the contract has, and those that follow from them, by path template.
func methods() map[string][]string {
	all := map[string][]string{}
	for _, op := range bed.contract.operations {
		if all[op.template] == nil {
			all[op.template] = []string{http.MethodOptions}
		}
		all[op.template] = append(all[op.template], op.method)
		if op.method == http.MethodGet {
			all[op.template] = append(all[op.template], http.MethodHead)
		}
	}
	return all
}

// TestMethods promises OPTIONS, and 405 for every method that a path does not have, both with Allow. A path that the
// contract spells out is that path, whatever template it matches besides.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for template, has := range methods() {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			path := concrete(template)
			slices.Sort(has)
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
				if slices.Contains(has, method) && method != http.MethodOptions {
					continue
				}
				a := s.nobody().send(t, request{method: method, path: path, broken: true})
				if method == http.MethodOptions {
					a.is(t, http.StatusNoContent)
				} else {
					a.is(t, http.StatusMethodNotAllowed)
				}
				allowed := strings.Split(a.header.Get("Allow"), ", ")
				if slices.Sort(allowed); !slices.Equal(allowed, has) {
					t.Errorf("%s: Allow is %q, not %q", method, allowed, has)
				}
			}
		})
	}
}

// concrete is a path that a template matches.
func concrete(template string) string {
	return strings.NewReplacer(
		"{transaction_id}", "dcaad720-d1e9-47ba-a76b-a6370ef0373b",
		"{id}", "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53", "{keyId}", "0b1d7f52-6e4c-4a83-b9f0-5c2e8d7a1b36", "{asset}", "front.css",
	).Replace(template)
}

// TestUnknownPath promises 404 in the one error body for what the contract does not have.
func TestUnknownPath(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, path := range []string{
		"/session", "/sessions/authorize/" + marked("x"), "/Sessions", "//sessions", "/sessions//authorize", "/applications/key/x",
		"/api/transactions/dcaad720-d1e9-47ba-a76b-a6370ef0373b", "/api", "/metrics", "/debug/pprof/", "/sessions/..",
		"/" + marked("../../etc/passwd"), "/%2e%2e/" + marked("x"), "/sessions%00", "/openapi.yml", "/" + strings.Repeat("a", 5000),
	} {
		for name, c := range map[string]caller{"nobody": s.nobody(), "a public key": s.home.public} {
			t.Run(name+" at "+path[:min(len(path), 40)], func(t *testing.T) {
				t.Parallel()
				c.send(t, request{method: http.MethodGet, path: path, broken: true}).is(t, http.StatusNotFound)
			})
		}
	}
}

// TestCORS promises that browsers can call from an allowed origin, never with ambient credentials.
func TestCORS(t *testing.T) {
	t.Parallel()
	s := shared(t)
	origin := defaultOrigin
	if bed.elsewhere != nil {
		origin = bed.elsewhere.origin
	}
	each(t, s, every, func(t *testing.T, op *operation, one sample) {
		asked := []string{"bt-api-key", "bt-client-user-agent", "bt-device-info", "bt-idempotency-key", "bt-trace-id", "content-type"}
		if needsBearer(op) {
			asked = []string{"accept", "authorization", "content-type", "x-tenant"}
		}
		slices.Sort(asked)
		preflight := request{method: http.MethodOptions, path: one.request.path, broken: true}.
			with("Origin", origin).with("Access-Control-Request-Method", op.method).
			with("Access-Control-Request-Headers", strings.Join(asked, ","))
		a := s.nobody().send(t, preflight).is(t, http.StatusNoContent)
		allowsOrigin(t, a, origin)
		if got := a.header.Get("Access-Control-Allow-Methods"); !strings.Contains(got, op.method) {
			t.Errorf("the preflight allows the methods %q", got)
		}
		allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
		for _, name := range asked {
			if !strings.Contains(allowed, name) {
				t.Errorf("the preflight does not allow %s", name)
			}
		}
		one.request = one.request.with("Origin", origin)
		a = one.caller.send(t, one.request).is(t, one.status)
		allowsOrigin(t, a, origin)
		exposed := strings.ToLower(a.header.Get("Access-Control-Expose-Headers"))
		if !strings.Contains(exposed, "bt-trace-id") || !strings.Contains(exposed, "location") {
			t.Errorf("exposes %q", exposed)
		}
		if op.scheme != "" { // a browser must be able to read why it was refused
			allowsOrigin(t, s.nobody().send(t, one.request).is(t, http.StatusUnauthorized), origin)
		}
	})
}

func allowsOrigin(t *testing.T, a *answer, origin string) {
	t.Helper()
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "*" && got != origin {
		t.Errorf("%s: Access-Control-Allow-Origin is %q", a.name, got)
	}
	if a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%s: credentials are allowed", a.name)
	}
}

// TestCORSOfOneOrigin promises that other origins than the configured ones are told nothing.
func TestCORSOfOneOrigin(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsConfiguration)
	s := shared(t)
	for name, origins := range map[string][]string{"one": {defaultOrigin}, "none": nil} {
		c := s.home.public.at(s.own.serve(t, func(c *handlers.Config) { c.CORSOrigins = origins }, nil))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for origin, allowed := range map[string]bool{defaultOrigin: origins != nil, "https://other.example": false, "null": false} {
				a := c.send(t, request{method: http.MethodGet, path: "/permissions"}.with("Origin", origin)).is(t, http.StatusOK)
				if got := a.header.Get("Access-Control-Allow-Origin"); (got == origin) != allowed || !allowed && got != "" {
					t.Errorf("%s: Access-Control-Allow-Origin is %q", origin, got)
				}
			}
		})
	}
}

// TestTrace promises that every answer carries a trace id: the one that was sent, or one that was made up.
func TestTrace(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, func(op *operation) bool { return bed.contract.traces(op.id) }, func(t *testing.T, _ *operation, one sample) {
		sent := "trace of " + t.Name()
		got := one.caller.send(t, one.request.with("BT-TRACE-ID", sent)).is(t, one.status).header.Get("BT-TRACE-ID")
		if got != sent {
			t.Errorf("BT-TRACE-ID is %q, not %q", got, sent)
		}
	})
	t.Run("made up, and never twice", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for _, sent := range []string{"", "", ""} {
			a := s.home.public.send(t, request{method: http.MethodGet, path: "/permissions"}.with("BT-TRACE-ID", sent)).is(t, http.StatusOK)
			if trace := a.header.Get("BT-TRACE-ID"); !uuidV4.MatchString(trace) || seen[trace] {
				t.Errorf("BT-TRACE-ID is %q after %q", trace, slices.Collect(maps.Keys(seen)))
			}
			seen[a.header.Get("BT-TRACE-ID")] = true
		}
	})
	for name, sent := range map[string]string{"too long": strings.Repeat("x", 201), "not printable": marked("é")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request{method: http.MethodGet, path: "/permissions", broken: true}.with("BT-TRACE-ID", sent)
			a := s.home.public.send(t, r)
			a.refuses(t, "BT-TRACE-ID")
			if a.header.Get("BT-TRACE-ID") == sent {
				t.Error("the refused trace id is sent back")
			}
		})
	}
}
