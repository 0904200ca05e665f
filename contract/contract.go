// Package contract holds every request and every response of the service against its OpenAPI 3.0 document.
//
// A [Contract] is loaded once from the document's bytes. Everything that can be decided from the document alone is
// decided then: which content types an operation reads, how each parameter is spelled, which schema answers which
// status. What is left for a request is to read its bytes once.
//
// # Two readers, one verdict
//
// The schemas are those of kin-openapi, and kin-openapi decides. In front of it stands a shape: the same schema
// prepared for the one case that matters on a quiet day, a value without fault. The shape is walked while the JSON is
// being read, so a valid body costs one pass. A shape may only accept. Whatever it does not accept, because the value
// is wrong or because the schema uses a keyword that shapes leave alone, goes to kin-openapi, which decides and says
// why. Tests and fuzzing hold the two to the same verdict.
//
// # Stricter than the schema language
//
// Where JSON Schema tolerates what a typed program cannot hold, the contract refuses: duplicate members, bytes after
// the value, text that is not UTF-8, integers written as 3e2, numbers that the generated field would overflow, dates
// that are on no calendar. The member is named, so that the generated decoder never has to fail after the check.
//
// # What is never said
//
// No text made here holds a value that the other side sent: problems are worded from the schema alone. A member name
// that the client made up is repeated only when it is short and plain; otherwise the problem is reported at the
// object around it.
package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"
)

// Contract is a loaded document with every operation prepared. It is safe for concurrent use.
type Contract struct {
	document   *openapi3.T
	operations []*Operation
	byID       map[string]*Operation
}

// Load parses an OpenAPI 3.0.x document, YAML or JSON, and prepares every operation.
//
// It refuses a document that is invalid (its examples, which nothing here reads, are left to tests and linters), that is
// written in OpenAPI 3.1 or later, that refers to other files, that has an operation without operationId or with a
// `default` response, or whose x-callers (list of strings), x-permission (string) or x-max-body (whole number of bytes
// above zero) is of another type.
func Load(document []byte) (*Contract, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if !doc.IsOpenAPI30() {
		return nil, fmt.Errorf("contract: openapi is %q, only 3.0 is read", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	c := &Contract{document: doc, byID: map[string]*Operation{}}
	prep := newPreparation(doc)
	for template, item := range doc.Paths.Map() {
		for method, source := range item.Operations() {
			op, err := prep.operation(template, method, item, source)
			if err != nil {
				return nil, fmt.Errorf("contract: %s %s: %w", method, template, err)
			}
			if c.byID[op.ID] != nil {
				return nil, fmt.Errorf("contract: operationId %q is used twice", op.ID)
			}
			c.byID[op.ID] = op
			c.operations = append(c.operations, op)
		}
	}
	slices.SortFunc(c.operations, func(a, b *Operation) int {
		return strings.Compare(a.Template+" "+a.Method, b.Template+" "+b.Method)
	})
	return c, nil
}

// Document returns the parsed document. It must not be changed.
func (c *Contract) Document() *openapi3.T { return c.document }

// Operations returns every operation, sorted by path template and then by method.
func (c *Contract) Operations() []*Operation { return slices.Clone(c.operations) }

// Bind gives every route of the router the name of the operation that has its path template and method, so that
// [Contract.Operation] finds it. Call it after all routes are registered and before the router serves; binding the same
// router again changes nothing. A route of several methods (GET and HEAD) belongs to the first that is documented.
// It is an error when a route has no operation, when an operation has no route, or when a route bears another name.
func (c *Contract) Bind(router *mux.Router) error {
	var errs []error
	bound := map[string]bool{}
	err := router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		if route.GetHandler() == nil {
			return nil // only carries a subrouter
		}
		op, err := c.match(route)
		switch {
		case err != nil:
			errs = append(errs, err)
		case route.GetName() == "":
			bound[op.ID] = true
			errs = append(errs, route.Name(op.ID).GetError())
		case route.GetName() == op.ID:
			bound[op.ID] = true
		default:
			errs = append(errs, fmt.Errorf("contract: route %q is operation %q", route.GetName(), op.ID))
		}
		return nil
	})
	errs = append(errs, err)
	for _, op := range c.operations {
		if !bound[op.ID] {
			errs = append(errs, fmt.Errorf("contract: no route for %s %s (%s)", op.Method, op.Template, op.ID))
		}
	}
	return errors.Join(errs...)
}

// match finds the operation of a route.
func (c *Contract) match(route *mux.Route) (*Operation, error) {
	template, err := route.GetPathTemplate()
	if err != nil {
		return nil, fmt.Errorf("contract: a route has no path: %w", err)
	}
	methods, err := route.GetMethods()
	if err != nil {
		return nil, fmt.Errorf("contract: route %s has no method", template)
	}
	for _, method := range methods {
		for _, op := range c.operations {
			if op.Template == template && op.Method == method {
				return op, nil
			}
		}
	}
	return nil, fmt.Errorf("contract: no operation for route %v %s", methods, template)
}

// Operation returns the operation of the route that the router matched for this request, or nil when there is none.
func (c *Contract) Operation(r *http.Request) *Operation {
	route := mux.CurrentRoute(r)
	if route == nil {
		return nil
	}
	return c.byID[route.GetName()]
}
