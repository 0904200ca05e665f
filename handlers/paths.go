package handlers

import (
	"errors"
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

// routers are the routes by method and layout of their paths, and once more by layout alone, for what no route of the method
// matches. A router tries its routes one by one, each with a regular expression; so it tries few.
type routers map[layout]*mux.Router

// layout is what requests of one route have in common.
type layout struct {
	method  string // empty for any
	first   string // segment of the path
	slashes int
}

func layoutOf(method, path string) layout {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return layout{method, first, strings.Count(path, "/")}
}

// newRouters distributes the routes of one router. What they need besides, prepare gives each.
func newRouters(all *mux.Router, prepare func(*mux.Router)) (routers, error) {
	list := routers{}
	list.add(layout{}, prepare) // has what else there is: nothing
	err := all.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		template, templateErr := route.GetPathTemplate()
		methods, methodsErr := route.GetMethods()
		if err := errors.Join(templateErr, methodsErr); err != nil {
			return err
		}
		for _, method := range append(methods, "") {
			l := layoutOf(method, template)
			if list[l] == nil {
				list.add(l, prepare)
			}
			err := list[l].Handle(template, route.GetHandler()).Methods(methods...).Name(route.GetName()).GetError()
			if err != nil {
				return err
			}
		}
		return nil
	})
	for l, router := range list {
		if l.method != "" {
			l.method = ""
			router.NotFoundHandler = list[l]
		}
	}
	return list, err
}

func (rs routers) add(l layout, prepare func(*mux.Router)) {
	rs[l] = mux.NewRouter().SkipClean(true)
	prepare(rs[l])
}

// of returns the router for a method and path.
func (rs routers) of(method, path string) *mux.Router {
	l := layoutOf(method, path)
	if router := rs[l]; router != nil {
		return router
	}
	l.method = ""
	if router := rs[l]; router != nil {
		return router
	}
	return rs[layout{}]
}

// ServeHTTP implements http.Handler.
func (rs routers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rs.of(r.Method, r.URL.Path).ServeHTTP(w, r)
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
		if s.routers.of("", r.URL.Path).Match(&probe, &match) && match.MatchErr == nil {
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
