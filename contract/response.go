package contract

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Violation says how a response breaks the contract. It is a fault of this service and is meant for its log; its text
// holds no value of the response.
type Violation struct {
	Operation string // operationId
	Status    int
	Problems  []Problem
}

// Problem is one thing that is wrong and where: a member path such as rules[0].priority, body for the whole body,
// "header Location", "content type" or "status".
type Problem struct{ Where, Reason string }

// Error returns one line with every problem.
func (v *Violation) Error() string {
	var text strings.Builder
	text.WriteString(v.Operation + " answered " + strconv.Itoa(v.Status) + " against the contract: ")
	for i, problem := range v.Problems {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(problem.Where + " " + problem.Reason)
	}
	return text.String()
}

// response is one documented status.
type response struct {
	headers   []*responseHeader
	delegated []*delegatedHeader
	content   *contents // nil when the response has no body
}

type responseHeader struct {
	name     string
	where    string // in the words of a Problem
	required bool
	scalar   *scalar
}

// delegatedHeader is a header that is not one scalar. kin-openapi decodes and checks it.
type delegatedHeader struct {
	name    string
	route   *routers.Route
	options *openapi3filter.Options
}

func (p *preparation) responsesOf(op *Operation, source *openapi3.Operation) error {
	op.responses = map[int]*response{}
	for key, ref := range source.Responses.Map() {
		if key == "default" {
			return errors.New("has a default response; list the statuses")
		}
		resp, err := p.response(op, ref.Value)
		if err != nil {
			return errors.New("response " + key + ": " + err.Error())
		}
		status, err := strconv.Atoi(key)
		switch {
		case err == nil:
			op.responses[status] = resp
		case len(key) == 3 && key[0] >= '1' && key[0] <= '5' && strings.EqualFold(key[1:], "XX"):
			op.ranges[key[0]-'0'] = resp
		default:
			return errors.New("response " + key + ": not a status")
		}
	}
	return nil
}

func (p *preparation) response(op *Operation, source *openapi3.Response) (*response, error) {
	resp := &response{}
	for _, name := range slices.Sorted(maps.Keys(source.Headers)) {
		header := source.Headers[name].Value
		switch scalar := p.scalar(header.Schema); {
		case http.CanonicalHeaderKey(name) == "Content-Type":
		case scalar == nil:
			resp.delegated = append(resp.delegated, p.delegateHeader(op, name, source.Headers[name]))
		default:
			canonical := http.CanonicalHeaderKey(name)
			resp.headers = append(resp.headers, &responseHeader{
				name: canonical, where: "header " + canonical, required: header.Required, scalar: scalar,
			})
		}
	}
	if len(source.Content) == 0 {
		return resp, nil
	}
	content, err := p.contents(source.Content, p.responses)
	resp.content = content
	return resp, err
}

func (p *preparation) delegateHeader(op *Operation, name string, ref *openapi3.HeaderRef) *delegatedHeader {
	alone := &openapi3.Response{Headers: openapi3.Headers{name: ref}}
	responses := openapi3.NewResponses(openapi3.WithStatus(http.StatusOK, &openapi3.ResponseRef{Value: alone}))
	return &delegatedHeader{
		name: http.CanonicalHeaderKey(name),
		route: &routers.Route{
			Spec: p.doc, Path: op.Template, Method: op.Method, Operation: &openapi3.Operation{Responses: responses},
		},
		options: &openapi3filter.Options{
			MultiError: true, ExcludeResponseBody: true, SchemaValidationOptions: p.values.options,
		},
	}
}

// CheckResponse holds a finished response against the operation: its status must be documented, its headers and its
// body must be as documented, and there must be no body where none is documented or where HTTP allows none (1xx, 204,
// 304). The body is the one a GET would have; answers to HEAD are not for this function. A body that is gzipped, as its
// Content-Encoding says, is held against the document as what it unpacks to. The error is a *Violation.
func (op *Operation) CheckResponse(status int, header http.Header, body []byte) error {
	var p problems
	if resp := op.checkHead(&p, status, header); resp != nil {
		resp.checkBody(&p, status, header, body)
	}
	return op.violation(status, &p)
}

// CheckHead holds status and headers of a finished response against the operation, as CheckResponse does. It is for a body
// that has been checked before, byte for byte.
func (op *Operation) CheckHead(status int, header http.Header) error {
	var p problems
	op.checkHead(&p, status, header)
	return op.violation(status, &p)
}

func (op *Operation) violation(status int, p *problems) error {
	if len(p.list) == 0 {
		return nil
	}
	return &Violation{Operation: op.ID, Status: status, Problems: p.named()}
}

// checkHead returns the documented response, nil where there is none.
func (op *Operation) checkHead(p *problems, status int, header http.Header) *response {
	resp := op.responses[status]
	if resp == nil && status >= 100 && status < 600 {
		resp = op.ranges[status/100]
	}
	if resp == nil {
		p.add("status", "is not documented")
		return nil
	}
	for _, documented := range resp.headers {
		documented.check(p, header)
	}
	for _, documented := range resp.delegated {
		documented.check(p, header)
	}
	return resp
}

func (resp *response) checkBody(p *problems, status int, header http.Header, body []byte) {
	bodiless := status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	if resp.content == nil || bodiless {
		if len(body) > 0 {
			p.add("", "must be empty")
		}
		return
	}
	body, coded := unpacked(header, body)
	media, mediaType := resp.content.find(header)
	switch {
	case !coded:
		p.add("content encoding", "must be gzip, or none")
	case media == nil:
		p.add("content type", "must be "+resp.content.String())
	case isJSON(mediaType):
		p.proveJSON(body, media.shape)
	case media.shape != nil:
		media.checkOther(p, mediaType, header, body)
	}
}

// unpacked returns the body without its content coding. It reports false where the coding is unknown or the body is not of
// it.
func unpacked(header http.Header, body []byte) ([]byte, bool) {
	switch coding := header["Content-Encoding"]; {
	case len(coding) == 0:
		return body, true
	case len(coding) > 1 || coding[0] != "gzip":
		return nil, false
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, false
	}
	body, err = io.ReadAll(r)
	return body, err == nil
}

func (h *responseHeader) check(p *problems, header http.Header) {
	values := header[h.name]
	if len(values) == 0 {
		if h.required {
			p.add(h.where, "is required")
		}
		return
	}
	for _, value := range values {
		h.scalar.check(p, value, h.where)
	}
}

func (d *delegatedHeader) check(p *problems, header http.Header) {
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: &http.Request{Method: http.MethodGet}, Route: d.route, Options: d.options,
		},
		Status: http.StatusOK, Header: header, Options: d.options,
	})
	if err != nil {
		p.add("header "+d.name, "is missing or does not match its schema")
	}
}
