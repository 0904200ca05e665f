package contract_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The tests in this file change the tenant that others call in, so they run alone.

func (tn *tenant) self(t testing.TB) tenantAnswer {
	t.Helper()
	var self tenantAnswer
	tn.management.get(t, "/tenants/self").is(t, http.StatusOK).into(t, &self)
	return self
}

// withSettings gives the tenant other settings until the test ends.
func (tn *tenant) withSettings(t *testing.T, settings object) {
	t.Helper()
	before := tn.self(t)
	t.Cleanup(func() {
		tn.management.put(t, "/tenants/self", object{"name": before.Name, "settings": before.Settings}).is(t, http.StatusOK)
	})
	tn.management.put(t, "/tenants/self", object{"name": before.Name, "settings": settings}).is(t, http.StatusOK)
}

func TestGetTenant(t *testing.T) {
	s := shared(t)
	self := s.home.self(t)
	if self.ID != s.home.id || self.Name == "" || self.Type == "" || self.Settings == nil {
		t.Errorf("the tenant is %+v", self)
	}
	if created := instant(t, self.CreatedAt); created.After(s.now().Add(slack(s))) {
		t.Errorf("it was created at %s", created)
	}
	if !uuidV4.MatchString(self.ID) {
		t.Errorf("the id %s is no UUID v4", self.ID)
	}
}

func TestUpdateTenant(t *testing.T) {
	s := shared(t)
	s.home.withSettings(t, object{})
	update := func(t *testing.T, body object) tenantAnswer {
		t.Helper()
		var updated tenantAnswer
		s.home.management.put(t, "/tenants/self", body).is(t, http.StatusOK).into(t, &updated)
		kept(t, "updateTenant", s.home.self(t), updated)
		return updated
	}
	before := s.home.self(t)
	t.Run("renames, and says who did it when", func(t *testing.T) {
		name := "A name of 200 letters: " + strings.Repeat("é", 177)
		got := update(t, object{"name": name})
		modified := instant(t, got.ModifiedAt)
		if got.Name != name || got.ModifiedBy != s.home.management.id || modified.Before(s.now().Add(-time.Minute)) {
			t.Errorf("the tenant is %+v", got)
		}
		want := before
		want.Name, want.ModifiedAt, want.ModifiedBy = got.Name, got.ModifiedAt, got.ModifiedBy
		same(t, "everything else", got, want)
		update(t, object{"name": before.Name})
	})
	t.Run("replaces the settings that are given", func(t *testing.T) {
		first := object{"deduplicate_tokens": "true", "of our own": marked("any text"), "token_deduplication_behavior": "update_existing"}
		same(t, "settings", update(t, object{"name": before.Name, "settings": first}).Settings, first)
		second := object{"disable_ephemeral_proxy": "false", "fingerprint_tokens": "true", "strict_session_grants": "false"}
		same(t, "settings", update(t, object{"name": before.Name, "settings": second}).Settings, second)
	})
	t.Run("keeps the settings that are not", func(t *testing.T) {
		kept := update(t, object{"name": before.Name, "settings": object{"fingerprint_tokens": "true"}}).Settings
		same(t, "settings", update(t, object{"name": before.Name}).Settings, kept)
	})
	t.Run("takes none for none", func(t *testing.T) {
		same(t, "settings", update(t, object{"name": before.Name, "settings": object{}}).Settings, object{})
	})
}

func TestUpdateTenantRefuses(t *testing.T) {
	s := shared(t)
	before := s.home.self(t)
	fifty := object{}
	for i := range 51 {
		fifty["setting_"+strings.Repeat("x", i)] = "y"
	}
	for name, c := range map[string]struct {
		changes object
		member  string
	}{
		"an empty name":              {object{"name": ""}, "name"},
		"a name of 201 letters":      {object{"name": strings.Repeat("x", 201)}, "name"},
		"a name without letters":     {object{"name": "\n"}, "name"},
		"strictness of another word": {object{"settings": object{"strict_session_grants": marked("yes")}}, "settings.strict_session_grants"},
		"strictness in capitals":     {object{"settings": object{"strict_session_grants": "TRUE"}}, "settings.strict_session_grants"},
		"an unknown deduplication":   {object{"settings": object{"token_deduplication_behavior": "true"}}, "settings.token_deduplication_behavior"},
		"a setting that is no text":  {object{"settings": object{"fingerprint_tokens": true}}, "settings.fingerprint_tokens"},
		"a setting that is null":     {object{"settings": object{"x": nil}}, "settings.x"},
		"a value of 201 letters":     {object{"settings": object{"x": strings.Repeat("x", 201)}}, "settings.x"},
		"too many settings":          {object{"settings": fifty}, "settings"},
		"the tenant's type":          {object{"type": "production"}, "type"},
	} {
		t.Run(name, func(t *testing.T) {
			body := object{"name": before.Name}
			maps.Copy(body, c.changes)
			r := request{method: http.MethodPut, path: "/tenants/self", body: body, broken: true}
			s.home.management.send(t, r).refuses(t, c.member)
		})
	}
	same(t, "the tenant after all this", s.home.self(t), before)
}

func TestTenantsApart(t *testing.T) {
	s := shared(t)
	foreign := s.foreign(t)
	before := s.home.self(t)
	foreign.withSettings(t, object{"strict_session_grants": "true"})
	if theirs := foreign.self(t); theirs.ID == before.ID || theirs.ID != foreign.id {
		t.Fatalf("the other tenant is %+v", theirs)
	}
	same(t, "the tenant after the other was changed", s.home.self(t), before)
}
