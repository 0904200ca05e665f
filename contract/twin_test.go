package contract_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gorilla/mux"

	"hallpass"
	"hallpass/contract"
)

// twin holds one input against the contract and against openapi3filter, which must agree.
//
// They differ on purpose in what the contract is stricter about:
//
//   - JSON: duplicate members, bytes after the value, text that is not UTF-8, nesting deeper than 64; also in a response
//     whose media type has no schema
//   - numbers: an integer with fraction or exponent, a number that the generated Go type cannot hold
//   - content types: malformed parameters, a charset other than UTF-8, more than one Content-Type
//   - parameters: a malformed query, a scalar that is given twice
//   - forms: a malformed form, a member that is given twice, unknown members of a closed form
//   - responses: a body where none is documented or HTTP forbids it, an undocumented redirect or 304, every value of a
//     repeated header, text that is not UTF-8
//
// and in one thing that it is milder about: bodies with a string schema are checked as text where openapi3filter has
// no decoder (text/html, application/jwt) or would decode YAML.
type twin struct {
	contract *contract.Contract
	options  *openapi3filter.Options
}

// twins returns one twin for each document of testdata, and one for the service's own document.
func twins(t testing.TB) []*twin {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("../openapi.yaml"); err == nil {
		paths = append(paths, "../openapi.yaml")
	}
	var all []*twin
	for _, path := range paths {
		all = append(all, &twin{
			contract: load(t, path),
			options: &openapi3filter.Options{
				MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
				AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
				SchemaValidationOptions: []openapi3.SchemaValidationOption{contract.FormatValidators()},
			},
		})
	}
	return all
}

// message is the part of a request or response that the contract looks at.
type message struct {
	vars   map[string]string
	query  string
	status int
	header http.Header
	body   []byte
}

func (tw *twin) route(op *contract.Operation) *routers.Route {
	doc := tw.contract.Document()
	item := doc.Paths.Value(op.Template)
	return &routers.Route{
		Spec: doc, Path: op.Template, PathItem: item, Method: op.Method, Operation: item.GetOperation(op.Method),
	}
}

func (tw *twin) input(op *contract.Operation, m message) *openapi3filter.RequestValidationInput {
	r, _ := http.NewRequest(op.Method, "http://localhost/", bytes.NewReader(m.body))
	r.URL.RawQuery, r.Header = m.query, m.header.Clone()
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: m.vars, Route: tw.route(op), Options: tw.options,
	}
}

// request fails the test when the two disagree about a request. It returns whether the contract accepts it.
func (tw *twin) request(t require, op *contract.Operation, m message) bool {
	r, _ := http.NewRequest(op.Method, "http://localhost/", nil)
	r.URL.RawQuery, r.Header = m.query, m.header.Clone()
	_, got := op.CheckRequest(mux.SetURLVars(r, m.vars), m.body)
	input := tw.input(op, m)
	want := openapi3filter.ValidateRequest(r.Context(), input)
	var refusal *hallpass.Error
	switch {
	case got == nil && want != nil && !milder(want, m.header):
		t.Fatalf("%s accepts what openapi3filter refuses: %v\n%+v\n%s", op.ID, want, m, m.body)
	case got != nil && !errors.As(got, &refusal):
		t.Fatalf("%s refuses with a foreign error: %v", op.ID, got)
	case got != nil && want == nil && refusal.Kind == hallpass.KindMediaType && !oddType(m.header):
		t.Fatalf("%s refuses the content type alone\n%+v", op.ID, m)
	case got != nil && want == nil && !onlyStricter(refusal.Fields):
		t.Fatalf("%s refuses alone: %v\n%+v\n%s", op.ID, refusal.Fields, m, m.body)
	}
	return got == nil
}

// response fails the test when the two disagree about a response. It returns whether the contract accepts it. A body that
// says that it is gzipped is, but openapi3filter gets it as it was.
func (tw *twin) response(t require, op *contract.Operation, m message) bool {
	body := m.body
	if m.header.Get("Content-Encoding") == "gzip" && len(body) > 0 {
		body = []byte(packed(string(body)))
	}
	got := op.CheckResponse(m.status, m.header, body)
	input := tw.input(op, message{header: http.Header{}})
	input.Request.Method = http.MethodGet
	want := openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: m.status, Header: m.header.Clone(),
		Body: io.NopCloser(bytes.NewReader(m.body)), Options: tw.options,
	})
	var violation *contract.Violation
	switch {
	case got == nil && want != nil && !milder(want, m.header) && m.status >= 200 && m.status != http.StatusNoContent:
		t.Fatalf("%s accepts what openapi3filter refuses: %v\n%+v\n%s", op.ID, want, m, m.body)
	case got != nil && !errors.As(got, &violation):
		t.Fatalf("%s refuses with a foreign error: %v", op.ID, got)
	case got != nil && want == nil:
		fields := map[string][]string{}
		for _, problem := range violation.Problems {
			if problem.Where == "content type" && oddType(m.header) || isRedirect(m.status) {
				return false
			}
			if values := m.header[strings.TrimPrefix(problem.Where, "header ")]; len(values) > 1 {
				return false
			}
			fields[problem.Where] = append(fields[problem.Where], problem.Reason)
		}
		if !onlyStricter(fields) {
			t.Fatalf("%s refuses alone: %v\n%+v\n%s", op.ID, got, m, m.body)
		}
	}
	return got == nil
}

// require is what a test and a property have in common.
type require interface{ Fatalf(string, ...any) }

// onlyStricter says whether every problem is one that only the contract has.
func onlyStricter(fields map[string][]string) bool {
	for _, reasons := range fields {
		for _, reason := range reasons {
			switch {
			case strings.HasPrefix(reason, "is not valid JSON: "), strings.HasPrefix(reason, "must be between "):
			case reason == "must be given once", reason == "must be an integer", reason == "is out of range",
				reason == "is malformed", reason == "is not a valid form", reason == "is not allowed",
				reason == "has a member that is not allowed", reason == "must be empty", reason == "is not valid UTF-8",
				reason == "must be gzip, or none":
			default:
				return false
			}
		}
	}
	return true
}

// milder says whether openapi3filter refuses a body for want of a decoder, or for decoding YAML that is text to us.
func milder(err error, header http.Header) bool {
	name, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return strings.Contains(err.Error(), "unsupported content type") || strings.HasSuffix(name, "yaml")
}

func oddType(header http.Header) bool {
	_, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	charset, given := params["charset"]
	return err != nil || len(header["Content-Type"]) != 1 || given && !strings.EqualFold(charset, "utf-8")
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusNotModified, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}
