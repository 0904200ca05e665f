package expression

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text returns the input of a text filter; null is the empty text, as in Liquid.
func (c *call) text() (string, error) {
	switch c.in.(type) {
	case []any, map[string]any:
		return "", c.refuseInput("its input is an object or array, not text")
	}
	return textOf(c.in)
}

// given returns an argument, or nil when it was left out.
func (c *call) given(i int) any {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// argText returns argument i as text.
func (c *call) argText(i int, name, otherwise string) (string, error) {
	switch v := c.given(i).(type) {
	case nil:
		return otherwise, nil
	case []any, map[string]any:
		return "", c.refuse(name + " must be text")
	default:
		return textOf(v)
	}
}

// argInt returns argument i as a whole number of moderate size.
func (c *call) argInt(i int, name string, otherwise int) (int, error) {
	v := c.given(i)
	if v == nil {
		return otherwise, nil
	}
	n, ok := wholeNumber(v)
	if !ok {
		return 0, c.refuse(name + " must be a whole number")
	}
	return n, nil
}

// argLength is argInt for lengths.
func (c *call) argLength(i int, name string, otherwise int) (int, error) {
	n, err := c.argInt(i, name, otherwise)
	if err == nil && n < 0 {
		err = c.refuse(name + " must not be negative")
	}
	return n, err
}

// argBool returns argument i, which the vendor's examples write as text ('true').
func (c *call) argBool(i int, name string) (bool, error) {
	switch v := c.given(i).(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false", "":
			return false, nil
		}
	}
	return false, c.refuse(name + " must be true or false")
}

// argRune returns argument i, which must be one character.
func (c *call) argRune(i int, name string, otherwise rune) (rune, error) {
	text, err := c.argText(i, name, string(otherwise))
	if err != nil {
		return 0, err
	}
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 || size != len(text) {
		return 0, c.refuse(name + " must be one character")
	}
	return r, nil
}

// argPreserve returns argument i, a set of characters, each looked for at each place: hence few.
func (c *call) argPreserve(i int, name string) (string, error) {
	set, err := c.argText(i, name, "")
	if err == nil && len(set) > 64 {
		err = c.refuse(name + " must be at most 64 bytes")
	}
	return set, err
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
