package hallpass_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

func TestTokenReachIsWhatDecideAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := hallpass.NewGrant(drawPermissions(t, 0), drawRules(t, true))
		operation, id, container := drawPermission(t), drawID(t), drawContainer(t)
		covered := slices.ContainsFunc(hallpass.Reach(g, operation), func(s hallpass.Scope) bool {
			return s.Covers(id, container)
		})
		if allowed := hallpass.Decide(g, operation, id, container).Allowed(); covered != allowed {
			t.Fatalf("covered %v, allowed %v", covered, allowed)
		}
	})
}

func TestTokenCouldAllowRefusesNothingThatDecideAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := hallpass.NewGrant(drawPermissions(t, 0), drawRules(t, true))
		operation, id, container := drawPermission(t), drawID(t), drawContainer(t)
		if hallpass.Decide(g, operation, id, container).Allowed() && !hallpass.CouldAllow(g, operation, id) {
			t.Fatal("allowed, but it could not be")
		}
	})
}

func TestTokenHoldsOnContainerMeansOnAllWithin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := hallpass.NewGrant(drawPermissions(t, 0), drawRules(t, true))
		operation, container := drawPermission(t), drawContainer(t)
		within := container + rapid.SampledFrom([]string{"", "a/", "b/c/", "high/"}).Draw(t, "within")
		if hallpass.HoldsOnContainer(g, operation, container) &&
			!hallpass.Decide(g, operation, drawID(t), within).Allowed() {
			t.Fatalf("held on %s, but not allowed in %s", container, within)
		}
	})
}

func TestTokenReach(t *testing.T) {
	t.Parallel()
	const read = hallpass.TokenRead
	for _, c := range []struct {
		name string
		held permissions
		by   rules
		want []hallpass.Scope
	}{
		{"nothing held, nothing reached", nil, nil, nil},
		{"a permission reaches all", permissions{read}, rules{in(1, "/pci/", "", read)}, []hallpass.Scope{{}}},
		{"another permission reaches nothing", permissions{hallpass.TokenCreate}, rules{in(1, "/", "", hallpass.TokenUse)}, nil},
		{
			"each rule reaches its container, once", nil,
			rules{in(1, "/pci/", "mask", read), in(2, "/pii/", "", read), in(3, "/pci/", "reveal", read)},
			[]hallpass.Scope{{begins("container", "/pci/")}, {begins("container", "/pii/")}},
		},
		{
			"conditions go together", nil, rules{where(1, "", read, is("id", "1"), begins("container", "/a"))},
			[]hallpass.Scope{{is("id", "1"), begins("container", "/a")}},
		},
		{
			"a rule that covers nothing reaches nothing", nil,
			rules{where(1, "", read), where(2, "", read, is("colour", "red")), where(3, "", read, is("id", "\x00"))}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "reach", hallpass.Reach(hallpass.NewGrant(c.held, c.by), read), c.want)
		})
	}
}

func TestTokenCouldAllow(t *testing.T) {
	t.Parallel()
	const read = hallpass.TokenRead
	for _, c := range []struct {
		name string
		held permissions
		by   rules
		want bool
	}{
		{"nothing", nil, nil, false},
		{"the permission", permissions{read}, nil, true},
		{"another permission", permissions{hallpass.TokenUse}, nil, false},
		{"a container that the token may be in", nil, rules{in(1, "/pci/", "", read)}, true},
		{"its id", nil, rules{where(1, "", read, is("id", aToken))}, true},
		{"another id", nil, rules{where(1, "", read, is("id", bToken))}, false},
		{"another id, and a container", nil, rules{where(1, "", read, begins("container", "/"), is("id", bToken))}, false},
		{"the beginning of its id, and a container", nil, rules{where(1, "", read, begins("id", "c0"), is("container", "/a/"))}, true},
		{"another id, but also a container", nil, rules{where(1, "", read, is("id", bToken)), in(2, "/a/", "", read)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "could allow", hallpass.CouldAllow(hallpass.NewGrant(c.held, c.by), read, aToken), c.want)
		})
	}
}

func TestTokenHoldsOnContainer(t *testing.T) {
	t.Parallel()
	const read = hallpass.TokenRead
	for _, c := range []struct {
		name, container string
		held            permissions
		by              rules
		want            bool
	}{
		{"with the permission", "/a/", permissions{read}, nil, true},
		{"on the container itself", "/PCI/", nil, rules{in(1, "/pci/", "", read)}, true},
		{"on one around it", "/pci/high/", nil, rules{in(1, "/pci/", "", read)}, true},
		{"not on one within it", "/pci/", nil, rules{in(1, "/pci/high/", "", read)}, false},
		{"on the beginning of its name", "/pci/", nil, rules{where(1, "", read, begins("container", "/p"))}, true},
		{"not on exactly the container, for there are others within", "/pci/", nil, rules{where(1, "", read, is("container", "/pci/"))}, false},
		{"not on one token of it", "/pci/", nil, rules{where(1, "", read, begins("container", "/pci/"), is("id", "1"))}, false},
		{"not for another operation", "/pci/", nil, rules{in(1, "/pci/", "", hallpass.TokenUse)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "holds", hallpass.HoldsOnContainer(hallpass.NewGrant(c.held, c.by), read, c.container), c.want)
		})
	}
}
