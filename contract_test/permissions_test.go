package contract_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
)

func permissionsFor(t *testing.T, c caller, kind string) []permission {
	t.Helper()
	path := "/permissions"
	if kind != "" {
		path += "?application_type=" + url.QueryEscape(kind)
	}
	var all []permission
	c.get(t, path).is(t, http.StatusOK).into(t, &all)
	return all
}

func namesOf(all []permission) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.Type)
	}
	return names
}

func TestListPermissions(t *testing.T) {
	t.Parallel()
	s := shared(t)
	all := permissionsFor(t, s.home.private, "")
	t.Run("names every permission once, with who may hold it", func(t *testing.T) {
		t.Parallel()
		names := namesOf(all)
		for _, want := range slices.Concat(tokenPermissions, transactionPermissions, []string{"application:read", "tenant:update", "log:read"}) {
			if !slices.Contains(names, want) {
				t.Errorf("%s is missing", want)
			}
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != len(all) {
			t.Error("a permission is named twice")
		}
		for _, p := range all {
			if p.Description == "" || len(p.ApplicationTypes) == 0 {
				t.Errorf("%+v says too little", p)
			}
		}
	})
	t.Run("is the same for every caller", func(t *testing.T) {
		t.Parallel()
		for _, c := range []caller{s.home.public, s.home.management} {
			same(t, "permissions", permissionsFor(t, c, ""), all)
		}
	})
	for kind, some := range map[string][]string{
		"public": {"token:create", "token:update"}, "private": append(slices.Clone(tokenPermissions), transactionPermissions...),
		"management": {"application:create", "tenant:read"},
	} {
		t.Run("of a "+kind+" application are those that it may hold", func(t *testing.T) {
			t.Parallel()
			names := namesOf(permissionsFor(t, s.home.public, kind))
			for _, p := range all {
				if slices.Contains(p.ApplicationTypes, kind) != slices.Contains(names, p.Type) {
					t.Errorf("%s is for %q", p.Type, p.ApplicationTypes)
				}
			}
			for _, want := range some {
				if !slices.Contains(names, want) {
					t.Errorf("%s is missing", want)
				}
			}
			s.home.newApplication(t, object{"name": "All of them", "type": kind, "permissions": names[:min(len(names), 50)]})
		})
	}
	t.Run("of a type that is none are none", func(t *testing.T) {
		t.Parallel()
		same(t, "permissions", permissionsFor(t, s.home.public, "proxy"), list{})
	})
}
