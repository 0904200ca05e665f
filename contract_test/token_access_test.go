package contract_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// granted makes a session that is authorized with these rules.
func (tn *tenant) granted(t testing.TB, rules ...object) caller {
	t.Helper()
	made := tn.session(t)
	tn.authorize(t, made, object{"rules": rules}).is(t, http.StatusOK)
	return made.caller
}

// condition is one condition of a session's rule.
func condition(attribute, operator, value string) object {
	return object{"attribute": attribute, "operator": operator, "value": value}
}

// where is a session's rule with conditions.
func where(priority int, transform string, permissions list, conditions ...object) object {
	return object{"priority": priority, "transform": transform, "permissions": permissions, "conditions": conditions}
}

// shown says how much an answer shows of a token with the data "plain" and the mask "masked".
func shown(t *testing.T, a *answer) string {
	t.Helper()
	switch a.status {
	case http.StatusForbidden, http.StatusNotFound:
		return http.StatusText(a.status)
	case http.StatusOK, http.StatusCreated:
		data, there := a.object(t)["data"]
		if !there {
			return "redacted"
		}
		text, _ := data.(string)
		return text
	}
	t.Fatalf("%s is %d: %s", a.name, a.status, a.body)
	return ""
}

// exhibit makes a token of which shown can tell how much is shown.
func (v *vault) exhibit(t *testing.T, members object) tokenAnswer {
	t.Helper()
	body := object{"data": "plain", "mask": "masked"}
	maps.Copy(body, members)
	return v.create(t, body)
}

// TestTokenRules promises that the first rule that names the operation and covers the token decides what is shown.
func TestTokenRules(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	c := v.container
	read := func(priority int, container, transform string) object {
		return within(priority, container, transform, "token:read")
	}
	for name, test := range map[string]struct {
		rules []object
		in    string
		want  string
	}{
		"a rule on the container":            {[]object{read(1, c+"a/", "reveal")}, c + "a/", "plain"},
		"a rule on the container around it":  {[]object{read(1, c, "mask")}, c + "a/b/", "masked"},
		"a rule on the root":                 {[]object{read(1, "/", "redact")}, c + "a/", "redacted"},
		"a rule on a container below":        {[]object{read(1, c+"a/b/", "reveal")}, c + "a/", "Forbidden"},
		"a rule on a container beside":       {[]object{read(1, c+"a/", "reveal")}, c + "ab/", "Forbidden"},
		"a rule in capitals":                 {[]object{read(1, "/VAULT"+c[len("/vault"):], "reveal")}, c, "plain"},
		"a narrow rule first":                {[]object{read(1, c+"a/", "reveal"), read(2, c, "redact")}, c + "a/", "plain"},
		"a narrow rule last":                 {[]object{read(1, c, "redact"), read(2, c+"a/", "reveal")}, c + "a/", "redacted"},
		"a narrow rule first, written last":  {[]object{read(2, c, "redact"), read(1, c+"a/", "reveal")}, c + "a/", "plain"},
		"a first rule for something else":    {[]object{within(1, "/", "redact", "token:create", "token:delete"), read(2, c, "reveal")}, c, "plain"},
		"only a rule for something else":     {[]object{within(1, "/", "reveal", "token:create", "token:search", "token:use")}, c, "Forbidden"},
		"a rule without transform":           {[]object{within(1, c, "", "token:read")}, c, "masked"},
		"a rule for several, without":        {[]object{within(1, c, "", "token:use", "token:read", "token:delete")}, c, "masked"},
		"a rule on another container, first": {[]object{read(1, "/other/", "reveal"), read(2, c, "mask")}, c, "masked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := v.exhibit(t, object{"containers": list{test.in}})
			for kind, caller := range map[string]caller{"application": v.home.ruled(t, "private", test.rules...), "session": v.home.granted(t, test.rules...)} {
				same(t, "what the "+kind+" sees", shown(t, caller.get(t, tokenPath(made.ID))), test.want)
			}
		})
	}
}

// TestTokenConditions promises what the conditions of a session's rule cover: all of them, letter for letter.
func TestTokenConditions(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	id, in := "Order "+fresh(), v.container+"a/"
	made := v.exhibit(t, object{"id": id, "containers": list{in}, "metadata": object{"where": in}})
	for name, c := range map[string]struct {
		conditions []object
		want       string
	}{
		"its id":                                {[]object{condition("id", "equals", id)}, "plain"},
		"another id":                            {[]object{condition("id", "equals", "order "+id[6:])}, "Forbidden"},
		"the beginning of its id":               {[]object{condition("id", "starts_with", "Order ")}, "plain"},
		"another beginning":                     {[]object{condition("id", "starts_with", "order ")}, "Forbidden"},
		"its container":                         {[]object{condition("container", "equals", in)}, "plain"},
		"the container around it":               {[]object{condition("container", "equals", v.container)}, "Forbidden"},
		"the beginning of its container":        {[]object{condition("container", "starts_with", in[:len(in)-2])}, "plain"},
		"another container":                     {[]object{condition("container", "starts_with", "/other")}, "Forbidden"},
		"both":                                  {[]object{condition("id", "equals", id), condition("container", "starts_with", v.container)}, "plain"},
		"its id, in another container":          {[]object{condition("id", "equals", id), condition("container", "equals", "/other/")}, "Forbidden"},
		"its container, and another id":         {[]object{condition("container", "equals", in), condition("id", "equals", "other")}, "Forbidden"},
		"two ids":                               {[]object{condition("id", "equals", id), condition("id", "equals", "other")}, "Forbidden"},
		"a beginning that would be a wildcard":  {[]object{condition("id", "starts_with", "%")}, "Forbidden"},
		"a beginning that would match one sign": {[]object{condition("id", "starts_with", "_rder")}, "Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := v.home.granted(t, where(1, "reveal", list{"token:read", "token:search"}, c.conditions...))
			same(t, "what is seen", shown(t, session.get(t, tokenPath(id))), c.want)
			found := list{}
			if c.want == "plain" {
				found = list{made.ID}
			}
			same(t, "what is listed", session.tokens(t, "/tokens", url.Values{"id": {id}}).ids(), found)
			same(t, "what is listed by metadata", session.tokens(t, "/v2/tokens", url.Values{"metadata.where": {in}}).ids(), found)
		})
	}
}

// TestTokenTransforms promises that every operation shows what its own rule says, and what its permission implies.
func TestTokenTransforms(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	made := v.exhibit(t, object{"metadata": object{"where": v.container}})
	operations := map[string]struct {
		permission string
		send       func(t *testing.T, c caller) *answer
	}{
		"create": {"token:create", func(t *testing.T, c caller) *answer {
			return c.post(t, "/tokens", object{"type": "token", "data": "plain", "mask": "masked", "containers": list{v.container + "new/"}})
		}},
		"read": {"token:read", func(t *testing.T, c caller) *answer { return c.get(t, tokenPath(made.ID)) }},
		"update": {"token:update", func(t *testing.T, c caller) *answer {
			return c.patch(t, tokenPath(v.exhibit(t, object{}).ID), object{})
		}},
		"list": {"token:read", func(t *testing.T, c caller) *answer {
			return c.get(t, "/v2/tokens?metadata.where="+v.container).first(t)
		}},
		"list, first generation": {"token:read", func(t *testing.T, c caller) *answer { return c.get(t, "/tokens?metadata.where="+v.container).first(t) }},
		"search": {"token:search", func(t *testing.T, c caller) *answer {
			return c.post(t, "/v2/tokens/search", object{"query": "metadata.where:" + v.container}).first(t)
		}},
		"search, first generation": {"token:search", func(t *testing.T, c caller) *answer {
			return c.post(t, "/tokens/search", object{"query": "metadata.where:" + v.container}).first(t)
		}},
		"tokenize": {"token:create", func(t *testing.T, c caller) *answer {
			return c.post(t, "/tokenize", list{object{"type": "token", "data": "plain", "mask": "masked", "containers": list{v.container + "new/"}}}).first(t)
		}},
		"detokenize": {"token:read", func(t *testing.T, c caller) *answer {
			return c.post(t, "/detokenize", list{"{{ token: " + made.ID + " }}"}).first(t)
		}},
	}
	for name, operation := range operations {
		for transform, want := range map[string]string{"reveal": "plain", "mask": "masked", "redact": "redacted", "": "masked"} {
			t.Run(name+" "+transform, func(t *testing.T) {
				t.Parallel()
				opposite := map[string]string{"reveal": "redact"}[transform]
				if opposite == "" {
					opposite = "reveal"
				}
				others := slices.DeleteFunc(slices.Clone(tokenPermissions), func(p string) bool { return p == operation.permission })
				c := v.home.granted(t, within(1, v.container, transform, operation.permission), within(2, v.container, opposite, others...))
				same(t, "what is shown", shown(t, operation.send(t, c)), want)
			})
		}
		t.Run(name+" with the permission alone", func(t *testing.T) {
			t.Parallel()
			same(t, "what is shown", shown(t, operation.send(t, v.home.application(t, "private", operation.permission))), "masked")
		})
	}
}

// first is an answer with the first token of the list that this one is.
func (a *answer) first(t *testing.T) *answer {
	t.Helper()
	if a.status != http.StatusOK {
		return a
	}
	tokens, is := a.value(t).(list)
	if !is {
		tokens, _ = a.object(t)["data"].(list)
	}
	if len(tokens) != 1 {
		t.Fatalf("%s answers %d tokens: %s", a.name, len(tokens), a.body)
	}
	one := *a
	one.body = []byte(canonicalJSON(tokens[0]))
	return &one
}
