package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gorilla/mux"
)

// parameter is a parameter whose value is one string, number or boolean, spelled as it is.
type parameter struct {
	in, name, header   string // header is the name as http.Header spells it
	required, mayEmpty bool
	scalar             *scalar
}

// delegate is the parameters of an operation that have a richer spelling (lists, objects, JSON inside a parameter).
// kin-openapi decodes and checks them.
type delegate struct {
	parameters []*openapi3.Parameter
	route      *routers.Route
	options    *openapi3filter.Options
}

func (p *preparation) parameters(op *Operation, item *openapi3.PathItem, source *openapi3.Operation) error {
	var refs openapi3.Parameters
	for _, ref := range item.Parameters {
		if source.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			refs = append(refs, ref)
		}
	}
	for _, ref := range append(refs, source.Parameters...) {
		param := ref.Value
		how, err := param.SerializationMethod()
		if err != nil {
			return fmt.Errorf("parameter %s: %w", param.Name, err)
		}
		plain := how.Style == openapi3.SerializationSimple || how.Style == openapi3.SerializationForm
		if scalar := p.scalar(param.Schema); scalar != nil && plain {
			op.parameters = append(op.parameters, &parameter{
				in:       param.In,
				name:     param.Name,
				header:   http.CanonicalHeaderKey(param.Name),
				required: param.Required,
				mayEmpty: param.AllowEmptyValue,
				scalar:   scalar,
			})
			continue
		}
		if op.delegated == nil {
			op.delegated = &delegate{
				route: &routers.Route{Spec: p.doc, Path: op.Template, PathItem: item, Method: op.Method, Operation: source},
				options: &openapi3filter.Options{
					MultiError: true, SkipSettingDefaults: true, SchemaValidationOptions: p.values.options,
				},
			}
		}
		op.delegated.parameters = append(op.delegated.parameters, param)
	}
	return nil
}

func (op *Operation) checkParameters(p *problems, r *http.Request) {
	var query url.Values
	parsed := true
	if r.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			p.add("query", "is malformed")
			parsed = false
		}
	}
	for _, param := range op.parameters {
		if parsed || param.in != openapi3.ParameterInQuery {
			param.check(p, r, query)
		}
	}
	if op.delegated != nil && parsed {
		op.delegated.check(p, r, query)
	}
}

// check holds the parameter's value against its schema. A parameter that is sent more than once is refused: two
// readers of one request must not see two values.
func (param *parameter) check(p *problems, r *http.Request, query url.Values) {
	raw, count := "", 0
	switch param.in {
	case openapi3.ParameterInPath:
		if raw = mux.Vars(r)[param.name]; raw != "" {
			count = 1
		}
	case openapi3.ParameterInQuery:
		raw, count = first(query[param.name])
	case openapi3.ParameterInHeader:
		raw, count = first(r.Header[param.header])
	case openapi3.ParameterInCookie:
		if cookie, err := r.Cookie(param.name); err == nil {
			raw, count = cookie.Value, 1
		}
	}
	switch {
	case count > 1:
		p.add(param.name, "must be given once")
	case count == 0 && param.required:
		p.add(param.name, "is required")
	case count == 0, raw == "" && param.mayEmpty:
	default:
		param.scalar.check(p, raw, param.name)
	}
}

func first(values []string) (string, int) {
	if len(values) == 0 {
		return "", 0
	}
	return values[0], len(values)
}

func (d *delegate) check(p *problems, r *http.Request, query url.Values) {
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: mux.Vars(r), QueryParams: query, Route: d.route, Options: d.options,
	}
	if query == nil {
		input.QueryParams = url.Values{}
	}
	for _, param := range d.parameters {
		err := openapi3filter.ValidateParameter(r.Context(), input, param)
		if err == nil {
			continue
		}
		var refusal *openapi3filter.RequestError
		switch {
		case errors.Is(err, openapi3filter.ErrInvalidRequired):
			p.add(param.Name, "is required")
		case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
			p.add(param.Name, "must not be empty")
		case errors.As(err, &refusal) && refusal.Err != nil && param.Schema != nil:
			p.decoding(refusal.Err, param.Schema.Value, param.Name)
		case errors.As(err, &refusal) && refusal.Err != nil:
			p.decoding(refusal.Err, &openapi3.Schema{}, param.Name)
		default:
			p.add(param.Name, "is not valid")
		}
	}
}

// scalar is the schema of a parameter or header that is one string, number or boolean.
type scalar struct {
	shape *shape
	kind  string
}

// scalar returns nil for a schema that is not one scalar.
func (p *preparation) scalar(ref *openapi3.SchemaRef) *scalar {
	if ref == nil {
		return nil
	}
	s := ref.Value
	if !s.Type.IsSingle() || s.Not != nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 {
		return nil
	}
	switch kind := s.Type.Slice()[0]; kind {
	case openapi3.TypeString, openapi3.TypeInteger, openapi3.TypeNumber, openapi3.TypeBoolean:
		return &scalar{shape: p.values.shape(s), kind: kind}
	default:
		return nil
	}
}

func (s *scalar) check(p *problems, raw, where string) {
	if s.kind == openapi3.TypeString {
		if !s.shape.acceptsText(raw) {
			p.visit(s.shape, raw, where)
		}
		return
	}
	if raw == "" {
		p.add(where, "must not be empty")
		return
	}
	value, err := s.parse(raw)
	if err != nil {
		p.add(where, rangeOrType(s.shape.schema, err))
		return
	}
	p.visit(s.shape, value, where)
}

func (s *scalar) parse(raw string) (any, error) {
	switch s.kind {
	case openapi3.TypeInteger:
		return strconv.ParseInt(raw, 10, integerBits(s.shape.schema))
	case openapi3.TypeNumber:
		if _, err := strconv.ParseFloat(raw, s.shape.num.bits); err != nil {
			return nil, err
		}
		return strconv.ParseFloat(raw, 64)
	default:
		return strconv.ParseBool(raw)
	}
}
