package contract_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var applicationKeyShape = map[string]*regexp.Regexp{
	"public":     regexp.MustCompile(`^key_(test|prod)_us_pub_[1-9A-HJ-NP-Za-km-z]{30,36}$`),
	"private":    regexp.MustCompile(`^key_(test|prod)_us_pvt_[1-9A-HJ-NP-Za-km-z]{30,36}$`),
	"management": regexp.MustCompile(`^key_(test|prod)_us_mgt_[1-9A-HJ-NP-Za-km-z]{30,36}$`),
}

func (tn *tenant) read(t testing.TB, id string) application {
	t.Helper()
	var a application
	tn.management.get(t, "/applications/"+id).is(t, http.StatusOK).into(t, &a)
	return a
}

// hidden is the application as it is read: without the text of its keys.
func (a application) hidden() application {
	a.Key = ""
	keys := make([]applicationKey, len(a.Keys))
	for i, k := range a.Keys {
		k.Key = ""
		keys[i] = k
	}
	a.Keys = keys
	return a
}

func TestCreateApplication(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for kind, shape := range applicationKeyShape {
		t.Run("makes a "+kind+" application with a key", func(t *testing.T) {
			t.Parallel()
			before := s.now()
			made := s.home.newApplication(t, object{"name": "Ünïcode & <b>", "type": kind})
			if made.TenantID != s.home.id || made.Type != kind || made.Name != "Ünïcode & <b>" || made.CreatedBy != s.home.management.id {
				t.Errorf("it is %+v", made)
			}
			if created := instant(t, made.CreatedAt); created.Before(before.Add(-slack(s))) || created.After(s.now().Add(slack(s))) {
				t.Errorf("it was made at %s", created)
			}
			if made.ModifiedAt != "" || made.ModifiedBy != "" || made.ExpiresAt != "" {
				t.Errorf("it has been changed, or ends: %+v", made)
			}
			if !uuidV4.MatchString(made.ID) || len(made.Keys) != 1 || !uuidV4.MatchString(made.Keys[0].ID) {
				t.Fatalf("ids are not UUID v4: %+v", made)
			}
			if made.Key != made.Keys[0].Key || !shape.MatchString(made.Key) {
				t.Errorf("the key is %q and %q", made.Key, made.Keys[0].Key)
			}
			same(t, "the application read again", s.home.read(t, made.ID), made.hidden())
		})
	}
	t.Run("says where it is", func(t *testing.T) {
		t.Parallel()
		a := s.home.management.post(t, "/applications", object{"name": "Page", "type": "public"}).is(t, http.StatusCreated)
		location := a.header.Get("Location")
		if location != "/applications/"+a.object(t)["id"].(string) {
			t.Errorf("Location is %q", location)
		}
		s.home.management.get(t, location).is(t, http.StatusOK)
	})
	t.Run("makes no key where none is wanted", func(t *testing.T) {
		t.Parallel()
		made := s.home.newApplication(t, object{"name": "Keyless", "type": "private", "create_key": false})
		if made.Key != "" || len(made.Keys) != 0 {
			t.Errorf("it has keys: %+v", made)
		}
	})
	t.Run("keeps permissions and rules", func(t *testing.T) {
		t.Parallel()
		rules := list{rule(object{"priority": 2, "container": "/PCI/"}), rule(object{"description": "All", "container": "/", "transform": absent})}
		made := s.home.newApplication(t, object{"name": "Backend", "type": "private", "permissions": list{"token:use", "token:create"}, "rules": rules})
		rules[0].(object)["container"] = "/pci/"
		same(t, "permissions", made.Permissions, list{"token:use", "token:create"})
		same(t, "rules", made.Rules, list{rules[1], rules[0]})
		same(t, "the application read again", s.home.read(t, made.ID), made.hidden())
	})
}

func TestApplicationRefusals(t *testing.T) {
	t.Parallel()
	s := shared(t)
	id := s.home.application(t, "private").id
	for name, c := range map[string]struct {
		kind    string
		changes object
		members []string
	}{
		"an unknown permission":        {"private", object{"permissions": list{"token:read", marked("x")}}, []string{"permissions[1]"}},
		"a permission of another type": {"private", object{"permissions": list{"application:read"}}, []string{"permissions[0]"}},
		"a rule with conditions": {"private", withRule(object{"container": absent, "conditions": onID("x")}),
			[]string{"rules[0].conditions", "rules[0].container"}},
		"a rule without container":        {"private", withRule(object{"container": absent}), []string{"rules[0].container"}},
		"a container that is none":        {"private", withRule(object{"container": marked("x")}), []string{"rules[0].container"}},
		"one priority twice":              {"private", object{"rules": list{rule(nil), rule(nil)}}, []string{"rules[1].priority"}},
		"a rule without priority":         {"private", withRule(object{"priority": absent}), []string{"rules[0].priority"}},
		"a rule without permissions":      {"private", withRule(object{"permissions": list{}}), []string{"rules[0].permissions"}},
		"an unknown permission in a rule": {"private", withRule(object{"permissions": list{marked("x")}}), []string{"rules[0].permissions[0]"}},
		"an unknown transform":            {"private", withRule(object{"transform": marked("x")}), []string{"rules[0].transform"}},
		"an empty name":                   {"private", object{"name": ""}, []string{"name"}},
		"a name of 201 letters":           {"private", object{"name": strings.Repeat("x", 201)}, []string{"name"}},
		"everything at once": {"private", object{"permissions": list{"log:read"}, "rules": list{rule(object{"priority": absent})}},
			[]string{"permissions[0]", "rules[0].priority"}},
		"a private permission, on a page":       {"public", object{"permissions": list{"token:read"}}, []string{"permissions[0]"}},
		"a private permission in a page's rule": {"public", withRule(nil), []string{"rules[0].permissions[0]"}},
		"a token permission, for management":    {"management", object{"permissions": list{"token:read"}}, []string{"permissions[0]"}},
		"rules, for management":                 {"management", withRule(nil), []string{"rules"}},
	} {
		t.Run("creating: "+name, func(t *testing.T) {
			t.Parallel()
			body := object{"name": "Backend", "type": c.kind}
			for member, value := range c.changes {
				body[member] = value
			}
			s.home.management.send(t, request{method: http.MethodPost, path: "/applications", body: body, broken: true}).refuses(t, c.members...)
		})
		if c.kind != "private" {
			continue
		}
		t.Run("updating: "+name, func(t *testing.T) {
			t.Parallel()
			body := object{"name": "Backend"}
			for member, value := range c.changes {
				body[member] = value
			}
			r := request{method: http.MethodPut, path: "/applications/" + id, body: body, broken: true}
			s.home.management.send(t, r).refuses(t, c.members...)
		})
	}
	for _, kind := range []string{"", "Public", "proxy", marked("x")} {
		t.Run("creating: the type "+kind, func(t *testing.T) {
			t.Parallel()
			body := object{"name": "Backend", "type": kind}
			s.home.management.send(t, request{method: http.MethodPost, path: "/applications", body: body, broken: true}).refuses(t, "type")
		})
	}
}

func TestUpdateApplication(t *testing.T) {
	t.Parallel()
	s := shared(t)
	body := object{"name": "Before", "type": "private", "permissions": list{"token:read"}, "rules": list{rule(nil)}}
	made := s.home.newApplication(t, body)
	path := "/applications/" + made.ID

	var updated application
	changes := object{"name": "After", "permissions": list{"token:use"}, "rules": list{rule(object{"priority": 5})}}
	s.home.management.put(t, path, changes).is(t, http.StatusOK).into(t, &updated)
	if updated.Name != "After" || updated.Type != "private" || updated.ModifiedBy != s.home.management.id || updated.CreatedAt != made.CreatedAt {
		t.Errorf("it is %+v", updated)
	}
	if modified := instant(t, updated.ModifiedAt); modified.Before(instant(t, made.CreatedAt)) {
		t.Errorf("it was changed at %s, before it was made", modified)
	}
	same(t, "permissions", updated.Permissions, list{"token:use"})
	kept(t, "updateApplication", s.home.read(t, made.ID), updated)

	s.home.management.put(t, path, object{"name": "Empty"}).is(t, http.StatusOK).into(t, &updated)
	now := s.home.read(t, made.ID)
	if len(now.Permissions) > 0 || len(now.Rules) > 0 {
		t.Errorf("what is not given is not taken away: %+v", now)
	}
	s.home.management.put(t, path, object{"name": "Nulls", "permissions": nil, "rules": nil}).is(t, http.StatusOK)
	keyCaller(s.url, made.ID, made.Key).get(t, "/applications/key").is(t, http.StatusOK) // its key is as good as before

	r := request{method: http.MethodPut, path: path, body: object{"name": "Other", "type": "public"}, broken: true}
	s.home.management.send(t, r).refuses(t, "type")
}

func TestDeleteApplication(t *testing.T) {
	t.Parallel()
	s := shared(t)
	made := s.home.newApplication(t, object{"name": "Backend", "type": "private", "permissions": transactionPermissions})
	c := keyCaller(s.url, made.ID, made.Key)
	access := c.accessToken(t)
	path := "/applications/" + made.ID
	if a := s.home.management.delete(t, path).is(t, http.StatusNoContent); len(a.body) > 0 {
		t.Errorf("the body is %q", a.body)
	}
	c.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	c.grant(t, nil).is(t, http.StatusUnauthorized)
	access.get(t, "/api/transaction/"+s.home.transaction).is(t, http.StatusUnauthorized)
	for _, a := range []*answer{
		s.home.management.get(t, path), s.home.management.put(t, path, object{"name": "x"}), s.home.management.delete(t, path),
		s.home.management.post(t, path+"/regenerate", nil), s.home.management.get(t, path+"/keys"), s.home.management.post(t, path+"/keys", nil),
		s.home.management.get(t, path+"/keys/"+made.Keys[0].ID), s.home.management.delete(t, path+"/keys/"+made.Keys[0].ID),
	} {
		a.is(t, http.StatusNotFound)
	}
}

// TestApplicationEnds promises that an application ends when it was said to, and all that it made with it.
func TestApplicationEnds(t *testing.T) {
	t.Parallel()
	s := timed(t)
	end := s.end()
	tn := *s.home
	for _, kind := range []string{"public", "private"} {
		body := object{"name": "Short", "type": kind, "expires_at": end.Format(time.RFC3339Nano)}
		if kind == "private" {
			body["permissions"] = transactionPermissions
		}
		made := tn.newApplication(t, body)
		if at := instant(t, made.ExpiresAt); !at.Equal(end) {
			t.Errorf("it ends at %s, not %s", at, end)
		}
		if kind == "public" {
			tn.public = keyCaller(s.url, made.ID, made.Key)
		} else {
			tn.private = keyCaller(s.url, made.ID, made.Key)
		}
	}
	live := tn.authorizedUntil(t, end.Add(time.Hour), "token:read")
	access := tn.private.accessToken(t)
	s.before(end, func() {
		tn.public.get(t, "/applications/key").is(t, http.StatusOK)
		tn.private.get(t, "/applications/key").is(t, http.StatusOK)
		live.holds(t)
		access = tn.private.accessToken(t)
		access.get(t, "/api/transaction/"+tn.transaction).is(t, http.StatusOK)
	})
	s.reach(end)
	tn.public.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	tn.private.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	live.caller.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	access.get(t, "/api/transaction/"+tn.transaction).is(t, http.StatusUnauthorized)
	tn.private.grant(t, nil).is(t, http.StatusUnauthorized)
	tn.management.post(t, "/applications", object{"name": "Past", "type": "public", "expires_at": end.Format(time.RFC3339Nano)}).refuses(t, "expires_at")
	tn.management.post(t, "/applications", object{"name": "None", "type": "public", "expires_at": marked("x")}).refuses(t, "expires_at")
}

func TestApplicationByKey(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for kind, c := range map[string]caller{"public": s.home.public, "private": s.home.private, "management": s.home.management} {
		t.Run("answers a "+kind+" key with its application", func(t *testing.T) {
			t.Parallel()
			var a application
			c.get(t, "/applications/key").is(t, http.StatusOK).into(t, &a)
			want := s.home.read(t, c.id)
			if a.Key != "" || a.ID != c.id || a.Type != kind {
				t.Errorf("it is %+v", a)
			}
			same(t, "permissions", a.Permissions, want.Permissions)
		})
	}
	t.Run("answers a session key with the public application and the session's grant", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		grant := object{"permissions": list{"token:delete"}, "rules": list{rule(nil)}}
		s.home.authorize(t, made, grant).is(t, http.StatusOK)
		held := made.holds(t)
		if held.ID != s.home.public.id || held.Type != "public" || held.ExpiresAt != made.ExpiresAt || held.Key != "" {
			t.Errorf("it is %+v", held)
		}
		same(t, "what it holds", object{"permissions": held.Permissions, "rules": held.Rules}, grant)
	})
}
