package hallpass_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

// Generators: a small world, so that rules overlap often.

var tokenPermissions = permissions{
	hallpass.TokenCreate, hallpass.TokenRead, hallpass.TokenUpdate, hallpass.TokenDelete, hallpass.TokenSearch, hallpass.TokenUse,
}

func drawPermission(t *rapid.T) hallpass.Permission {
	return rapid.SampledFrom(tokenPermissions[:4]).Draw(t, "permission")
}

func drawPermissions(t *rapid.T, atLeast int) permissions {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(tokenPermissions), atLeast, 3, rapid.ID).Draw(t, "permissions")
}

func drawContainer(t *rapid.T) string {
	return rapid.SampledFrom([]string{"/", "/a/", "/a/b/", "/a/b/c/", "/ab/", "/b/", "/b/a/"}).Draw(t, "container")
}

func drawID(t *rapid.T) string {
	return rapid.SampledFrom([]string{"1", "12", "2", "21"}).Draw(t, "id")
}

func drawCondition(t *rapid.T) hallpass.Condition {
	c := hallpass.Condition{
		Attribute: rapid.SampledFrom([]string{"id", "container"}).Draw(t, "attribute"),
		Operator:  rapid.SampledFrom([]string{"equals", "starts_with"}).Draw(t, "operator"),
	}
	if c.Attribute == "id" {
		c.Value = drawID(t)
	} else {
		c.Value = rapid.SampledFrom([]string{"/", "/a", "/a/", "/a/b/", "/b", "/ab/", "/A/"}).Draw(t, "value")
	}
	return c
}

func drawRules(t *rapid.T, withConditions bool) rules {
	priorities := rapid.SliceOfNDistinct(rapid.Int32Range(1, 9), 0, 4, rapid.ID).Draw(t, "priorities")
	var list rules
	for _, priority := range priorities {
		r := hallpass.Rule{
			Priority: priority, Permissions: drawPermissions(t, 1),
			Transform: rapid.SampledFrom([]hallpass.Transform{"", "redact", "mask", "reveal"}).Draw(t, "transform"),
		}
		if withConditions && rapid.Bool().Draw(t, "by conditions") {
			r.Conditions = rapid.SliceOfN(rapid.Custom(drawCondition), 1, 3).Draw(t, "conditions")
		} else {
			r.Container = drawContainer(t)
		}
		list = append(list, r)
	}
	return list
}

func TestWithin(t *testing.T) {
	t.Parallel()
	const (
		read = hallpass.TokenRead
		use  = hallpass.TokenUse
	)
	plain := func(p ...hallpass.Permission) hallpass.Grant { return hallpass.NewGrant(p, nil) }
	by := func(r ...hallpass.Rule) hallpass.Grant { return hallpass.NewGrant(nil, r) }
	for _, c := range []struct {
		promise       string
		inner, holder hallpass.Grant
		want          bool
	}{
		{"nothing is within nothing", plain(), plain(), true},
		{"something is not", plain(read), plain(), false},
		{"a permission is within itself", plain(read, use), plain(use, read), true},
		{"another permission is not", plain(use), plain(read), false},
		{"a rule is within the permission that shows as much", by(in(1, "/pci/", "mask", read)), plain(read), true},
		{"but not when it shows more", by(in(1, "/pci/", "reveal", read)), plain(read), false},
		{"a sub-container is within its container", by(in(1, "/pci/high/", "mask", read)), by(in(5, "/pci/", "reveal", read)), true},
		{"a container is not within its sub-container", by(in(1, "/pci/", "mask", read)), by(in(5, "/pci/high/", "reveal", read)), false},
		{"the holder's earlier rule on a part must show enough too", by(in(1, "/pci/", "mask", read)),
			by(in(1, "/pci/high/", "redact", read), in(2, "/pci/", "reveal", read)), false},
		{"a part that is beside it does not matter", by(in(1, "/pci/low/", "mask", read)),
			by(in(1, "/pci/high/", "redact", read), in(2, "/pci/", "reveal", read)), true},
		{"so must its earlier rule on a single token", by(in(1, "/pci/", "mask", read)),
			by(where(1, "redact", read, is("id", aToken)), in(2, "/pci/", "reveal", read)), false},
		{"a condition on the container counts as one", by(where(1, "mask", read, begins("container", "/pci/high/"))), by(in(1, "/pci/", "reveal", read)), true},
		{"of several, the narrowest counts", by(where(1, "mask", read, begins("container", "/pci/high/"), begins("container", "/"))), by(in(1, "/pci/", "reveal", read)), true},
		{"a beginning that reaches further does not", by(where(1, "mask", read, begins("container", "/pc"))), by(in(1, "/pci/", "reveal", read)), false},
		{"an id says nothing of its container", by(where(1, "mask", read, is("id", aToken))), by(in(1, "/pci/", "reveal", read)), false},
		{"but all tokens hold it", by(where(1, "mask", read, is("id", aToken))), by(in(1, "/", "reveal", read)), true},
		{"a plain permission needs all tokens", plain(read), by(in(1, "/pci/", "reveal", read)), false},
		{"which the root container is", plain(read), by(in(1, "/", "mask", read)), true},
		{"redacted all over is not enough for it", plain(read), by(in(1, "/", "redact", read)), false},
		{"a holder's rules may add up to its permissions", by(in(1, "/pci/", "mask", read)),
			hallpass.NewGrant(permissions{read}, rules{in(1, "/users/", "redact", read)}), true},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "within", c.inner.Within(c.holder), c.want)
		})
	}
}

func TestWithinAllowsNothingThatTheHolderDoesNot(t *testing.T) {
	t.Parallel()
	order := []hallpass.Transform{hallpass.Redact, hallpass.Mask, hallpass.Reveal}
	rapid.Check(t, func(t *rapid.T) {
		holder := hallpass.NewGrant(drawPermissions(t, 0), drawRules(t, rapid.Bool().Draw(t, "the holder is a session")))
		for range 5 {
			inner := drawInner(t, holder)
			if !inner.Within(holder) {
				continue
			}
			for _, operation := range tokenPermissions {
				for _, container := range []string{"/", "/a/", "/a/b/", "/a/b/c/", "/ab/", "/b/", "/b/a/", "/c/"} {
					for _, id := range []string{"1", "12", "121", "2", "21", "3"} {
						got := hallpass.Decide(inner, operation, id, container)
						if !got.Allowed() {
							continue
						}
						most := hallpass.Decide(holder, operation, id, container)
						if !most.Allowed() || slices.Index(order, most.Transform) < slices.Index(order, got.Transform) {
							t.Fatalf("%s on %s in %s: the inner grant gives %q, the holder %q", operation, id, container, said(got), said(most))
						}
					}
				}
			}
		}
	})
}

// drawInner draws a grant that often lies within the holder's: any, a part of the holder's, or one narrow rule.
func drawInner(t *rapid.T, holder hallpass.Grant) hallpass.Grant {
	switch rapid.IntRange(0, 3).Draw(t, "inner") {
	case 0:
		return hallpass.NewGrant(drawPermissions(t, 0), drawRules(t, true))
	case 1:
		held := hallpass.NewGrant(holder.Permissions, holder.Rules)
		if n := len(held.Rules); n > 0 {
			held.Rules = slices.Delete(held.Rules, n-1, n)
		}
		return held
	}
	return hallpass.NewGrant(nil, rules{in(1, drawContainer(t), rapid.SampledFrom([]hallpass.Transform{"redact", "mask"}).Draw(t, "shows"), drawPermission(t))})
}
