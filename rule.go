package hallpass

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Transform is how much of a token's data may be seen.
type Transform string

// The transforms, from least to most.
const (
	Redact Transform = "redact" // data is left out
	Mask   Transform = "mask"   // data is shown through the token's mask; left out where it has none
	Reveal Transform = "reveal" // data is shown plain
)

// atLeast reports whether t shows at least as much as other.
func (t Transform) atLeast(other Transform) bool {
	order := []Transform{Redact, Mask, Reveal}
	return slices.Index(order, t) >= slices.Index(order, other)
}

// ImplicitTransform is the transform of a permission that is granted without one (developers.basistheory.com, Concepts >
// Access Controls): reveal for token:use and for token:delete, which shows nothing; mask for all others.
func (p Permission) ImplicitTransform() Transform {
	if p == TokenUse || p == TokenDelete {
		return Reveal
	}
	return Mask
}

// Rule grants permissions on the tokens of a container, or on the tokens that meet all its conditions.
type Rule struct {
	Description string       `json:"description,omitempty"`
	Priority    int32        `json:"priority"`            // from 1; the lowest matching rule decides
	Container   string       `json:"container,omitempty"` // lower case; empty where conditions are given
	Conditions  []Condition  `json:"conditions,omitempty"`
	Transform   Transform    `json:"transform,omitempty"` // empty for the implicit transform of each permission
	Permissions []Permission `json:"permissions"`
}

// Condition compares an attribute of a token with a value, letter for letter.
type Condition struct {
	Attribute string `json:"attribute"` // id or container
	Operator  string `json:"operator"`  // equals or starts_with
	Value     string `json:"value"`
}

// The words of a condition.
const (
	AttributeID        = "id"
	AttributeContainer = "container"
	OperatorEquals     = "equals"
	OperatorStartsWith = "starts_with"
)

// Matches reports whether a token of that id, in that container, meets the condition.
func (c Condition) Matches(id, container string) bool {
	var attribute string
	switch c.Attribute {
	case AttributeID:
		attribute = id
	case AttributeContainer:
		attribute = container
	default:
		return false
	}
	switch c.Operator {
	case OperatorEquals:
		return attribute == c.Value
	case OperatorStartsWith:
		return strings.HasPrefix(attribute, c.Value)
	default:
		return false
	}
}

// Covers reports whether the rule speaks of a token of that id, in that container.
func (r *Rule) Covers(id, container string) bool {
	if r.Container != "" {
		return strings.HasPrefix(container, r.Container)
	}
	for _, c := range r.Conditions {
		if !c.Matches(id, container) {
			return false
		}
	}
	return len(r.Conditions) > 0
}

func (r *Rule) transformFor(p Permission) Transform {
	if r.Transform != "" {
		return r.Transform
	}
	return p.ImplicitTransform()
}

// Grant is what a caller may do: rules in order of priority, then permissions as one last rule over all tokens with their
// implicit transforms.
type Grant struct {
	Permissions []Permission `json:"permissions,omitempty"`
	Rules       []Rule       `json:"rules,omitempty"` // sorted by priority; see [NewGrant]
}

// NewGrant returns a grant with its rules in order of priority and their containers in lower case. The slices given are
// not changed.
func NewGrant(permissions []Permission, rules []Rule) Grant {
	g := Grant{Permissions: slices.Clone(permissions), Rules: slices.Clone(rules)}
	for i := range g.Rules {
		g.Rules[i].Container = strings.ToLower(g.Rules[i].Container)
	}
	slices.SortStableFunc(g.Rules, func(a, b Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	return g
}

// Empty reports whether the grant allows nothing at all.
func (g Grant) Empty() bool { return len(g.Permissions) == 0 && len(g.Rules) == 0 }

// Has reports whether the grant holds the permission for anything at all.
func (g Grant) Has(p Permission) bool {
	if slices.Contains(g.Permissions, p) {
		return true
	}
	return slices.ContainsFunc(g.Rules, func(r Rule) bool { return slices.Contains(r.Permissions, p) })
}

// Refusal is why a decision is no.
type Refusal string

// The refusals. The empty one means that the operation is allowed.
const (
	Allowed              Refusal = ""
	RefusedNoPermission  Refusal = "no rule or permission of the caller names the operation"
	RefusedNoRuleMatches Refusal = "no rule of the caller covers the token"
)

// Decision is what the grants say of one operation on one token: how much may be seen, or why not.
type Decision struct {
	Transform Transform // empty when refused
	Refusal   Refusal
}

// Allowed reports whether the operation may go ahead.
func (d Decision) Allowed() bool { return d.Refusal == Allowed }

// Decide says whether the grant allows the operation on the token of that id in that container. The first rule that
// holds the permission and covers the token decides (developers.basistheory.com, Concepts > Access Controls); the
// grant's own permissions come last.
func Decide(g Grant, operation Permission, id, container string) Decision {
	named := false
	for i := range g.Rules {
		r := &g.Rules[i]
		if !slices.Contains(r.Permissions, operation) {
			continue
		}
		if r.Covers(id, container) {
			return Decision{Transform: r.transformFor(operation)}
		}
		named = true
	}
	if slices.Contains(g.Permissions, operation) {
		return Decision{Transform: operation.ImplicitTransform()}
	}
	if named {
		return Decision{Refusal: RefusedNoRuleMatches}
	}
	return Decision{Refusal: RefusedNoPermission}
}

// containerPattern is what a container looks like: it starts and ends with a slash and has no empty segment.
var containerPattern = regexp.MustCompile(`^/(?:[A-Za-z0-9_-]+/)*$`)

// ValidContainer reports whether text names a container.
func ValidContainer(text string) bool { return len(text) <= 400 && containerPattern.MatchString(text) }

// CheckApplicationGrant notes everything that is wrong with a grant for an application of type t, member by member.
func CheckApplicationGrant(f *Fields, t ApplicationType, permissions []Permission, rules []Rule) {
	h := applicationHolder(t)
	h.check(f, "permissions", permissions)
	if t == Management && len(rules) > 0 {
		f.Add("rules", "are not supported for management applications")
		return
	}
	checkRules(f, h, rules, func(path string, r *Rule) {
		if len(r.Conditions) > 0 {
			f.Add(path+".conditions", "are only supported in the rules of a session")
		}
		if r.Container == "" {
			f.Add(path+".container", "is required")
		}
	})
}

// CheckSessionGrant notes everything that is wrong with a grant for a session, member by member.
func CheckSessionGrant(f *Fields, permissions []Permission, rules []Rule) {
	if len(permissions) == 0 && len(rules) == 0 {
		f.Add("permissions", "must not be empty when rules are empty")
		f.Add("rules", "must not be empty when permissions are empty")
		return
	}
	sessionHolder.check(f, "permissions", permissions)
	checkRules(f, sessionHolder, rules, func(path string, r *Rule) {
		switch {
		case r.Container != "" && len(r.Conditions) > 0:
			f.Add(path, "must not have both a container and conditions")
		case r.Container == "" && len(r.Conditions) == 0:
			f.Add(path, "must have a container or conditions")
		}
	})
}

func checkRules(f *Fields, h holder, rules []Rule, checkScope func(path string, r *Rule)) {
	seen := map[int32]bool{}
	for i := range rules {
		r, path := &rules[i], at("rules", i)
		switch {
		case r.Priority < 1:
			f.Add(path+".priority", "is required and starts at 1")
		case seen[r.Priority]:
			f.Add(path+".priority", "must be unique among the rules")
		}
		seen[r.Priority] = true
		checkScope(path, r)
		if r.Container != "" && !ValidContainer(r.Container) {
			f.Add(path+".container", "must be a container such as /pci/high/")
		}
		for j, c := range r.Conditions {
			c.check(f, at(path+".conditions", j))
		}
		if r.Transform != "" && r.Transform != Redact && r.Transform != Mask && r.Transform != Reveal {
			f.Add(path+".transform", "must be one of: redact, mask, reveal")
		}
		if len(r.Permissions) == 0 {
			f.Add(path+".permissions", "is required")
		}
		h.check(f, path+".permissions", r.Permissions)
	}
}

func (c Condition) check(f *Fields, path string) {
	if c.Attribute != AttributeID && c.Attribute != AttributeContainer {
		f.Add(path+".attribute", "must be one of: id, container")
	}
	if c.Operator != OperatorEquals && c.Operator != OperatorStartsWith {
		f.Add(path+".operator", "must be one of: equals, starts_with")
	}
	if c.Value == "" {
		f.Add(path+".value", "is required")
	}
}

func at(path string, index int) string { return path + "[" + strconv.Itoa(index) + "]" }
