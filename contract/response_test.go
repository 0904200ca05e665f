package contract_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hallpass/contract"
)

func TestResponses(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/every.yaml")
	const problem, plain = "application/problem+json", "text/plain; charset=utf-8"
	made := func(more ...string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}, "Location": {"/bodies/1"}}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = []string{more[i+1]}
		}
		return h
	}
	typed := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	coded := func(contentType string, codings ...string) http.Header {
		return http.Header{"Content-Type": {contentType}, "Content-Encoding": codings}
	}
	for name, test := range map[string]struct {
		operation string
		status    int
		header    http.Header
		body      string
		want      string // what the violation says, after its opening; empty for none
	}{
		"accepts what is documented":         {"bodies", 201, made("X-Count", "3", "X-Id", "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11", "X-Ids", "1,2"), `{"nonce":"N"}`, ""},
		"accepts every member":               {"bodies", 201, made(), strings.Replace(everyMember, "secret", "made", 1), ""},
		"accepts a status of a range":        {"bodies", 418, typed(problem), `{"title":"T","more":1}`, ""},
		"accepts no body":                    {"bodies", 202, nil, ``, ""},
		"refuses an undocumented status":     {"bodies", 500, nil, `secret`, "status is not documented"},
		"refuses the empty status":           {"bodies", 0, nil, ``, "status is not documented"},
		"refuses a body where none is":       {"bodies", 202, typed("application/json"), `{}`, "body must be empty"},
		"refuses a body that HTTP forbids":   {"bodies", 204, typed("application/json"), `{}`, "body must be empty"},
		"refuses a missing header":           {"bodies", 201, typed("application/json"), `{"nonce":"N"}`, "header Location is required"},
		"refuses other headers":              {"bodies", 201, made("Location", "secret", "X-Count", "secret", "X-Id", "secret", "X-Ids", "secret"), `{"nonce":"N"}`, "header Location must match the pattern ^/bodies/; header X-Count must be an integer; header X-Id must be a UUID; header X-Ids is missing or does not match its schema"},
		"refuses any of a header's values":   {"bodies", 201, http.Header{"Content-Type": {"application/json"}, "Location": {"/bodies/1", "secret"}}, `{"nonce":"N"}`, "header Location must match the pattern ^/bodies/"},
		"refuses a missing content type":     {"bodies", 201, http.Header{"Location": {"/bodies/1"}}, `{"nonce":"N"}`, "content type must be application/json"},
		"refuses another content type":       {"bodies", 400, typed("application/json"), `{"title":"T"}`, "content type must be application/problem+json"},
		"refuses an empty body":              {"bodies", 400, typed(problem), ``, "body is not valid JSON: it ends too soon at byte 0"},
		"refuses text that is not JSON":      {"bodies", 400, typed(problem), `secret`, "body is not valid JSON: unexpected character at byte 0"},
		"refuses a duplicate member":         {"bodies", 400, typed(problem), `{"title":"T","title":"T"}`, "body is not valid JSON: a member occurs twice at byte 13"},
		"refuses a duplicate unknown member": {"bodies", 400, typed(problem), `{"title":"T","b":1,"b":1}`, "body is not valid JSON: a member occurs twice at byte 19"},
		"accepts many unknown members":       {"bodies", 400, typed(problem), `{"title":"T","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}`, ""},
		"refuses a missing member":           {"bodies", 400, typed(problem), `{}`, "title is required"},
		"refuses a member only for writing":  {"bodies", 201, made(), `{"nonce":"N","secret":"s"}`, "secret must not be answered"},
		"refuses several members":            {"bodies", 201, made(), `{"nonce":"secret!","rules":[{"priority":1}],"a secret":1}`, "body has a member that is not allowed; nonce must match the pattern ^[0-9A-Za-z]+$; rules[0].transform is required"},
		"refuses an inexact integer":         {"bodies", 201, made(), `{"nonce":"N","whole":3.0}`, "whole must be an integer"},
		"accepts a document handed through":  {"getText", 200, typed("application/yaml"), "openapi: 3.0.3\n", ""},
		"accepts a page":                     {"getText", 200, typed("text/html; charset=utf-8"), "<p>", ""},
		"refuses an empty page":              {"getText", 200, typed("text/html; charset=utf-8"), "", "body must not be empty"},
		"accepts a text":                     {"getText", 200, typed(plain), "ok", ""},
		"refuses a long text":                {"getText", 200, typed(plain), "longer", "body must be at most 5 characters"},
		"refuses a text that is not UTF-8":   {"getText", 200, typed(plain), "\xff", "body is not valid UTF-8"},
		"refuses another charset":            {"getText", 200, typed("text/plain; charset=latin1"), "ok", "content type must be application/jwt, application/yaml, image/png, text/html, text/plain"},
		"refuses a token of another form":    {"getText", 200, typed("application/jwt"), "A", "body must match the pattern ^[a-z.]+$"},
		"accepts a packed text":              {"getText", 200, coded(plain, "gzip"), packed("ok"), ""},
		"refuses a long packed text":         {"getText", 200, coded(plain, "gzip"), packed("longer"), "body must be at most 5 characters"},
		"refuses what was not packed":        {"getText", 200, coded(plain, "gzip"), "ok", "content encoding must be gzip, or none"},
		"refuses half of what was packed":    {"getText", 200, coded(plain, "gzip"), packed("ok")[:20], "content encoding must be gzip, or none"},
		"refuses another coding":             {"getText", 200, coded(plain, "br"), "ok", "content encoding must be gzip, or none"},
		"refuses two codings":                {"getText", 200, coded(plain, "gzip", "gzip"), packed("ok"), "content encoding must be gzip, or none"},
		"refuses a packed duplicate member":  {"bodies", 400, coded(problem, "gzip"), packed(`{"title":"T","title":"T"}`), "body is not valid JSON: a member occurs twice at byte 13"},
		"accepts any image":                  {"getText", 200, typed("image/png"), "\xff", ""},
		"accepts anything untyped":           {"untyped", 200, typed("application/json"), `{"a":[null,1.5]}`, ""},
		"refuses text that is no JSON":       {"untyped", 200, typed("application/json"), `a`, "body is not valid JSON: unexpected character at byte 0"},
		"accepts composed members":           {"mixed", 200, typed("application/json"), `{"one":1,"any":"a","all":{"priority":1,"transform":"mask","note":"n"},"pet":{"kind":"dog"}}`, ""},
		"refuses composed members":           {"mixed", 200, typed("application/json"), `{"one":1.5,"all":{"priority":1,"transform":"mask"}}`, "all.note is required; one must have exactly one of the documented forms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, c, test.operation)
			says := func(err error, want string) {
				t.Helper()
				if want == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var violation *contract.Violation
				if !errors.As(err, &violation) {
					t.Fatalf("got %v, want a violation", err)
				}
				_, says, _ := strings.Cut(violation.Error(), " against the contract: ")
				if diff := cmp.Diff(want, says); diff != "" {
					t.Error(diff)
				}
				if violation.Operation != test.operation || violation.Status != test.status {
					t.Errorf("got %s %d", violation.Operation, violation.Status)
				}
			}
			says(op.CheckResponse(test.status, test.header, []byte(test.body)), test.want)
			ofHead := slices.DeleteFunc(strings.Split(test.want, "; "), func(problem string) bool {
				return !strings.HasPrefix(problem, "header ") && !strings.HasPrefix(problem, "status ")
			})
			says(op.CheckHead(test.status, test.header), strings.Join(ofHead, "; "))
		})
	}
}

// packed is a text gzipped.
func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}
