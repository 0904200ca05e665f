package contract_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCreateToken promises a token under an id of its own, and that it is found where Location says.
func TestCreateToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	v := s.home.vault(t)
	name := plain("name")
	a := v.post(t, "/tokens", object{"type": "token", "data": object{"name": name}, "containers": list{v.container}}).is(t, http.StatusCreated)
	var made tokenAnswer
	a.into(t, &made)
	if !uuidV4.MatchString(made.ID) {
		t.Errorf("the id is %q", made.ID)
	}
	if at, err := time.Parse(time.RFC3339Nano, made.CreatedAt); err != nil || at.After(s.now().Add(slack(s))) || at.Before(s.now().Add(-time.Minute)) {
		t.Errorf("created_at is %q", made.CreatedAt)
	}
	if got := a.header.Get("Location"); !strings.HasSuffix(got, "/tokens/"+made.ID) {
		t.Errorf("Location is %q", got)
	}
	if !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		t.Error("caches may keep it")
	}
	same(t, "the token", a.object(t), object{
		"id": made.ID, "type": "token", "tenant_id": s.home.id, "data": object{"name": name}, "containers": list{v.container},
		"created_by": v.id, "created_at": made.CreatedAt, "aliases": list{made.ID}, "search_indexes": list{},
		"privacy": object{"classification": "general", "impact_level": "high", "restriction_policy": "redact"},
		"_extras": object{"deduplicated": false},
	})
	read := v.get(t, a.header.Get("Location")).is(t, http.StatusOK).object(t)
	want := a.object(t)
	delete(want, "_extras")
	same(t, "what GET answers", read, want)
}

// TestTokenOmitsWhatIsAbsent promises that nothing in a token is ever null: what it has not is left out.
func TestTokenOmitsWhatIsAbsent(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	nothing := object{"type": "token", "data": plain("data"), "containers": list{v.container}}
	for _, name := range []string{"id", "mask", "metadata", "search_indexes", "fingerprint_expression", "deduplicate_token", "expires_at", "privacy", "encrypted", "token_intent_id"} {
		nothing[name] = nil
	}
	made := v.post(t, "/tokens", nothing).is(t, http.StatusCreated).object(t)
	want := []string{"_extras", "aliases", "containers", "created_at", "created_by", "data", "id", "privacy", "search_indexes", "tenant_id", "type"}
	same(t, "the members", slices.Sorted(maps.Keys(made)), want)
	id, _ := made["id"].(string)
	masked := v.home.private.get(t, tokenPath(id)).is(t, http.StatusOK).object(t)
	want = slices.DeleteFunc(want, func(name string) bool { return name == "data" || name == "_extras" })
	same(t, "the members without a mask", slices.Sorted(maps.Keys(masked)), want)
}

func TestTokenIDs(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, id := range map[string]string{
		"three characters": fresh()[:3], "four hundred characters": strings.Repeat("x", 384) + fresh(), "spaces": " with space " + fresh(),
		"the punctuation that is allowed": "!\"$'()*,-.:;@_`~" + fresh(), "other scripts": "ключ 鍵 " + fresh(), "dots": "..." + fresh(),
	} {
		t.Run("may have "+name, func(t *testing.T) {
			t.Parallel()
			a := v.post(t, "/tokens", object{"id": id, "type": "token", "data": plain("data"), "containers": list{v.container}}).is(t, http.StatusCreated)
			same(t, "the id", a.object(t)["id"], id)
			for _, path := range []string{a.header.Get("Location"), tokenPath(id), tokenPath(id) + "/"} {
				same(t, "the id at "+path, v.get(t, path).is(t, http.StatusOK).object(t)["id"], id)
			}
			v.updateToken(t, id, object{"metadata": object{"found": "yes"}})
			same(t, "listed", v.tokens(t, "/tokens", url.Values{"id": {id}}).ids(), list{id})
			v.delete(t, tokenPath(id)).is(t, http.StatusNoContent)
		})
	}
	for _, forbidden := range []string{"#", "/", `\`, "+", "?", "[", "]", "|", "&", "=", "%", "<", ">", "{", "}", "^", "\n", "\x00"} {
		t.Run("may not have "+url.QueryEscape(forbidden), func(t *testing.T) {
			t.Parallel()
			for _, id := range []string{forbidden + "abc", "abc" + forbidden + "def", "abc" + forbidden} {
				v.post(t, "/tokens", object{"id": id, "type": "token", "data": plain("data"), "containers": list{v.container}}).refuses(t, "id")
			}
		})
	}
	for name, id := range map[string]string{"empty": "", "too short": "ab", "too long": strings.Repeat("x", 401)} {
		t.Run("may not be "+name, func(t *testing.T) {
			t.Parallel()
			v.spoilt(t, http.MethodPost, "/tokens", object{"id": id, "type": "token", "data": plain("data")}).refuses(t, "id")
		})
	}
	t.Run("may have four hundred characters of four bytes", func(t *testing.T) {
		t.Parallel()
		id := strings.Repeat("\U0001F511", 384) + fresh()
		a := v.post(t, "/tokens", object{"id": id, "type": "token", "data": plain("data"), "containers": list{v.container}}).is(t, http.StatusCreated)
		get := request{method: http.MethodGet, path: a.header.Get("Location"), broken: true} // the suite counts the letters of its escapes
		same(t, "the id", v.send(t, get).is(t, http.StatusOK).object(t)["id"], id)
	})
	t.Run("that no token can have are unknown", func(t *testing.T) {
		t.Parallel()
		alike(t, map[string]*answer{
			"forbidden": v.get(t, "/tokens/"+url.PathEscape("a#?b|c")).is(t, http.StatusNotFound), "short": v.get(t, "/tokens/a"),
			"a control character": v.get(t, "/tokens/abc%00"), "unknown": v.get(t, "/tokens/"+fresh()),
		})
	})
}

// TestTokenIDIsTaken promises that an id stands for one token, in its tenant and as long as that token lives.
func TestTokenIDIsTaken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	v := s.home.vault(t)
	first := v.secret(t)
	again := object{"id": first.ID, "type": "token", "data": plain("other"), "containers": list{v.container}}
	v.post(t, "/tokens", again).is(t, http.StatusConflict)
	same(t, "the first", v.readToken(t, first.ID).Data, first.Data)
	t.Run("not in another tenant", func(t *testing.T) {
		theirs := s.foreign(t).private.createToken(t, object{"id": first.ID, "type": "token", "data": plain("other")})
		same(t, "its id there", theirs.ID, first.ID)
	})
	v.delete(t, tokenPath(first.ID)).is(t, http.StatusNoContent)
	v.post(t, "/tokens", again).is(t, http.StatusCreated)
}

// TestTokenAliases promises ids that look like the data, and another id where one is taken.
func TestTokenAliases(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, c := range map[string]struct {
		alias string
		data  any
		like  string
	}{
		"a card number with its ends":   {"{{ data.number | alias_card: 'true', 'true' }}", object{"number": "4242424242424242"}, `^42424242\d{4}4242$`},
		"a number in its format":        {"{{ data | alias_preserve_format: 0, 4 }}", "987-65-4321", `^\d{3}-\d\d-4321$`},
		"a text of the same length":     {"{{ data | alias_preserve_length }}", "abcdefghijklmnop", `^[a-z0-9]{16}$`},
		"an address at the same domain": {"{{ data | split: '@' | first | alias_preserve_length }}@{{ data | split: '@' | last }}", "ada.lovelace@example.com", `^[a-z0-9]{12}@example\.com$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, object{"id": c.alias, "data": c.data})
			matches(t, made.ID, c.like)
			same(t, "aliases", made.Aliases, list{made.ID})
			same(t, "data", v.readToken(t, made.ID).Data, c.data)
		})
	}
	t.Run("a taken alias gives way to a UUID", func(t *testing.T) {
		t.Parallel()
		fixed := object{"id": "{{ data.reference }}", "data": object{"reference": "order " + fresh()}}
		first, second := v.create(t, fixed), v.create(t, fixed)
		if first.ID == second.ID || !uuidV4.MatchString(second.ID) {
			t.Errorf("the ids are %q and %q", first.ID, second.ID)
		}
	})
	for name, alias := range map[string]string{
		"yields a character that is forbidden": "{{ data.card }}/{{ data.card }}", "yields too little": "{{ data.card | slice: 0 }}", "yields an object": "{{ data }}",
		"yields nothing": "{{ data.absent }}", "has nothing to randomize": "{{ data.card | alias_preserve_length: 8, 8 }}", "cannot be read": "{{ data.card",
		"has an unknown filter": "{{ data.card | nope }}",
	} {
		t.Run("an alias that "+name+" is refused", func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokens", object{"id": alias, "type": "token", "data": object{"card": cardNumber()}, "containers": list{v.container}}).refuses(t, "id")
		})
	}
}

// TestTokenNumbers promises that numbers keep all their digits, whatever becomes of them.
func TestTokenNumbers(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	const data = `{"e":1.0,"large":123456789012345678901234567890,"list":[0.10,9007199254740993],"small":0.000000000000000000000000012345678901234567890}`
	a := v.post(t, "/tokens", `{"type":"token","containers":["`+v.container+`"],"mask":{"shown":"{{ data.large }}"},"data":`+data+`}`).is(t, http.StatusCreated)
	hasData(t, a, data)
	var made tokenAnswer
	a.into(t, &made)
	hasData(t, v.get(t, tokenPath(made.ID)), data)
	hasData(t, v.get(t, "/v2/tokens?container="+v.container), data)
	hasData(t, v.home.private.get(t, tokenPath(made.ID)), `{"shown":123456789012345678901234567890}`)
	hasData(t, v.patch(t, tokenPath(made.ID), `{"data":{"more":12345678901234567891.5}}`), strings.Replace(data, `"small"`, `"more":12345678901234567891.5,"small"`, 1))
	a = v.post(t, "/detokenize", object{"data": "{{ " + made.ID + " | json: '$.large' }}"}).is(t, http.StatusOK)
	hasData(t, a, `123456789012345678901234567890`)
	a = v.home.private.post(t, "/tokenize", `{"type":"token","containers":["`+v.container+`"],"mask":"{{ data }}","data":18446744073709551617}`).is(t, http.StatusOK)
	hasData(t, a, `18446744073709551617`)
}

// hasData ends the test unless the answer has exactly this text as the value of a member named data.
func hasData(t *testing.T, a *answer, text string) {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, a.body); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(compact.Bytes(), []byte(`"data":`+text)) {
		t.Fatalf("%s (%d) does not have the data %s: %s", a.name, a.status, text, a.body)
	}
}

// TestDeleteToken promises that a deleted token is gone for every operation.
func TestDeleteToken(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	index := plain("index")
	kept := v.secret(t)
	gone := v.create(t, object{"data": index, "search_indexes": list{"{{ data }}"}})
	if a := v.delete(t, tokenPath(gone.ID)).is(t, http.StatusNoContent); len(a.body) > 0 {
		t.Errorf("the body is %q", a.body)
	}
	v.isGone(t, gone.ID)
	same(t, "found", v.search(t, "/v2/tokens/search", object{"query": `data:"` + index + `"`}).ids(), list{})
	same(t, "listed", v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}}).ids(), list{kept.ID})
}

// isGone ends the test unless the token is as unknown as one that never was.
func (v *vault) isGone(t *testing.T, id string) {
	t.Helper()
	never := fresh()
	alike(t, map[string]*answer{
		"read": v.get(t, tokenPath(id)).is(t, http.StatusNotFound), "read, never there": v.get(t, tokenPath(never)),
		"changed": v.patch(t, tokenPath(id), object{"data": plain("data")}), "deleted": v.delete(t, tokenPath(id)),
	})
	v.post(t, "/detokenize", list{"{{ " + id + " }}"}).is(t, http.StatusBadRequest)
	same(t, "listed", v.tokens(t, "/tokens", url.Values{"id": {id}}).ids(), list{})
}

// TestForeignTokens promises that another tenant's token is as unknown as any.
func TestForeignTokens(t *testing.T) {
	t.Parallel()
	s := shared(t)
	v := s.home.vault(t)
	theirs := s.foreign(t).vault(t)
	token := theirs.create(t, object{"data": plain("theirs"), "metadata": object{"whose": "theirs"}, "search_indexes": list{"{{ data }}"}})
	all := s.home.ruled(t, "private", within(1, "/", "reveal", tokenPermissions...))
	(&vault{caller: all, home: v.home, container: "/"}).isGone(t, token.ID)
	same(t, "listed", all.tokens(t, "/v2/tokens", url.Values{"container": {theirs.container}}).ids(), list{})
	for _, query := range []string{`data:"` + token.Data.(string) + `"`, "container:" + theirs.container} {
		same(t, query, all.search(t, "/v2/tokens/search", object{"query": query}).ids(), list{})
	}
	same(t, "theirs", theirs.readToken(t, token.ID).Data, token.Data)
}

// TestTokenIdempotency promises that a creation or change with an idempotency key has effect once.
func TestTokenIdempotency(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	body := object{"type": "token", "data": plain("data"), "containers": list{v.container}}
	create := keyed(request{method: http.MethodPost, path: "/tokens", body: body}, newKey(t))
	first := v.send(t, create).is(t, http.StatusCreated)
	body["data"] = plain("other")
	replayed(t, v.send(t, create), first)
	ids := v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}}).ids()
	same(t, "listed", ids, list{first.object(t)["id"]})

	change := keyed(mergePatch(tokenPath(ids[0]), object{"metadata": object{"turn": "first"}}), newKey(t))
	changed := v.send(t, change).is(t, http.StatusOK)
	change.body = object{"metadata": object{"turn": "second"}}
	replayed(t, v.send(t, change), changed)
	same(t, "metadata", v.readToken(t, ids[0]).Metadata, object{"turn": "first"})
}
