package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"hallpass"
	"hallpass/contract"
)

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, test := range map[string]struct {
		text string
		want any
	}{
		"null":                       {"null", nil},
		"booleans":                   {"[true, false]", []any{true, false}},
		"an empty object":            {" { } ", map[string]any{}},
		"an empty array":             {"\t[\r\n]", []any{}},
		"a number as it is spelled":  {"1.50e+3", json.Number("1.50e+3")},
		"an integer beyond 64 bits":  {"-123456789012345678901234567890", json.Number("-123456789012345678901234567890")},
		"every escape":               {`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, "\"\\/\b\f\n\r\té😀"},
		"text as it is":              {`"é😀"`, "é😀"},
		"members in any order":       {`{"b":[{}],"a":{"b":""}}`, map[string]any{"b": []any{map[string]any{}}, "a": map[string]any{"b": ""}}},
		"names that differ by case":  {`{"a":1,"A":2}`, map[string]any{"a": json.Number("1"), "A": json.Number("2")}},
		"a string of a large text":   {`["` + strings.Repeat("x", 5000) + `","é"]`, []any{strings.Repeat("x", 5000), "é"}},
		"names that need unescaping": {`{"\u0061":1}`, map[string]any{"a": json.Number("1")}},
	} {
		t.Run("reads "+name, func(t *testing.T) {
			t.Parallel()
			got, err := contract.DecodeJSON([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("reads 64 levels", func(t *testing.T) {
		t.Parallel()
		if _, err := contract.DecodeJSON([]byte(deep(64))); err != nil {
			t.Error(err)
		}
	})
	for name, test := range map[string]struct{ text, problem string }{
		"nothing":                    {"", "it ends too soon at byte 0"},
		"white space":                {"  ", "it ends too soon at byte 2"},
		"a truncated object":         {`{"a":1`, "it ends too soon at byte 6"},
		"a truncated string":         {`"secret`, "it ends too soon at byte 7"},
		"a truncated escape":         {`"a\`, "it ends too soon at byte 3"},
		"a second value":             {`{} {}`, "something follows the value at byte 3"},
		"a duplicate member":         {`{"a":1,"b":2,"a":1}`, "a member occurs twice at byte 13"},
		"a duplicate spelled anew":   {`{"a":1,"\u0061":1}`, "a member occurs twice at byte 7"},
		"a trailing comma":           {`[1,]`, "unexpected character at byte 3"},
		"a missing comma":            {`[1 2]`, "unexpected character at byte 3"},
		"a missing colon":            {`{"a" 1}`, "unexpected character at byte 5"},
		"a name that is no string":   {`{1:1}`, "unexpected character at byte 1"},
		"a leading zero":             {`01`, "something follows the value at byte 1"},
		"a bare minus":               {`-`, "it ends too soon at byte 1"},
		"a fraction without digits":  {`1.`, "it ends too soon at byte 2"},
		"an exponent without digits": {`1e+`, "it ends too soon at byte 3"},
		"a word that is not JSON":    {`nil`, "unexpected character at byte 0"},
		"NaN":                        {`NaN`, "unexpected character at byte 0"},
		"a comment":                  {`{}//`, "something follows the value at byte 2"},
		"a byte order mark":          {"\ufeff{}", "unexpected character at byte 0"},
		"a control character":        {"\"a\nb\"", "a string holds a control character at byte 2"},
		"an unknown escape":          {`"\x"`, "unknown escape at byte 1"},
		"a short escape":             {`"\u12"`, "unknown escape at byte 1"},
		"a signed escape":            {`"\u+123"`, "unknown escape at byte 1"},
		"bytes that are not UTF-8":   {"[\"a\", \"\xff\"]", "a string is not UTF-8 at byte 6"},
		"an encoded surrogate":       {"\"\xed\xa0\x80\"", "a string is not UTF-8 at byte 0"},
		"a lone high surrogate":      {`"\ud83d"`, "an escape is one half of a surrogate pair at byte 1"},
		"a lone low surrogate":       {`"\ude00"`, "an escape is one half of a surrogate pair at byte 1"},
		"surrogates in wrong order":  {`"\ude00\ud83d"`, "an escape is one half of a surrogate pair at byte 1"},
		"65 levels":                  {deep(65), "it nests too deep at byte 64"},
		"a bad escape after UTF-8":   {"\"\\n\xff\"", "a string is not UTF-8 at byte 0"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.DecodeJSON([]byte(test.text))
			want := map[string][]string{"body": {"is not valid JSON: " + test.problem}}
			wantInvalid(t, err, want)
		})
	}
}

// wantInvalid holds an error against the fields it must name.
func wantInvalid(t *testing.T, err error, want map[string][]string) {
	t.Helper()
	var refusal *hallpass.Error
	if !errors.As(err, &refusal) || refusal.Kind != hallpass.KindInvalid {
		t.Fatalf("got %v, want an invalid request", err)
	}
	if diff := cmp.Diff(want, refusal.Fields); diff != "" {
		t.Error(diff)
	}
	for _, reasons := range refusal.Fields {
		if strings.Contains(strings.Join(reasons, " "), "secret") {
			t.Errorf("%v says what was sent", reasons)
		}
	}
}

// tokens decodes with jsontext, which has the same strictness in its default setting but for depth.
func tokens(data []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	value, err := tokenValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows")
	}
	return value, nil
}

func tokenValue(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if d.StackDepth() > 64 {
		return nil, errors.New("too deep")
	}
	switch token.Kind() {
	case '{':
		object := map[string]any{}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			if object[key], err = tokenValue(d); err != nil {
				return nil, err
			}
		}
		_, err := d.ReadToken()
		return object, err
	case '[':
		array := []any{}
		for d.PeekKind() != ']' {
			item, err := tokenValue(d)
			if err != nil {
				return nil, err
			}
			array = append(array, item)
		}
		_, err := d.ReadToken()
		return array, err
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

// FuzzDecodeJSON holds DecodeJSON to the verdict and the value of jsontext.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		"", "null", `{"a":[1,2.5e-3,true,{"b":"\u00e9\ud83d\ude00"}],"c":null}`, `{"a":1,"a":2}`, "\"\xff\"", `"\ud83d"`,
		"[[[[]]]]", "-0", "01", "1e5", "{} ", `{"nonce":"x","rules":[{"priority":1}]}`, strings.Repeat("[", 65), `"\u0000"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantErr := tokens(data)
		got, err := contract.DecodeJSON(data)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got %v, jsontext says %v", err, wantErr)
		}
		if diff := cmp.Diff(want, got); wantErr == nil && diff != "" {
			t.Error(diff)
		}
	})
}

const authorizeBody = `{"nonce":"6LyUKcSGDkJCHh9qeQrQ3nh5p1LZ8hFm","expires_at":"2026-11-22T12:00:00Z","rules":[` +
	`{"description":"read","priority":1,"container":"/pci/","transform":"reveal","permissions":["token:read"]},` +
	`{"priority":2,"container":"/","transform":"mask","permissions":["token:search","token:create"]}]}`

func BenchmarkDecodeJSON(b *testing.B) {
	for name, decode := range map[string]func([]byte) (any, error){
		"contract": contract.DecodeJSON,
		"jsontext": tokens,
		"encoding/json": func(data []byte) (value any, err error) {
			d := json.NewDecoder(bytes.NewReader(data))
			d.UseNumber()
			return value, d.Decode(&value)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode([]byte(authorizeBody)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
