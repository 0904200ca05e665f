package contract

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// wording is one sentence about what a value must be, built from the schema alone.
func wording(err *openapi3.SchemaError) string {
	s := err.Schema
	if s == nil {
		return "is not valid"
	}
	switch err.SchemaField {
	case "required":
		return "is required"
	case "readOnly":
		return "must not be sent"
	case "writeOnly":
		return "must not be answered"
	case "nullable":
		return "must not be null"
	case "type":
		return typeWording(s)
	case "enum":
		return "must be one of: " + list(s.Enum)
	case "format":
		return formatWording(s)
	case "pattern":
		return "must match the pattern " + s.Pattern
	case "oneOf":
		return "must have exactly one of the documented forms"
	case "anyOf":
		return "must have one of the documented forms"
	case "not":
		return "must not have the excluded form"
	case "uniqueItems":
		return "must not have the same item twice"
	}
	return sizeWording(err.SchemaField, s)
}

// sizeWording is about keywords that hold a number.
func sizeWording(field string, s *openapi3.Schema) string {
	switch {
	case field == "minLength" && s.MinLength == 1, field == "minItems" && s.MinItems == 1,
		field == "minProperties" && s.MinProps == 1:
		return "must not be empty"
	case field == "minLength":
		return fmt.Sprintf("must be at least %d characters", s.MinLength)
	case field == "maxLength" && s.MaxLength != nil:
		return fmt.Sprintf("must be at most %d characters", *s.MaxLength)
	case field == "minItems":
		return fmt.Sprintf("must have at least %d items", s.MinItems)
	case field == "maxItems" && s.MaxItems != nil:
		return fmt.Sprintf("must have at most %d items", *s.MaxItems)
	case field == "minProperties":
		return fmt.Sprintf("must have at least %d members", s.MinProps)
	case field == "maxProperties" && s.MaxProps != nil:
		return fmt.Sprintf("must have at most %d members", *s.MaxProps)
	case field == "minimum" && s.Min != nil:
		return "must be at least " + decimal(*s.Min)
	case field == "maximum" && s.Max != nil:
		return "must be at most " + decimal(*s.Max)
	case field == "exclusiveMinimum" && s.Min != nil:
		return "must be more than " + decimal(*s.Min)
	case field == "exclusiveMaximum" && s.Max != nil:
		return "must be less than " + decimal(*s.Max)
	case field == "multipleOf" && s.MultipleOf != nil:
		return "must be a multiple of " + decimal(*s.MultipleOf)
	default:
		return "is not valid"
	}
}

func typeWording(s *openapi3.Schema) string {
	if !s.Type.IsSingle() {
		return "is not valid"
	}
	switch kind := s.Type.Slice()[0]; kind {
	case openapi3.TypeArray, openapi3.TypeObject, openapi3.TypeInteger:
		return "must be an " + kind
	default:
		return "must be a " + kind
	}
}

func formatWording(s *openapi3.Schema) string {
	switch s.Format {
	case "uuid":
		return "must be a UUID"
	case "uri":
		return "must be an absolute URI"
	case "email":
		return "must be an e-mail address"
	case "date-time":
		return "must be a date and time such as 2006-01-02T15:04:05Z"
	case "date":
		return "must be a date such as 2006-01-02"
	case "byte":
		return "must be base64"
	case "int32", "int64":
		return rangeWording(integerBits(s))
	default:
		return "must be of the format " + s.Format
	}
}

func rangeWording(bits int) string {
	if bits == 32 {
		return fmt.Sprintf("must be between %d and %d", math.MinInt32, math.MaxInt32)
	}
	return fmt.Sprintf("must be between %d and %d", int64(math.MinInt64), int64(math.MaxInt64))
}

// rangeOrType is about text that could not be read as the number or boolean it should be.
func rangeOrType(s *openapi3.Schema, err error) string {
	switch {
	case !errors.Is(err, strconv.ErrRange):
		return typeWording(s)
	case s.Type.Is(openapi3.TypeInteger):
		return rangeWording(integerBits(s))
	default:
		return "is out of range"
	}
}

// integerBits is the width of the Go type that the generator makes of an integer schema.
func integerBits(s *openapi3.Schema) int {
	if s.Format == "int32" {
		return 32
	}
	return 64
}

// inexact says why the generated Go type cannot hold a number, or nothing when it can.
func inexact(s *openapi3.Schema, number string) string {
	switch {
	case s != nil && s.Type.Is(openapi3.TypeInteger):
		_, err := strconv.ParseInt(number, 10, integerBits(s))
		switch {
		case errors.Is(err, strconv.ErrRange):
			return rangeWording(integerBits(s))
		case err != nil:
			return "must be an integer"
		}
		return ""
	case s != nil && s.Type.Is(openapi3.TypeNumber) && s.Format != "double":
		if _, err := strconv.ParseFloat(number, 32); err != nil {
			return "is out of range"
		}
		return ""
	default:
		if _, err := strconv.ParseFloat(number, 64); err != nil {
			return "is out of range"
		}
		return ""
	}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func list[T any](values []T) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

// member spells the path of a member of the object at path.
func member(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// isPlainName says whether a member name may be repeated to whoever sent it: [A-Za-z0-9_.-]{1,64}.
func isPlainName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// locate spells a JSON pointer as a member path below base. It stops, and says so, before a name that may not be
// repeated. Without a value to walk along, a token of digits is taken for an index.
func locate(base string, pointer []string, value any) (path string, complete bool) {
	path = base
	for _, token := range pointer {
		index, err := strconv.Atoi(token)
		numeric := err == nil && index >= 0
		switch at := value.(type) {
		case []any:
			path += "[" + token + "]"
			value = nil
			if numeric && index < len(at) {
				value = at[index]
			}
			continue
		case map[string]any:
			value, numeric = at[token], false
		}
		switch {
		case numeric:
			path += "[" + token + "]"
		case !isPlainName(token):
			return path, false
		default:
			path = member(path, token)
		}
	}
	return path, true
}
