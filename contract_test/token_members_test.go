package contract_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestTokenMetadata(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	many := object{}
	for i := range 100 {
		many["member "+strconv.Itoa(i)] = strconv.Itoa(i)
	}
	for name, metadata := range map[string]object{
		"one member": {"customer": "42"}, "an empty value": {"customer": ""}, "any letters": {"käufer <&> \"名\"": "{{ data }}\n\t"},
		"a long name and value": {strings.Repeat("n", 200): strings.Repeat("é", 4000)}, "a hundred members": many,
	} {
		t.Run("keeps "+name, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, object{"data": plain("data"), "metadata": metadata})
			same(t, "metadata", made.Metadata, metadata)
			same(t, "metadata read", v.readToken(t, made.ID).Metadata, metadata)
		})
	}
	t.Run("is left out when empty", func(t *testing.T) {
		t.Parallel()
		made := v.create(t, object{"data": plain("data"), "metadata": object{}})
		if _, sent := v.get(t, tokenPath(made.ID)).object(t)["metadata"]; sent {
			t.Error("metadata is there")
		}
	})
	tooMany := object{"one": "more"}
	for name := range many {
		tooMany[name] = "x"
	}
	for name, c := range map[string]struct {
		metadata any
		blames   string
	}{
		"a number": {object{"count": 12345678}, "metadata.count"}, "an object": {object{"a": object{"b": marked("c")}}, "metadata.a"},
		"a null": {object{"count": nil}, "metadata.count"}, "a text": {marked("x"), "metadata"}, "a list": {list{marked("x")}, "metadata"},
		"too many": {tooMany, "metadata"}, "a value too long": {object{"a": marked(strings.Repeat("x", 4000))}, "metadata.a"},
		"no name": {object{"": "x"}, "metadata.*"}, "a name too long": {object{strings.Repeat("x", 201): "x"}, "metadata.*"}, "a NUL": {object{"a": marked("\x00")}, "metadata.a"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			v.spoilt(t, http.MethodPost, "/tokens", object{"type": "token", "data": plain("data"), "containers": list{v.container}, "metadata": c.metadata}).refuses(t, c.blames)
		})
	}
}

func TestTokenContainers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	all := s.home.ruled(t, "private", within(1, "/", "reveal", tokenPermissions...))
	for name, c := range map[string][2]string{
		"the root": {"/", "/"}, "one level": {"/ledger/", "/ledger/"}, "several levels": {"/a/b/c/d-e_f/0/", "/a/b/c/d-e_f/0/"},
		"capitals, which become small": {"/PCI/High/", "/pci/high/"}, "as long as it gets": {"/" + strings.Repeat("x", 398) + "/", "/" + strings.Repeat("x", 398) + "/"},
	} {
		t.Run("may be "+name, func(t *testing.T) {
			t.Parallel()
			made := all.createToken(t, object{"type": "token", "data": plain("data"), "containers": list{c[0]}})
			same(t, "containers", made.Containers, list{c[1]})
		})
	}
	for name, container := range map[string]string{
		"without slashes": "pci", "without the first slash": "pci/", "without the last slash": "/pci", "with an empty level": "/pci//high/", "empty": "", "only slashes": "//",
		"with a space": "/p ci/", "with a dot": "/pci./", "with a letter of another script": "/pcí/", "too long": "/" + strings.Repeat("x", 399) + "/", "with a line break": "/pci/\n",
	} {
		t.Run("may not be "+name, func(t *testing.T) {
			t.Parallel()
			all.spoilt(t, http.MethodPost, "/tokens", object{"type": "token", "data": plain("data"), "containers": list{container}}).refuses(t, "containers[0]")
		})
	}
	t.Run("are one", func(t *testing.T) {
		t.Parallel()
		all.spoilt(t, http.MethodPost, "/tokens", object{"type": "token", "data": plain("data"), "containers": list{"/a/", "/b/"}}).refuses(t, "containers")
		made := all.createToken(t, object{"type": "token", "data": plain("data"), "containers": list{}})
		same(t, "containers where there are none", made.Containers, list{"/general/high/"})
	})
}

// TestTokenMasks promises what is to be seen of a token where only its mask may be seen.
func TestTokenMasks(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	masking := v.home.ruled(t, "private", within(1, v.container, "mask", "token:create", "token:read"))
	data := object{"number": "4242424242424242", "month": 12, "active": true, "name": object{"first": "Ada", "last": "Lovelace"}, "tags": list{"a", "b"}, "none": nil}
	for name, c := range map[string]struct{ mask, want any }{
		"one expression":                     {"{{ data.number | reveal_last: 4 }}", "XXXXXXXXXXXX4242"},
		"an expression among text":           {"card {{ data.number | last4 }} of {{ data.name.last | slice: 0 }}.", "card 4242 of L."},
		"values keep their type":             {list{"{{ data.month }}", "{{ data.active }}", "{{ data.tags }}"}, list{12, true, list{"a", "b"}}},
		"a tree, which drops what it omits":  {object{"name": object{"last": "{{ data.name.last | slice: 0 }}"}, "month": "{{ data.month }}"}, object{"name": object{"last": "L"}, "month": 12}},
		"a tree of which the data has part":  {object{"month": "{{ data.month }}", "year": "{{ data.year }}", "none": "{{ data.none }}"}, object{"month": 12}},
		"values that are no expressions":     {object{"kind": "card", "count": 3, "yes": true}, object{"kind": "card", "count": 3, "yes": true}},
		"the malformed mask that is in use":  {"{{ data.number, reveal_last: 4 }}", "XXXXXXXXXXXX4242"},
		"all of a card but its ends":         {"{{ data.number | card_mask: 'true', 'true' }}", "42424242XXXX4242"},
		"another letter":                     {"{{ data.number | reveal_last: 4, '*' }}", "************4242"},
		"nothing":                            {nil, nil},
		"an expression that yields nothing":  {"{{ data.absent }}", nil},
		"an expression for a missing object": {"{{ data.absent.below }}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := object{"type": "token", "data": data, "mask": c.mask, "containers": list{v.container}}
			made := masking.createToken(t, body)
			same(t, "the data", made.Data, c.want)
			same(t, "the mask", made.Mask, c.mask)
			same(t, "the data read", masking.readToken(t, made.ID).Data, c.want)
			same(t, "the data revealed", v.readToken(t, made.ID).Data, data)
		})
	}
	for name, mask := range map[string]any{
		"an unknown filter": "{{ data | nope }}", "an open brace": "{{ data", "a tag": "{% if data %}x{% endif %}", "a filter on the wrong thing": object{"a": list{"{{ data.name | card_mask }}"}},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokens", object{"type": "token", "data": data, "mask": mask, "containers": list{v.container}}).refuses(t, "mask")
		})
	}
}

// TestTokenSearchIndexes promises that a token is found by what its indexes yield, letter for letter, and by nothing else.
func TestTokenSearchIndexes(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	email := plain("Ada.Lovelace") + "@example.com"
	made := v.create(t, object{"data": object{"email": email, "year": 1815, "active": true}, "search_indexes": list{"{{ data.email }}", "{{ data.year }}", "{{ data.email | downcase }}", "{{ data.active }}"}})
	for query, found := range map[string]bool{
		`data:"` + email + `"`: true, "data:" + email: true, `data:"` + strings.ToLower(email) + `"`: true, "data:1815": true, "data:true": true,
		`data:"` + strings.ToUpper(email) + `"`: false, `data:"` + email[:8] + `"`: false, `data:"` + email + ` "`: false, "data:181": false, `data:"*"`: false, `data:"%"`: false,
	} {
		t.Run(query[:min(len(query), 12)]+fresh(), func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/tokens/search", "/v2/tokens/search"} {
				got := v.search(t, path, object{"query": query}).ids()
				same(t, path, contains(got, made.ID) && len(got) == 1, found)
			}
		})
	}
	t.Run("two tokens of one value are both found", func(t *testing.T) {
		t.Parallel()
		value := plain("same")
		first, second := v.create(t, object{"data": value, "search_indexes": list{"{{ data }}", "{{ data }}"}}), v.create(t, object{"data": value, "search_indexes": list{"{{ data }}"}})
		same(t, "found", v.search(t, "/v2/tokens/search", object{"query": "data:" + value}).ids(), list{second.ID, first.ID})
	})
	for name, indexes := range map[string]list{"null": {"{{ data.email }}", "{{ data.absent }}"}, "nothing": {"x", "{{ '' }}"}, "an object": {"x", "{{ data }}"}, "an error": {"x", "{{ data | nope }}"}} {
		t.Run("an index that yields "+name+" is refused", func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokens", object{"type": "token", "data": object{"email": email}, "search_indexes": indexes, "containers": list{v.container}}).refuses(t, "search_indexes[1]")
		})
	}
	t.Run("ten at most", func(t *testing.T) {
		t.Parallel()
		ten := list{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
		same(t, "indexes", v.create(t, object{"data": plain("data"), "search_indexes": ten}).SearchIndexes, ten)
		v.spoilt(t, http.MethodPost, "/tokens", object{"type": "token", "data": plain("data"), "search_indexes": append(ten, "x")}).refuses(t, "search_indexes")
	})
}

// TestTokenPrivacy promises that the deprecated classification is kept, and filled in where it was not given.
func TestTokenPrivacy(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	given := object{"classification": "bank", "impact_level": "low", "restriction_policy": "mask"}
	same(t, "as given", v.create(t, object{"data": plain("data"), "privacy": given}).Privacy, given)
	part := v.create(t, object{"data": plain("data"), "privacy": object{"impact_level": "moderate"}, "mask": "x"}).Privacy
	same(t, "filled in", part, object{"classification": "general", "impact_level": "moderate", "restriction_policy": "mask"})
	body := object{"type": "token", "data": plain("data"), "containers": list{v.container}, "privacy": object{"impact_level": marked("x"), "restriction_policy": marked("x")}}
	v.post(t, "/tokens", body).refuses(t, "privacy.impact_level", "privacy.restriction_policy")
}

// TestTokenMembersOfNoUse promises 400 for what this server does not do.
func TestTokenMembersOfNoUse(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	v.post(t, "/tokens", object{"type": "token", "data": 1, "encrypted": marked("e")}).refuses(t, "encrypted")
	v.post(t, "/tokens", object{"token_intent_id": marked("i")}).refuses(t, "token_intent_id")
	v.spoilt(t, http.MethodPost, "/tokens", object{"type": "token", "data": 1, "colour": marked("red")}).refuses(t, "colour")
}
