package handlers

import (
	"encoding/json"
	"errors"
	"net/http"

	"hallpass"
	"hallpass/gen"
)

// kinds is the one table between the kinds of error inside and the statuses on the wire.
var kinds = map[hallpass.Kind]struct {
	status int
	title  string
	oauth  string // RFC 6749 section 5.2
}{
	hallpass.KindInternal:        {http.StatusInternalServerError, "Internal Server Error", "server_error"},
	hallpass.KindInvalid:         {http.StatusBadRequest, "Bad Request", "invalid_request"},
	hallpass.KindUnauthenticated: {http.StatusUnauthorized, "Unauthorized", "invalid_client"},
	hallpass.KindForbidden:       {http.StatusForbidden, "Forbidden", "unauthorized_client"},
	hallpass.KindNotFound:        {http.StatusNotFound, "Not Found", "invalid_request"},
	hallpass.KindNoRoute:         {http.StatusNotFound, "Not Found", "invalid_request"},
	hallpass.KindMethod:          {http.StatusMethodNotAllowed, "Method Not Allowed", "invalid_request"},
	hallpass.KindConflict:        {http.StatusConflict, "Conflict", "invalid_request"},
	hallpass.KindTimeout:         {http.StatusRequestTimeout, "Request Timeout", "invalid_request"},
	hallpass.KindTooLarge:        {http.StatusRequestEntityTooLarge, "Payload Too Large", "invalid_request"},
	hallpass.KindMediaType:       {http.StatusUnsupportedMediaType, "Unsupported Media Type", "invalid_request"},
	hallpass.KindUnprocessable:   {http.StatusUnprocessableEntity, "Unprocessable Entity", "invalid_request"},
	hallpass.KindTooMany:         {http.StatusTooManyRequests, "Too Many Requests", "temporarily_unavailable"},
}

// titleInvalid is the vendor's title for every refusal that names members.
const titleInvalid = "One or more validation errors occurred."

// detailInternal is all that a caller learns of our faults.
const detailInternal = "Something went wrong on the server's side."

// refuse writes the answer to an error. An error that nobody classified says nothing outside and everything in the log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	c := callOf(r.Context())
	c.err = err
	var refusal *hallpass.Error
	if !errors.As(err, &refusal) || refusal.Kind == hallpass.KindInternal {
		refusal = hallpass.Refuse(hallpass.KindInternal, detailInternal)
	}
	kind := kinds[refusal.Kind]
	problem := gen.Problem{Title: kind.title, Status: int32(kind.status), Detail: refusal.Detail}
	if len(refusal.Fields) > 0 {
		problem.Title = titleInvalid
		fields := gen.ProblemErrors(refusal.Fields)
		problem.Errors = &fields
	}
	var body any = problem
	if c.operation != nil {
		body = c.dialect(w.Header(), refusal, problem)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(kind.status)
	_ = json.NewEncoder(w).Encode(body) // into a buffer
}

// dialect gives a refusal the words and headers of the operation's own API.
func (c *call) dialect(header http.Header, refusal *hallpass.Error, p gen.Problem) any {
	switch scheme := c.scheme(); scheme {
	case schemeTenantAccess, schemeCreationToken:
		if refusal.Kind == hallpass.KindUnauthenticated {
			header.Set("WWW-Authenticate", "Bearer")
		}
		if refusal.Kind == hallpass.KindInvalid && refusal.Detail == hallpass.DetailInvalid {
			p.Detail = hallpass.ErrTransaction.Detail
		}
	case schemeClient:
		if refusal.Kind == hallpass.KindUnauthenticated {
			header.Set("WWW-Authenticate", "Basic")
		}
		return gen.OAuthProblem{
			Error: oauthCode(refusal), ErrorDescription: p.Detail, Title: p.Title, Status: p.Status, Detail: p.Detail, Errors: p.Errors,
		}
	}
	return p
}

// refuseUnreadable answers what the generated code could not bind. Its own text may repeat what the caller sent, so it goes
// nowhere, not even into the log.
func (s *Server) refuseUnreadable(w http.ResponseWriter, r *http.Request, _ error) {
	s.refuse(w, r, hallpass.Refuse(hallpass.KindInvalid, "The request cannot be read."))
}
