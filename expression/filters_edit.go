package expression

import (
	"strings"
	"unicode/utf8"
)

// editFilters are Liquid's filters of text that take arguments. null counts as the empty text. replace without its
// second argument removes, as the vendor's default search indexes expect.
//
// Source: shopify.github.io/liquid/filters; for replace docs/api/tokens/token-types.
var editFilters = map[string]filter{
	"append":        {1, func(c *call) (any, error) { return c.attach(func(s, other string) string { return s + other }) }},
	"prepend":       {1, func(c *call) (any, error) { return c.attach(func(s, other string) string { return other + s }) }},
	"remove":        {1, func(c *call) (any, error) { return c.replace("", strings.ReplaceAll) }},
	"remove_first":  {1, func(c *call) (any, error) { return c.replace("", replaceFirst) }},
	"remove_last":   {1, func(c *call) (any, error) { return c.replace("", replaceLast) }},
	"replace":       {1, func(c *call) (any, error) { return c.replaceBy(strings.ReplaceAll) }},
	"replace_first": {1, func(c *call) (any, error) { return c.replaceBy(replaceFirst) }},
	"replace_last":  {1, func(c *call) (any, error) { return c.replaceBy(replaceLast) }},
	"slice":         {1, slice},
	"split":         {1, cut},
	"truncate":      {0, truncate},
	"truncatewords": {0, truncateWords},
}

func (c *call) attach(join func(s, other string) string) (any, error) {
	other := c.argText(0, "its argument", "")
	text := c.text()
	c.grow(len(text) + len(other))
	if c.err != nil {
		return nil, c.err
	}
	return join(text, other), nil
}

func (c *call) replaceBy(do func(s, old, by string) string) (any, error) {
	return c.replace(c.argText(1, "the replacement", ""), do)
}

func (c *call) replace(by string, do func(s, old, by string) string) (any, error) {
	old := c.argText(0, "what to look for", "")
	text := c.text()
	c.grow(len(text) + strings.Count(text, old)*max(0, len(by)-len(old)))
	if c.err != nil {
		return nil, c.err
	}
	return do(text, old, by), nil
}

func replaceFirst(s, old, by string) string { return strings.Replace(s, old, by, 1) }

func replaceLast(s, old, by string) string {
	if i := strings.LastIndex(s, old); i >= 0 {
		return s[:i] + by + s[i+len(old):]
	}
	return s
}

// slice cuts a number of characters or items, one by default, from a place that may be counted from the end.
func slice(c *call) (any, error) {
	start := c.argInt(0, "start", 0)
	length := c.argLength(1, "length", 1)
	if items, ok := c.in.([]any); ok && c.err == nil {
		from, to := bounds(len(items), start, length)
		return items[from:to:to], nil
	}
	text := c.text()
	if c.err != nil {
		return nil, c.err
	}
	runes := []rune(text)
	from, to := bounds(len(runes), start, length)
	return string(runes[from:to]), nil
}

// bounds keeps a slice within its size; one that starts before the beginning is empty.
func bounds(size, start, length int) (from, to int) {
	if start < 0 {
		start += size
	}
	if start < 0 || start >= size {
		return 0, 0
	}
	return start, min(size, start+length)
}

// cut splits text at every separator and, as Liquid does, drops empty pieces at the end; a space stands for any space.
func cut(c *call) (any, error) {
	separator := c.argText(0, "separator", "")
	text := c.text()
	if separator != " " && strings.Count(text, separator) > MaxItems {
		c.keep(refuse(tooLarge))
	}
	c.grow(len(text))
	if c.err != nil {
		return nil, c.err
	}
	pieces := strings.Split(text, separator)
	if separator == " " {
		pieces = strings.Fields(text)
	}
	for len(pieces) > 0 && pieces[len(pieces)-1] == "" {
		pieces = pieces[:len(pieces)-1]
	}
	if len(pieces) > MaxItems {
		return nil, refuse(tooLarge)
	}
	items := make([]any, len(pieces))
	for i, piece := range pieces {
		items[i] = piece
	}
	return items, nil
}

// truncate shortens text to a length in characters that includes the ellipsis.
func truncate(c *call) (any, error) {
	length := c.argLength(0, "length", 50)
	ellipsis := c.argText(1, "ellipsis", "...")
	text := c.text()
	if c.err != nil {
		return nil, c.err
	}
	runes := []rune(text)
	if len(runes) <= length {
		return text, nil
	}
	keep := max(0, length-utf8.RuneCountInString(ellipsis))
	return string(runes[:keep]) + ellipsis, nil
}

func truncateWords(c *call) (any, error) {
	length := c.argLength(0, "length", 15)
	ellipsis := c.argText(1, "ellipsis", "...")
	text := c.text()
	if c.err != nil {
		return nil, c.err
	}
	words := strings.Fields(text)
	if length = max(1, length); len(words) <= length {
		return text, nil
	}
	return strings.Join(words[:length], " ") + ellipsis, nil
}
