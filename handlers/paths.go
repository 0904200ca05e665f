package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"hallpass"
	"hallpass/contract"
)

// canonicalPaths makes /x and /x/ one path: the one that the contract spells.
type canonicalPaths struct {
	slashed map[string]bool     // paths that the contract spells with a trailing slash
	methods map[string][]string // methods of the paths that the contract spells out, without parameters
}

func newCanonicalPaths(c *contract.Contract) canonicalPaths {
	p := canonicalPaths{slashed: map[string]bool{}, methods: map[string][]string{}}
	for _, op := range c.Operations() {
		if !strings.Contains(op.Template, "{") {
			p.methods[op.Template] = append(p.methods[op.Template], op.Method)
		}
		if strings.HasSuffix(op.Template, "/") {
			p.slashed[op.Template] = true
		}
	}
	return p
}

// of returns the contract's spelling of path.
func (p canonicalPaths) of(path string) string {
	trimmed, slashed := strings.CutSuffix(path, "/")
	switch {
	case slashed && !p.slashed[path] && trimmed != "":
		return trimmed
	case !slashed && p.slashed[path+"/"]:
		return path + "/"
	}
	return path
}

// spelled reports whether the path is one that the contract spells out: then a template that matches it as well, such as
// /applications/{id} for /applications/key, is not meant.
func (p canonicalPaths) spelled(path string) bool { return p.methods[path] != nil }

// canonical returns the request with another path, and with GET in place of HEAD.
func canonical(r *http.Request, path string) *http.Request {
	u := *r.URL
	u.Path, u.RawPath = path, ""
	shallow := *r
	shallow.URL = &u
	if shallow.Method == http.MethodHead {
		shallow.Method = http.MethodGet
	}
	return &shallow
}

func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, hallpass.Refuse(hallpass.KindNoRoute, "There is nothing at this path."))
}

// noMethod answers OPTIONS for any path that exists, and 405 for every other method that the path does not have. Both name
// the methods that it has.
func (s *Server) noMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", strings.Join(s.methods(r), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.refuse(w, r, hallpass.Refuse(hallpass.KindMethod, "The method is not supported at this path."))
}

func (s *Server) methods(r *http.Request) []string {
	if spelled := s.paths.methods[r.URL.Path]; spelled != nil {
		return answered(spelled)
	}
	var found []string
	probe := *r
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe.Method = method
		var match mux.RouteMatch
		if s.router.Match(&probe, &match) && match.MatchErr == nil {
			found = append(found, method)
		}
	}
	return answered(found)
}

// answered adds the methods that are answered wherever others are.
func answered(methods []string) []string {
	allowed := append([]string{http.MethodOptions}, methods...)
	if slices.Contains(methods, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	return allowed
}
