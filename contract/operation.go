package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// DefaultMaxBody is the number of bytes a request body may have where the operation has no x-max-body: 1 MiB.
const DefaultMaxBody = 1 << 20

// Operation is one method of one path, with everything prepared that its requests and responses are held against.
// Its exported fields are for reading only.
type Operation struct {
	ID, Method, Template string

	Callers    []string   // x-callers: who may call, in the service's own words; nil when absent
	Permission string     // x-permission: the permission a call needs; empty when absent
	MaxBody    int64      // x-max-body: the most bytes a request body may have
	Security   [][]Scheme // alternatives, any of which is enough; all schemes of an alternative are needed

	parameters []*parameter
	delegated  *delegate // for the parameters that kin-openapi decodes; nil when there are none
	body       *requestBody
	responses  map[int]*response
	ranges     [6]*response // 4XX at index 4
}

// Scheme is one security scheme as an operation needs it.
type Scheme struct {
	Name   string   // the key under components.securitySchemes
	Type   string   // apiKey, http, oauth2, openIdConnect
	In     string   // for apiKey: header, query or cookie
	Param  string   // for apiKey: the name of the header, query parameter or cookie
	Auth   string   // for http: basic, bearer
	Scopes []string // for oauth2 and openIdConnect
}

// Anonymous says whether the operation may be called without a credential: it has no security at all, or one of its
// alternatives is empty.
func (op *Operation) Anonymous() bool {
	return len(op.Security) == 0 ||
		slices.ContainsFunc(op.Security, func(schemes []Scheme) bool { return len(schemes) == 0 })
}

// preparation turns the document's operations into ours. Schemas met twice are prepared once.
type preparation struct {
	doc       *openapi3.T
	requests  *shaper
	responses *shaper
	values    *shaper // parameters and headers, which have no direction
}

func newPreparation(doc *openapi3.T) *preparation {
	return &preparation{
		doc:       doc,
		requests:  newShaper(openapi3.VisitAsRequest()),
		responses: newShaper(openapi3.VisitAsResponse()),
		values:    newShaper(),
	}
}

func (p *preparation) operation(
	template, method string, item *openapi3.PathItem, source *openapi3.Operation,
) (*Operation, error) {
	if source.OperationID == "" {
		return nil, errors.New("has no operationId")
	}
	op := &Operation{ID: source.OperationID, Method: method, Template: template, Security: p.security(source)}
	if err := op.extensions(source.Extensions); err != nil {
		return nil, err
	}
	if err := p.parameters(op, item, source); err != nil {
		return nil, err
	}
	if ref := source.RequestBody; ref != nil {
		body, err := p.requestBody(ref.Value)
		if err != nil {
			return nil, err
		}
		op.body = body
	}
	return op, p.responsesOf(op, source)
}

// extensions reads the x- values that the service gives a meaning.
func (op *Operation) extensions(values map[string]any) error {
	op.MaxBody = DefaultMaxBody
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		switch name {
		case "x-callers":
			list, ok := value.([]any)
			if !ok {
				return errors.New("x-callers must be a list of strings")
			}
			for _, entry := range list {
				caller, ok := entry.(string)
				if !ok {
					return errors.New("x-callers must be a list of strings")
				}
				op.Callers = append(op.Callers, caller)
			}
		case "x-permission":
			permission, ok := value.(string)
			if !ok {
				return errors.New("x-permission must be a string")
			}
			op.Permission = permission
		case "x-max-body":
			size, ok := value.(float64)
			if !ok || size < 1 || size != float64(int64(size)) {
				return errors.New("x-max-body must be a whole number of bytes above zero")
			}
			op.MaxBody = int64(size)
		}
	}
	return nil
}

// security prepares the operation's own requirements, or the document's where it has none of its own.
func (p *preparation) security(source *openapi3.Operation) [][]Scheme {
	requirements := p.doc.Security
	if source.Security != nil {
		requirements = *source.Security
	}
	var alternatives [][]Scheme
	for _, requirement := range requirements {
		schemes := []Scheme{}
		for _, name := range slices.Sorted(maps.Keys(requirement)) {
			scheme := p.doc.Components.SecuritySchemes[name].Value
			schemes = append(schemes, Scheme{
				Name:   name,
				Type:   scheme.Type,
				In:     scheme.In,
				Param:  scheme.Name,
				Auth:   scheme.Scheme,
				Scopes: requirement[name],
			})
		}
		alternatives = append(alternatives, schemes)
	}
	return alternatives
}

func (p *preparation) requestBody(source *openapi3.RequestBody) (*requestBody, error) {
	content, err := p.contents(source.Content, p.requests)
	if err != nil {
		return nil, fmt.Errorf("request body: %w", err)
	}
	return &requestBody{required: source.Required, content: content}, nil
}
