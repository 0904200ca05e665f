package contract_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestTokenOperationsNeedTheirPermission promises that each operation takes its own permission, on the token's container.
func TestTokenOperationsNeedTheirPermission(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for permission, send := range map[string]func(t *testing.T, c caller) *answer{
		"token:create": func(t *testing.T, c caller) *answer {
			return c.post(t, "/tokens", object{"type": "token", "data": plain("data"), "containers": list{v.container}})
		},
		"token:read": func(t *testing.T, c caller) *answer { return c.get(t, tokenPath(v.secret(t).ID)) },
		"token:update": func(t *testing.T, c caller) *answer {
			return c.patch(t, tokenPath(v.secret(t).ID), object{"metadata": object{"a": "b"}})
		},
		"token:delete": func(t *testing.T, c caller) *answer { return c.delete(t, tokenPath(v.secret(t).ID)) },
		"token:search": func(t *testing.T, c caller) *answer {
			return c.post(t, "/v2/tokens/search", object{"query": "container:" + v.container})
		},
	} {
		t.Run(permission, func(t *testing.T) {
			t.Parallel()
			var others []string
			for _, p := range tokenPermissions {
				if p != permission {
					others = append(others, p)
				}
			}
			for name, c := range map[string]caller{
				"all others": v.home.application(t, "private", others...), "a rule elsewhere": v.home.ruled(t, "private", within(1, v.container+"below/", "reveal", permission), within(2, v.container, "reveal", others...)),
				"a session with all others": v.home.authorized(t, others...).caller,
			} {
				if a := send(t, c); a.status != http.StatusForbidden {
					t.Errorf("%s is answered %d", name, a.status)
				}
			}
			for name, c := range map[string]caller{
				"the permission": v.home.application(t, "private", permission), "a rule": v.home.ruled(t, "private", within(1, v.container, "", permission)), "a session": v.home.authorized(t, permission).caller,
			} {
				if a := send(t, c); a.status >= 300 {
					t.Errorf("%s is answered %d", name, a.status)
				}
			}
		})
	}
}

// TestTokensOfPublicApplications promises that these may create and update, and never read.
func TestTokensOfPublicApplications(t *testing.T) {
	t.Parallel()
	tn := shared(t).home
	public := tn.application(t, "public", "token:create", "token:update")
	made := public.createToken(t, object{"type": "card", "data": object{"number": "4242424242424242"}})
	same(t, "data", made.Data, object{"number": "XXXXXXXXXXXX4242"})
	same(t, "created_by", made.CreatedBy, public.id)
	same(t, "data after a patch", public.updateToken(t, made.ID, object{"data": object{"expiration_month": 7}}).Data, object{"number": "XXXXXXXXXXXX4242", "expiration_month": 7})
	for name, a := range map[string]*answer{
		"read": public.get(t, tokenPath(made.ID)), "delete": public.delete(t, tokenPath(made.ID)), "list": public.get(t, "/v2/tokens"), "list, first": public.get(t, "/tokens"),
		"search": public.post(t, "/v2/tokens/search", object{}), "search, first": public.post(t, "/tokens/search", object{}), "detokenize": public.post(t, "/detokenize", list{"{{ " + made.ID + " }}"}),
		"management, read": tn.management.get(t, tokenPath(made.ID)), "management, create": tn.management.post(t, "/tokens", object{"type": "token", "data": 1}),
	} {
		if a.status != http.StatusForbidden {
			t.Errorf("%s is answered %d", name, a.status)
		}
	}
}

// TestTokensOfSessions promises that what a session writes is its application's, and that it can do no more once it is over.
func TestTokensOfSessions(t *testing.T) {
	t.Parallel()
	s := timed(t)
	end := s.end()
	session := s.home.authorizedUntil(t, end, "token:create", "token:update").caller
	made := session.createToken(t, object{"type": "card", "data": object{"number": cardNumber()}})
	same(t, "created_by", made.CreatedBy, s.home.public.id)
	same(t, "modified_by", session.updateToken(t, made.ID, object{"metadata": object{"a": "b"}}).ModifiedBy, s.home.public.id)
	s.reach(end)
	session.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	session.post(t, "/tokens", object{"type": "token", "data": plain("late")}).is(t, http.StatusUnauthorized)
	s.home.private.readToken(t, made.ID)
}

// TestTokensThatNobodyKnowsOf promises 403 before anything is looked up where the caller could not be allowed the
// operation on that id, so that the answer does not tell whether there is such a token; then 404; then 403.
func TestTokensThatNobodyKnowsOf(t *testing.T) {
	t.Parallel()
	tn := shared(t).home
	v := tn.vault(t)
	for operation, send := range map[string]func(t *testing.T, c caller, id string) *answer{
		"token:read": func(t *testing.T, c caller, id string) *answer { return c.get(t, tokenPath(id)) },
		"token:update": func(t *testing.T, c caller, id string) *answer {
			return c.patch(t, tokenPath(id), object{"metadata": object{"a": "b"}})
		},
		"token:delete": func(t *testing.T, c caller, id string) *answer { return c.delete(t, tokenPath(id)) },
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			there, allowed, missing := v.secret(t).ID, v.secret(t).ID, fresh()
			one := func(id string) caller {
				return tn.granted(t, where(1, "reveal", list{operation}, condition("id", "equals", id)))
			}
			for name, c := range map[string]caller{
				"without the permission": tn.granted(t, within(1, "/", "reveal", "token:use")), "with a condition on another id": one(allowed),
				"with a condition on another beginning":           tn.granted(t, where(1, "reveal", list{operation}, condition("id", "starts_with", "~"))),
				"with conditions on its container and another id": tn.granted(t, where(1, "reveal", list{operation}, condition("container", "equals", v.container), condition("id", "equals", allowed))),
			} {
				alike(t, map[string]*answer{name + ", there": send(t, c, there).is(t, http.StatusForbidden), name + ", missing": send(t, c, missing), name + ", not an id": send(t, c, "a")})
			}
			send(t, one(missing), missing).is(t, http.StatusNotFound)
			elsewhere := tn.granted(t, within(1, v.container+"below/", "reveal", operation))
			send(t, elsewhere, missing).is(t, http.StatusNotFound)
			send(t, elsewhere, there).is(t, http.StatusForbidden)
			if a := send(t, one(allowed), allowed); a.status >= 300 {
				t.Errorf("the token that is allowed is answered %d", a.status)
			}
			v.readToken(t, there)
		})
	}
}

// TestListsLeaveOut promises that lists and searches leave out what no rule covers, and show the rest as its rule says.
func TestListsLeaveOut(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	c := v.container
	metadata := object{"shelf": c}
	var made []tokenAnswer
	for _, container := range []string{c, c + "a/", c + "a/b/", c + "z/"} {
		made = append(made, v.exhibit(t, object{"containers": list{container}, "metadata": metadata}))
	}
	rules := []object{within(1, c+"a/b/", "redact", "token:read", "token:search"), within(2, c+"a/", "reveal", "token:read", "token:search"), within(3, c+"z/", "reveal", "token:create")}
	data := func(l tokenList) list {
		seen := list{}
		for _, t := range l.Data {
			seen = append(seen, t.Data)
		}
		return seen
	}
	for kind, reader := range map[string]caller{"application": v.home.ruled(t, "private", rules...), "session": v.home.granted(t, rules...)} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			byMetadata := url.Values{"metadata.shelf": {c}}
			for name, l := range map[string]tokenList{
				"listed": reader.tokens(t, "/v2/tokens", byMetadata), "listed, first generation": reader.tokens(t, "/tokens", byMetadata),
				"found": reader.search(t, "/v2/tokens/search", object{"query": "metadata.shelf:" + c}), "found, first generation": reader.search(t, "/tokens/search", object{"query": "metadata.shelf:" + c}),
				"in the container": reader.tokens(t, "/v2/tokens", url.Values{"container": {c + "a/"}}),
			} {
				same(t, name, l.ids(), names(made[2], made[1]))
				same(t, name+", data", data(l), list{nil, "plain"})
			}
			same(t, "how many there are", reader.tokens(t, "/tokens", byMetadata).Pagination.TotalItems, 2)
			for name, container := range map[string]string{"around": c, "the root": "/", "beside": c + "z/", "unknown": c + "nothing/"} {
				reader.get(t, "/v2/tokens?container="+container).is(t, http.StatusForbidden)
				reader.get(t, "/tokens?container="+container).is(t, http.StatusForbidden)
				reader.post(t, "/v2/tokens/search", object{"query": "container:" + container}).is(t, http.StatusForbidden)
				if a := reader.post(t, "/tokens/search", object{"query": "container:" + container + " AND type:card"}); a.status != http.StatusForbidden {
					t.Errorf("%s is answered %d", name, a.status)
				}
			}
		})
	}
	t.Run("overlapping rules show a token once", func(t *testing.T) {
		t.Parallel()
		reader := v.home.granted(t, within(1, c, "reveal", "token:read"), within(2, c+"a/", "mask", "token:read"), where(3, "redact", list{"token:read"}, condition("id", "equals", made[1].ID)))
		same(t, "listed", reader.tokens(t, "/v2/tokens", url.Values{"container": {c}}).ids(), names(made[3], made[2], made[1], made[0]))
		var met []string
		for next := new(string); next != nil; {
			l := reader.tokens(t, "/v2/tokens", url.Values{"metadata.shelf": {c}, "size": {"1"}, "start": {*next}})
			met, next = append(met, l.ids()...), l.Pagination.Next
		}
		same(t, "one by one", met, names(made[3], made[2], made[1], made[0]))
	})
}
