package contract_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// validator holds exchanges against the contract with openapi3filter as it comes.
type validator struct {
	doc        *openapi3.T
	router     routers.Router
	options    openapi3filter.Options
	operations []*operation // sorted by path and method
}

// operation is what the tests want to know of one method of one path.
type operation struct {
	id, method, template string
	tag                  string
	scheme               string   // the security scheme; empty where no credential is asked for
	callers              []string // x-callers
	permission           string   // x-permission
	maxBody              int64
	bodyType             string // the content type of the request body; empty where there is none
	bodyRequired         bool
	bodySchema           *openapi3.Schema
	statuses             map[int]bool
}

func (o *operation) documents(status int) bool { return o.statuses[status] }

// changes reports whether the operation is one that takes an idempotency key.
func (o *operation) changes() bool {
	return o.method == http.MethodPost || o.method == http.MethodPut || o.method == http.MethodPatch
}

// readsJSON reports whether the operation reads a body of JSON, readsObject whether that must be an object.
func (o *operation) readsJSON() bool   { return strings.HasSuffix(o.bodyType, "json") }
func (o *operation) readsObject() bool { return o.readsJSON() && o.bodySchema.Type.Is("object") }

var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func newValidator(document []byte) (*validator, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	doc.Servers = nil // the paths are matched wherever the server is
	for _, ref := range doc.Components.Schemas {
		takeNull(ref.Value)
	}
	v := &validator{doc: doc}
	if v.router, err = gorillamux.NewRouter(doc); err != nil {
		return nil, err
	}
	anyUUID := openapi3.NewRegexpFormatValidator(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	v.options = openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{
			openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{"uuid": anyUUID}),
		},
	}
	for template, item := range doc.Paths.Map() {
		for method, source := range item.Operations() {
			v.operations = append(v.operations, newOperation(doc, template, method, source))
		}
	}
	slices.SortFunc(v.operations, func(a, b *operation) int {
		return cmp.Or(cmp.Compare(a.template, b.template), cmp.Compare(a.method, b.method))
	})
	return v, nil
}

// takeNull lets schemas without a type take null, as any other value: that is what OpenAPI 3.0.3 means by them, and what
// openapi3filter has to be told.
func takeNull(s *openapi3.Schema) {
	if s.Type == nil && len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0 {
		s.Nullable = true
	}
	for _, ref := range s.Properties {
		takeNull(ref.Value)
	}
	if s.Items != nil {
		takeNull(s.Items.Value)
	}
	if s.AdditionalProperties.Schema != nil {
		takeNull(s.AdditionalProperties.Schema.Value)
	}
}

func newOperation(doc *openapi3.T, template, method string, source *openapi3.Operation) *operation {
	op := &operation{id: source.OperationID, method: method, template: template, maxBody: 1 << 20, statuses: map[int]bool{}}
	if len(source.Tags) > 0 {
		op.tag = source.Tags[0]
	}
	security := doc.Security
	if source.Security != nil {
		security = *source.Security
	}
	for _, requirement := range security {
		for scheme := range requirement {
			op.scheme = scheme
		}
	}
	callers, _ := source.Extensions["x-callers"].([]any)
	for _, caller := range callers {
		op.callers = append(op.callers, fmt.Sprint(caller))
	}
	op.permission, _ = source.Extensions["x-permission"].(string)
	if size, ok := source.Extensions["x-max-body"].(float64); ok {
		op.maxBody = int64(size)
	}
	if source.RequestBody != nil {
		op.bodyRequired = source.RequestBody.Value.Required
		for kind, media := range source.RequestBody.Value.Content {
			op.bodyType, op.bodySchema = kind, media.Schema.Value
		}
	}
	for status := range source.Responses.Map() {
		code, _ := strconv.Atoi(status)
		op.statuses[code] = true
	}
	return op
}

func (v *validator) operation(id string) *operation {
	i := slices.IndexFunc(v.operations, func(o *operation) bool { return o.id == id })
	if i < 0 {
		panic("the contract has no operation " + id)
	}
	return v.operations[i]
}

// route finds the operation that a request means: HEAD means GET, and a trailing slash means nothing.
func (v *validator) route(r *http.Request) (*routers.Route, map[string]string) {
	probe := r.Clone(r.Context())
	if probe.Method == http.MethodHead {
		probe.Method = http.MethodGet
	}
	for _, path := range []string{probe.URL.Path, otherSlash(probe.URL.Path)} {
		probe.URL.Path, probe.URL.RawPath = path, ""
		if route, params, err := v.router.FindRoute(probe); err == nil {
			return route, params
		}
	}
	return nil, nil
}

// otherSlash is the path with a trailing slash where it has none, and without where it has one.
func otherSlash(path string) string {
	if trimmed, had := strings.CutSuffix(path, "/"); had {
		return trimmed
	}
	return path + "/"
}

// input is the request as openapi3filter wants it; nil where it means no operation.
func (v *validator) input(r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	route, params := v.route(r)
	if route == nil {
		return nil
	}
	copied := r.Clone(r.Context())
	copied.Method = route.Method
	copied.Body, copied.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return &openapi3filter.RequestValidationInput{Request: copied, PathParams: params, Route: route, Options: &v.options}
}

func (v *validator) request(r *http.Request, body []byte) error {
	input := v.input(r, body)
	if input == nil {
		return errors.New("the contract has no such operation")
	}
	return openapi3filter.ValidateRequest(r.Context(), input)
}

// response holds an answer against the contract and returns the id of its operation, empty where it has none: an answer
// outside the documented paths and methods must then be a Problem.
func (v *validator) response(r *http.Request, status int, header http.Header, body []byte) (string, error) {
	input := v.input(r, nil)
	if input == nil {
		return "", v.outside(r, status, header, body)
	}
	options := v.options
	options.ExcludeResponseBody = r.Method == http.MethodHead || !isJSON(header)
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Options: &options,
	}
	id := input.Route.Operation.OperationID
	documented := input.Route.Operation.Responses.Status(status)
	switch {
	case documented == nil:
		return id, fmt.Errorf("%s does not document status %d", id, status)
	case len(documented.Value.Content) == 0 && len(body) > 0:
		return id, fmt.Errorf("%s documents no body for status %d", id, status)
	case len(documented.Value.Content) > 0 && r.Method != http.MethodHead && !isJSON(header):
		if err := asText(documented.Value.Content.Get(header.Get("Content-Type")), body); err != nil {
			return id, err
		}
	}
	return id, openapi3filter.ValidateResponse(r.Context(), answer)
}

func isJSON(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return strings.HasSuffix(kind, "json")
}

// asText holds a body against its schema as the text that it is. openapi3filter would read YAML as an object, and cannot
// read HTML and the like.
func asText(media *openapi3.MediaType, body []byte) error {
	if media == nil {
		return errors.New("the content type is not documented")
	}
	return media.Schema.Value.VisitJSON(string(body))
}

// outside checks the answer to what the contract does not have: 404, 405, or the empty answer to OPTIONS.
func (v *validator) outside(r *http.Request, status int, _ http.Header, body []byte) error {
	switch {
	case r.Method == http.MethodOptions && status < 300:
		if len(body) > 0 {
			return errors.New("OPTIONS is answered with a body")
		}
		return nil
	case status != http.StatusNotFound && status != http.StatusMethodNotAllowed:
		return fmt.Errorf("what the contract does not have is answered %d", status)
	case r.Method == http.MethodHead:
		return nil
	}
	return v.doc.Components.Schemas["Problem"].Value.VisitJSON(decoded(body), openapi3.MultiErrors())
}
