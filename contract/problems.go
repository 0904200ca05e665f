package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"hallpass"
)

// maxProblems is how many problems one check reports. A body of half a million wrong items must not be answered with
// half a million sentences.
const maxProblems = 100

// problems collects what is wrong with a request or response. The zero value is ready to use. The empty path stands
// for the whole body.
type problems struct {
	list    []Problem
	closed  map[string]bool                   // closed objects whose unknown members were reported
	options []openapi3.SchemaValidationOption // of the schema that is being visited
}

func (p *problems) add(where, reason string) {
	problem := Problem{Where: where, Reason: reason}
	if len(p.list) < maxProblems && !slices.Contains(p.list, problem) {
		p.list = append(p.list, problem)
	}
}

// addMember notes a problem with a member, or with the object around it when the member's name may not be repeated.
func (p *problems) addMember(path, name, reason string) {
	if isPlainName(name) {
		p.add(member(path, name), reason)
		return
	}
	p.add(path, "has a member that "+reason)
}

// unknown notes a member that a closed object does not have.
func (p *problems) unknown(path, name string) {
	if isPlainName(name) {
		p.add(member(path, name), "is not allowed")
		return
	}
	p.add(path, "has a member that is not allowed")
}

// named returns the problems with the whole body under its name.
func (p *problems) named() []Problem {
	for i := range p.list {
		if p.list[i].Where == "" {
			p.list[i].Where = "body"
		}
	}
	return p.list
}

func (p *problems) refusal() error {
	var fields hallpass.Fields
	for _, problem := range p.named() {
		fields.Add(problem.Where, problem.Reason)
	}
	return fields.Err()
}

// visit lets kin-openapi decide about a value that the shape did not accept, and adds what kin-openapi tolerates. A
// refusal stays one even when there are no words for it.
func (p *problems) visit(s *shape, value any, where string) {
	before := len(p.list)
	p.options = s.options
	err := s.visit(value)
	if err != nil {
		p.schema(err, value, where)
	}
	p.exact(s.schema, value, where, nil)
	if err != nil && len(p.list) == before {
		p.add(where, "is not valid")
	}
}

// schema words what kin-openapi found wrong with a value, which may be nil where there is none to look at.
func (p *problems) schema(err error, value any, where string) {
	switch err := err.(type) { //nolint:errorlint // kin-openapi's tree is walked level by level
	case openapi3.MultiError:
		for _, each := range err {
			p.schema(each, value, where)
		}
	case *openapi3.SchemaError:
		p.schemaError(err, value, where)
	default:
		p.add(where, "is not valid")
	}
}

func (p *problems) schemaError(err *openapi3.SchemaError, value any, where string) {
	path, complete := locate(where, err.JSONPointer(), value)
	switch err.SchemaField {
	case "type":
		if spelling, ok := err.Value.(json.Number); ok && inexact(nil, string(spelling)) != "" {
			return // no number at all to kin-openapi; exact says that it is out of range
		}
	case "allOf", "oneOf":
		if parts := partsOf(err); len(parts) > 0 {
			p.schema(parts, value, where)
			return
		}
	case "properties":
		p.unknownMembers(err, path)
		return
	case "discriminator":
		p.discriminator(err, path)
		return
	}
	if reason := wording(err); complete {
		p.add(path, reason)
	} else {
		p.add(path, "has a member that "+reason)
	}
}

// partsOf returns what is wrong with a composed value when it can be told by its parts: all of allOf, or the one form
// that the discriminator chose.
func partsOf(err *openapi3.SchemaError) openapi3.MultiError {
	composed, ok := errors.Unwrap(err.Origin).(interface{ Unwrap() error })
	if !ok {
		return nil
	}
	parts, _ := composed.Unwrap().(openapi3.MultiError) //nolint:errorlint // one level of kin-openapi's tree
	if err.SchemaField == "oneOf" && (err.Schema.Discriminator == nil || len(parts) != 1) {
		return nil
	}
	return parts
}

// unknownMembers reports every member that a closed object does not have. kin-openapi has one error for each, all
// alike but for their text, so the object is looked at once.
func (p *problems) unknownMembers(err *openapi3.SchemaError, path string) {
	if p.closed == nil {
		p.closed = map[string]bool{}
	}
	if p.closed[path] {
		return
	}
	p.closed[path] = true
	object, _ := err.Value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err.Schema.Properties[name] == nil {
			p.unknown(path, name)
		}
	}
}

func (p *problems) discriminator(err *openapi3.SchemaError, path string) {
	name := err.Schema.Discriminator.PropertyName
	switch err.Value.(type) {
	case nil:
		p.add(member(path, name), "is required")
	case string:
		p.add(member(path, name), "must be one of: "+list(slices.Sorted(maps.Keys(err.Schema.Discriminator.Mapping))))
	default:
		p.add(member(path, name), "must be a string")
	}
}

// decoding words why kin-openapi could not read a parameter or a form.
func (p *problems) decoding(err error, schema *openapi3.Schema, where string) {
	var parse *openapi3filter.ParseError
	switch {
	case !errors.As(err, &parse):
		p.schema(err, nil, where)
	default:
		tokens := make([]string, 0, 4)
		for _, token := range parse.Path() {
			name := fmt.Sprint(token)
			tokens = append(tokens, name)
			if _, index := token.(int); index && schema != nil && schema.Items != nil {
				schema = schema.Items.Value
			} else if schema != nil {
				schema = propertyOf(schema, name, 0)
			}
		}
		reason := "is not valid"
		if schema != nil {
			reason = rangeOrType(schema, parse.RootCause())
		}
		path, _ := locate(where, tokens, nil)
		p.add(path, reason)
	}
}

// exact refuses the numbers that JSON Schema allows and the generated Go type cannot hold: an integer with a fraction
// or an exponent, or a number beyond the format's range. before holds the schemas that this very value is being held
// against, for schemas that are composed of themselves.
func (p *problems) exact(schema *openapi3.Schema, value any, where string, before []*openapi3.Schema) {
	if schema != nil && slices.Contains(before, schema) {
		return
	}
	if schema != nil {
		for _, ref := range schema.AllOf {
			p.exact(ref.Value, value, where, append(before, schema))
		}
		for _, ref := range slices.Concat(schema.OneOf, schema.AnyOf) {
			if ref.Value.VisitJSON(value, p.options...) == nil {
				p.exact(ref.Value, value, where, append(before, schema))
			}
		}
	}
	switch value := value.(type) {
	case json.Number:
		if reason := inexact(schema, string(value)); reason != "" {
			p.add(where, reason)
		}
	case []any:
		for i, item := range value {
			p.exact(itemsOf(schema), item, where+"["+strconv.Itoa(i)+"]", nil)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			path := where
			if isPlainName(name) {
				path = member(where, name)
			}
			p.exact(memberOf(schema, name), value[name], path, nil)
		}
	}
}

func itemsOf(schema *openapi3.Schema) *openapi3.Schema {
	if schema == nil || schema.Items == nil {
		return nil
	}
	return schema.Items.Value
}

func memberOf(schema *openapi3.Schema, name string) *openapi3.Schema {
	switch {
	case schema == nil:
		return nil
	case schema.Properties[name] != nil:
		return schema.Properties[name].Value
	case schema.AdditionalProperties.Schema != nil:
		return schema.AdditionalProperties.Schema.Value
	default:
		return nil
	}
}
