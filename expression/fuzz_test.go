package expression

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func seed(f *testing.F) {
	for _, c := range filterCases {
		f.Add("{{ " + c.expression + " }}")
	}
	for _, text := range []string{
		"", "{{", "}}", "{{}}", "{{-}}", "{{- data -}} x", "{% raw %}", "{{ data, reveal_last: 4 }}", "a {{ data['s'] }} b {{ data.l[0] }}",
		"{{ (1..3).AsArray }}", "{{ %assign x = 1 }}", "{{ 99999999999999999999 }}", "{{ token: abc | json: '$.data' }}", "{{token_intent:a b}}",
		"{{ o'neil }} {{ data | upcase | split: '' | join: \"}}\" }}", "{{ data | truncate: -9, 'é' | slice: -1, 2 }}", "{{ data.l | where: 's', 1 | uniq | sum }}",
		"{{ 1 | divided_by: 0.0 | modulo: -3 | round: 99 }}", "{{ data.s | date: '%10N%-d%^b' }}", "{{ data | json: '$..[?@.a==1]' }}", "{{ data.n.size }}",
		"{{ (data.l | first) | append: ((data.n) | plus: (1)) }}", "{{ (data.l | last).s }}", "{{ data.l[(0 | plus: 1)] }}", "{{ (data) , last4, last4 }}",
	} {
		f.Add(text)
	}
}

// fuzzData holds the marker wherever data can be, and some of every type.
func fuzzData() map[string]any {
	return map[string]any{"data": map[string]any{
		"s": marker, "n": json.Number("12.50"), "t": true, "z": nil, "number": "4242-4242-4242-4242",
		"l": []any{marker, json.Number("7"), nil, map[string]any{"s": marker}}, "o": map[string]any{marker: marker},
	}}
}

func FuzzEvaluate(f *testing.F) {
	seed(f)
	e := engine()
	f.Fuzz(func(t *testing.T, text string) {
		checked := e.Check(text)
		got, err := e.Evaluate(text, fuzzData())
		requireHarmless(t, text, checked)
		requireHarmless(t, text, err)
		if err != nil {
			return
		}
		if checked != nil {
			t.Errorf("%q: evaluated although refused: %v", text, checked)
		}
		encoded, err := json.Marshal(got)
		if err != nil {
			t.Errorf("%q: no JSON value: %v", text, err)
		}
		if len(encoded) > 7*MaxOutput {
			t.Errorf("%q: %d bytes", text, len(encoded))
		}
	})
}

func FuzzReferences(f *testing.F) {
	seed(f)
	e := engine()
	f.Fuzz(func(t *testing.T, text string) {
		references, err := e.References([]any{text})
		requireHarmless(t, text, err)
		if Count(text) < len(references) {
			t.Errorf("%q: %d references in %d expressions", text, len(references), Count(text))
		}
		known := map[Reference]bool{}
		for _, r := range references {
			known[r] = true
			if !ValidID(r.ID) {
				t.Errorf("%q: id %q", text, r.ID)
			}
		}
		_, failed := e.Substitute([]any{text}, func(r Reference) (any, error) {
			if !known[r] && err == nil {
				t.Errorf("%q: asked for %v", text, r)
			}
			return fuzzData(), nil
		})
		requireHarmless(t, text, failed)
		if err != nil && failed == nil {
			t.Errorf("%q: substituted although refused: %v", text, err)
		}
	})
}

// requireHarmless demands that an error is an invalid one without data in it, unless the expression itself said so.
func requireHarmless(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if kind(err) != "invalid" || strings.Contains(fmt.Sprintf("%v", err), marker) && !strings.Contains(text, marker) {
		t.Errorf("%q: %v", text, err)
	}
}
