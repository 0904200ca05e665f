package contract_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"
)

func TestParameters(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "scalars")
	const id = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"
	type header = map[string][]string
	ok := header{"X-Request-Id": {"1"}}
	for name, test := range map[string]struct {
		id, query string
		header    header
		want      fields
	}{
		"accepts the least":              {id, "", ok, nil},
		"accepts all":                    {id, "page=2&size=-1&flag=true&ratio=0.5&word=ab%C3%A9&any=", header{"X-Request-Id": {"1"}, "X-Count": {"3"}, "Cookie": {"theme=dark"}}, nil},
		"accepts unknown parameters":     {id, "else=1&else=2", ok, nil},
		"refuses no id":                  {"", "", ok, fields{"id": {"is required"}}},
		"refuses an id of other form":    {"secret", "", ok, fields{"id": {"must be a UUID"}}},
		"refuses a missing header":       {id, "", nil, fields{"X-Request-ID": {"is required"}}},
		"refuses a long header":          {id, "", header{"X-Request-Id": {"123456789"}}, fields{"X-Request-ID": {"must be at most 8 characters"}}},
		"refuses a header twice":         {id, "", header{"X-Request-Id": {"1", "1"}}, fields{"X-Request-ID": {"must be given once"}}},
		"refuses a header of other type": {id, "", header{"X-Request-Id": {"1"}, "X-Count": {"x"}}, fields{"X-Count": {"must be an integer"}}},
		"refuses another cookie":         {id, "", header{"X-Request-Id": {"1"}, "Cookie": {"theme=secret"}}, fields{"theme": {"must be one of: light, dark"}}},
		"refuses a text for an integer":  {id, "page=secret", ok, fields{"page": {"must be an integer"}}},
		"refuses a number out of bounds": {id, "page=0&ratio=2", ok, fields{"page": {"must be at least 1"}, "ratio": {"must be at most 1"}}},
		"refuses beyond 32 bits":         {id, "page=2147483648", ok, fields{"page": {"must be between -2147483648 and 2147483647"}}},
		"refuses beyond 64 bits":         {id, "size=9223372036854775808", ok, fields{"size": {"must be between -9223372036854775808 and 9223372036854775807"}}},
		"refuses a text for a boolean":   {id, "flag=secret", ok, fields{"flag": {"must be a boolean"}}},
		"refuses infinity":               {id, "ratio=-Inf", ok, fields{"ratio": {"is not valid"}}},
		"refuses nothing for a number":   {id, "page=", ok, fields{"page": {"must not be empty"}}},
		"refuses a parameter twice":      {id, "page=1&page=1", ok, fields{"page": {"must be given once"}}},
		"refuses a short text":           {id, "word=a", ok, fields{"word": {"must be at least 2 characters"}}},
		"refuses a bad escape":           {id, "page=%zz", ok, fields{"query": {"is malformed"}}},
		"refuses a semicolon":            {id, "a;b", ok, fields{"query": {"is malformed"}}},
		"reports all at once":            {"", "page=x&flag=x", nil, fields{"id": {"is required"}, "page": {"must be an integer"}, "flag": {"must be a boolean"}, "X-Request-ID": {"is required"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/scalars/x", nil)
			r.URL.RawQuery = test.query
			for key, values := range test.header {
				r.Header[key] = values
			}
			check(t, op, mux.SetURLVars(r, map[string]string{"id": test.id}), "", test.want)
		})
	}
}

func TestParameterStyles(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "styles")
	vars := map[string]string{"simple": "1,2", "label": ".1,2", "matrix": ";matrix=1;matrix=2"}
	for name, test := range map[string]struct {
		query  string
		header map[string]string
		want   fields
	}{
		"accepts none":              {"", nil, nil},
		"accepts all":               {"ids=1&ids=2&csv=1,2&pipe=1%7C2&space=1+2&deep[state]=open&deep[count]=1&json=%7B%22a%22:1%7D&both=all", map[string]string{"X-Ids": "1, 2", "Cookie": "seen=1"}, nil},
		"names an item":             {"ids=1&ids=x", nil, fields{"ids[1]": {"must be an integer"}}},
		"refuses too many":          {"csv=1,2,3,4", nil, fields{"csv": {"must have at most 3 items"}}},
		"refuses in every style":    {"pipe=x&space=x", map[string]string{"X-Ids": "x", "Cookie": "seen=x"}, fields{"pipe[0]": {"must be an integer"}, "space[0]": {"must be an integer"}, "X-Ids[0]": {"must be an integer"}, "seen[0]": {"must be an integer"}}},
		"names a member":            {"deep[state]=secret", nil, fields{"deep.state": {"must be one of: open, shut"}}},
		"names a member's type":     {"deep[count]=secret", nil, fields{"deep.count": {"must be an integer"}}},
		"refuses bad JSON":          {"json=secret", nil, fields{"json": {"is not valid"}}},
		"refuses other JSON":        {"json=%7B%7D", nil, fields{"json.a": {"is required"}}},
		"refuses an unknown form":   {"both=secret", nil, fields{"both": {"must have exactly one of the documented forms"}}},
		"refuses a malformed query": {"ids=1&%", nil, fields{"query": {"is malformed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.RawQuery = test.query
			for key, value := range test.header {
				r.Header.Set(key, value)
			}
			check(t, op, mux.SetURLVars(r, vars), "", test.want)
		})
	}
}
