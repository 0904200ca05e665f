package expression

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func engine() *Engine { return New(rand.Reader) }

// defaultMask is the vendor's default mask of a card.
const defaultMask = `{"number":"{{ data.number | reveal_last: 4 }}","expiration_month":"{{ data.expiration_month }}","expiration_year":"{{ data.expiration_year }}"}`

const person = `{"name":{"first":"John","middle":"Wilson","last":"Doe"},"ssn":"123-45-6789","card_number":"4242-4242-4242-4242","cvc":"123"}`

func TestEvaluateTree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, mask, want string }{
		{"masks a card and keeps the type of numbers",
			`{"number":"4242424242424242","expiration_month":12,"expiration_year":2030,"cvc":"123"}`, defaultMask,
			`{"number":"XXXXXXXXXXXX4242","expiration_month":12,"expiration_year":2030}`},
		{"gives null for what is missing", `{"number":"4242424242424242"}`, defaultMask,
			`{"number":"XXXXXXXXXXXX4242","expiration_month":null,"expiration_year":null}`},
		{"masks the vendor's complex token", person,
			`{"name":{"first":"{{ data.name.first }}","last":"{{ data.name.last | slice: 0, 1 }}."},"ssn":"{{ data.ssn | reveal_last: 4, '#' }}","card_number":"{{ data.card_number | reveal_last: 4, '#' }}"}`,
			`{"name":{"first":"John","last":"D."},"ssn":"###-##-6789","card_number":"####-####-####-4242"}`},
		{"leaves what is no expression", `1`, `{"a":"b","n":1.50,"t":true,"z":null,"l":["x",{"{{ data }}":"{{ data }}"}]}`,
			`{"a":"b","n":1.50,"t":true,"z":null,"l":["x",{"{{ data }}":1}]}`},
		{"evaluates the vendor's search indexes", `{"card":{"number":"4000056655665556","owner":{"first_name":"John","last_name":"Smith"}},"zip":"10010"}`,
			`["{{ data.card.number | last4 }}","{{ data.card.owner.last_name | upcase }}","{{ data.card.owner.first_name | upcase }} {{ data.card.owner.last_name | upcase }}","{{ data.zip | slice: 0, 5 }}"]`,
			`["5556","SMITH","JOHN SMITH","10010"]`},
		{"evaluates the default indexes of a social security number", `"111-22-3333"`,
			`["{{ data }}","{{ data | replace: '-' }}","{{ data | last4 }}"]`, `["111-22-3333","111223333","3333"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mask := decode(t, c.mask)
			if err := engine().CheckTree(mask); err != nil {
				t.Fatalf("check: %v", err)
			}
			got, err := engine().EvaluateTree(mask, map[string]any{"data": decode(t, c.data)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, c.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateKeepsTypes(t *testing.T) {
	t.Parallel()
	data := decode(t, `{"n":10.50,"big":123456789012345678901234567890,"t":true,"z":null,"s":"x","o":{"b":1,"a":"<é>"},"l":[1,"a"],"size":7,"a b":"c"}`)
	for _, c := range typeCases {
		got, err := engine().Evaluate(c.text, map[string]any{"data": data})
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: accepted", c.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if diff := cmp.Diff(decode(t, c.want), got); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

var typeCases = []struct{ text, want string }{
	{`{{ data.n }}`, `10.50`},
	{`{{data.big}}`, `123456789012345678901234567890`},
	{`{{ data.t }}`, `true`},
	{`{{ data.z }}`, `null`},
	{`{{ data.nonexistent }}`, `null`},
	{`{{ data.nonexistent.deeper[0] }}`, `null`},
	{`{{ other }}`, `null`},
	{`{{ data.o }}`, `{"b":1,"a":"<é>"}`},
	{`{{ data.l }}`, `[1,"a"]`},
	{`{{ data.l[1] }}`, `"a"`},
	{`{{ data.l[-1] }}`, `"a"`},
	{`{{ data.l[9] }}`, `null`},
	{`{{ data['a b'] }}`, `"c"`},
	{`{{ data.l.size }}`, `2`},
	{`{{ data.l.first }}`, `1`},
	{`{{ data.s.size }}`, `1`},
	{`{{ data.n.size }}`, `null`},
	{`{{ data.size }}`, `7`},
	{`{{ 'text' }}`, `"text"`},
	{`{{ 42 }}`, `42`},
	{`{{ -1.5 }}`, `-1.5`},
	{`{{ true }}`, `true`},
	{`{{ nil }}`, `null`},
	{` {{ data.n }}`, `" 10.50"`},
	{`{{ data.n }}{{ data.t }}`, `"10.50true"`},
	{`[{{ data.z }}]`, `"[]"`},
	{`{{ data.o }}!`, `"{\"a\":\"<é>\",\"b\":1}!"`},
	{`{{ data.l }}!`, `"[1,\"a\"]!"`},
	{" a {{- data.s -}} b ", `" axb "`},
	{" {{- data.n -}} ", `10.50`},
	{`no expression }} here`, `"no expression }} here"`},
	{``, `""`},
	{`{{ 'a }} b' }}`, `"a }} b"`},
	{`{{ data.number, reveal_last: 4 }}`, `null`},
	{`{{ 'abcdef', reveal_last: 4, '#' }}`, `"##cdef"`},
	{`{{ 'abcdef' | reveal_last : 4 }}`, `"XXcdef"`},
	{`{{ data.n | append: (data.s | upcase) }}`, `"10.50X"`},
	{`{{ (data.l | last) | append: ((data.s) | upcase), 'ignored' }}`, `"aX"`},
	{`{{ data.l[(0)] }}`, `1`},
	{`{{ (data.l | last).size }}`, ``},
	{`{{ data | hmac: 'sha-1', data.missing }}`, ``},
}

func TestEvaluateDoesNotEvaluateTwice(t *testing.T) {
	t.Parallel()
	got, err := engine().Evaluate("{{ data }}!", map[string]any{"data": "{{ metadata.key }}", "metadata": map[string]any{"key": "k"}})
	if err != nil || got != "{{ metadata.key }}!" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{{", "{{ data", "{{}}", "{{ }}", "{{ data | }}", "{{ | upcase }}", "{{ data | nope }}", "{{ data upcase }}", "{{ data | upcase:",
		"{% if data %}x{% endif %}", "{{ data }}{% raw %}", "{% for i in (1..9) %}{% endfor %}", "{{ (1..1000000000).AsArray }}", "{{ (1..3) }}",
		"{{%assign x = 1}}", "{{ %loop x in data}}", "{{{%when 1}}}", "{{ data; data }}", "{{ data == 1 }}", "{{ data and data }}",
		"{{ data contains 'x' }}", "{{{ data }}}", "{{ 99999999999999999999 }}", "{{ data | reveal_last }}", "{{ data | reveal_last: 'x' }}",
		"{{ data | reveal_last: -1 }}", "{{ data | reveal_last: 4, '' }}", "{{ data | reveal_last: 4, 'XX' }}", "{{ data | card_mask: 'maybe' }}",
		"{{ data | json }}", "{{ data | json: 'number' }}", "{{ data | json: '$.' }}", "{{ data | hmac: 'sha-256' }}", "{{ data | hmac: 'md5', 'k' }}",
		"{{ data | hmac: 'sha-256', '' }}", "{{ data | card_exp: 'DD' }}", "{{ data | card_exp }}", "{{ data | pad_left: 5 }}",
		"{{ data | pad_left: 2000000, '0' }}", "{{ data | divided_by: 0 }}", "{{ data | replace }}", "{{ 'x }}",
		"{{ data | reveal: 1, 1, 'X', '" + strings.Repeat("-", 65) + "' }}",
		"{{ '" + strings.Repeat("x", MaxExpression) + "' }}", strings.Repeat("{{ data }}", MaxExpressions+1),
	} {
		if err := engine().Check(text); err == nil {
			t.Errorf("%.60s: accepted", text)
		} else if kind(err) != "invalid" {
			t.Errorf("%.60s: %#v", text, err)
		}
	}
}

func TestCheckAcceptsWhatDependsOnValues(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{{ data | to_base64 }}", "{{ data | hmac: 'sha-256', data.key | to_base16 }}", "{{ data | divided_by: data.n }}", "{{ data | concat: data.l }}",
		"{{ data | reveal_last: data.n }}", "{{ data | json: data.path }}", "{{ data | to_number | plus: 1 }}", "{{ data | alias_card: 'true', 'true' }}",
		"{{ data | upcase: 'ignored' }}", "{{ data | alias_preserve_format: 0, 4 }}", "{{ data | date: '%Y' }}", "{{ data, last4 }}",
	} {
		if err := engine().Check(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for tree, want := range map[string]int{
		`1`: 0, `"x"`: 0, `"{{ a }}"`: 1, `{"a":"{{ a }} {{ b }}","b":["{{ c | json: '$.x' }}", 1]}`: 3, `{"{{ key }}":1}`: 0, `"{{ a }} {{ b"`: 1,
		`"{{ o'neil }} and {{ o'hara }}"`: 2, `"{{ abc | append: '}}' }}"`: 1,
	} {
		if got := Count(decode(t, tree)); got != want {
			t.Errorf("%s: got %d, want %d", tree, got, want)
		}
	}
}
