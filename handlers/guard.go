package handlers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"

	"hallpass"
	"hallpass/contract"
)

// guard holds each request and each reply against the contract. It runs after the router's match, so routing and checking
// cannot disagree, and before the generated binding. The order of refusal is that of the contract: 401, 403, 429, 409 for
// a twin under way, 408, 413, 415, 400.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		c.operation = s.contract.Operation(r)
		reply, _ := w.(*reply)
		if reply == nil || c.operation == nil {
			s.refuse(w, r, errors.New("a route without an operation, or a reply that is not held back"))
			return
		}
		if c.operation.Template != r.URL.Path && s.paths.spelled(r.URL.Path) {
			c.operation = nil
			s.noMethod(w, r)
			return
		}
		if c.scheme() == "" {
			reply.Header()["Cache-Control"] = noCache
		}
		if err := s.admit(reply, r, c, next); err != nil {
			s.refuse(reply, r, err)
		}
		s.check(reply, r, c)
	})
}

// admit takes the request as far as its handler. An error it returns has not been answered yet.
func (s *Server) admit(w *reply, r *http.Request, c *call, next http.Handler) error {
	if err := s.authenticate(r, c); err != nil {
		return err
	}
	if err := c.authorize(); err != nil {
		return err
	}
	if err := s.limiter.allow(w.Header(), r, c); err != nil {
		return err
	}
	return s.once(w, r, c, func() error {
		body, err := readBody(w, r, c.operation)
		if err != nil {
			return err
		}
		if len(body) > 0 && c.scheme() == schemeTenantAccess && r.Header["Content-Type"] == nil {
			r.Header.Set("Content-Type", "application/json") // the vendor's own example of these routes sends none
		}
		checked, err := c.operation.CheckRequest(r, body)
		if err != nil {
			return err
		}
		c.request = checked
		next.ServeHTTP(w, checked)
		return nil
	})
}

// check holds the reply against the contract; the body of a document that stands still, once. A reply that breaks it is our
// bug: logged, counted and answered 500.
func (s *Server) check(w *reply, r *http.Request, c *call) {
	var err error
	if w.proven != nil && w.proven.Load() {
		err = c.operation.CheckHead(w.status, w.Header())
	} else if err = c.operation.CheckResponse(w.status, w.Header(), w.body.Bytes()); err == nil && w.proven != nil {
		w.proven.Store(true)
	}
	if err == nil {
		return
	}
	s.metrics.violation(c.operation.ID)
	w.reset()
	s.refuse(w, r, &hallpass.Error{Kind: hallpass.KindInternal, Cause: errors.Join(err, c.err)})
}

// authorize holds the caller against the operation's x-callers and x-permission.
func (c *call) authorize() error {
	op := c.operation
	if len(op.Callers) > 0 && !slices.Contains(op.Callers, string(c.caller.Kind())) {
		return errForbidden
	}
	if c.caller != nil && c.caller.Session != nil && !c.caller.Session.Authorized() {
		return errNotAuthorizedYet
	}
	if op.Permission != "" && !c.caller.Grant().Has(hallpass.Permission(op.Permission)) {
		if c.claims != nil {
			return errNoTransactionRights
		}
		return errForbidden
	}
	return nil
}

var (
	errForbidden        = hallpass.Refuse(hallpass.KindForbidden, "The provided BT-API-KEY does not have the required permissions")
	errNotAuthorizedYet = hallpass.Refuse(hallpass.KindForbidden, "The session is not authorized yet.")
	errBodyTooLarge     = hallpass.Refuse(hallpass.KindTooLarge, "The request body is too large.")
	errBodyTooSlow      = hallpass.Refuse(hallpass.KindTimeout, "The request body did not arrive in time.")
	errBodyUnreadable   = hallpass.Invalid("body", "ended before it was whole")
)

// readBody reads the whole body, as far as the operation lets it grow. A body of a method that has no use for one is left
// alone (RFC 9110 section 9.3.1).
func readBody(w *reply, r *http.Request, op *contract.Operation) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || !changes(op.Method) {
		return nil, nil
	}
	if r.ContentLength > op.MaxBody {
		w.Header().Set("Connection", "close") // the rest of the body is not worth reading
		return nil, errBodyTooLarge
	}
	limited := http.MaxBytesReader(w.w, r.Body, op.MaxBody)
	var body []byte
	var err error
	if r.ContentLength >= 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(limited, body)
	} else {
		body, err = io.ReadAll(limited)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, errBodyTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errBodyTooSlow
	default:
		return nil, errBodyUnreadable
	}
}
