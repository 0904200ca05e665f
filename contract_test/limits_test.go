package contract_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallpass/handlers"
	"hallpass/store"
)

// held is a request whose body has not been sent to its end.
type held struct {
	body    *io.PipeWriter
	reading chan struct{} // closed when the server begins to read the body
	answer  chan *answer
}

var errNotAnswered = errors.New("the held request was not answered in time")

// hold sends a request's headers and keeps its body back. length is what the headers promise, -1 for a chunked body.
func (c caller) hold(t *testing.T, r request, length int64) *held {
	t.Helper()
	reader, writer := io.Pipe()
	h := &held{body: writer, reading: make(chan struct{}), answer: make(chan *answer, 1)}
	trace := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got100Continue: func() { close(h.reading) }})
	hr := c.prepare(trace, t, r)
	hr.Header.Set("Expect", "100-continue") // the server asks for the body when it wants it
	hr.Body, hr.ContentLength = reader, length
	go func() {
		defer close(h.answer)
		if a, err := c.try(t, hr); err == nil {
			h.answer <- a
		}
	}()
	late := time.AfterFunc(bed.http.Timeout, func() { _ = writer.CloseWithError(errNotAnswered) }) // or the client waits for ever
	t.Cleanup(func() {
		late.Stop()
		_ = writer.Close()
	})
	return h
}

// awaitReading ends the test unless the server comes to read the body.
func (h *held) awaitReading(t *testing.T) {
	t.Helper()
	select {
	case <-h.reading:
	case a := <-h.answer:
		if a == nil {
			t.Fatal("the held request broke off")
		}
		t.Fatalf("%s is answered %d before its body was read: %s", a.name, a.status, a.body)
	}
}

// is ends the test unless the held request is answered so.
func (h *held) is(t *testing.T, status int) *answer {
	t.Helper()
	a := <-h.answer
	if a == nil {
		t.Fatal("the held request was not answered")
	}
	return a.is(t, status)
}

// TestMalformedQuery promises that a query string that cannot be parsed is refused wherever a refusal is documented, and
// is no reason to fail elsewhere.
func TestMalformedQuery(t *testing.T) {
	t.Parallel()
	each(t, shared(t), every, func(t *testing.T, op *operation, one sample) {
		one.request.path += "?" + marker + "=1&a=%zz"
		one.request.broken = true
		a := one.caller.send(t, one.request)
		if op.documents(http.StatusBadRequest) {
			a.refuses(t, "query")
			return
		}
		a.is(t, one.status)
	})
}

// TestBodyOverTheLimit promises 413 for a body that is larger than the operation reads, whether its length is announced
// or found out, and that where no 413 is documented a body of any size is no reason to fail.
func TestBodyOverTheLimit(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, documenting(http.StatusRequestEntityTooLarge), func(t *testing.T, op *operation, one sample) {
		announced := one.caller.hold(t, one.typed(op), op.maxBody+1)
		announced.is(t, http.StatusRequestEntityTooLarge)

		chunked := one.caller.hold(t, one.typed(op), -1)
		chunked.awaitReading(t)
		_, _ = io.CopyN(chunked.body, spaces{}, op.maxBody+1)
		chunked.is(t, http.StatusRequestEntityTooLarge)

		one.caller.send(t, one.request).is(t, one.status)
	})
	t.Run("of an operation that reads none", func(t *testing.T) {
		t.Parallel()
		reads := func(op *operation) bool { return !op.documents(http.StatusRequestEntityTooLarge) }
		each(t, s, reads, func(t *testing.T, op *operation, one sample) {
			one.request.kind = "text/plain"
			h := one.caller.hold(t, one.request, op.maxBody+1)
			go func() { // only where it is asked for: a server that closes on what it does not read takes its answer along
				select {
				case <-h.reading:
					_, _ = io.CopyN(h.body, spaces{}, op.maxBody+1)
				case <-t.Context().Done():
				}
			}()
			h.is(t, one.status)
		})
	})
}

// spaces is white space without end, which may stand before any JSON.
type spaces struct{}

// Read implements io.Reader.
func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// typed is the sample's request with the content type that its operation reads.
func (one sample) typed(op *operation) request {
	r := one.request
	if r.kind = op.bodyType; r.kind == "" {
		r.kind = "application/json"
	}
	return r
}

// TestBodyAtTheLimit promises that a body of exactly the documented size is read.
func TestBodyAtTheLimit(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, (*operation).readsJSON, func(t *testing.T, op *operation, one sample) {
		padded := one.request.bytes()
		size := min(op.maxBody, 2<<20) // the largest limit would only take longer
		padded = append(padded, strings.Repeat(" ", int(size)-len(padded))...)
		one.request.body = padded
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestSlowBody promises 408 for a body that does not arrive in time.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsReadTimeout)
	s := shared(t)
	slow := s.own.serve(t, nil, func(server *http.Server) { server.ReadTimeout = 500 * time.Millisecond })
	each(t, s, documenting(http.StatusRequestTimeout), func(t *testing.T, op *operation, one sample) {
		h := one.caller.at(slow).hold(t, one.typed(op), 100)
		h.awaitReading(t)
		_, _ = h.body.Write([]byte("{"))
		h.is(t, http.StatusRequestTimeout)
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestSameRequestUnderWay promises 409 for a request whose idempotency key is another's that still runs, and that the
// other is not disturbed.
func TestSameRequestUnderWay(t *testing.T) {
	t.Parallel()
	s := shared(t)
	idempotent := func(op *operation) bool { return op.changes() && op.scheme != "" }
	each(t, s, idempotent, func(t *testing.T, op *operation, one sample) {
		r := one.typed(op).with("BT-IDEMPOTENCY-KEY", newKey(t))
		body := one.request.bytes()
		if len(body) == 0 {
			body = []byte("{}")
		}
		first := one.caller.hold(t, r, int64(len(body)))
		first.awaitReading(t)
		_, _ = first.body.Write(body[:1])
		one.caller.send(t, r).is(t, http.StatusConflict).says(t, "idempotency key")

		_, _ = first.body.Write(body[1:])
		_ = first.body.Close()
		done := first.is(t, one.status)
		if again := one.caller.send(t, r).is(t, one.status); string(again.body) != string(done.body) {
			t.Fatalf("the replay is %s, not %s", again.body, done.body)
		}
	})
}

var (
	rateLimit  = regexp.MustCompile(`^"default";r=0;t=(\d+)$`)
	ratePolicy = regexp.MustCompile(`^"default";q=1;w=3600$`)
)

// TestRateLimit promises 429 for the request too many, with how long to wait.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsRateLimit)
	s := shared(t)
	limited := s.own.serve(t, func(c *handlers.Config) { c.RateLimit = handlers.RateLimit{Requests: 1, Window: time.Hour} }, nil)
	each(t, s, documenting(http.StatusTooManyRequests), func(t *testing.T, _ *operation, one sample) {
		c := one.caller.at(limited)
		c.send(t, one.request)
		a := c.send(t, one.request).is(t, http.StatusTooManyRequests)
		wait, err := strconv.Atoi(a.header.Get("Retry-After"))
		if err != nil || wait < 1 || wait > 3600 {
			t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
		}
		if !rateLimit.MatchString(a.header.Get("RateLimit")) || !ratePolicy.MatchString(a.header.Get("RateLimit-Policy")) {
			t.Errorf("RateLimit is %q, RateLimit-Policy %q", a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"))
		}
	})
	t.Run("counts each caller alone, and says what is left", func(t *testing.T) {
		t.Parallel()
		for range 2 {
			a := s.home.application(t, "public").at(limited).post(t, "/sessions", nil).is(t, http.StatusCreated)
			if !rateLimit.MatchString(a.header.Get("RateLimit")) || !ratePolicy.MatchString(a.header.Get("RateLimit-Policy")) {
				t.Errorf("RateLimit is %q, RateLimit-Policy %q", a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"))
			}
		}
	})
	t.Run("counts each session alone", func(t *testing.T) {
		t.Parallel()
		for range 2 {
			c := s.home.authorized(t, "token:read").caller.at(limited)
			c.get(t, "/applications/key").is(t, http.StatusOK)
			c.get(t, "/applications/key").is(t, http.StatusTooManyRequests)
		}
	})
	t.Run("spares the service routes", func(t *testing.T) {
		t.Parallel()
		for range 3 {
			caller{url: limited}.get(t, "/healthz").is(t, http.StatusOK)
		}
	})
}

// TestRateLimitRefills promises that a caller may go on after the time that Retry-After named, and not before.
func TestRateLimitRefills(t *testing.T) {
	t.Parallel()
	s := alone(t, needsRateLimit)
	c := s.home.public.at(s.own.serve(t, func(c *handlers.Config) {
		c.RateLimit = handlers.RateLimit{Requests: 2, Window: 10 * time.Second}
	}, nil))
	c.get(t, "/permissions").is(t, http.StatusOK)
	c.get(t, "/permissions").is(t, http.StatusOK)
	wait, _ := strconv.Atoi(c.get(t, "/permissions").is(t, http.StatusTooManyRequests).header.Get("Retry-After"))
	s.own.clock.move(time.Duration(wait)*time.Second - time.Millisecond)
	c.get(t, "/permissions").is(t, http.StatusTooManyRequests)
	s.own.clock.move(time.Millisecond)
	c.get(t, "/permissions").is(t, http.StatusOK)
}

// TestInternalError promises 500, and nothing of what is inside, when the store does not answer.
func TestInternalError(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsStore)
	s := shared(t)
	var db *store.DB
	broken := s.own.serve(t, func(c *handlers.Config) {
		db = s.own.open(t, store.Open)
		c.Store = db
	}, nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	each(t, s, documenting(http.StatusInternalServerError), func(t *testing.T, op *operation, one sample) {
		a := one.caller.at(broken).send(t, one.request).is(t, http.StatusInternalServerError)
		want := object{"title": "Internal Server Error", "status": 500, "detail": "Something went wrong on the server's side."}
		if op.id == "createAccessToken" {
			want["error"], want["error_description"] = "server_error", want["detail"]
		}
		same(t, "the refusal", a.object(t), want)
	})
	t.Run("readiness says so", func(t *testing.T) {
		t.Parallel()
		a := caller{url: broken}.get(t, "/readyz").is(t, http.StatusServiceUnavailable)
		if a.object(t)["status"] != "unavailable" {
			t.Fatalf("readiness is %s", a.body)
		}
		caller{url: broken}.get(t, "/healthz").is(t, http.StatusOK)
	})
}
