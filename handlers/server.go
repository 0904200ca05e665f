// Package handlers speaks HTTP: it holds every request and every response against the contract, establishes who calls,
// and translates between the generated types and the domain.
//
// A request passes, in order: the reply buffer with recovery and the one log record ([Server.ServeHTTP]); CORS; the
// router (paths.go); the contract middleware (guard.go), which authenticates, authorizes, checks parameters and body, runs the
// generated binding and the handler, and checks the reply; and out. Handlers return errors; only errors.go turns an error
// into a status and a body.
package handlers

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/cors"

	"hallpass"
	"hallpass/contract"
	"hallpass/expression"
	"hallpass/gen"
	"hallpass/pages"
	"hallpass/store"
)

// Config is what a server is made of. Contract, Store, Now, Random and Log are required.
type Config struct {
	Contract hallpass.ContractDocument
	Store    *store.DB
	Now      func() time.Time
	Random   io.Reader
	Log      *slog.Logger
	Metrics  prometheus.Registerer // nil for none

	SessionMaxTTL    time.Duration // longest life of an authorized session, from its creation; 24 hours where zero
	CreationTokenTTL time.Duration // life of a session creation token; 30 minutes where zero
	AccessTokenTTL   time.Duration // life of a tenant access token from POST /oauth2/token; one hour where zero
	PublicURL        string        // what accessUrl and the API catalog begin with; http(s)://Host of the request where empty
	CORSOrigins      []string      // origins that browsers may call from; none where empty
	RateLimit        RateLimit     // requests per caller; unlimited where zero
	LogRetention     time.Duration // how long entries of the audit log are kept; 24 hours where zero
	TokenizeQuota    int           // tokens that one tokenize request makes at most; 5 where zero
	DetokenizeQuota  int           // expressions in one detokenize request at most; 5 where zero
	DevelopmentKeys  *pages.Keys   // what the reference page has at hand, for everybody to see; nil but in development
}

// Server answers requests as the contract says.
type Server struct {
	Config
	contract    *contract.Contract
	documents   documents
	paths       canonicalPaths
	routers     routers
	chain       http.Handler // CORS, then a router
	signing     *signing
	expressions *expression.Engine
	metrics     *metrics
	limiter     *limiter
}

var _ gen.StrictServerInterface = (*Server)(nil)

// New prepares a server. It fails where the contract is not valid, or names an operation that the generated code does not
// serve.
func New(ctx context.Context, c Config) (*Server, error) {
	c.SessionMaxTTL = orDefault(c.SessionMaxTTL, 24*time.Hour)
	c.CreationTokenTTL = orDefault(c.CreationTokenTTL, 30*time.Minute)
	c.AccessTokenTTL = orDefault(c.AccessTokenTTL, time.Hour)
	c.LogRetention = orDefault(c.LogRetention, 24*time.Hour)
	c.TokenizeQuota = orDefault(c.TokenizeQuota, hallpass.TokenizeQuota)
	c.DetokenizeQuota = orDefault(c.DetokenizeQuota, hallpass.DetokenizeQuota)
	prepared, err := contract.Load(c.Contract.Checked)
	if err != nil {
		return nil, err
	}
	about := pages.About{Version: prepared.Document().Info.Version, Keys: c.DevelopmentKeys}
	s := &Server{
		Config: c, contract: prepared, documents: newDocuments(c.Contract, about),
		limiter: newLimiter(c.RateLimit, c.Now), expressions: expression.New(c.Random),
	}
	if s.signing, err = newSigning(ctx, c.Store); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(c.Metrics, prepared, c.Store, c.Now)
	s.paths = newCanonicalPaths(prepared)
	if s.routers, err = s.newRouters(); err != nil {
		return nil, err
	}
	s.chain = s.withCORS(s.routers)
	return s, nil
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// newRouters routes the generated handlers, each bound to its operation.
func (s *Server) newRouters() (routers, error) {
	strict := gen.NewStrictHandlerWithOptions(s, nil, gen.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  s.refuseUnreadable,
		ResponseErrorHandlerFunc: s.refuse,
	})
	generated := mux.NewRouter()
	gen.HandlerWithOptions(strict, gen.GorillaServerOptions{BaseRouter: generated, ErrorHandlerFunc: s.refuseUnreadable})
	if err := s.contract.Bind(generated); err != nil {
		return nil, err
	}
	return newRouters(generated, func(router *mux.Router) {
		router.NotFoundHandler = http.HandlerFunc(s.noRoute)
		router.MethodNotAllowedHandler = http.HandlerFunc(s.noMethod)
		router.Use(s.guard)
	})
}

// requestHeaders are those that the vendor's browser SDKs send, and the transaction routes' own.
var requestHeaders = []string{
	"Accept", "Authorization", "BT-API-KEY", "BT-CLIENT-USER-AGENT", "BT-DEVICE-INFO", "BT-IDEMPOTENCY-KEY", "BT-TRACE-ID",
	"Content-Type", "X-Fern-Language", "X-Fern-SDK-Name", "X-Fern-SDK-Version", "X-Tenant",
}

func (s *Server) withCORS(next http.Handler) http.Handler {
	if len(s.CORSOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: s.CORSOrigins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: requestHeaders,
		ExposedHeaders: []string{"BT-TRACE-ID", "Location"},
		MaxAge:         600, // seconds that a browser may remember a preflight
	}).Handler(next)
}

// ServeHTTP answers one request. Whatever happens inside, the answer is whole, in the contract's words, and leaves one
// log record.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{started: s.Now()}
	reply := newReply(w)
	defer reply.free()
	s.answer(reply, r, c)
	reply.send(r.Method)
	s.logRequest(r, c, reply)
}

func (s *Server) answer(reply *reply, r *http.Request, c *call) {
	defer func() {
		if p := recover(); p != nil {
			c.err = panicked(p)
			reply.reset()
			s.refuse(reply, r.WithContext(withCall(r.Context(), c)), c.err)
		}
	}()
	header := reply.Header()
	header["X-Content-Type-Options"] = noSniff
	header["Cache-Control"] = noStore
	c.trace = s.trace(r)
	header[headerTraceID] = []string{c.trace}

	r = r.WithContext(withCall(r.Context(), c))
	path := s.paths.of(r.URL.Path)
	if path != r.URL.Path || r.Method == http.MethodHead {
		r = canonical(r, path)
	}
	s.chain.ServeHTTP(reply, r)
}
