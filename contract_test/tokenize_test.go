package contract_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// value is the body as any JSON.
func (a *answer) value(t testing.TB) (v any) {
	t.Helper()
	a.into(t, &v)
	return v
}

// TestTokenize promises that values are replaced by ids and token requests by tokens, and that all else stays as it is.
func TestTokenize(t *testing.T) {
	t.Parallel()
	all := shared(t).home.ruled(t, "private", within(1, "/", "reveal", tokenPermissions...))
	revealed := func(t *testing.T, id any) any {
		t.Helper()
		text, _ := id.(string)
		return all.readToken(t, text).Data
	}
	t.Run("a value on its own", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{`"` + plain("text") + `"`, `12345678901234567890`, `0.10`, `true`, `false`, `""`} {
			id, _ := all.post(t, "/tokenize", text).is(t, http.StatusOK).value(t).(string)
			matches(t, id, uuidV4.String())
			hasData(t, all.get(t, tokenPath(id)), text)
		}
	})
	t.Run("the values in objects and arrays", func(t *testing.T) {
		t.Parallel()
		sent := object{"name": object{"first": plain("first"), "last": plain("last")}, "years": list{1815, nil, list{1852}}, "nothing": nil, "empty": object{}, "none": list{}}
		got := all.post(t, "/tokenize", sent).is(t, http.StatusOK).object(t)
		name, years := got["name"].(object), got["years"].(list)
		same(t, "first name", revealed(t, name["first"]), sent["name"].(object)["first"])
		same(t, "last name", revealed(t, name["last"]), sent["name"].(object)["last"])
		same(t, "years", list{revealed(t, years[0]), years[1], revealed(t, years[2].(list)[0])}, list{1815, nil, 1852})
		same(t, "the rest", list{got["nothing"], got["empty"], got["none"]}, list{nil, object{}, list{}})
		same(t, "container", all.readToken(t, name["first"].(string)).Containers, list{"/general/high/"})
	})
	t.Run("tokens among values", func(t *testing.T) {
		t.Parallel()
		number, id := cardNumber(), "card "+fresh()
		sent := object{"card": object{"type": "card", "id": id, "data": object{"number": number}, "metadata": object{"a": "b"}}, "name": plain("name")}
		got := shared(t).home.private.post(t, "/tokenize", sent).is(t, http.StatusOK).object(t)
		card := got["card"].(object)
		same(t, "the card, masked", card["data"], object{"number": strings.Repeat("X", 12) + number[12:]})
		same(t, "the card", list{card["id"], card["type"], card["metadata"], card["containers"], card["_extras"]}, list{id, "card", object{"a": "b"}, list{"/pci/high/"}, object{"deduplicated": false}})
		same(t, "the name", revealed(t, got["name"]), sent["name"])
	})
	t.Run("an object with only a type is walked", func(t *testing.T) {
		t.Parallel()
		got := all.post(t, "/tokenize", object{"type": "visa"}).is(t, http.StatusOK).object(t)
		same(t, "the value", revealed(t, got["type"]), "visa")
	})
	t.Run("a token on its own", func(t *testing.T) {
		t.Parallel()
		got := all.post(t, "/tokenize", object{"type": "token", "data": object{"type": "token", "data": 1}}).is(t, http.StatusOK).object(t)
		same(t, "the data", got["data"], object{"type": "token", "data": 1})
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		for _, nothing := range []string{`{}`, `[]`, `[null,{"a":null}]`} {
			got, _ := json.Marshal(all.post(t, "/tokenize", nothing).is(t, http.StatusOK).value(t))
			same(t, "the answer", string(got), nothing)
		}
	})
}

// TestTokenizeAllOrNothing promises that no token stays of a request that is refused, whichever of its tokens is at fault.
func TestTokenizeAllOrNothing(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	taken := v.secret(t).ID
	good := func() object { return object{"type": "token", "data": plain("good"), "containers": list{v.container}} }
	for name, c := range map[string]struct {
		bad    object
		status int
	}{
		"a card number that is wrong": {object{"type": "card", "data": object{"number": "4242424242424241"}, "containers": list{v.container}}, http.StatusBadRequest},
		"an unknown type":             {object{"type": marked("x"), "data": 1, "containers": list{v.container}}, http.StatusBadRequest},
		"an unknown member":           {object{"type": "token", "data": 1, "colour": "red"}, http.StatusBadRequest},
		"an id that is taken":         {object{"type": "token", "data": 1, "id": taken, "containers": list{v.container}}, http.StatusConflict},
		"a container of others":       {object{"type": "token", "data": 1, "containers": list{"/others/"}}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokenize", object{"a": good(), "b": c.bad, "c": good()}).is(t, c.status)
			v.post(t, "/tokenize", list{good(), good(), c.bad}).is(t, c.status)
		})
	}
	t.Run("one id for two", func(t *testing.T) {
		t.Parallel()
		one, two := good(), good()
		one["id"], two["id"] = "twice "+v.container[7:20], "twice "+v.container[7:20]
		v.post(t, "/tokenize", list{one, two}).is(t, http.StatusConflict)
	})
	t.Cleanup(func() {
		same(t, "what is there in the end", v.tokens(t, "/v2/tokens", map[string][]string{"container": {v.container}}).ids(), list{taken})
	})
	t.Run("the member at fault is named by its path", func(t *testing.T) {
		t.Parallel()
		v.post(t, "/tokenize", object{"cards": list{good(), object{"type": "card", "data": object{"number": "1"}, "containers": list{v.container}}}}).refuses(t, "cards[1].data.number")
	})
}

// TestTokenizeQuota promises five tokens to a request, and not one more.
func TestTokenizeQuota(t *testing.T) {
	t.Parallel()
	c := shared(t).home.private
	values := list{plain("1"), plain("2"), list{plain("3"), object{"four": plain("4")}}, object{"type": "token", "data": plain("5")}, nil}
	c.post(t, "/tokenize", values).is(t, http.StatusOK)
	c.post(t, "/tokenize", append(values, plain("6"))).is(t, http.StatusBadRequest).says(t, "at most 5")
	c.post(t, "/tokenize", strings.Repeat("[", 66)+`"x"`+strings.Repeat("]", 66)).is(t, http.StatusBadRequest)
}

// TestDetokenize promises every form of expression, each with what the caller may see of the token.
func TestDetokenize(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	number, name := cardNumber(), plain("name")
	card := v.create(t, object{"type": "card", "data": object{"number": number, "expiration_month": 12}, "metadata": object{"customer": "42"}})
	text := v.create(t, object{"id": "a text: " + fresh(), "data": name})
	id := card.ID
	for form, want := range map[string]any{
		"{{ " + id + " }}":                                                    object{"number": number, "expiration_month": 12},
		"{{" + id + "}}":                                                      object{"number": number, "expiration_month": 12},
		"{{ " + id + " | json: '$.number' }}":                                 number,
		"{{ " + id + " | json: '$.expiration_month' }}":                       12,
		"{{ " + id + " | json: '$.absent' }}":                                 nil,
		"{{ " + id + " | json: '$.number' | last4 }}":                         number[12:],
		"{{ token: " + id + " | json: '$.data.number' }}":                     number,
		"{{token:" + id + " | json: '$.metadata.customer' }}":                 "42",
		"{{ token: " + id + " | json: '$.type' }}":                            "card",
		"{{ " + text.ID + " }}":                                               name,
		"{{ " + text.ID + " }} pays":                                          name + " pays",
		"{{ " + text.ID + " }}/{{ " + id + " | json: '$.expiration_month' }}": name + "/12",
		"by {{ " + id + " }}":                                                 `by {"expiration_month":12,"number":"` + number + `"}`,
		"nothing to replace":                                                  "nothing to replace",
	} {
		t.Run("form "+fresh(), func(t *testing.T) {
			t.Parallel()
			got := v.post(t, "/detokenize", object{"a": list{form, 1, nil, true}}).is(t, http.StatusOK).object(t)
			same(t, form, got["a"], list{want, 1, nil, true})
		})
	}
	t.Run("a whole token", func(t *testing.T) {
		t.Parallel()
		got := v.post(t, "/detokenize", list{"{{ token: " + id + " }}"}).is(t, http.StatusOK).value(t)
		same(t, "the token", got, list{v.get(t, tokenPath(id)).object(t)})
	})
	t.Run("a text on its own", func(t *testing.T) {
		t.Parallel()
		same(t, "the text", v.post(t, "/detokenize", `"{{ `+text.ID+` }}"`).is(t, http.StatusOK).value(t), name)
	})
	t.Run("masked for who may see the mask", func(t *testing.T) {
		t.Parallel()
		got := v.home.private.post(t, "/detokenize", list{"{{ " + id + " }}", "{{ " + text.ID + " }}"}).is(t, http.StatusOK).value(t)
		same(t, "the data", got, list{object{"number": strings.Repeat("X", 12) + number[12:], "expiration_month": 12}, nil})
	})
	t.Run("what is put in is not read again", func(t *testing.T) {
		t.Parallel()
		trap := v.create(t, object{"data": "{{ " + id + " }}"})
		same(t, "the text", v.post(t, "/detokenize", list{"{{ " + trap.ID + " }}", "x{{ " + trap.ID + " }}"}).is(t, http.StatusOK).value(t), list{"{{ " + id + " }}", "x{{ " + id + " }}"})
	})
	t.Run("names stay as they are", func(t *testing.T) {
		t.Parallel()
		same(t, "the name", v.post(t, "/detokenize", object{"{{ " + id + " }}": 1}).is(t, http.StatusOK).value(t), object{"{{ " + id + " }}": 1})
	})
}

// TestDetokenizeRefuses promises 400 for what names no token or cannot be read, 403 for tokens that the caller may not
// read, and five expressions to a request.
func TestDetokenizeRefuses(t *testing.T) {
	t.Parallel()
	s := shared(t)
	v := s.home.vault(t)
	id := v.secret(t).ID
	known := "{{ " + id + " }}"
	for name, text := range map[string]string{
		"an unknown token": "{{ " + fresh() + " }}", "an open brace": "{{ " + id, "an unknown filter": "{{ " + id + " | nope }}", "no id": "{{ }}", "a forbidden id": "{{ a=b }}",
		"a token intent": "{{ token_intent: " + id + " }}", "a path that is none": "{{ " + id + " | json: 'number' }}", "a tag": "{% if x %}{% endif %}{{ x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.post(t, "/detokenize", list{known, text}).is(t, http.StatusBadRequest)
		})
	}
	t.Run("another tenant's token", func(t *testing.T) {
		t.Parallel()
		theirs := s.foreign(t).vault(t).secret(t).ID
		alike(t, map[string]*answer{
			"theirs": v.post(t, "/detokenize", list{"{{ " + theirs + " }}"}).is(t, http.StatusBadRequest), "unknown": v.post(t, "/detokenize", list{"{{ " + fresh() + " }}"}),
		})
	})
	t.Run("without permission", func(t *testing.T) {
		t.Parallel()
		other := s.home.vault(t)
		other.post(t, "/detokenize", list{known}).is(t, http.StatusForbidden)
		creator := s.home.application(t, "private", "token:create")
		alike(t, map[string]*answer{"known": creator.post(t, "/detokenize", list{known}).is(t, http.StatusForbidden), "unknown": creator.post(t, "/detokenize", list{"{{ " + fresh() + " }}"})})
	})
	t.Run("six expressions", func(t *testing.T) {
		t.Parallel()
		five := list{known, known + known, object{"a": known, "b": known}}
		v.post(t, "/detokenize", five).is(t, http.StatusOK)
		v.post(t, "/detokenize", append(five, known)).is(t, http.StatusBadRequest).says(t, "at most 5")
	})
}
