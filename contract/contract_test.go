package contract_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/mux"

	"hallpass/contract"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/every.yaml")
	var ids []string
	for _, op := range c.Operations() {
		ids = append(ids, op.ID)
	}
	want := []string{"bodies", "forms", "mixed", "patch", "scalars", "styles", "getText", "putText", "untyped"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	key := contract.Scheme{Name: "key", Type: "apiKey", In: "header", Param: "X-Key", Scopes: []string{}}
	token := contract.Scheme{Name: "token", Type: "oauth2", Scopes: []string{"read", "write"}}
	for _, test := range []struct {
		id        string
		callers   []string
		right     string
		maxBody   int64
		security  [][]contract.Scheme
		anonymous bool
	}{
		{"bodies", []string{"private", "public"}, "body:create", 4096, [][]contract.Scheme{{key, token}, {}}, true},
		{"forms", nil, "", 1 << 20, [][]contract.Scheme{{key}}, false},
		{"patch", nil, "", 1 << 20, nil, true},
	} {
		op := operation(t, c, test.id)
		if diff := cmp.Diff(test.security, op.Security); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(test.callers, op.Callers); diff != "" {
			t.Error(diff)
		}
		if op.Permission != test.right || op.MaxBody != test.maxBody || op.Anonymous() != test.anonymous {
			t.Errorf("%s: got %q %d %v", op.ID, op.Permission, op.MaxBody, op.Anonymous())
		}
	}
	if c.Document().Info.Title != "Every kind of check" {
		t.Error("another document")
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const sound = `{openapi: 3.0.3, info: {title: T, version: '1'}, paths: {/a: {get: {operationId: a, responses: {'204': {description: D}}}}}}`
	if _, err := contract.Load([]byte(sound)); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ replace, with, says string }{
		"what is no document":            {sound, "]", "contract: "},
		"OpenAPI 3.1":                    {"3.0.3", "3.1.0", `openapi is "3.1.0"`},
		"Swagger":                        {"openapi: 3.0.3", "swagger: '2.0'", `openapi is ""`},
		"an invalid document":            {"title: T, ", "", "title"},
		"references to other files":      {"{description: D}", "{$ref: other.yaml}", "ref"},
		"an operation without id":        {"operationId: a, ", "", "has no operationId"},
		"an id twice":                    {"{get:", "{put: {operationId: a, responses: {'204': {description: D}}}, get:", "a"},
		"a default response":             {"'204'", "default", "default response"},
		"a response that is no status":   {"'204'", "'99X'", "not a status"},
		"an unreadable request body":     {"responses:", "requestBody: {content: {image/png: {schema: {type: object}}}}, responses:", "image/png cannot be read"},
		"callers that are no list":       {"responses:", "x-callers: public, responses:", "x-callers must be a list of strings"},
		"callers that are no strings":    {"responses:", "x-callers: [1], responses:", "x-callers must be a list of strings"},
		"a permission that is no string": {"responses:", "x-permission: [a], responses:", "x-permission must be a string"},
		"a body limit of zero":           {"responses:", "x-max-body: 0, responses:", "x-max-body must be"},
		"a body limit that is a text":    {"responses:", "x-max-body: 1MB, responses:", "x-max-body must be"},
		"a body limit with fraction":     {"responses:", "x-max-body: 1.5, responses:", "x-max-body must be"},
		"an unknown security scheme":     {"responses:", "security: [{key: []}], responses:", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Load([]byte(strings.Replace(sound, test.replace, test.with, 1)))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want something about %q", err, test.says)
			}
		})
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	c, err := contract.Load([]byte(`{openapi: 3.0.3, info: {title: T, version: '1'}, paths: {'/a/{id}': {
		parameters: [{name: id, in: path, required: true, schema: {type: string}}],
		get: {operationId: a, responses: {'204': {description: D}}},
		put: {operationId: b, responses: {'204': {description: D}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got *contract.Operation
	handler := func(_ http.ResponseWriter, r *http.Request) { got = c.Operation(r) }
	router := func(routes ...string) *mux.Router {
		root := mux.NewRouter()
		below := root.PathPrefix("/").Subrouter()
		for _, route := range routes {
			methods, path, _ := strings.Cut(route, " ")
			below.HandleFunc(path, handler).Methods(strings.Split(methods, ",")...)
		}
		return root
	}
	sound := router("GET,HEAD /a/{id}", "PUT /a/{id}")
	for range 2 {
		if err := c.Bind(sound); err != nil {
			t.Fatal(err)
		}
	}
	for method, id := range map[string]string{"GET": "a", "HEAD": "a", "PUT": "b"} {
		sound.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/a/1", nil))
		if got == nil || got.ID != id {
			t.Errorf("%s: got %v", method, got)
		}
	}
	if c.Operation(httptest.NewRequest(http.MethodGet, "/a/1", nil)) != nil {
		t.Error("an operation without a route")
	}
	named := router("GET /a/{id}", "PUT /a/{id}")
	named.HandleFunc("/a/{id}", handler).Methods("GET").Name("another")
	for name, test := range map[string]struct {
		router *mux.Router
		says   string
	}{
		"an operation without route": {router("GET /a/{id}"), "no route for PUT /a/{id} (b)"},
		"a route without operation":  {router("GET /a/{id}", "PUT /a/{id}", "DELETE /a/{id}"), "no operation for route [DELETE] /a/{id}"},
		"a route of another name":    {named, `route "another" is operation "a"`},
	} {
		if err := c.Bind(test.router); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestServiceDocument loads the document that the service itself serves.
func TestServiceDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Skip("there is none yet")
	}
	if _, err := contract.Load(document); err != nil {
		t.Error(err)
	}
}
