package expression

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tokenID = "5c20545b-52dc-4a60-b9b5-5b7c84f22369"

// tokens answers for a few tokens as a store would.
func tokens(t *testing.T) func(Reference) (any, error) {
	known := map[Reference]any{
		{ReferenceData, tokenID}:                 decode(t, `{"number":"4242424242424242","expiration_month":12,"expiration_year":2025,"cvc":"123"}`),
		{ReferenceToken, tokenID}:                decode(t, `{"id":"x","data":{"number":"4242424242424242"},"metadata":{"name":"John Doe"}}`),
		{ReferenceIntent, tokenID}:               decode(t, `{"data":"intent"}`),
		{ReferenceData, "john's token, v1.0: a"}: "John",
		{ReferenceData, "830-46-3333"}:           "Brown",
		{ReferenceData, "n42"}:                   decode(t, `42.0`),
		{ReferenceData, "reference"}:             "{{ n42 }}",
	}
	return func(r Reference) (any, error) {
		if v, ok := known[r]; ok {
			return v, nil
		}
		return nil, errUnknown
	}
}

var errUnknown = errors.New("unknown token")

func TestSubstitute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, tree, want string }{
		{"data of a token", `{"card":"{{5c20545b-52dc-4a60-b9b5-5b7c84f22369}}"}`,
			`{"card":{"number":"4242424242424242","expiration_month":12,"expiration_year":2025,"cvc":"123"}}`},
		{"one member", `{"n":"{{ 5c20545b-52dc-4a60-b9b5-5b7c84f22369 | json: '$.number' }}","m":"{{5c20545b-52dc-4a60-b9b5-5b7c84f22369 | json: '$.expiration_month'}}"}`,
			`{"n":"4242424242424242","m":12}`},
		{"whole token", `["{{ token: 5c20545b-52dc-4a60-b9b5-5b7c84f22369 }}","{{token:5c20545b-52dc-4a60-b9b5-5b7c84f22369 | json: '$.data.number' | last4}}"]`,
			`[{"id":"x","data":{"number":"4242424242424242"},"metadata":{"name":"John Doe"}},"4242"]`},
		{"token intent", `"{{ token_intent: 5c20545b-52dc-4a60-b9b5-5b7c84f22369 | json: '$.data' }}"`, `"intent"`},
		{"several in one string", `"{{john's token, v1.0: a}} {{ 830-46-3333 | upcase }}!"`, `"John BROWN!"`},
		{"an object among text", `"a={{ 5c20545b-52dc-4a60-b9b5-5b7c84f22369 }}"`,
			`"a={\"cvc\":\"123\",\"expiration_month\":12,\"expiration_year\":2025,\"number\":\"4242424242424242\"}"`},
		{"a number alone and among text", `["{{ n42 }}","{{ n42 }}{{ n42 }}"]`, `[42.0,"42.042.0"]`},
		{"no second evaluation", `["{{ reference }}","{{ reference }}","{{ reference | append: '' }}"]`, `["{{ n42 }}","{{ n42 }}","{{ n42 }}"]`},
		{"nothing at all", `{"a":[1.0,null,"x"]}`, `{"a":[1.0,null,"x"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := engine().Substitute(decode(t, c.tree), tokens(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, c.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSubstitutePassesTheErrorOfResolveOn(t *testing.T) {
	t.Parallel()
	_, err := engine().Substitute("{{ nobody }}", tokens(t))
	if !errors.Is(err, errUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestSubstituteResolvesEachReferenceOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	_, err := engine().Substitute([]any{"{{ abc }}{{ abc }}", "{{ abc | upcase }}", "{{ token: abc }}"}, func(Reference) (any, error) {
		calls++
		return nil, nil
	})
	if err != nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	tree := decode(t, `{"b":["{{ one }} {{ token: two }}","{{one | json: '$.a'}}",3],"a":"{{ token_intent:three }}","c":"{{token:one}}"}`)
	got, err := engine().References(tree)
	if err != nil {
		t.Fatal(err)
	}
	want := []Reference{{ReferenceIntent, "three"}, {ReferenceData, "one"}, {ReferenceToken, "two"}, {ReferenceToken, "one"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReferencesRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{{ }}", "{{ ab }}", "{{ token: }}", "{{ a[0] }}", "{{ a/b/c }}", "{{ a%20b }}", "{{ {abc} }}", "{{ abc | nope }}", "{{ abc | json }}",
		"{{ abc |", "{{ abc", "{% raw %}", "{{ abc || upcase }}", "{{ " + strings.Repeat("x", 401) + " }}", "{{ | upcase }}", "{{ abc | upcase | }}",
	} {
		if got, err := engine().References(text); err == nil || kind(err) != "invalid" {
			t.Errorf("%.40s: got %v, %v", text, got, err)
		}
	}
}
