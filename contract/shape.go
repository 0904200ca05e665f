package contract

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// shape is a schema prepared for reading. It may accept a value, which is then valid; that it does not accept one says
// nothing, and [shape.visit] decides.
type shape struct {
	schema   *openapi3.Schema
	options  []openapi3.SchemaValidationOption
	deferred bool // has a keyword that shapes leave to kin-openapi

	kinds kinds
	text  textShape
	num   numberShape

	items              *shape
	minItems, maxItems int

	members                map[string]memberShape
	required               uint64 // the bits of the members that must be there
	others                 *shape // of members that are not named; nil when there must be none
	minMembers, maxMembers int
}

// kinds is a set of JSON types.
type kinds uint8

const (
	null kinds = 1 << iota
	boolean
	number
	text
	array
	object
)

type memberShape struct {
	shape *shape
	bit   uint64
}

type textShape struct {
	enum     []string // nil when any text will do
	min, max int      // in characters
	pattern  *matcher // nil when there is none
	format   func(string) bool
}

type numberShape struct {
	integer            bool
	bits               int // of the generated Go type
	min, max           float64
	aboveMin, belowMax bool // the bound itself is excluded
}

// anything accepts every JSON value whose numbers fit a float64.
var anything = newAnything()

func newAnything() *shape {
	s := &shape{
		schema: &openapi3.Schema{Nullable: true},
		kinds:  null | boolean | number | text | array | object, maxItems: math.MaxInt, maxMembers: math.MaxInt,
	}
	s.text.max = math.MaxInt
	s.num = numberShape{bits: 64, min: math.Inf(-1), max: math.Inf(1)}
	s.items, s.others = s, s
	return s
}

// visit asks kin-openapi. All violations come back.
func (s *shape) visit(value any) error { return s.schema.VisitJSON(value, s.options...) }

// holds decides about a value for good.
func (s *shape) holds(value any) bool {
	var p problems
	p.visit(s, value, "")
	return len(p.list) == 0
}

func (s *shape) acceptsText(value string) bool {
	t := &s.text
	switch {
	case s.deferred || s.kinds&text == 0:
		return false
	case t.enum != nil && !slices.Contains(t.enum, value):
		return false
	case (t.min > 0 || len(value) > t.max) && !t.fits(utf8.RuneCountInString(value)):
		return false
	case t.pattern != nil && !t.pattern.MatchString(value):
		return false
	}
	return t.format == nil || t.format(value)
}

func (t *textShape) fits(characters int) bool { return characters >= t.min && characters <= t.max }

func (s *shape) acceptsNumber(spelling string) bool {
	if s.kinds&number == 0 {
		return false
	}
	n := &s.num
	var value float64
	var err error
	if n.integer {
		var whole int64
		whole, err = strconv.ParseInt(spelling, 10, n.bits)
		value = float64(whole)
	} else {
		if n.bits == 32 {
			_, err = strconv.ParseFloat(spelling, 32)
		}
		if err == nil {
			value, err = strconv.ParseFloat(spelling, 64)
		}
	}
	return err == nil && value >= n.min && value <= n.max &&
		!(n.aboveMin && value == n.min) && !(n.belowMax && value == n.max)
}
