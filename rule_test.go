package hallpass_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

type (
	permissions = []hallpass.Permission
	rules       = []hallpass.Rule
	conditions  = []hallpass.Condition
)

const (
	aToken = "c06d0789-0a38-40be-b7cc-c28a718f76f1"
	bToken = "d17e1890-1b49-41cf-88dd-d39b829087a2"
)

func in(priority int32, container string, t hallpass.Transform, p ...hallpass.Permission) hallpass.Rule {
	return hallpass.Rule{Priority: priority, Container: container, Transform: t, Permissions: p}
}

func where(priority int32, t hallpass.Transform, p hallpass.Permission, c ...hallpass.Condition) hallpass.Rule {
	return hallpass.Rule{Priority: priority, Conditions: c, Transform: t, Permissions: permissions{p}}
}

func is(attribute, value string) hallpass.Condition {
	return hallpass.Condition{Attribute: attribute, Operator: "equals", Value: value}
}

func begins(attribute, value string) hallpass.Condition {
	return hallpass.Condition{Attribute: attribute, Operator: "starts_with", Value: value}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const (
		read   = hallpass.TokenRead
		create = hallpass.TokenCreate
	)
	all := in(9, "/", "", read)
	for _, c := range []struct {
		promise   string
		holds     permissions
		rules     rules
		operation hallpass.Permission
		container string
		want      string // a transform, or "no permission", or "no rule"
	}{
		{"nothing allows nothing", nil, nil, read, "/pci/", "no permission"},
		{"a permission covers every token", permissions{read}, nil, read, "/pci/high/", "mask"},
		{"a permission allows only what it names", permissions{read}, nil, create, "/pci/", "no permission"},
		{"plain create shows the mask", permissions{create}, nil, create, "/", "mask"},
		{"plain update shows the mask", permissions{"token:update"}, nil, "token:update", "/", "mask"},
		{"plain search shows the mask", permissions{"token:search"}, nil, "token:search", "/", "mask"},
		{"plain use reveals", permissions{"token:use"}, nil, "token:use", "/", "reveal"},
		{"plain delete is not held back", permissions{"token:delete"}, nil, "token:delete", "/", "reveal"},
		{"a rule on a container covers it", nil, rules{in(1, "/pci/", "redact", read)}, read, "/pci/", "redact"},
		{"and what is below it", nil, rules{in(1, "/pci/", "reveal", read)}, read, "/pci/high/", "reveal"},
		{"but not what is beside it", nil, rules{in(1, "/pci/", "reveal", read)}, read, "/pcix/", "no rule"},
		{"nor what is above it", nil, rules{in(1, "/pci/high/", "reveal", read)}, read, "/pci/", "no rule"},
		{"a rule's container is read in lower case", nil, rules{in(1, "/PCI/High/", "reveal", read)}, read, "/pci/high/", "reveal"},
		{"a rule without transform takes the permission's own", nil, rules{in(1, "/", "", read, "token:use")}, "token:use", "/", "reveal"},
		{"for each permission by itself", nil, rules{in(1, "/", "", read, "token:use")}, read, "/", "mask"},
		{"the lowest priority decides", nil, rules{in(2, "/", "reveal", read), in(1, "/pci/", "mask", read)}, read, "/pci/", "mask"},
		{"wherever it stands in the list", nil, rules{in(1, "/pci/", "mask", read), in(2, "/", "reveal", read)}, read, "/pci/", "mask"},
		{"a rule that names other operations does not match", nil, rules{in(1, "/", "redact", create), in(2, "/users/", "reveal", read)}, read, "/users/", "reveal"},
		{"so it allows no others", nil, rules{in(1, "/", "redact", create), in(2, "/users/", "reveal", read)}, read, "/pci/", "no rule"},
		{"permissions come after all rules", permissions{"token:use"}, rules{in(7, "/pci/", "mask", "token:use")}, "token:use", "/pci/", "mask"},
		{"and before a refusal", permissions{"token:use"}, rules{in(7, "/pci/", "mask", "token:use")}, "token:use", "/users/", "reveal"},
		{"an id can be named", nil, rules{where(1, "reveal", read, is("id", aToken))}, read, "/", "reveal"},
		{"and then others are not covered", nil, rules{where(1, "reveal", read, is("id", bToken))}, read, "/", "no rule"},
		{"a beginning of an id is enough for starts_with", nil, rules{where(1, "mask", read, begins("id", aToken[:4]))}, read, "/", "mask"},
		{"never for equals", nil, rules{where(1, "mask", read, is("id", aToken[:4]))}, read, "/", "no rule"},
		{"conditions must all be met", nil, rules{where(1, "mask", read, is("id", aToken), begins("container", "/pci/"))}, read, "/users/", "no rule"},
		{"and are when they are", nil, rules{where(1, "mask", read, is("id", aToken), begins("container", "/pci/"))}, read, "/pci/low/", "mask"},
		{"a condition on a container is taken letter for letter", nil, rules{where(1, "mask", read, is("container", "/PCI/"))}, read, "/pci/", "no rule"},
		{"equals on a container is not its subtree", nil, rules{where(1, "mask", read, is("container", "/pci/"))}, read, "/pci/high/", "no rule"},
		{"an unknown attribute matches nothing", nil, rules{where(1, "mask", read, is("owner", aToken))}, read, "/", "no rule"},
		{"an unknown operator matches nothing", nil, rules{where(1, "mask", read, hallpass.Condition{Attribute: "id", Operator: "ends_with", Value: aToken})}, read, "/", "no rule"},
		{"a rule without container or conditions covers nothing", nil, rules{where(1, "mask", read)}, read, "/", "no rule"},
		{"a rule that does not cover lets the next one decide", nil, rules{where(1, "redact", read, is("id", bToken)), all}, read, "/", "mask"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "decision", said(hallpass.Decide(hallpass.NewGrant(c.holds, c.rules), c.operation, aToken, c.container)), c.want)
		})
	}
}

// said is a decision in one word or two.
func said(d hallpass.Decision) string {
	switch {
	case d.Allowed():
		return string(d.Transform)
	case d.Transform != "":
		return "refused, and yet shows " + string(d.Transform)
	case d.Refusal == hallpass.RefusedNoPermission:
		return "no permission"
	case d.Refusal == hallpass.RefusedNoRuleMatches:
		return "no rule"
	}
	return string(d.Refusal)
}

// plainly decides as the documentation tells it, without sorting or stopping early: of all rules that name the operation
// and cover the token, the one with the lowest priority; failing that, the permissions.
func plainly(held permissions, list rules, operation hallpass.Permission, id, container string) string {
	implicit := map[hallpass.Permission]string{"token:use": "reveal", "token:delete": "reveal"}[operation]
	if implicit == "" {
		implicit = "mask"
	}
	answer, best, named := "", int32(0), false
	for _, r := range list {
		if !slices.Contains(r.Permissions, operation) {
			continue
		}
		named = true
		if !plainlyCovers(r, id, container) || (answer != "" && best < r.Priority) {
			continue
		}
		answer, best = string(r.Transform), r.Priority
		if answer == "" {
			answer = implicit
		}
	}
	switch {
	case answer != "":
		return answer
	case slices.Contains(held, operation):
		return implicit
	case named:
		return "no rule"
	}
	return "no permission"
}

func plainlyCovers(r hallpass.Rule, id, container string) bool {
	if r.Container != "" {
		above, below := segments(strings.ToLower(r.Container)), segments(container)
		return len(above) <= len(below) && slices.Equal(above, below[:len(above)])
	}
	for _, c := range r.Conditions {
		value := map[string]string{"id": id, "container": container}[c.Attribute]
		met := map[string]bool{"equals": value == c.Value, "starts_with": strings.Index(value, c.Value) == 0}[c.Operator]
		if !met {
			return false
		}
	}
	return len(r.Conditions) != 0
}

func segments(container string) []string {
	return strings.FieldsFunc(container, func(r rune) bool { return r == '/' })
}

func TestDecideAgreesWithThePlainReading(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		held, list := drawPermissions(t, 0), drawRules(t, true)
		grant := hallpass.NewGrant(held, list)
		for range 8 {
			operation := drawPermission(t)
			id, container := drawID(t), drawContainer(t)
			got, want := said(hallpass.Decide(grant, operation, id, container)), plainly(held, list, operation, id, container)
			if got != want {
				t.Fatalf("%s on %s in %s: got %q, want %q\n%+v", operation, id, container, got, want, grant)
			}
			if holds := grant.Has(operation); holds == (want == "no permission") {
				t.Fatalf("Has(%s) is %v, and the decision %q", operation, holds, want)
			}
		}
	})
}

func TestNewGrantLeavesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	list := rules{in(2, "/B/", "mask", hallpass.TokenRead), in(1, "/A/", "mask", hallpass.TokenRead)}
	held := permissions{hallpass.TokenRead}
	grant := hallpass.NewGrant(held, list)
	grant.Permissions[0] = hallpass.TokenUse
	wantSame(t, "the rules given", []string{list[0].Container, list[1].Container}, []string{"/B/", "/A/"})
	wantSame(t, "the permissions given", held, permissions{hallpass.TokenRead})
	wantSame(t, "the grant's rules", []string{grant.Rules[0].Container, grant.Rules[1].Container}, []string{"/a/", "/b/"})
}

func TestGrantEmpty(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grant hallpass.Grant
		want  bool
	}{
		"neither permissions nor rules": {hallpass.Grant{}, true},
		"permissions":                   {hallpass.NewGrant(permissions{hallpass.TokenRead}, nil), false},
		"rules":                         {hallpass.NewGrant(nil, rules{in(1, "/", "", hallpass.TokenRead)}), false},
	} {
		wantSame(t, name, c.grant.Empty(), c.want)
	}
}

func FuzzDecide(f *testing.F) {
	f.Add(`{"permissions":["token:use"],"rules":[{"priority":1,"container":"/pci/","transform":"mask","permissions":["token:read"]}]}`, aToken, "/pci/high/")
	f.Add(`{"rules":[{"priority":2,"conditions":[{"attribute":"id","operator":"starts_with","value":"c0"}],"permissions":["token:delete"]}]}`, aToken, "/")
	f.Add(`{"rules":[{"priority":-1,"container":"//","conditions":[{}],"permissions":["x"]}]}`, "", "")
	f.Fuzz(func(t *testing.T, text, id, container string) {
		var given struct {
			Permissions permissions
			Rules       rules
		}
		if json.Unmarshal([]byte(text), &given) != nil {
			return
		}
		var problems hallpass.Fields
		hallpass.CheckSessionGrant(&problems, given.Permissions, given.Rules)
		grant := hallpass.NewGrant(given.Permissions, given.Rules)
		for _, d := range hallpass.Permissions("") {
			got := said(hallpass.Decide(grant, d.Name, id, container))
			if problems.Err() != nil || !hallpass.ValidContainer(container) {
				continue // it must not panic, but need not make sense
			}
			if want := plainly(given.Permissions, given.Rules, d.Name, id, strings.ToLower(container)); container == strings.ToLower(container) && got != want {
				t.Errorf("%s: got %q, want %q", d.Name, got, want)
			}
		}
		if problems.Err() == nil && grant.Within(hallpass.Grant{}) && !grant.Empty() {
			t.Error("a grant of something lies within nothing")
		}
	})
}
