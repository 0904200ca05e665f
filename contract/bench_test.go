package contract_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gorilla/mux"

	"hallpass/contract"
)

const (
	sessionID    = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"
	createAnswer = `{"session_key":"key_sess_9A8skE7MhJi9HnaSGyTDZY4J7SiRvfADwJ9Zqwvi","nonce":"4J7SiRvfADwJ9ZqwviJJs84J7SiRvf",` +
		`"expires_at":"2030-01-09T20:14:55.213089+00:00"}`
	sessionAnswer = `{"id":"` + sessionID + `","created_at":"2030-01-09T20:14:55.213089+00:00",` +
		`"expires_at":"2030-01-09T20:17:55.213089+00:00","rules":[` +
		`{"description":"read","priority":1,"container":"/pci/","transform":"reveal","permissions":["token:read"]},` +
		`{"priority":2,"container":"/","transform":"mask","permissions":["token:search","token:create"]}]}`
)

// exchanges is one sound request and response of each operation whose speed matters.
var exchanges = []struct {
	operation     string
	vars          map[string]string
	request, says string
	status        int
}{
	{"createSession", nil, "", createAnswer, 201},
	{"authorizeSession", nil, authorizeBody, sessionAnswer, 200},
	{"getSession", map[string]string{"id": sessionID}, "", sessionAnswer, 200},
}

func benchmark(b *testing.B, ours, theirs func(b *testing.B, tw *twin, op *contract.Operation, request, response message)) {
	for _, tw := range twins(b) {
		if tw.contract.Document().Info.Title != "Sessions" {
			continue
		}
		for _, x := range exchanges {
			op := operation(b, tw.contract, x.operation)
			header := http.Header{"Content-Type": {"application/json"}, "Bt-Trace-Id": {"0b1d7f52-6e4c-4a83-b9f0-5c2e8d7a1b36"}}
			request := message{vars: x.vars, header: header, body: []byte(x.request)}
			response := message{status: x.status, header: header, body: []byte(x.says)}
			for name, run := range map[string]func(*testing.B, *twin, *contract.Operation, message, message){
				"contract": ours, "openapi3filter": theirs,
			} {
				b.Run(x.operation+"/"+name, func(b *testing.B) {
					b.ReportAllocs()
					run(b, tw, op, request, response)
				})
			}
		}
	}
}

func BenchmarkCheckRequest(b *testing.B) {
	benchmark(b, func(b *testing.B, _ *twin, op *contract.Operation, m, _ message) {
		r, _ := http.NewRequest(op.Method, "http://localhost/", nil)
		r.Header = m.header
		r = mux.SetURLVars(r, m.vars)
		for b.Loop() {
			if _, err := op.CheckRequest(r, m.body); err != nil {
				b.Fatal(err)
			}
		}
	}, func(b *testing.B, tw *twin, op *contract.Operation, m, _ message) {
		input := tw.input(op, m)
		input.Request.GetBody = nil
		for b.Loop() {
			input.Request.Body = io.NopCloser(bytes.NewReader(m.body))
			if err := openapi3filter.ValidateRequest(b.Context(), input); err != nil {
				b.Fatal(err)
			}
			input.Request.GetBody = nil
		}
	})
}

func BenchmarkCheckResponse(b *testing.B) {
	benchmark(b, func(b *testing.B, _ *twin, op *contract.Operation, _, m message) {
		for b.Loop() {
			if err := op.CheckResponse(m.status, m.header, m.body); err != nil {
				b.Fatal(err)
			}
		}
	}, func(b *testing.B, tw *twin, op *contract.Operation, _, m message) {
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: tw.input(op, message{}), Status: m.status, Header: m.header, Options: tw.options,
		}
		for b.Loop() {
			input.Body = io.NopCloser(bytes.NewReader(m.body))
			if err := openapi3filter.ValidateResponse(b.Context(), input); err != nil {
				b.Fatal(err)
			}
		}
	})
}
