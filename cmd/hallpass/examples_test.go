package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	diff "github.com/google/go-cmp/cmp"

	"hallpass"
)

// TestExamples holds the contract's examples to their word: each example of a request, sent as printed with a key of each
// kind of caller to a development server that has just started, is answered with the success that is documented. The answer
// is the example that bears the name of the request's or of the caller, or the only one, but for what is made anew each
// time; the example of a list of resources or of a text may show its beginning.
func TestExamples(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(hallpass.Contract.JSON)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, x := range examplesOf(path, method, op, item.Parameters) {
				t.Run(x.name(), func(t *testing.T) {
					t.Parallel()
					x.holds(t, doc, serving(t, "--dev", "--json"))
				})
			}
		}
	}
}

// TestEveryBodyHasAnExample promises an example for every body that is sent or answered. The linters hold examples against
// their schemas.
func TestEveryBodyHasAnExample(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(hallpass.Contract.JSON)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			contents := map[string]openapi3.Content{}
			if op.RequestBody != nil {
				contents["request"] = op.RequestBody.Value.Content
			}
			for status, response := range op.Responses.Map() {
				contents[status] = response.Value.Content
			}
			for what, content := range contents {
				for kind, media := range content {
					if len(media.Examples) == 0 {
						t.Errorf("%s %s has no example of %s", op.OperationID, what, kind)
					}
				}
			}
		}
	}
}

// shownInPart are the operations whose example shows some members of an answer, and why.
var shownInPart = map[string]string{
	"getContractJSON":         "the whole document does not fit into itself",
	"getContractDereferenced": "the whole document does not fit into itself",
}

// findsNothing are the parameters whose example cannot find what is there, and why. Every other list holds something.
var findsNothing = map[string]string{
	"fingerprint": "fingerprints are made with a key of the tenant, which is another on every start",
	"start":       "it leads past the few things that are there",
}

// requestExample is an example of a request, from one kind of caller.
type requestExample struct {
	path, method string
	operation    *openapi3.Operation
	parameters   openapi3.Parameters // of the path and of the operation
	caller       string              // of x-callers; empty for a bearer token, or nobody
	body         string              // the name of the body's example; empty where there is no body
}

// examplesOf lists the examples of an operation. A session sends those that the first example of an authorization allows.
func examplesOf(path, method string, op *openapi3.Operation, shared openapi3.Parameters) (all []requestExample) {
	callers := []string{""}
	if listed, ok := op.Extensions["x-callers"].([]any); ok && op.Security == nil {
		callers = nil
		for _, caller := range listed {
			permission, _ := op.Extensions["x-permission"].(string)
			if caller != "session" || slices.Contains([]string{"", "token:create", "token:read"}, permission) {
				callers = append(callers, caller.(string))
			}
		}
	}
	bodies := []string{""}
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			bodies = slices.Sorted(maps.Keys(media.Examples))
		}
	}
	for _, caller := range callers {
		for _, body := range bodies {
			all = append(all, requestExample{path, method, op, slices.Concat(shared, op.Parameters), caller, body})
		}
	}
	return all
}

func (x requestExample) name() string {
	return strings.Join(slices.DeleteFunc([]string{x.operation.OperationID, x.body, x.caller}, func(s string) bool { return s == "" }), " ")
}

// holds sends the request with everything that must be there and all headers, and then with each query parameter.
func (x requestExample) holds(t *testing.T, doc *openapi3.T, s *server) {
	header := x.credential(t, doc, s)
	x.answered(t, s, x.request(t, s, header, nil))
	for _, p := range x.parameters {
		if p.Value.In != openapi3.ParameterInQuery {
			continue
		}
		answer := x.answered(t, s, x.request(t, s, header, url.Values{p.Value.Name: {shown(exampleOf(p.Value))}}))
		list, _ := answer.(map[string]any)
		if data, ok := list["data"].([]any); ok && len(data) == 0 && findsNothing[p.Value.Name] == "" {
			t.Errorf("with %s it finds nothing", p.Value.Name)
		}
	}
}

// credential is the header that the caller shows: a key or token of the seed, the session key of the contract's example once
// the session is authorized, or a session creation token.
func (x requestExample) credential(t *testing.T, doc *openapi3.T, s *server) http.Header {
	t.Helper()
	seed := seedOf(t, s)
	switch keys := map[string]string{"public": seed.PublicKey, "private": seed.PrivateKey, "management": seed.ManagementKey}; {
	case x.caller == "session":
		body, err := json.Marshal(doc.Components.Examples["AuthorizeWithPermissions"].Value.Value)
		if err != nil {
			t.Fatal(err)
		}
		key := doc.Components.Examples["CreatedSession"].Value.Value.(map[string]any)["session_key"].(string)
		wantAnswer(t, http.StatusForbidden, "GET", s.url+"/applications/key", key, "")
		wantAnswer(t, http.StatusOK, "POST", s.url+"/sessions/authorize", seed.PrivateKey, string(body))
		return http.Header{"Bt-Api-Key": {key}}
	case x.caller != "":
		return http.Header{"Bt-Api-Key": {keys[x.caller]}}
	case x.operation.Security == nil || len(*x.operation.Security) == 0:
		return http.Header{}
	case x.operation.OperationID == "startTransactionSession":
		url := s.url + "/api/transaction/" + seed.TransactionID + "/token"
		return http.Header{"Authorization": {"Bearer " + wantAnswer(t, http.StatusOK, "POST", url, seed.AccessToken, "").member(t, "token")}}
	}
	return http.Header{"Authorization": {"Bearer " + seed.AccessToken}}
}

// request is the example as it is sent.
func (x requestExample) request(t *testing.T, s *server, credential http.Header, query url.Values) *http.Request {
	t.Helper()
	path, body, header := x.path, io.Reader(http.NoBody), credential.Clone()
	header.Set("User-Agent", "Mozilla/5.0")
	for _, p := range x.parameters {
		switch p.Value.In {
		case openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", shown(exampleOf(p.Value)))
		case openapi3.ParameterInHeader:
			header.Set(p.Value.Name, shown(exampleOf(p.Value)))
		}
	}
	if x.body != "" {
		for kind, media := range x.operation.RequestBody.Value.Content {
			header.Set("Content-Type", kind)
			body = encoded(kind, media.Examples[x.body].Value.Value)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), x.method, s.url+path+"?"+query.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	return r
}

// answered sends the request, checks the answer and returns it as JSON, or nil where it is not.
func (x requestExample) answered(t *testing.T, s *server, r *http.Request) any {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	documented := x.operation.Responses.Status(response.StatusCode)
	if response.StatusCode >= 300 || documented == nil {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL.Path, response.StatusCode, body)
	}
	media := documented.Value.Content.Get(response.Header.Get("Content-Type"))
	if media == nil { // nothing is documented, and the server has checked that nothing is there
		return nil
	}
	example := media.Examples[cmp.Or(x.body, x.caller)]
	if example == nil && len(media.Examples) == 1 {
		example = media.Examples[slices.Collect(maps.Keys(media.Examples))[0]]
	}
	if example == nil {
		t.Fatalf("%d has no example that answers this one", response.StatusCode)
	}
	body = bytes.ReplaceAll(body, []byte(s.url), []byte("http://127.0.0.1:8080"))
	var answer any
	if json.Unmarshal(body, &answer) != nil {
		if part := shown(example.Value.Value); !strings.HasPrefix(string(body), part) {
			t.Errorf("the answer does not begin with %q", part)
		}
		return nil
	}
	if r.URL.RawQuery == "" {
		want := settled(example.Value.Value)
		if d := diff.Diff(want, shownOf(settled(answer), want, shownInPart[x.operation.OperationID] != "")); d != "" {
			t.Errorf("the answer is not the example (-) but (+):\n%s", d)
		}
	}
	return answer
}

// shownOf leaves out of an answer what its example need not show: the rest of a list of resources and, in part, the other
// members.
func shownOf(answer, example any, inPart bool) any {
	switch example := example.(type) {
	case []any:
		list, ok := answer.([]any)
		if !ok || len(list) < len(example) || len(example) == 0 {
			return answer
		}
		if _, resources := example[0].(map[string]any); resources {
			list = list[:len(example)]
		}
		for i := range example {
			list[i] = shownOf(list[i], example[i], inPart)
		}
		return list
	case map[string]any:
		members, ok := answer.(map[string]any)
		if !ok {
			return answer
		}
		for name := range members {
			if _, ok := example[name]; ok {
				members[name] = shownOf(members[name], example[name], inPart)
			} else if inPart {
				delete(members, name)
			}
		}
		return members
	}
	return answer
}

// settled is a value with everything that is made anew each time replaced by what it is.
func settled(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = settled(v[i])
		}
		return list
	case map[string]any:
		members := map[string]any{}
		for name := range v {
			if members[name] = settled(v[name]); name == "created_by" || name == "modified_by" {
				members[name] = "(the caller)"
			}
		}
		return members
	case string:
		for _, made := range madeAnew {
			v = made.pattern.ReplaceAllStringFunc(v, func(found string) string {
				if slices.Contains(seeded, found) {
					return found
				}
				return made.what
			})
		}
		return v
	}
	return v
}

// madeAnew is what differs from one start to the next.
var madeAnew = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)`), "(an instant)"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "(an id)"},
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "(a token)"},
	{regexp.MustCompile(`^(key_sess_)?[1-9A-HJ-NP-Za-km-z]{33}$`), "(a credential of a session)"},
	{regexp.MustCompile(`(_pub|_pvt|_mgt)_[1-9A-HJ-NP-Za-km-z]+$`), "(a key)"},
	{regexp.MustCompile(`^\d{10,}$`), "(a number)"},
}

// seeded are the ids that are the same on every start.
var seeded = []string{
	developmentTenant, developmentOwner, developmentPublic, developmentPrivate, developmentManagement, developmentToken, developmentTransaction,
}

func exampleOf(p *openapi3.Parameter) any {
	if items := p.Schema.Value.Items; items != nil {
		return items.Value.Example
	}
	return p.Schema.Value.Example
}

// shown is an example as it stands in a path, a query or a header.
func shown(example any) string {
	if number, ok := example.(float64); ok {
		return fmt.Sprintf("%.0f", number)
	}
	return fmt.Sprint(example)
}

// encoded is an example as the body of a request.
func encoded(kind string, example any) io.Reader {
	if kind == "application/x-www-form-urlencoded" {
		form := url.Values{}
		for name, value := range example.(map[string]any) {
			form.Set(name, shown(value))
		}
		return strings.NewReader(form.Encode())
	}
	body, err := json.Marshal(example)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return bytes.NewReader(body)
}
