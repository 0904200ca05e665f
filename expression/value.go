package expression

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"
)

// value shows a JSON value to the Liquid library, which would otherwise take json.Number for text and look into maps
// by reflection. [plain] is its inverse.
type value struct{ of any }

func bind(variables map[string]any) expressions.Context {
	bound := make(map[string]any, len(variables))
	for name, v := range variables {
		bound[name] = value{v}
	}
	return expressions.NewContext(bound, expressions.Config{})
}

func (v value) Interface() any { return v.of }

// Operators and ranges are refused before the library sees them, so what they need of a value is never asked for.

func (v value) Int() int                   { return 0 }
func (v value) Test() bool                 { return false }
func (v value) Equal(values.Value) bool    { return false }
func (v value) Less(values.Value) bool     { return false }
func (v value) Contains(values.Value) bool { return false }

func (v value) IndexValue(key values.Value) values.Value {
	if array, ok := v.of.([]any); ok {
		i, ok := wholeNumber(key.Interface())
		if i < 0 {
			i += len(array)
		}
		if ok && i >= 0 && i < len(array) {
			return value{array[i]}
		}
		return value{}
	}
	if _, ok := key.Interface().(string); ok {
		return v.PropertyValue(key)
	}
	return value{}
}

// PropertyValue returns a member, or the size, first and last that Liquid gives to arrays and texts.
func (v value) PropertyValue(key values.Value) values.Value {
	name, _ := key.Interface().(string)
	switch of := v.of.(type) {
	case map[string]any:
		if member, ok := of[name]; ok {
			return value{member}
		}
		if name == "size" {
			return value{integer(len(of))}
		}
	case []any:
		switch {
		case name == "size":
			return value{integer(len(of))}
		case name == "first" && len(of) > 0:
			return value{of[0]}
		case name == "last" && len(of) > 0:
			return value{of[len(of)-1]}
		}
	case string:
		if name == "size" {
			return value{integer(utf8.RuneCountInString(of))}
		}
	}
	return value{}
}

// plain returns a value of the library's as one of the types that this package works on: those of a JSON tree, and
// bytes between hmac and its encoding.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, json.Number, []byte, []any, map[string]any:
		return v, nil
	case int:
		return integer(v), nil
	case float64:
		return decimal(v)
	}
	return nil, refuse(unreadable)
}

func integer(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// decimal writes a number the short way, as JSON demands, and with a point even when it is whole: 8.0 divides otherwise
// than 8 does.
func decimal(f float64) (any, error) {
	switch size := math.Abs(f); {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, refuse(outOfRange)
	case size != 0 && (size < 1e-7 || size >= 1e21):
		return json.Number(strconv.FormatFloat(f, 'e', -1, 64)), nil
	case f == math.Trunc(f):
		return json.Number(strconv.FormatFloat(f, 'f', 1, 64)), nil
	default:
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64)), nil
	}
}

// textOf writes a value among text.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	default:
		return jsonOf(v)
	}
}

// jsonOf writes a value as compact JSON, members in the order of their names and no character escaped without need.
func jsonOf(v any) (string, error) {
	if _, err := measure(v, MaxOutput, 0); err != nil {
		return "", err
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		return "", refuse("a value cannot be written as JSON")
	}
	if text.Len() > MaxOutput {
		return "", refuse(tooLarge)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}
