package handlers

import (
	"time"

	"hallpass"
	"hallpass/gen"
)

// This file translates between the contract's types and the domain's where several resources need it.

// given returns the value that p points to, or the zero value: absent and null are alike in requests.
func given[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// unlessZero returns nil for the zero value, so that an absent member is left out.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func wireInstant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := hallpass.FormatInstant(t)
	return &s
}

func permissionsOf(names *[]string) []hallpass.Permission {
	list := make([]hallpass.Permission, 0, len(given(names)))
	for _, name := range given(names) {
		list = append(list, hallpass.Permission(name))
	}
	return list
}

func wirePermissions(list []hallpass.Permission) *[]string {
	names := make([]string, 0, len(list))
	for _, p := range list {
		names = append(names, string(p))
	}
	return &names
}

func rulesOf(wire *[]gen.AccessRule) []hallpass.Rule {
	rules := make([]hallpass.Rule, 0, len(given(wire)))
	for _, r := range given(wire) {
		rule := hallpass.Rule{
			Description: given(r.Description), Priority: given(r.Priority), Container: given(r.Container),
			Transform: hallpass.Transform(given(r.Transform)), Permissions: permissionsOf(r.Permissions),
		}
		for _, c := range given(r.Conditions) {
			rule.Conditions = append(rule.Conditions, hallpass.Condition{
				Attribute: string(c.Attribute), Operator: string(c.Operator), Value: c.Value,
			})
		}
		rules = append(rules, rule)
	}
	return rules
}

// wireRules returns nil where there are none, so that the member is left out.
func wireRules(rules []hallpass.Rule) *[]gen.AccessRule {
	if len(rules) == 0 {
		return nil
	}
	wire := make([]gen.AccessRule, 0, len(rules))
	for i := range rules {
		r := &rules[i]
		rule := gen.AccessRule{
			Description: unlessZero(r.Description), Priority: &r.Priority, Container: unlessZero(r.Container),
			Transform: unlessZero(string(r.Transform)), Permissions: wirePermissions(r.Permissions),
		}
		if len(r.Conditions) > 0 {
			conditions := make([]gen.Condition, 0, len(r.Conditions))
			for _, c := range r.Conditions {
				conditions = append(conditions, gen.Condition{
					Attribute: gen.ConditionAttribute(c.Attribute), Operator: gen.ConditionOperator(c.Operator), Value: c.Value,
				})
			}
			rule.Conditions = &conditions
		}
		wire = append(wire, rule)
	}
	return &wire
}
