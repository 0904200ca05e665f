package hallpass

import (
	"slices"
	"strings"
)

// Scope is a set of tokens: those that meet all of its conditions. The empty scope is all tokens.
type Scope []Condition

// Covers reports whether a token of that id, in that container, is in the scope.
func (s Scope) Covers(id, container string) bool {
	for _, c := range s {
		if !c.Matches(id, container) {
			return false
		}
	}
	return true
}

// Reach returns the scopes whose union is the tokens on which the grant allows the operation: exactly those for which
// [Decide] allows it. None means no token at all. It lets the store leave out what no rule covers; how much of each token
// may be seen is still for Decide to say, token by token.
func Reach(g Grant, operation Permission) []Scope {
	if slices.Contains(g.Permissions, operation) {
		return []Scope{{}}
	}
	var scopes []Scope
	for i := range g.Rules {
		r := &g.Rules[i]
		if !slices.Contains(r.Permissions, operation) {
			continue
		}
		s, covers := r.Scope()
		if covers && !slices.ContainsFunc(scopes, func(other Scope) bool { return slices.Equal(s, other) }) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

// Scope returns the tokens that the rule covers, whatever it permits on them. It reports false where it covers none.
func (r *Rule) Scope() (Scope, bool) {
	if r.Container != "" {
		return Scope{{Attribute: AttributeContainer, Operator: OperatorStartsWith, Value: r.Container}}, true
	}
	for _, c := range r.Conditions {
		if !c.sound() {
			return nil, false
		}
	}
	return slices.Clone(r.Conditions), len(r.Conditions) > 0
}

// sound reports whether the condition is one that a token can meet.
func (c Condition) sound() bool {
	return storable(c.Value) && (c.Attribute == AttributeID || c.Attribute == AttributeContainer) &&
		(c.Operator == OperatorEquals || c.Operator == OperatorStartsWith)
}

// CouldAllow reports whether the grant might allow the operation on the token of that id, whatever its container. Where
// it could not, the caller is refused before anything is looked up, so that the answer does not tell whether there is
// such a token.
func CouldAllow(g Grant, operation Permission, id string) bool {
	return slices.ContainsFunc(Reach(g, operation), func(s Scope) bool {
		return !slices.ContainsFunc(s, func(c Condition) bool {
			return c.Attribute == AttributeID && !c.Matches(id, "")
		})
	})
}

// HoldsOnContainer reports whether the grant allows the operation on every token of the container and of those within
// it, as a caller must who lists or searches with a container given.
func HoldsOnContainer(g Grant, operation Permission, container string) bool {
	container = strings.ToLower(container)
	return slices.ContainsFunc(Reach(g, operation), func(s Scope) bool {
		return !slices.ContainsFunc(s, func(c Condition) bool {
			return c.Attribute != AttributeContainer || c.Operator != OperatorStartsWith ||
				!strings.HasPrefix(container, c.Value)
		})
	})
}
