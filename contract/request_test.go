package contract_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/mux"
	"github.com/oapi-codegen/runtime"

	"hallpass"
	"hallpass/contract"
)

func load(t testing.TB, path string) *contract.Contract {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Load(document)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func operation(t testing.TB, c *contract.Contract, id string) *contract.Operation {
	t.Helper()
	for _, op := range c.Operations() {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("no operation %q", id)
	return nil
}

// fields is what a refusal says, member by member; nil for an accepted request.
type fields map[string][]string

func check(t *testing.T, op *contract.Operation, r *http.Request, body string, want fields) {
	t.Helper()
	_, err := op.CheckRequest(r, []byte(body))
	if want == nil {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	wantInvalid(t, err, want)
}

func TestBodyMembers(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "bodies")
	const kept = `"nonce":"N"`
	for name, test := range map[string]struct {
		body string
		want fields
	}{
		"accepts the least":                  {`{` + kept + `}`, nil},
		"accepts every member":               {everyMember, nil},
		"refuses a missing member":           {`{}`, fields{"nonce": {"is required"}}},
		"refuses a missing body":             {``, fields{"body": {"is required"}}},
		"refuses white space for a body":     {` `, fields{"body": {"is not valid JSON: it ends too soon at byte 1"}}},
		"refuses another type of body":       {`[]`, fields{"body": {"must be an object"}}},
		"refuses null for the body":          {`null`, fields{"body": {"must not be null"}}},
		"refuses a second value":             {`{` + kept + `}{}`, fields{"body": {"is not valid JSON: something follows the value at byte 13"}}},
		"refuses a duplicate member":         {`{` + kept + `,` + kept + `}`, fields{"body": {"is not valid JSON: a member occurs twice at byte 13"}}},
		"refuses null":                       {`{"nonce":null}`, fields{"nonce": {"must not be null"}}},
		"accepts null where it may be":       {`{` + kept + `,"at":null}`, nil},
		"refuses another type":               {`{"nonce":1,"on":"yes","rules":{},"metadata":[]}`, fields{"nonce": {"must be a string"}, "on": {"must be a boolean"}, "rules": {"must be an array"}, "metadata": {"must be an object"}}},
		"refuses an empty text":              {`{"nonce":""}`, fields{"nonce": {"must not be empty", "must match the pattern ^[0-9A-Za-z]+$"}}},
		"refuses a long text":                {`{"nonce":"` + strings.Repeat("x", 21) + `"}`, fields{"nonce": {"must be at most 20 characters"}}},
		"counts characters and not bytes":    {`{` + kept + `,"metadata":{"a":"éééé"}}`, nil},
		"refuses a text of another pattern":  {`{"nonce":"secret!"}`, fields{"nonce": {"must match the pattern ^[0-9A-Za-z]+$"}}},
		"refuses a value outside an enum":    {`{` + kept + `,"word":"secret","level":3}`, fields{"word": {"must be one of: id, container"}, "level": {"must be one of: 1, 2"}}},
		"refuses a text that is no date":     {`{` + kept + `,"at":"2030-02-30T00:00:00Z","day":"2030-02-30"}`, fields{"at": {"must be a date and time such as 2006-01-02T15:04:05Z"}, "day": {"must be a date such as 2006-01-02"}}},
		"refuses other formats":              {`{` + kept + `,"id":"{5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11}","link":"/a","mail":"A <a@b.c>","data":"_"}`, fields{"id": {"must be a UUID"}, "link": {"must be an absolute URI"}, "mail": {"must be an e-mail address"}, "data": {"must be base64"}}},
		"refuses a fraction for an integer":  {`{` + kept + `,"whole":1.5}`, fields{"whole": {"must be an integer"}}},
		"refuses an integer with fraction":   {`{` + kept + `,"whole":3.0}`, fields{"whole": {"must be an integer"}}},
		"refuses an integer with exponent":   {`{` + kept + `,"whole":3e1}`, fields{"whole": {"must be an integer"}}},
		"refuses what 32 bits do not hold":   {`{` + kept + `,"small":2147483648}`, fields{"small": {"must be between -2147483648 and 2147483647"}}},
		"refuses what 64 bits do not hold":   {`{` + kept + `,"big":9223372036854775808}`, fields{"big": {"must be between -9223372036854775808 and 9223372036854775807"}}},
		"refuses what no number holds":       {`{` + kept + `,"double":1e999,"free":[1e999]}`, fields{"double": {"is out of range"}, "free[0]": {"is out of range"}}},
		"refuses what a float32 cannot hold": {`{` + kept + `,"share":1e-400,"double":1e300,"free":1e300}`, fields{"share": {"must be more than 0"}}},
		"refuses a number out of bounds":     {`{` + kept + `,"whole":0,"share":0,"even":3}`, fields{"whole": {"must be at least 1"}, "share": {"must be more than 0"}, "even": {"must be a multiple of 2"}}},
		"refuses a number above":             {`{` + kept + `,"whole":100,"share":1.01}`, fields{"whole": {"must be at most 99"}, "share": {"must be at most 1"}}},
		"refuses unknown members":            {`{` + kept + `,"zeal":1,"ardour":2}`, fields{"ardour": {"is not allowed"}, "zeal": {"is not allowed"}}},
		"keeps odd names to itself":          {`{` + kept + `,"a secret":1}`, fields{"body": {"has a member that is not allowed"}}},
		"keeps odd names of maps to itself":  {`{` + kept + `,"metadata":{"a secret":"12345"}}`, fields{"metadata": {"has a member that must be at most 4 characters"}}},
		"names a map's member":               {`{` + kept + `,"metadata":{"a.b":"12345","0":1}}`, fields{"metadata.a.b": {"must be at most 4 characters"}, "metadata.0": {"must be a string"}}},
		"refuses too many members":           {`{` + kept + `,"metadata":{"a":"","b":"","c":"","d":""}}`, fields{"metadata": {"must have at most 3 members"}}},
		"refuses an empty list":              {`{` + kept + `,"rules":[]}`, fields{"rules": {"must not be empty"}}},
		"refuses a long list of objects":     {`{` + kept + `,"rules":[` + strings.Repeat(`{"priority":1,"transform":"mask"},`, 3) + `{"priority":1,"transform":"mask"}]}`, fields{"rules": {"must have at most 3 items"}}},
		"refuses a long list":                {`{` + kept + `,"set":["a","b","c","d"]}`, fields{"set": {"must have at most 3 items"}}},
		"refuses an item twice":              {`{` + kept + `,"set":["a","a"]}`, fields{"set": {"must not have the same item twice"}}},
		"names members of items":             {`{` + kept + `,"rules":[{"priority":1,"transform":"mask"},{"priority":0,"under":[{}]}]}`, fields{"rules[1].priority": {"must be at least 1"}, "rules[1].transform": {"is required"}, "rules[1].under[0].priority": {"is required"}, "rules[1].under[0].transform": {"is required"}}},
		"accepts unknown members elsewhere":  {`{` + kept + `,"rules":[{"priority":1,"transform":"mask","else":{}}]}`, nil},
		"refuses a member only for reading":  {`{` + kept + `,"made":"x"}`, fields{"made": {"must not be sent"}}},
		"reports everything at once":         {`{"word":1,"zeal":1}`, fields{"nonce": {"is required"}, "word": {"must be one of: id, container"}, "zeal": {"is not allowed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/bodies", nil)
			r.Header.Set("Content-Type", "application/json")
			check(t, op, r, test.body, test.want)
		})
	}
}

const everyMember = `{"nonce":"N","at":"2030-01-09T20:14:55.213089+00:00","day":"2030-01-09",` +
	`"id":"5D2B8A1E-7c34-4f19-9b62-0e8f3d4c7a11","link":"https://example.com/a?b#c","mail":"a@b.c","data":"AA==",` +
	`"small":-2147483648,"big":9223372036854775807,"whole":99,"share":0.5,"double":1e300,"even":-2,"on":true,` +
	`"word":"id","level":2,"free":{"a":[null]},"metadata":{"a":"b"},"set":["a","b"],` +
	`"rules":[{"priority":1,"transform":"mask","under":[{"priority":2,"transform":"reveal"}]}],"secret":"s"}`

func TestComposedSchemas(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "mixed")
	for name, test := range map[string]struct {
		body string
		want fields
	}{
		"accepts one of two forms":               {`{"one":1,"any":"abc","not":"ever"}`, nil},
		"refuses neither of two forms":           {`{"one":"long"}`, fields{"one": {"must have exactly one of the documented forms"}}},
		"refuses none of the forms":              {`{"any":"long"}`, fields{"any": {"must have one of the documented forms"}}},
		"refuses an inexact integer in a form":   {`{"one":2.0}`, fields{"one": {"must be an integer"}}},
		"refuses the excluded form":              {`{"not":"never"}`, fields{"not": {"must not have the excluded form"}}},
		"names members of all parts":             {`{"all":{"priority":0,"transform":"mask"}}`, fields{"all.priority": {"must be at least 1"}, "all.note": {"is required"}}},
		"accepts a discriminated form":           {`{"pet":{"kind":"cat","lives":9}}`, nil},
		"names members of a discriminated form":  {`{"pet":{"kind":"cat","lives":10}}`, fields{"pet.lives": {"must be at most 9"}}},
		"refuses another discriminator":          {`{"pet":{"kind":"secret"}}`, fields{"pet.kind": {"must be one of: cat, dog"}}},
		"refuses a missing discriminator":        {`{"pet":{}}`, fields{"pet.kind": {"is required"}}},
		"refuses a discriminator of other types": {`{"pet":{"kind":1}}`, fields{"pet.kind": {"must be a string"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/mixed", nil)
			r.Header.Set("Content-Type", "application/json")
			check(t, op, r, test.body, test.want)
		})
	}
}

func TestUntypedBodies(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "untyped")
	for name, test := range map[string]struct {
		contentType, body string
		want              fields
	}{
		"accepts null":                {"application/json", `null`, nil},
		"accepts anything":            {"application/json", `{"a":[1.5,{"b":null}]}`, nil},
		"refuses what no number is":   {"application/json", `[null,1e999]`, fields{"[1]": {"is out of range"}}},
		"refuses what is not JSON":    {"application/json", `a`, fields{"body": {"is not valid JSON: unexpected character at byte 0"}}},
		"accepts null without a type": {"application/problem+json", `null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/untyped", nil)
			r.Header.Set("Content-Type", test.contentType)
			check(t, op, r, test.body, test.want)
		})
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/every.yaml")
	for name, test := range map[string]struct {
		operation, contentType, body string
		refused                      bool
	}{
		"accepts the documented type":         {"bodies", "application/json", `{"nonce":"N"}`, false},
		"accepts UTF-8 in any case":           {"bodies", "Application/JSON; Charset=\"UTF-8\"", `{"nonce":"N"}`, false},
		"accepts other parameters":            {"bodies", "application/json;version=1", `{"nonce":"N"}`, false},
		"refuses another charset":             {"bodies", "application/json; charset=latin1", `{"nonce":"N"}`, true},
		"refuses malformed parameters":        {"bodies", "application/json; charset", `{"nonce":"N"}`, true},
		"refuses another type":                {"bodies", "text/plain", `{"nonce":"N"}`, true},
		"refuses no type":                     {"bodies", "", `{"nonce":"N"}`, true},
		"refuses a relative of the type":      {"bodies", "application/merge-patch+json", `{"nonce":"N"}`, true},
		"accepts a merge patch":               {"patch", "application/merge-patch+json", `{"nonce":"N"}`, false},
		"accepts JSON under a range":          {"patch", "application/vnd.api+json", `{}`, false},
		"accepts no body under any type":      {"patch", "text/plain", ``, false},
		"accepts any body where none is read": {"scalars", "text/plain", `secret`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("X-Request-ID", "1")
			r = mux.SetURLVars(r, map[string]string{"id": "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"})
			if test.contentType != "" {
				r.Header.Set("Content-Type", test.contentType)
			}
			_, err := operation(t, c, test.operation).CheckRequest(r, []byte(test.body))
			var refusal *hallpass.Error
			switch {
			case !test.refused && err != nil:
				t.Fatal(err)
			case test.refused && (!errors.As(err, &refusal) || refusal.Kind != hallpass.KindMediaType):
				t.Fatalf("got %v, want a refused content type", err)
			}
		})
	}
	t.Run("refuses two types", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Content-Type"] = []string{"application/json", "text/plain"}
		if _, err := operation(t, c, "bodies").CheckRequest(r, []byte(`{}`)); err == nil {
			t.Error("accepted")
		}
	})
}

func TestFormsAndTexts(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/every.yaml")
	const form, plain = "application/x-www-form-urlencoded", "text/plain"
	for name, test := range map[string]struct {
		operation, contentType, body string
		want                         fields
	}{
		"accepts a form":                   {"forms", form, "grant_type=client_credentials&scope=a+b&count=3&tag=a&tag=b", nil},
		"refuses a missing member":         {"forms", form, "scope=a", fields{"grant_type": {"is required"}}},
		"refuses a member twice":           {"forms", form, "grant_type=client_credentials&scope=a&scope=b", fields{"scope": {"must be given once"}}},
		"refuses another value":            {"forms", form, "grant_type=secret", fields{"grant_type": {"must be one of: client_credentials"}}},
		"refuses a text for a number":      {"forms", form, "grant_type=client_credentials&count=x", fields{"count": {"must be an integer"}}},
		"refuses a number out of bounds":   {"forms", form, "grant_type=client_credentials&count=10", fields{"count": {"must be at most 9"}}},
		"refuses a number beyond all":      {"forms", form, "grant_type=client_credentials&count=99999999999999999999", fields{"count": {"must be between -9223372036854775808 and 9223372036854775807"}}},
		"refuses a bad item":               {"forms", form, "grant_type=client_credentials&tag=a&tag=long", fields{"tag[1]": {"must be at most 3 characters"}}},
		"refuses an unknown member":        {"forms", form, "grant_type=client_credentials&else=1", fields{"else": {"is not allowed"}}},
		"keeps an odd name to itself":      {"forms", form, "grant_type=client_credentials&a+secret=1", fields{"body": {"has a member that is not allowed"}}},
		"refuses a bad escape":             {"forms", form, "grant_type=%zz", fields{"body": {"is not a valid form"}}},
		"refuses a semicolon":              {"forms", form, "grant_type=client_credentials;scope=a", fields{"body": {"is not a valid form"}}},
		"accepts a text":                   {"putText", plain, "short", nil},
		"refuses a long text":              {"putText", plain, "longer", fields{"body": {"must be at most 5 characters"}}},
		"refuses a text that is not UTF-8": {"putText", plain, "\xff", fields{"body": {"is not valid UTF-8"}}},
		"accepts any bytes":                {"putText", "application/octet-stream", "\xff", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("Content-Type", test.contentType)
			check(t, operation(t, c, test.operation), r, test.body, test.want)
		})
	}
}

func TestCheckedRequest(t *testing.T) {
	t.Parallel()
	c := load(t, "testdata/every.yaml")
	const body = `{"nonce":"N","whole":7,"zeal":1}`
	ask := func(contentType string) *http.Request {
		r := httptest.NewRequest(http.MethodPatch, "/patch", nil)
		r.Header.Set("Content-Type", contentType)
		return r
	}
	t.Run("carries the decoded value", func(t *testing.T) {
		t.Parallel()
		r, err := operation(t, c, "patch").CheckRequest(ask("application/json"), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Nonce string `json:"nonce"`
			Whole int32  `json:"whole"`
		}
		if err := runtime.BindJSONBody(r, &got); err != nil || got.Nonce != "N" || got.Whole != 7 {
			t.Errorf("got %v, %v", got, err)
		}
		left, _ := io.ReadAll(r.Body)
		if string(left) != body || r.ContentLength != int64(len(body)) {
			t.Errorf("the body was read: %q is left", left)
		}
	})
	t.Run("replays a form", func(t *testing.T) {
		t.Parallel()
		const form = "grant_type=client_credentials"
		r := ask("application/x-www-form-urlencoded")
		r.Method = http.MethodPost
		r, err := operation(t, c, "forms").CheckRequest(r, []byte(form))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.PostFormValue("grant_type"); got != "client_credentials" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("has no body when none was sent", func(t *testing.T) {
		t.Parallel()
		r, err := operation(t, c, "patch").CheckRequest(ask(""), nil)
		if err != nil || r.Body != http.NoBody {
			t.Errorf("got %v, %v", r.Body, err)
		}
	})
}

func TestManyProblems(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, "testdata/every.yaml"), "mixed")
	r := httptest.NewRequest(http.MethodPost, "/mixed", nil)
	r.Header.Set("Content-Type", "application/json")
	body := `{"all":{"note":"","priority":1,"transform":"mask","under":[` + strings.Repeat(`0,`, 100_000) + `0]}}`
	_, err := op.CheckRequest(r, []byte(body))
	var refusal *hallpass.Error
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(100, len(refusal.Fields)); diff != "" {
		t.Error(diff)
	}
}
