package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"hallpass/contract"
)

// The generators below make messages from the document itself: mostly as it says, now and then a little wrong.

// maker draws one message. A tame one keeps to the document as well as it can, a wild one strays.
type maker struct {
	*rapid.T
	wild bool
}

func newMaker(t *rapid.T) maker { return maker{T: t, wild: rapid.Bool().Draw(t, "wild")} }

// mutate is true once in a while.
func (t maker) mutate() bool { return t.wild && rapid.IntRange(0, 59).Draw(t.T, "mutate") == 59 }

// either draws the careful pattern of a tame maker or the careless one of a wild maker.
func (t maker) either(tame, wild string) string {
	if t.wild {
		return rapid.StringMatching(wild).Draw(t.T, "careless")
	}
	return rapid.StringMatching(tame).Draw(t.T, "careful")
}

var junk = []string{
	`null`, `true`, `""`, `"x"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, "\"\xff\"", `0`, `-1`, `1.0`, `1e2`, `0.1`, `2147483648`,
	`9223372036854775808`, `1e999`, `-0`, `[]`, `[0]`, `{}`, `{"a":1}`, `{"a":1,"a":1}`, `{`, ``, `1 1`, `"2030-02-30T00:00:00Z"`,
	`"5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"`, `[[[[[[[[[[]]]]]]]]]]`,
}

// jsonOf writes JSON for a schema.
func jsonOf(t maker, schema *openapi3.Schema, depth int) string {
	if t.mutate() || depth > 6 {
		return rapid.SampledFrom(junk).Draw(t.T, "junk")
	}
	if schema.Nullable && t.mutate() {
		return "null"
	}
	if forms := slices.Concat(schema.OneOf, schema.AnyOf); len(forms) > 0 {
		return jsonOf(t, rapid.SampledFrom(forms).Draw(t.T, "form").Value, depth+1)
	}
	if len(schema.AllOf) > 0 {
		return objectOf(t, schema.AllOf, depth)
	}
	if len(schema.Enum) > 0 {
		return encode(rapid.SampledFrom(schema.Enum).Draw(t.T, "enum"))
	}
	switch {
	case schema.Type.Is("string"):
		return encode(textOf(t, schema))
	case schema.Type.Is("integer"):
		least, most := t.bounds(schema)
		return strconv.FormatInt(rapid.Int64Range(int64(least), int64(most)).Draw(t.T, "integer"), 10)
	case schema.Type.Is("number"):
		least, most := t.bounds(schema)
		return encode(rapid.Float64Range(least, most).Draw(t.T, "number"))
	case schema.Type.Is("boolean"):
		return strconv.FormatBool(rapid.Bool().Draw(t.T, "boolean"))
	case schema.Type.Is("array"):
		most := 3
		if t.wild {
			most++ // what the schemas of testdata allow at most, and one more
		}
		items := make([]string, rapid.IntRange(int(schema.MinItems), most).Draw(t.T, "items"))
		for i := range items {
			items[i] = jsonOf(t, schema.Items.Value, depth+1)
		}
		return "[" + strings.Join(items, ",") + "]"
	default:
		return objectOf(t, openapi3.SchemaRefs{{Value: schema}}, depth)
	}
}

// bounds are those of the schema, and a little beyond for a wild maker.
func (t maker) bounds(schema *openapi3.Schema) (least, most float64) {
	least, most = -1000, 1000
	if schema.Min != nil {
		least = *schema.Min
	}
	if schema.Max != nil {
		most = *schema.Max
	}
	if t.wild {
		return least - 1, most + 1
	}
	return least, most
}

func objectOf(t maker, parts openapi3.SchemaRefs, depth int) string {
	var members []string
	for _, part := range parts {
		schema := part.Value
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			if slices.Contains(schema.Required, name) != t.mutate() || rapid.IntRange(0, 3).Draw(t.T, "present") == 0 {
				members = append(members, encode(name)+":"+jsonOf(t, schema.Properties[name].Value, depth+1))
			}
		}
		if extra := schema.AdditionalProperties.Schema; extra != nil {
			for i := range rapid.IntRange(0, 4).Draw(t.T, "extra") {
				members = append(members, fmt.Sprintf(`"k%d":%s`, i, jsonOf(t, extra.Value, depth+1)))
			}
		}
	}
	if t.mutate() {
		members = append(members, `"unknown member":0`)
	}
	if t.mutate() && len(members) > 0 {
		members = append(members, rapid.SampledFrom(members).Draw(t.T, "twice"))
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// textOf makes a text for a string schema.
func textOf(t maker, schema *openapi3.Schema) string {
	if example, ok := schema.Example.(string); ok && rapid.Bool().Draw(t.T, "example") {
		return example
	}
	if t.mutate() {
		return rapid.String().Draw(t.T, "text")
	}
	switch {
	case len(schema.Enum) > 0:
		return fmt.Sprint(rapid.SampledFrom(schema.Enum).Draw(t.T, "enum"))
	case schema.Pattern != "":
		return rapid.StringMatching(schema.Pattern).Draw(t.T, "matching")
	}
	switch schema.Format {
	case "uuid":
		return t.either(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`, `\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	case "date-time":
		return t.either(`20[0-9]{2}-0[1-9]-[0-2][1-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z`,
			`20[0-9]{2}-[01][0-9]-[0-3][0-9][Tt][0-2]?[0-9]:[0-5][0-9]:[0-6][0-9]([.,][0-9]{0,9})?(Z|z|[+-][0-2][0-9]:[0-9]0)`)
	case "date":
		return t.either(`20[0-9]{2}-0[1-9]-[0-2][1-8]`, `20[0-9]{2}-[01]?[0-9]-[0-3]?[0-9]`)
	case "uri":
		return t.either(`https?://[a-z]{1,9}/[a-z]{0,9}`, `https?://[a-z.%{é]{1,9}/[a-z%2F ]{0,9}`)
	case "email":
		return t.either(`[a-z]{1,5}@[a-z]{1,9}`, `[a-z. <]{1,5}@[a-z.]{1,9}>?`)
	case "byte":
		return t.either(`([A-Za-z0-9+/]{4}){0,3}`, `[A-Za-z0-9+/_-]{0,8}={0,2}`)
	}
	most := 20
	if schema.MaxLength != nil {
		most = min(most, int(*schema.MaxLength))
	}
	if t.wild {
		most++
	}
	return rapid.StringOfN(rapid.RuneFrom([]rune("ab1 -_/é😀")), min(int(schema.MinLength), most), most, -1).Draw(t.T, "free text")
}

// rawOf spells a parameter.
func rawOf(t maker, schema *openapi3.Schema) string {
	if schema == nil || t.mutate() {
		return rapid.StringMatching(`[a-z0-9,.;=|{}" +-]{0,9}`).Draw(t.T, "raw")
	}
	if schema.Type.Is("string") {
		return textOf(t, schema)
	}
	return strings.Trim(jsonOf(t, schema, 0), `[]"`)
}

// requestOf makes a request to an operation.
func requestOf(t maker, tw *twin, op *contract.Operation) message {
	route := tw.route(op)
	m := message{vars: map[string]string{}, header: http.Header{}}
	query := url.Values{}
	for _, ref := range slices.Concat(route.PathItem.Parameters, route.Operation.Parameters) {
		param := ref.Value
		if param.Required == t.mutate() && rapid.IntRange(0, 1).Draw(t.T, "absent") == 0 {
			continue
		}
		var schema *openapi3.Schema
		if param.Schema != nil {
			schema = param.Schema.Value
		}
		raw := rawOf(t, schema)
		switch {
		case param.Content != nil:
			raw = `{"a":` + raw + `}`
		case param.Style == "label":
			raw = "." + raw
		case param.Style == "matrix":
			raw = ";" + param.Name + "=" + raw
		}
		switch param.In {
		case "path":
			m.vars[param.Name] = raw
		case "query":
			query.Add(param.Name, raw)
			if t.mutate() {
				query.Add(param.Name, raw)
			}
		case "header":
			m.header.Add(param.Name, raw)
		case "cookie":
			m.header.Add("Cookie", param.Name+"="+raw)
		}
	}
	m.query = query.Encode()
	if t.mutate() {
		m.query += rapid.SampledFrom([]string{"&%", ";", "&deep[state]=open", "&unknown"}).Draw(t.T, "query")
	}
	if ref := route.Operation.RequestBody; ref != nil {
		bodyOf(t, &m, ref.Value.Content)
	}
	return m
}

// responseOf makes a response of an operation.
func responseOf(t maker, tw *twin, op *contract.Operation) message {
	responses := tw.route(op).Operation.Responses
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(responses.Map()))).Draw(t.T, "status")
	status, _ := strconv.Atoi(strings.ReplaceAll(key, "X", "0"))
	if t.mutate() {
		status = rapid.SampledFrom([]int{0, 100, 200, 204, 304, 307, 418, 599, 999}).Draw(t.T, "other status")
	}
	m := message{status: status, header: http.Header{}}
	response := responses.Value(key).Value
	for _, name := range slices.Sorted(maps.Keys(response.Headers)) {
		header := response.Headers[name].Value
		if header.Required == t.mutate() || header.Schema == nil {
			continue
		}
		m.header.Add(name, rawOf(t, header.Schema.Value))
		if t.mutate() {
			m.header.Add(name, rawOf(t, header.Schema.Value))
		}
	}
	bodyOf(t, &m, response.Content)
	return m
}

func bodyOf(t maker, m *message, content openapi3.Content) {
	if len(content) == 0 {
		if t.mutate() {
			m.body = []byte("{}")
		}
		return
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(content))).Draw(t.T, "type")
	m.header.Set("Content-Type", strings.Replace(key, "*", "json", 1))
	if t.mutate() {
		m.header.Set("Content-Type", rapid.SampledFrom([]string{
			"", "text/html", "application/json; charset=UTF-8", "application/json;charset=x", "application/json;;", "a", "*/*",
			"application/json; charset", "APPLICATION/JSON", "text/plain;charset=utf-8", "application/*", "application/yaml",
		}).Draw(t.T, "other type"))
	}
	media := content[key]
	if t.mutate() {
		return
	}
	var schema *openapi3.Schema
	if media.Schema != nil {
		schema = media.Schema.Value
	}
	switch {
	case schema == nil:
		m.body = []byte(rapid.SampledFrom(junk).Draw(t.T, "junk"))
	case strings.HasSuffix(key, "urlencoded"):
		m.body = []byte(formOf(t, schema))
	case schema.Type.Is("string"):
		m.body = []byte(textOf(t, schema))
	default:
		m.body = []byte(jsonOf(t, schema, 0))
	}
}

func formOf(t maker, schema *openapi3.Schema) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		for range rapid.SampledFrom([]int{0, 1, 1, 1, 1, 1, 2}).Draw(t.T, "times") {
			pairs = append(pairs, name+"="+url.QueryEscape(rawOf(t, schema.Properties[name].Value)))
		}
	}
	if t.mutate() {
		pairs = append(pairs, rapid.SampledFrom([]string{"%", "a;b", "unknown=1", "=", "&"}).Draw(t.T, "pair"))
	}
	return strings.Join(pairs, "&")
}

func encode(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}
