package contract_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestContentType promises 415 for a body of a type that the operation does not read.
func TestContentType(t *testing.T) {
	t.Parallel()
	wrong := []string{
		"-", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/merge-patch+json", "application/jsonx",
		"application/json; charset=iso-8859-1", "json", "*/*", marked("x") + "/" + marked("y"),
	}
	each(t, shared(t), documenting(http.StatusUnsupportedMediaType), func(t *testing.T, op *operation, one sample) {
		for _, kind := range append(slices.Clone(wrong), "application/x-www-form-urlencoded", "application/json") {
			if kind == op.bodyType || kind == "-" && strings.HasPrefix(op.template, "/api/transaction/") {
				continue // the vendor's own example of the transaction routes names no content type
			}
			r := one.request
			r.body, r.kind, r.broken = r.bytes(), kind, true
			if a := one.caller.send(t, r); a.status != http.StatusUnsupportedMediaType {
				t.Errorf("%s is answered %d: %s", kind, a.status, a.body)
			}
		}
	})
}

// TestNoContentType promises that the transaction routes read a body without a content type as JSON: the vendor's example
// of a request (docs.onespan.com, Create Session Creation Token) sends none.
func TestNoContentType(t *testing.T) {
	t.Parallel()
	bodied := func(op *operation) bool { return op.readsJSON() && op.scheme == "tenantAccess" }
	each(t, shared(t), bodied, func(t *testing.T, _ *operation, one sample) {
		one.request.kind, one.request.broken = "-", true // to openapi3filter it is no content type that is documented
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestCharset promises that UTF-8 may be named.
func TestCharset(t *testing.T) {
	t.Parallel()
	each(t, shared(t), (*operation).readsJSON, func(t *testing.T, op *operation, one sample) {
		one.request.kind = op.bodyType + "; charset=UTF-8"
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestTextOfBodies promises 400, about the body, for what is not one JSON object that can be read in one way only.
func TestTextOfBodies(t *testing.T) {
	t.Parallel()
	s := shared(t)
	each(t, s, (*operation).readsJSON, func(t *testing.T, op *operation, one sample) {
		good := string(one.request.bytes())
		member := strings.TrimSuffix(good, "}")
		broken := map[string]string{
			"a truncated value":       good[:len(good)-1],
			"half a value":            good[:len(good)/2],
			"bytes after the value":   good + marked("x"),
			"two values":              good + good,
			"a member twice":          member + ",\"" + firstMember(good) + "\":\"" + marked("x") + "\"}",
			"a member twice, escaped": member + ",\"\\u00" + fmt.Sprintf("%02x", firstMember(good)[0]) + firstMember(good)[1:] + "\":1}",
			"text that is not UTF-8":  member + ",\"x\":\"" + marked("\xff") + "\"}",
			"a lone surrogate":        member + `,"x":"` + marked(`\ud800`) + `"}`,
			"a control character":     member + ",\"x\":\"" + marked("\x01") + "\"}",
			"an unquoted value":       member + `,"x":` + marked("x") + `}`,
			"a trailing comma":        member + `,}`,
			"a byte order mark":       "\xef\xbb\xbf" + good,
			"a comment":               good + "// " + marked("x"),
			"a number that is none":   member + `,"x":NaN}`,
			"a number with a zero":    member + `,"x":01}`,
			"a hundred arrays":        member + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}",
			"a hundred thousand":      strings.Repeat("[", 100_000),
			"a hundred thousand more": member + `,"x":` + strings.Repeat(`{"a":`, 100_000),
			"nothing but white space": " \r\n\t ",
			"a form":                  "a=" + marked("x"),
			"XML":                     "<a>" + marked("x") + "</a>",
		}
		if op.bodyRequired {
			broken["nothing"] = ""
		}
		if op.readsObject() {
			maps.Copy(broken, map[string]string{
				"null": "null", "an array": `["` + marked("x") + `"]`, "a string": `"` + marked("x") + `"`, "a number": "1", "true": "true",
			})
		}
		for _, name := range slices.Sorted(maps.Keys(broken)) {
			t.Run(name, func(t *testing.T) {
				one.request.body, one.request.broken = broken[name], true
				one.caller.send(t, one.request).refuses(t, "body")
			})
		}
		one.request.body, one.request.broken = good, false
		one.caller.send(t, one.request).is(t, one.status) // no refusal has spent anything
	})
}

// firstMember is the name of the first member of a JSON object.
func firstMember(text string) string { return strings.Split(text, `"`)[1] }

// fault is a body with one thing wrong with it.
type fault struct {
	member string
	what   string
	body   any
}

// TestMembersOfBodies promises 400, about that very member, for every member of every body that breaks its schema.
func TestMembersOfBodies(t *testing.T) {
	t.Parallel()
	each(t, shared(t), (*operation).readsObject, func(t *testing.T, op *operation, one sample) {
		good, _ := one.request.body.(object)
		faults := faultsOf(op.bodySchema, "", func(members object) any {
			body := maps.Clone(good)
			maps.Copy(body, members)
			return body
		})
		for _, required := range op.bodySchema.Required {
			body := maps.Clone(good)
			delete(body, required)
			faults = append(faults, fault{required, "missing", body})
		}
		if len(faults) < 3 {
			t.Fatalf("the schema leaves next to nothing to break: %v", faults)
		}
		for _, f := range faults {
			r := one.request
			r.body, r.broken = f.body, true
			t.Run(f.member+" "+f.what, func(t *testing.T) { one.caller.send(t, r).refuses(t, f.member) })
		}
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// faultsOf breaks each member of an object in turn; whole puts the object's members where they belong in the body.
func faultsOf(schema *openapi3.Schema, path string, whole func(object) any) []fault {
	var faults []fault
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name].Value
		at := name
		if path != "" {
			at = path + "." + name
		}
		put := func(value any) any { return withRequired(schema, path, name, value, whole) }
		for what, value := range wrongValues(property) {
			faults = append(faults, fault{at, what, put(value)})
		}
		nested := func(members object) any { return put(members) }
		if property.Items != nil {
			for what, value := range wrongValues(property.Items.Value) {
				faults = append(faults, fault{at + "[0]", what, put(list{value})})
			}
			nested, at, property = func(members object) any { return put(list{members}) }, at+"[0]", property.Items.Value
		}
		faults = append(faults, faultsOf(property, at, nested)...)
	}
	if allowed := schema.AdditionalProperties.Has; allowed != nil && !*allowed {
		at := "unknown_member"
		if path != "" {
			at = path + "." + at
		}
		body := withRequired(schema, path, "unknown_member", marked("x"), whole)
		faults = append(faults, fault{at, "not known", body})
	}
	return faults
}

// withRequired puts one member where it belongs, and beside it, below the top, what the object needs.
func withRequired(schema *openapi3.Schema, path, name string, value any, whole func(object) any) any {
	members := object{}
	if path != "" {
		for _, required := range schema.Required {
			members[required] = schema.Properties[required].Value.Example
		}
	}
	members[name] = value
	return whole(members)
}

// wrongValues are values that a schema does not take, by what is wrong with them.
func wrongValues(schema *openapi3.Schema) map[string]any {
	wrong := map[string]any{}
	if schema.Type == nil {
		return wrong // any value is right
	}
	if !schema.Nullable {
		wrong["null"] = nil
	}
	switch schema.Type.Slice()[0] {
	case "string":
		wrong["a number"], wrong["an object"], wrong["a boolean"] = 12345678, object{"a": marked("x")}, true
		if limit := schema.MaxLength; limit != nil && *limit < 1<<16 {
			wrong["too long"] = marked(strings.Repeat("x", int(*limit)))
		}
		if schema.MinLength > 0 {
			wrong["empty"] = ""
		}
		if len(schema.Enum) > 0 || schema.Pattern != "" && schema.Pattern != "^.+$" {
			wrong["of another form"] = marked("%%")
		}
	case "integer":
		wrong["a string"], wrong["a fraction"], wrong["too large"] = marked("1"), 1.5, 2147483648
		if schema.Min != nil {
			wrong["too small"] = *schema.Min - 1
		}
	case "boolean":
		wrong["a string"], wrong["a number"] = marked("true"), 1
	case "array":
		wrong["a string"], wrong["an object"] = marked("x"), object{"a": marked("x")}
		if limit := schema.MaxItems; limit != nil && schema.Items.Value.Example != nil {
			wrong["too many"] = slices.Repeat(list{schema.Items.Value.Example}, int(*limit)+1)
		}
	case "object":
		wrong["a string"], wrong["an array"] = marked("x"), list{marked("x")}
	}
	return wrong
}

// TestUnknownMembers promises that objects which the vendor leaves open take members that the contract does not know.
func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	open := func(op *operation) bool { return op.readsObject() && op.bodySchema.AdditionalProperties.Has == nil }
	each(t, shared(t), open, func(t *testing.T, _ *operation, one sample) {
		body, _ := one.request.body.(object)
		one.request.body = object{"unknown_member": object{"a": list{1}}}
		maps.Copy(one.request.body.(object), body)
		one.caller.send(t, one.request).is(t, one.status)
	})
}

// TestParameters promises 400, about that parameter, for parameters that break their schema.
func TestParameters(t *testing.T) {
	t.Parallel()
	s := shared(t)
	management, access, public := s.home.management, s.home.access, s.home.public
	const id = "dcaad720-d1e9-47ba-a76b-a6370ef0373b"
	for name, c := range map[string]struct {
		caller    caller
		path      string
		parameter string
	}{
		"page below one":              {management, "/applications?page=0", "page"},
		"page that is no number":      {management, "/applications?page=" + marked("x"), "page"},
		"page with a fraction":        {management, "/applications?page=1.5", "page"},
		"page too large":              {management, "/applications?page=1000001", "page"},
		"page beyond 32 bits":         {management, "/applications?page=99999999999", "page"},
		"page twice":                  {management, "/applications?page=1&page=2", "page"},
		"size below zero":             {management, "/applications?size=-1", "size"},
		"size above a hundred":        {management, "/applications?size=101", "size"},
		"empty size":                  {management, "/applications?size=", "size"},
		"start that no page named":    {management, "/applications?start=" + marked("x"), "start"},
		"start below zero":            {management, "/applications?start=-1", "start"},
		"start too long":              {management, "/applications?start=" + strings.Repeat("1", 501), "start"},
		"an id too long":              {management, "/applications?id=" + strings.Repeat("a", 101), "id[0]"},
		"too many types":              {management, "/applications?type=public" + strings.Repeat("&type=public", 10), "type"},
		"application id too long":     {management, "/applications/" + strings.Repeat("a", 401), "id"},
		"key id too long":             {management, "/applications/" + id + "/keys/" + strings.Repeat("a", 401), "keyId"},
		"application_type too long":   {public, "/permissions?application_type=" + strings.Repeat("a", 26), "application_type"},
		"transaction id too short":    {access, "/api/transaction/" + id[1:], "transaction_id"},
		"transaction id no UUID":      {access, "/api/transaction/" + marked(strings.Repeat("x", 30)), "transaction_id"},
		"verifications not a boolean": {access, "/api/transaction/" + id + "?withVerifications=" + marked("x"), "withVerifications"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.caller.send(t, request{method: http.MethodGet, path: c.path, broken: true}).refuses(t, c.parameter)
		})
	}
	for name, value := range map[string]string{"empty": "", "too long": strings.Repeat("x", 256)} {
		t.Run("an idempotency key that is "+name, func(t *testing.T) {
			t.Parallel()
			r := request{method: http.MethodPost, path: "/sessions", broken: true}.with("BT-IDEMPOTENCY-KEY", value)
			public.send(t, r).refuses(t, "BT-IDEMPOTENCY-KEY")
		})
	}
	t.Run("a tenant header too long", func(t *testing.T) {
		t.Parallel()
		r := request{method: http.MethodGet, path: "/api/transaction/" + s.home.transaction, broken: true}
		access.send(t, r.with("X-Tenant", strings.Repeat("x", 65))).is(t, http.StatusForbidden)
	})
}
