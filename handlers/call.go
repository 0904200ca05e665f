package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/contract"
)

// call is what is known of one request, filled in as it passes.
type call struct {
	started   time.Time
	trace     string
	operation *contract.Operation // nil until matched
	caller    *hallpass.Caller    // nil until authenticated, and for anonymous operations
	claims    *hallpass.Claims    // of a bearer token
	client    clientCredentials   // by HTTP Basic, on the token endpoint
	request   *http.Request       // as it was checked
	err       error               // what went wrong, for the log
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// body returns the request's body as a JSON tree, its numbers json.Number, or nil where there was none. The types that the
// generated code binds lose digits of large numbers in free-form members.
func (c *call) body() any {
	if decoded, ok := c.request.Body.(interface{ ValidatedValue() any }); ok {
		return decoded.ValidatedValue()
	}
	return nil
}

// callerOf returns who calls; never nil in the handler of an operation that needs a credential.
func callerOf(ctx context.Context) *hallpass.Caller { return callOf(ctx).caller }

// trace returns the request's trace id, or makes one up.
func (s *Server) trace(r *http.Request) string {
	if sent := r.Header.Get(headerTraceID); sent != "" && len(sent) <= 200 && printable(sent) {
		return sent
	}
	return s.newID()
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// newID returns a new UUID v4.
func (s *Server) newID() string {
	return uuid.Must(uuid.NewRandomFromReader(s.Random)).String()
}

// now is the present instant, as precise as it is stored.
func (s *Server) now() time.Time { return s.Now().UTC().Truncate(hallpass.Precision) }

// panicked wraps what a panic left, with the stack, for the log.
func panicked(p any) error { return fmt.Errorf("panic: %v\n%s", p, debug.Stack()) }

// logRequest counts the request and writes its one log record: level Error for our faults, Debug for everything else. Paths
// are logged as the contract's template, for a path may hold what a caller would not have logged.
func (s *Server) logRequest(r *http.Request, c *call, reply *reply) {
	name, template := "none", ""
	if c.operation != nil {
		name, template = c.operation.ID, c.operation.Template
	}
	took := s.Now().Sub(c.started)
	s.metrics.request(name, reply.status, took)

	level := slog.LevelDebug
	if reply.status >= http.StatusInternalServerError && r.Context().Err() == nil { // a caller that went away is no fault
		level = slog.LevelError
	}
	ctx := r.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", name), slog.String("method", r.Method), slog.String("path", template),
		slog.Int("status", reply.status), slog.Duration("took", took), slog.String("trace", c.trace),
	}
	if c.caller != nil {
		attrs = append(attrs, slog.String("tenant", c.caller.Tenant.ID), slog.String("application", c.caller.Application.ID))
	}
	if c.err != nil {
		attrs = append(attrs, slog.Any("error", c.err))
	}
	s.Log.LogAttrs(ctx, level, "request", attrs...)
}

// note keeps a failure that cannot change the answer any more, for the log.
func (c *call) note(err error) {
	if err != nil {
		c.err = errors.Join(c.err, err)
	}
}
