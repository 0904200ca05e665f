package expression

import (
	"fmt"
	"strings"
	"testing"
)

// marker stands for data that no error may show.
const marker = "s3cr3tMarker"

func nested(depth int, leaf any) any {
	for range depth {
		leaf = []any{leaf}
	}
	return leaf
}

func TestEvaluateIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxOutput/2+1)
	items := make([]any, 50_000)
	for i := range items {
		items[i] = map[string]any{"a": fmt.Sprint(i), "b": []any{"c"}}
	}
	data := map[string]any{"long": long, "items": items, "deep": nested(900, "x"), "deeper": nested(2000, "x"), "open": strings.Repeat("<", 500_000)}
	for _, text := range []string{
		"{{ data.long }}{{ data.long }}",
		"{{ data.long | append: data.long }}",
		"{{ data.long | prepend: data.long | size }}",
		"{{ data.long | replace: 'x', 'yyyy' | size }}",
		"{{ data.long | replace: '', data.long | size }}",
		"{{ data.long | escape | url_encode | pad_left: 1048577, 'x' }}",
		"{{ data.open | escape }}",
		"{{ data.items | join: data.long | size }}",
		"{{ data.long | split: '' | size }}",
		"{{ data.items | concat: data.items | size }}",
		"{{ data.items | json: '$..*' }}",
		"{{ data.deep | json: '$..[?@..[?@..nothing]]' }}",
		"{{ data.deep | json: '$..*..*..*..*' }}",
		"{{ data.long | json: \"$[?search(@, 'a')]\" | append: data.items }}",
		"{{ data.deeper | stringify }}",
		"{{ data.deeper }}",
		"{{ data.items" + strings.Repeat(" | sort: 'a'", 300) + " | size }}",
		"{{ data.long" + strings.Repeat(" | upcase | downcase", 150) + " | size }}",
		strings.Repeat("{{ data.long | reveal_last: 4 | size }}", 255),
		"{{ data.long | date: '%999999999d' }}",
		"{{ '" + strings.Repeat("x", 300) + "' | date: '" + strings.Repeat("%99d", 100) + "' }}",
	} {
		got, err := engine().Evaluate(text, map[string]any{"data": data})
		if err == nil || kind(err) != "invalid" {
			t.Errorf("%.70s: accepted: %.20v %v", text, got, err)
		}
	}
}

// TestLinearFiltersAreLinear comes to its end: at 300 000 characters a filter that is quadratic would take hours.
func TestLinearFiltersAreLinear(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{{ data | strip_html | size }}", "{{ data | strip_html | truncatewords: 1 | size }}", "{{ data | escape_once | size }}", "{{ data | split: '<s' | size }}",
		"{{ data | remove: 'cript' | size }}", "{{ data | reveal: 1, 1, 'X', '<>' | size }}",
	} {
		for _, piece := range []string{"<script", "<!--", "<", "a ", "<style>"} {
			data := strings.Repeat(piece, 300_000/len(piece))
			if _, err := engine().Evaluate(text, map[string]any{"data": data}); err != nil && kind(err) != "invalid" {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestTreesAreBounded(t *testing.T) {
	t.Parallel()
	e := engine()
	deep := nested(MaxDepth+1, "{{ data }}")
	many := make([]any, MaxExpressions+1)
	for i := range many {
		many[i] = "{{ abc }}"
	}
	large := []any{}
	for range 9 {
		large = append(large, "{{ abc }}", "{{ abc | upcase }}")
	}
	resolve := func(Reference) (any, error) { return strings.Repeat("x", MaxOutput), nil }
	for name, attempt := range map[string]func() error{
		"deep check":      func() error { return e.CheckTree(deep) },
		"deep evaluate":   func() error { _, err := e.EvaluateTree(deep, nil); return err },
		"deep references": func() error { _, err := e.References(deep); return err },
		"deep substitute": func() error { _, err := e.Substitute(deep, resolve); return err },
		"many check":      func() error { return e.CheckTree(many) },
		"many evaluate":   func() error { _, err := e.EvaluateTree(many, nil); return err },
		"many references": func() error { _, err := e.References(many); return err },
		"large":           func() error { _, err := e.Substitute(large, resolve); return err },
	} {
		if err := attempt(); err == nil || kind(err) != "invalid" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := e.EvaluateTree(nested(MaxDepth, "{{ data }}"), nil); err != nil {
		t.Errorf("the allowed depth: %v", err)
	}
	if Count(nested(100_000, "{{ data }}")) != 0 {
		t.Error("Count went too deep")
	}
}

func TestSubstituteHoldsSeveralLargeTokens(t *testing.T) {
	t.Parallel()
	tree := []any{"{{ one }}", "{{ two }}", "{{ three }}", "{{ four }}", "{{ five }}"}
	_, err := engine().Substitute(tree, func(Reference) (any, error) { return strings.Repeat("x", MaxOutput), nil })
	if err != nil {
		t.Error(err)
	}
}

func TestErrorsShowNoData(t *testing.T) {
	t.Parallel()
	data := map[string]any{"s": marker, "o": map[string]any{marker: marker}, "l": []any{marker, marker}}
	for name := range allFilters() {
		for _, args := range []string{"", ": data.s", ": data.o", ": data.s, data.s", ": 4, data.s", ": data.l", ": 'sha-256', data.o", ": '$..*'", ": 0, 0, data.s"} {
			for _, in := range []string{"data.s", "data.o", "data.l", "data.s.size"} {
				text := "{{ " + in + " | " + name + args + " }}"
				if _, err := engine().Evaluate(text, map[string]any{"data": data}); err != nil {
					if kind(err) != "invalid" || strings.Contains(fmt.Sprintf("%v %+v", err, err), marker) {
						t.Errorf("%s: %v", text, err)
					}
				}
			}
		}
	}
}

func allFilters() map[string]filter {
	all := map[string]filter{}
	for _, table := range tables {
		for name, f := range table {
			all[name] = f
		}
	}
	return all
}

func TestEngineIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	e := engine()
	done := make(chan error)
	for i := range 8 {
		go func() {
			var err error
			for j := range 200 {
				text := fmt.Sprintf("{{ data | alias_card: 'true' | append: '%d' }}", (i+j)%50)
				if _, failed := e.Evaluate(text, map[string]any{"data": "4242424242424242"}); failed != nil {
					err = failed
				}
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
