package expression

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text returns the input of a text filter; null is the empty text, as in Liquid.
func (c *call) text() string {
	switch c.in.(type) {
	case []any, map[string]any:
		c.keep(c.refuseInput("its input is an object or array, not text"))
	}
	return c.textOf(c.in)
}

// given returns an argument, or nil when it was left out.
func (c *call) given(i int) any {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// argText returns argument i as text.
func (c *call) argText(i int, name, otherwise string) string {
	switch v := c.given(i).(type) {
	case nil:
		return otherwise
	case []any, map[string]any:
		c.keep(c.refuse(name + " must be text"))
		return ""
	default:
		return c.textOf(v)
	}
}

// argInt returns argument i as a whole number of moderate size.
func (c *call) argInt(i int, name string, otherwise int) int {
	v := c.given(i)
	if v == nil {
		return otherwise
	}
	n, ok := wholeNumber(v)
	if !ok {
		c.keep(c.refuse(name + " must be a whole number"))
	}
	return n
}

// argLength is argInt for lengths.
func (c *call) argLength(i int, name string, otherwise int) int {
	n := c.argInt(i, name, otherwise)
	if n < 0 {
		c.keep(c.refuse(name + " must not be negative"))
	}
	return n
}

// argBool returns argument i, which the vendor's examples write as text ('true').
func (c *call) argBool(i int, name string) bool {
	switch v := c.given(i).(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true
		case "false", "":
			return false
		}
	}
	c.keep(c.refuse(name + " must be true or false"))
	return false
}

// argRune returns argument i, which must be one character.
func (c *call) argRune(i int, name string, otherwise rune) rune {
	text := c.argText(i, name, string(otherwise))
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 || size != len(text) {
		c.keep(c.refuse(name + " must be one character"))
	}
	return r
}

// argPreserve returns argument i, a set of characters, each looked for at each place: hence few.
func (c *call) argPreserve(i int, name string) string {
	set := c.argText(i, name, "")
	if len(set) > 64 {
		c.keep(c.refuse(name + " must be at most 64 bytes"))
	}
	return set
}

// textOf writes a value as the function of this name does, and nothing after a refusal.
func (c *call) textOf(v any) string {
	if c.err != nil {
		return ""
	}
	text, err := textOf(v)
	c.keep(err)
	return text
}

// wholeNumber reads an integer within ±2^31 out of a number or text.
func wholeNumber(v any) (int, bool) {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.Trim(v, whitespace)
	case int:
		text = strconv.Itoa(v)
	}
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return int(n), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
		return 0, false
	}
	return int(f), true
}
