package hallpass

import (
	"slices"
	"strings"
)

// Within reports whether everything that the grant allows, holder allows too, with a transform that shows at least as
// much. It is the check behind the tenant setting strict_session_grants. It errs on the side of no: a condition on the
// id of a token says nothing of its container, so only a holder whose reach is all tokens contains it.
func (g Grant) Within(holder Grant) bool {
	for _, p := range g.Permissions {
		if !holder.reaches(p, "", p.ImplicitTransform()) {
			return false
		}
	}
	for i := range g.Rules {
		r := &g.Rules[i]
		for _, p := range r.Permissions {
			if !holder.reaches(p, r.scope(), r.transformFor(p)) {
				return false
			}
		}
	}
	return true
}

// scope is the longest prefix that the container of every token covered by the rule is known to have.
func (r *Rule) scope() string {
	scope := r.Container
	for _, c := range r.Conditions {
		if c.Attribute == AttributeContainer && len(c.Value) > len(scope) {
			scope = c.Value
		}
	}
	return scope
}

// reaches reports whether the grant allows p, showing at least t, on every token whose container begins with scope,
// whatever its id. Rules are read in order of priority up to the one that covers the whole scope; each one before it that
// covers a part must show enough as well.
func (g Grant) reaches(p Permission, scope string, t Transform) bool {
	for i := range g.Rules {
		r := &g.Rules[i]
		if !slices.Contains(r.Permissions, p) {
			continue
		}
		whole := r.Container != "" && (strings.HasPrefix(scope, r.Container) || r.Container == "/")
		part := r.Container == "" || strings.HasPrefix(r.Container, scope)
		if (whole || part) && !r.transformFor(p).atLeast(t) {
			return false
		}
		if whole {
			return true
		}
	}
	return slices.Contains(g.Permissions, p) && p.ImplicitTransform().atLeast(t)
}
