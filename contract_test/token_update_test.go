package contract_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// TestUpdateToken promises that data, mask and metadata are merged, other members replaced, and that null removes.
func TestUpdateToken(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	before := object{
		"data": object{"name": object{"first": "Ada", "last": "Lovelace"}, "tags": list{"a", "b"}, "year": 1815}, "mask": object{"first": "{{ data.name.first }}", "year": "{{ data.year }}"},
		"metadata": object{"customer": "42", "kind": "person", "stays": "yes"}, "search_indexes": list{"{{ data.name.last }}"}, "fingerprint_expression": "{{ data.year }}",
		"expires_at": "2090-01-01T00:00:00+02:00", "privacy": object{"classification": "pii"},
	}
	data := func(members object) object {
		whole := object{"name": object{"first": "Ada", "last": "Lovelace"}, "tags": list{"a", "b"}, "year": 1815}
		for name, value := range members {
			whole[name] = value
		}
		return whole
	}
	for name, c := range map[string]struct {
		patch  object
		member string
		want   any
	}{
		"a new member of data":                  {object{"data": object{"born": "London"}}, "data", data(object{"born": "London"})},
		"a member deep in data":                 {object{"data": object{"name": object{"last": "King"}}}, "data", data(object{"name": object{"first": "Ada", "last": "King"}})},
		"a member of data, gone":                {object{"data": object{"name": object{"first": nil}}}, "data", data(object{"name": object{"last": "Lovelace"}})},
		"a member of data that never was, gone": {object{"data": object{"absent": nil}}, "data", data(object{})},
		"a list, replaced as a whole":           {object{"data": object{"tags": list{"c", nil}}}, "data", data(object{"tags": list{"c", nil}})},
		"an object in place of a value":         {object{"data": object{"year": object{"born": 1815}, "tags": "none"}}, "data", data(object{"year": object{"born": 1815}, "tags": "none"})},
		"data that is no object any more":       {object{"data": "Ada", "search_indexes": list{}, "mask": nil}, "data", "Ada"},
		"nothing of data":                       {object{"data": object{}}, "data", data(object{})},
		"a member of the mask":                  {object{"mask": object{"year": nil, "last": "{{ data.name.last | slice: 0 }}"}}, "mask", object{"first": "{{ data.name.first }}", "last": "{{ data.name.last | slice: 0 }}"}},
		"another mask":                          {object{"mask": "{{ data.year }}"}, "mask", "{{ data.year }}"},
		"no mask":                               {object{"mask": nil}, "mask", nil},
		"a member of metadata":                  {object{"metadata": object{"customer": "43", "kind": nil, "new": ""}}, "metadata", object{"customer": "43", "new": "", "stays": "yes"}},
		"no metadata":                           {object{"metadata": nil}, "metadata", nil},
		"other search indexes":                  {object{"search_indexes": list{"{{ data.year }}"}}, "search_indexes", list{"{{ data.year }}"}},
		"no search indexes":                     {object{"search_indexes": list{}}, "search_indexes", list{}},
		"search indexes of the type":            {object{"search_indexes": nil}, "search_indexes", list{}},
		"another fingerprint expression":        {object{"fingerprint_expression": "{{ data.name.last }}"}, "fingerprint_expression", "{{ data.name.last }}"},
		"no fingerprint expression":             {object{"fingerprint_expression": nil}, "fingerprint_expression", nil},
		"another end":                           {object{"expires_at": "2091-01-01T00:00:00-03:00"}, "expires_at", "2091-01-01T00:00:00-03:00"},
		"no end":                                {object{"expires_at": nil}, "expires_at", nil},
		"another privacy":                       {object{"privacy": object{"impact_level": "low"}}, "privacy", object{"classification": "general", "impact_level": "low", "restriction_policy": "mask"}},
		"the container of the type":             {object{"data": object{}, "containers": list{v.container + "deeper/"}}, "containers", list{v.container + "deeper/"}},
		"nothing at all":                        {object{}, "metadata", object{"customer": "42", "kind": "person", "stays": "yes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, before)
			updated := v.patch(t, tokenPath(made.ID), c.patch).is(t, http.StatusOK).object(t)
			same(t, c.member, updated[c.member], c.want)
			same(t, "who changed it", updated["modified_by"], v.id)
			if updated["modified_at"] == nil || updated["created_at"] != made.CreatedAt || updated["id"] != made.ID {
				t.Errorf("the token is %v", updated)
			}
			kept(t, "updateToken", v.get(t, tokenPath(made.ID)).object(t), updated)
		})
	}
}

// TestUpdateTokenFollowsTheData promises that fingerprint and search indexes are worked out anew.
func TestUpdateTokenFollowsTheData(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	first, second := plain("first"), plain("second")
	made := v.create(t, object{"data": first, "search_indexes": list{"{{ data }}"}, "fingerprint_expression": "{{ data }}", "metadata": object{"turn": first}})
	updated := v.updateToken(t, made.ID, object{"data": second, "metadata": object{"turn": second}})
	if updated.Fingerprint == made.Fingerprint || updated.Fingerprint == "" {
		t.Errorf("the fingerprint was %q and is %q", made.Fingerprint, updated.Fingerprint)
	}
	for _, field := range []string{"data", "metadata.turn"} {
		same(t, "found by the old "+field, v.search(t, "/v2/tokens/search", object{"query": field + ":" + first}).ids(), list{})
		same(t, "found by the new "+field, v.search(t, "/v2/tokens/search", object{"query": field + ":" + second}).ids(), list{made.ID})
	}
	same(t, "found by the old fingerprint", v.search(t, "/v2/tokens/search", object{"query": "fingerprint:" + made.Fingerprint}).ids(), list{})
}

// TestUpdateTokenRefuses promises 400, about the very member, and that nothing of a refused patch stays.
func TestUpdateTokenRefuses(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, c := range map[string]struct {
		patch  any
		blames string
	}{
		"another id": {object{"id": marked("id")}, "id"}, "another type": {object{"type": "card"}, "type"}, "an unknown member": {object{"colour": marked("x")}, "colour"},
		"a card without number": {object{"data": object{"number": nil}}, "data.number"}, "a wrong number": {object{"data": object{"number": "4242424242424241"}}, "data.number"},
		"a card that is a text": {object{"data": marked("x")}, "data"}, "no data": {object{"data": nil}, "data"}, "two containers": {object{"containers": list{"/a/", "/b/"}}, "containers"},
		"a bad container": {object{"containers": list{"/a"}}, "containers[0]"}, "six search indexes": {object{"search_indexes": list{"1", "2", "3", "4", "5", "6"}}, "search_indexes"},
		"an index that yields nothing": {object{"search_indexes": list{"{{ data.absent }}"}}, "search_indexes[0]"}, "a mask that cannot be read": {object{"mask": object{"number": "{{ data"}}, "mask"},
		"metadata that is no text": {object{"metadata": object{"a": 12345678}}, "metadata.a"}, "a wrong fingerprint expression": {object{"fingerprint_expression": "{{ data | nope }}"}, "fingerprint_expression"},
		"encrypted data": {object{"encrypted": marked("x")}, "encrypted"}, "a list": {list{}, "body"}, "a text": {`"x"`, "body"}, "null": {"null", "body"}, "no JSON": {"{", "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, object{"type": "card", "data": object{"number": cardNumber()}, "metadata": object{"stays": "yes"}})
			v.spoilt(t, http.MethodPatch, tokenPath(made.ID), c.patch).refuses(t, c.blames)
			read := v.readToken(t, made.ID)
			same(t, "data", read.Data, made.Data)
			same(t, "modified_at", read.ModifiedAt, "")
		})
	}
}

// TestUpdateTokenReadsMergePatches promises 415 for a patch that is called anything else.
func TestUpdateTokenReadsMergePatches(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	made := v.secret(t)
	for _, kind := range []string{"application/json", "application/json-patch+json", "text/plain", "-", "merge-patch+json", "application/merge-patch"} {
		r := mergePatch(tokenPath(made.ID), `{"data":"changed"}`)
		r.kind, r.broken = kind, true
		v.send(t, r).is(t, http.StatusUnsupportedMediaType)
	}
	same(t, "data", v.readToken(t, made.ID).Data, made.Data)
	r := mergePatch(tokenPath(made.ID), `{"metadata":{"changed":"yes"}}`)
	r.kind = "application/merge-patch+json; charset=utf-8"
	v.send(t, r).is(t, http.StatusOK)
}

// TestMoveToken promises that a token moves for who may update both where it is and where it goes.
func TestMoveToken(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	from, to := v.container+"from/", v.container+"to/"
	source, destination := v.home.ruled(t, "private", within(1, from, "reveal", "token:update")), v.home.ruled(t, "private", within(1, to, "reveal", "token:update"))
	both := v.home.ruled(t, "private", within(1, from, "reveal", "token:update"), within(2, to, "redact", "token:update"))
	made := v.create(t, object{"data": plain("data"), "containers": list{from}})
	move := object{"containers": list{to}}
	source.patch(t, tokenPath(made.ID), move).is(t, http.StatusForbidden)
	destination.patch(t, tokenPath(made.ID), move).is(t, http.StatusForbidden)
	same(t, "where it is", v.readToken(t, made.ID).Containers, list{from})
	moved := both.updateToken(t, made.ID, move)
	same(t, "where it is now", moved.Containers, list{to})
	same(t, "what is shown by the rule there", moved.Data, nil)
	source.patch(t, tokenPath(made.ID), object{}).is(t, http.StatusForbidden)
	same(t, "listed there", v.tokens(t, "/v2/tokens", map[string][]string{"container": {to}}).ids(), list{made.ID})
	same(t, "listed where it was", v.tokens(t, "/v2/tokens", map[string][]string{"container": {from}}).ids(), list{})
}

// TestUpdateTokenRaces promises that no change is lost: each is in the token, or was refused.
func TestUpdateTokenRaces(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	made := v.secret(t)
	var wg sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = v.patch(t, tokenPath(made.ID), object{"metadata": object{strconv.Itoa(i): "mine"}}).status
		})
	}
	wg.Wait()
	metadata := v.readToken(t, made.ID).Metadata
	for i, status := range statuses {
		if _, there := metadata[strconv.Itoa(i)]; there != (status == http.StatusOK) || status != http.StatusOK && status != http.StatusConflict {
			t.Errorf("change %d is answered %d, and whether it is there is %v", i, status, there)
		}
	}
	if len(metadata) == 0 {
		t.Error("nobody won")
	}
}
