package expression

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// listFilters are Liquid's filters of arrays, with size and default, which take anything. null counts as an empty array
// and what is no array as an array of itself.
//
// Source: shopify.github.io/liquid/filters.
var listFilters = map[string]filter{
	"compact":      {0, compact},
	"concat":       {1, concat},
	"default":      {1, fallback},
	"first":        {0, func(c *call) (any, error) { return c.end(func(items []any) any { return items[0] }) }},
	"join":         {0, join},
	"last":         {0, func(c *call) (any, error) { return c.end(func(items []any) any { return items[len(items)-1] }) }},
	"map":          {1, mapItems},
	"reverse":      {0, reverse},
	"size":         {0, size},
	"sort":         {0, func(c *call) (any, error) { return c.sort(func(s string) string { return s }) }},
	"sort_natural": {0, func(c *call) (any, error) { return c.sort(strings.ToLower) }},
	"sum":          {0, sum},
	"uniq":         {0, uniq},
	"where":        {1, where},
}

// items returns the input as an array that is not to be modified, having paid for going through it a few times.
func (c *call) items() []any {
	var items []any
	switch in := c.in.(type) {
	case nil:
	case []any:
		items = in
	default:
		items = []any{in}
	}
	c.pay(16 * len(items))
	return items
}

// member returns the property of an item that the first argument names, or the item itself without that argument.
func (c *call) member(item any) any {
	name, ok := c.given(0).(string)
	if !ok {
		return item
	}
	object, _ := item.(map[string]any)
	return object[name]
}

func compact(c *call) (any, error) {
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	kept := []any{}
	for _, item := range items {
		if c.member(item) != nil {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

func concat(c *call) (any, error) {
	more, ok := c.args[0].([]any)
	if !ok {
		return nil, c.refuse("its argument must be an array")
	}
	items := c.items()
	if c.err != nil || len(items)+len(more) > MaxItems {
		return nil, refuse(tooLarge)
	}
	return slices.Concat(items, more), nil
}

// fallback is the filter default: its argument in place of null, false and what is empty.
func fallback(c *call) (any, error) {
	switch in := c.in.(type) {
	case nil:
		return c.args[0], nil
	case bool:
		if !in {
			return c.args[0], nil
		}
	case string:
		if in == "" {
			return c.args[0], nil
		}
	case []any:
		if len(in) == 0 {
			return c.args[0], nil
		}
	case map[string]any:
		if len(in) == 0 {
			return c.args[0], nil
		}
	}
	return c.in, nil
}

func (c *call) end(choose func([]any) any) (any, error) {
	if items, ok := c.in.([]any); ok && len(items) > 0 {
		return choose(items), nil
	}
	return nil, nil
}

func join(c *call) (any, error) {
	separator := c.argText(0, "separator", " ")
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	var joined strings.Builder
	for i, item := range items {
		text, err := textOf(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = separator + text
		}
		if err := c.spend(len(text)); err != nil || joined.Len()+len(text) > MaxOutput {
			return nil, refuse(tooLarge)
		}
		joined.WriteString(text)
	}
	return joined.String(), nil
}

func mapItems(c *call) (any, error) {
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	mapped := make([]any, len(items))
	for i, item := range items {
		mapped[i] = c.member(item)
	}
	return mapped, nil
}

func reverse(c *call) (any, error) {
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	reversed := slices.Clone(items)
	slices.Reverse(reversed)
	return reversed, nil
}

func size(c *call) (any, error) {
	switch in := c.in.(type) {
	case string:
		return integer(utf8.RuneCountInString(in)), nil
	case []any:
		return integer(len(in)), nil
	case map[string]any:
		return integer(len(in)), nil
	}
	return integer(0), nil
}

// sort orders by a member or by the items themselves: numbers before text before the rest, which keeps its order.
func (c *call) sort(fold func(string) string) (any, error) {
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	type keyed struct {
		rank   int
		number float64
		text   string
		item   any
	}
	order := make([]keyed, len(items))
	cost := 0
	for i, item := range items {
		k := keyed{rank: 2, item: item}
		switch key := c.member(item).(type) {
		case json.Number:
			k.rank, k.number = 0, toNumeric(key).float
		case string:
			k.rank, k.text = 1, fold(key)
			cost += len(key)
		}
		order[i] = k
	}
	c.pay((cost + 16*len(items)) * bits.Len(uint(len(items))))
	if c.err != nil {
		return nil, c.err
	}
	slices.SortStableFunc(order, func(a, b keyed) int {
		switch {
		case a.rank != b.rank:
			return a.rank - b.rank
		case a.number != b.number:
			if a.number < b.number {
				return -1
			}
			return 1
		}
		return strings.Compare(a.text, b.text)
	})
	sorted := make([]any, len(order))
	for i := range order {
		sorted[i] = order[i].item
	}
	return sorted, nil
}

func sum(c *call) (any, error) {
	items := c.items()
	c.pay(128 * len(items)) // each addition allocates
	if c.err != nil {
		return nil, c.err
	}
	var total any = json.Number("0")
	for _, item := range items {
		var err error
		each := &call{run: c.run, name: c.name, in: total, args: []any{c.member(item)}}
		if total, err = each.combine((*big.Int).Add, func(a, b float64) float64 { return a + b }); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func uniq(c *call) (any, error) {
	items := c.items()
	if c.err != nil {
		return nil, c.err
	}
	seen := map[string]bool{}
	kept := []any{}
	for _, item := range items {
		key := c.identity(c.member(item))
		if c.err != nil {
			return nil, c.err
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// identity returns text that is the same for equal values only.
func (c *call) identity(v any) string {
	text := c.textOf(v)
	c.pay(128 + len(text))
	return fmt.Sprintf("%T %s", v, text)
}

// where keeps the items whose member has a value, or any value that counts as true.
func where(c *call) (any, error) {
	items := c.items()
	wanted := c.identity(c.given(1))
	if c.err != nil {
		return nil, c.err
	}
	kept := []any{}
	for _, item := range items {
		member := c.member(item)
		matches := member != nil && member != false
		if len(c.args) > 1 {
			if matches = c.identity(member) == wanted; c.err != nil {
				return nil, c.err
			}
		}
		if matches {
			kept = append(kept, item)
		}
	}
	return kept, nil
}
