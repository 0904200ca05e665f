package hallpass_test

import (
	"strings"
	"testing"

	"hallpass"
)

type problems = map[string][]string

const (
	notAPermission = "is not a permission"
	notForSession  = "is not a permission that a session may hold"
	aPrivateOne    = hallpass.Private
)

func TestCheckSessionGrant(t *testing.T) {
	t.Parallel()
	const read = hallpass.TokenRead
	good := in(1, "/pci/", "mask", read)
	for _, c := range []struct {
		promise     string
		permissions permissions
		rules       rules
		want        problems
	}{
		{"accepts permissions alone", permissions{read, "token:use"}, nil, nil},
		{"accepts every token permission", tokenPermissions, nil, nil},
		{"accepts rules alone", nil, rules{good, where(2, "", read, is("id", aToken))}, nil},
		{"accepts both", permissions{read}, rules{good}, nil},
		{"refuses nothing at all", nil, nil, problems{
			"permissions": {"must not be empty when rules are empty"},
			"rules":       {"must not be empty when permissions are empty"},
		}},
		{"refuses an unknown permission", permissions{read, "token:shred"}, nil, problems{"permissions[1]": {notAPermission}}},
		{"refuses a permission over other things than tokens", permissions{"application:read", "transaction:create", "proxy:invoke"}, nil, problems{
			"permissions[0]": {notForSession}, "permissions[1]": {notForSession}, "permissions[2]": {notForSession},
		}},
		{"refuses an unknown permission in a rule", nil, rules{in(1, "/", "", read, "token:")}, problems{"rules[0].permissions[1]": {notAPermission}}},
		{"refuses a management permission in a rule", nil, rules{in(1, "/", "", "log:read")}, problems{"rules[0].permissions[0]": {notForSession}}},
		{"refuses a rule without permissions", nil, rules{in(1, "/", "")}, problems{"rules[0].permissions": {"is required"}}},
		{"refuses a rule with neither container nor conditions", nil, rules{good, in(2, "", "", read)}, problems{
			"rules[1]": {"must have a container or conditions"},
		}},
		{"refuses a rule with both", nil, rules{{Priority: 1, Container: "/", Conditions: conditions{is("id", "1")}, Permissions: permissions{read}}}, problems{
			"rules[0]": {"must not have both a container and conditions"},
		}},
		{"refuses a missing priority", nil, rules{in(0, "/", "", read)}, problems{"rules[0].priority": {"is required and starts at 1"}}},
		{"refuses a priority below one", nil, rules{in(-3, "/", "", read)}, problems{"rules[0].priority": {"is required and starts at 1"}}},
		{"refuses a priority twice", nil, rules{good, in(2, "/", "", read), in(1, "/x/", "", read)}, problems{
			"rules[2].priority": {"must be unique among the rules"},
		}},
		{"refuses an unknown transform", nil, rules{in(1, "/", "Reveal", read)}, problems{"rules[0].transform": {"must be one of: redact, mask, reveal"}}},
		{"refuses what is no container", nil, rules{in(1, "pci", "", read)}, problems{"rules[0].container": {"must be a container such as /pci/high/"}}},
		{"refuses an unknown attribute, operator and an empty value", nil, rules{
			where(1, "", read, is("id", "1"), hallpass.Condition{Attribute: "owner", Operator: "like"}),
		}, problems{
			"rules[0].conditions[1].attribute": {"must be one of: id, container"},
			"rules[0].conditions[1].operator":  {"must be one of: equals, starts_with"},
			"rules[0].conditions[1].value":     {"is required"},
		}},
		{"names everything that is wrong at once", permissions{"x"}, rules{in(0, "x", "x", "x")}, problems{
			"permissions[0]":          {notAPermission},
			"rules[0].priority":       {"is required and starts at 1"},
			"rules[0].container":      {"must be a container such as /pci/high/"},
			"rules[0].transform":      {"must be one of: redact, mask, reveal"},
			"rules[0].permissions[0]": {notAPermission},
		}},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "problems", fieldsOf(t, func(f *hallpass.Fields) { hallpass.CheckSessionGrant(f, c.permissions, c.rules) }), c.want)
		})
	}
}

func TestCheckApplicationGrant(t *testing.T) {
	t.Parallel()
	const read = hallpass.TokenRead
	for _, c := range []struct {
		promise     string
		kind        hallpass.ApplicationType
		permissions permissions
		rules       rules
		want        problems
	}{
		{"accepts an application that may do nothing", hallpass.Public, nil, nil, nil},
		{"accepts what its type may hold", aPrivateOne, permissions{read, "transaction:create", "proxy:invoke"}, rules{in(1, "/", "reveal", read)}, nil},
		{"accepts management permissions for management", hallpass.Management, permissions{"log:read", "tenant:invitation:create"}, nil, nil},
		{"refuses an unknown permission", aPrivateOne, permissions{"token:shred"}, nil, problems{"permissions[0]": {notAPermission}}},
		{"refuses reading for public ones", hallpass.Public, permissions{"token:create", read}, nil, problems{
			"permissions[1]": {"is not a permission that a public application may hold"},
		}},
		{"refuses tokens for management", hallpass.Management, permissions{read}, nil, problems{
			"permissions[0]": {"is not a permission that a management application may hold"},
		}},
		{"refuses management for private ones", aPrivateOne, permissions{"log:read"}, nil, problems{
			"permissions[0]": {"is not a permission that a private application may hold"},
		}},
		{"refuses rules for management", hallpass.Management, nil, rules{in(1, "/", "", "log:read")}, problems{
			"rules": {"are not supported for management applications"},
		}},
		{"refuses conditions", aPrivateOne, nil, rules{where(1, "", read, is("id", "1"))}, problems{
			"rules[0].conditions": {"are only supported in the rules of a session"},
			"rules[0].container":  {"is required"},
		}},
		{"refuses a rule without container", aPrivateOne, nil, rules{in(1, "", "", read)}, problems{"rules[0].container": {"is required"}}},
		{"refuses in a rule what its type may not hold", hallpass.Public, nil, rules{in(1, "/", "", read)}, problems{
			"rules[0].permissions[0]": {"is not a permission that a public application may hold"},
		}},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "problems", fieldsOf(t, func(f *hallpass.Fields) {
				hallpass.CheckApplicationGrant(f, c.kind, c.permissions, c.rules)
			}), c.want)
		})
	}
}

func TestValidContainer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"/": true, "/pci/": true, "/PCI/high_1/a-b/": true,
		"": false, "pci": false, "/pci": false, "pci/": false, "//": false, "/a//b/": false, "/a b/": false, "/ä/": false,
		"/a/\n": false, "/../": false, "/a/\x00/": false,
		"/" + strings.Repeat("a", 398) + "/": true, "/" + strings.Repeat("a", 399) + "/": false,
	} {
		wantSame(t, "ValidContainer of "+text, hallpass.ValidContainer(text), want)
	}
}
