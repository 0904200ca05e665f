package hallpass_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"hallpass"
)

// The documented table, with the transaction permissions added: what each type of application may hold.
var mayHold = map[hallpass.ApplicationType][]string{
	hallpass.Public: {"token:create", "token:update"},
	hallpass.Private: {
		"token:create", "token:update", "token:read", "token:search", "token:delete", "token:use",
		"transaction:create", "transaction:read", "transaction:update", "reactor:invoke", "proxy:invoke",
	},
	hallpass.Management: {
		"tenant:read", "tenant:update", "tenant:delete", "application:read", "application:create", "application:update", "application:delete",
		"log:read", "reactor:read", "reactor:create", "reactor:update", "reactor:delete", "proxy:read", "proxy:create", "proxy:update", "proxy:delete",
		"tenant:member:read", "tenant:member:update", "tenant:member:delete",
		"tenant:invitation:create", "tenant:invitation:read", "tenant:invitation:update", "tenant:invitation:delete", "report:read",
	},
}

func names(list []hallpass.PermissionDefinition) []string {
	var all []string
	for _, d := range list {
		all = append(all, string(d.Name))
	}
	slices.Sort(all)
	return all
}

func TestPermissionsOfEachType(t *testing.T) {
	t.Parallel()
	var every []string
	for kind, want := range mayHold {
		want = slices.Sorted(slices.Values(want))
		wantSame(t, "permissions of "+string(kind), names(hallpass.Permissions(kind)), want)
		every = append(every, want...)
	}
	slices.Sort(every)
	wantSame(t, "all permissions", names(hallpass.Permissions("")), slices.Compact(every))
	wantSame(t, "permissions of no type", names(hallpass.Permissions("robot")), nil)
}

func TestEveryPermissionIsDescribed(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(?::[a-z]+)?:[a-z]+$`)
	for _, d := range hallpass.Permissions("") {
		if !name.MatchString(string(d.Name)) || d.Description == "" || len(d.Description) > 250 || len(d.Types) == 0 {
			t.Errorf("%+v", d)
		}
	}
}

func TestPermissionsCannotBeChangedFromOutside(t *testing.T) {
	t.Parallel()
	list := hallpass.Permissions("")
	list[0].Name = "token:changed"
	if hallpass.Permissions("")[0].Name == "token:changed" {
		t.Error("the table is shared")
	}
}

func TestWhatPermissionsAreOver(t *testing.T) {
	t.Parallel()
	for _, d := range hallpass.Permissions("") {
		wantSame(t, string(d.Name)+" over tokens", d.Name.ForToken(), strings.HasPrefix(string(d.Name), "token:"))
		wantSame(t, string(d.Name)+" over transactions", d.Name.ForTransaction(), strings.HasPrefix(string(d.Name), "transaction:"))
	}
	for _, unknown := range []hallpass.Permission{"", "token:", "token:shred", "transaction:shred", "TOKEN:READ", "token:read "} {
		if unknown.ForToken() || unknown.ForTransaction() {
			t.Errorf("%q passes for a permission", unknown)
		}
	}
}

func TestApplicationTypes(t *testing.T) {
	t.Parallel()
	for kind, want := range map[hallpass.ApplicationType]bool{
		"public": true, "private": true, "management": true, "": false, "Public": false, "session": false, "server_to_server": false,
	} {
		wantSame(t, string(kind), kind.Valid(), want)
	}
}

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	holding := hallpass.NewGrant(permissions{"transaction:create"}, nil)
	for promise, c := range map[string]struct {
		application hallpass.Application
		want        []string
	}{
		"a private one that holds transaction:create gets tenant_access": {hallpass.Application{Type: hallpass.Private, Grant: holding}, []string{"tenant_access"}},
		"a private one without it gets none":                             {hallpass.Application{Type: hallpass.Private, Grant: hallpass.NewGrant(permissions{"transaction:read"}, nil)}, []string{}},
		"a public one gets none":                                         {hallpass.Application{Type: hallpass.Public, Grant: holding}, []string{}},
		"a management one gets none":                                     {hallpass.Application{Type: hallpass.Management, Grant: holding}, []string{}},
	} {
		wantSame(t, promise, c.application.TokenScopes(), c.want)
		claims := c.application.AccessClaims("token", noon)
		wantSame(t, promise, claims.Scope, c.want)
		wantSame(t, promise, claims.HasScope("tenant_access"), len(c.want) == 1)
	}
}
