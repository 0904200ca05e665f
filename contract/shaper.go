package contract

import (
	"math"

	"github.com/getkin/kin-openapi/openapi3"
)

// shaper makes the shapes of one direction, each schema's once.
type shaper struct {
	options []openapi3.SchemaValidationOption
	known   map[*openapi3.Schema]*shape
}

// maxMembers is how many named members the bit set of a shape can hold.
const maxMembers = 64

func newShaper(direction ...openapi3.SchemaValidationOption) *shaper {
	return &shaper{
		options: append(direction, openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails(), formatValidators()),
		known:   map[*openapi3.Schema]*shape{},
	}
}

func (sh *shaper) shape(schema *openapi3.Schema) *shape {
	if s := sh.known[schema]; s != nil {
		return s
	}
	if schema.Type == nil && !composed(schema) && len(schema.Enum) == 0 {
		schema.Nullable = true // without a type any value goes; kin-openapi makes an exception of null, the specification none
	}
	s := &shape{schema: schema, options: sh.options}
	sh.known[schema] = s // before its parts, which may contain it
	s.kinds = kindsOf(schema)
	s.deferred = !sh.text(s) || !sh.number(s) || !sh.array(s) || !sh.object(s) || composed(schema)
	return s
}

// composed says whether the schema has a keyword that no shape knows.
func composed(s *openapi3.Schema) bool {
	return s.Not != nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 || s.Always != nil ||
		s.MultipleOf != nil || s.UniqueItems
}

func kindsOf(s *openapi3.Schema) kinds {
	var k kinds
	for name, kind := range map[string]kinds{
		openapi3.TypeBoolean: boolean, openapi3.TypeInteger: number, openapi3.TypeNumber: number,
		openapi3.TypeString: text, openapi3.TypeArray: array, openapi3.TypeObject: object,
	} {
		if s.Type.Permits(name) {
			k |= kind
		}
	}
	if s.Nullable {
		k |= null
	}
	return k
}

func (sh *shaper) text(s *shape) bool {
	schema := s.schema
	s.text = textShape{min: size(schema.MinLength), max: limit(schema.MaxLength), format: formats[schema.Format]}
	if s.kinds&text == 0 {
		return len(schema.Enum) == 0
	}
	if s.text.format == nil && openapi3.SchemaStringFormats[schema.Format] != nil {
		return false
	}
	for _, value := range schema.Enum {
		word, ok := value.(string)
		if !ok {
			return false
		}
		s.text.enum = append(s.text.enum, word)
	}
	if s.text.enum != nil && s.kinds&^null != text {
		return false
	}
	if schema.Pattern == "" {
		return true
	}
	var err error
	s.text.pattern, err = compilePattern(schema.Pattern)
	return err == nil
}

func (sh *shaper) number(s *shape) bool {
	schema := s.schema
	s.num = numberShape{bits: 64, min: math.Inf(-1), max: math.Inf(1)}
	if s.kinds&number == 0 {
		return true
	}
	s.num.integer = !schema.Type.Permits(openapi3.TypeNumber)
	switch format := schema.Format; {
	case s.num.integer:
		s.num.bits = integerBits(schema)
		if openapi3.SchemaIntegerFormats[format] != nil && format != "int32" && format != "int64" {
			return false
		}
	case openapi3.SchemaNumberFormats[format] != nil:
		return false
	case schema.Type.Is(openapi3.TypeNumber) && format != "double":
		s.num.bits = 32
	}
	if schema.Min != nil {
		s.num.min = *schema.Min
	}
	if schema.Max != nil {
		s.num.max = *schema.Max
	}
	s.num.aboveMin = schema.ExclusiveMin.Bool != nil && *schema.ExclusiveMin.Bool && schema.Min != nil
	s.num.belowMax = schema.ExclusiveMax.Bool != nil && *schema.ExclusiveMax.Bool && schema.Max != nil
	return schema.ExclusiveMin.Value == nil && schema.ExclusiveMax.Value == nil
}

func (sh *shaper) array(s *shape) bool {
	schema := s.schema
	s.minItems, s.maxItems, s.items = size(schema.MinItems), limit(schema.MaxItems), anything
	if schema.Items != nil {
		s.items = sh.shape(schema.Items.Value)
	}
	return len(schema.PrefixItems) == 0
}

func (sh *shaper) object(s *shape) bool {
	schema := s.schema
	s.minMembers, s.maxMembers, s.others = size(schema.MinProps), limit(schema.MaxProps), anything
	if allowed := schema.AdditionalProperties.Has; allowed != nil && !*allowed {
		s.others = nil
	} else if ref := schema.AdditionalProperties.Schema; ref != nil {
		s.others = sh.shape(ref.Value)
	}
	s.members = make(map[string]memberShape, len(schema.Properties))
	for name, ref := range schema.Properties {
		part := sh.shape(ref.Value)
		if ref.Value.ReadOnly || ref.Value.WriteOnly {
			part = nil
		}
		s.members[name] = memberShape{shape: part, bit: 1 << len(s.members)}
	}
	for _, name := range schema.Required {
		m, named := s.members[name]
		if !named {
			m = memberShape{shape: s.others, bit: 1 << len(s.members)}
			s.members[name] = m
		}
		s.required |= m.bit
	}
	return len(s.members) <= maxMembers
}

func size(n uint64) int { return int(min(n, math.MaxInt)) }

func limit(n *uint64) int {
	if n == nil {
		return math.MaxInt
	}
	return size(*n)
}
