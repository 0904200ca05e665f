package contract_test

import (
	"net/http"
	"testing"

	"pgregory.net/rapid"

	"hallpass/contract"
)

// TestAgreesWithOpenAPI3Filter makes requests and responses from each document and holds both checkers to one verdict.
func TestAgreesWithOpenAPI3Filter(t *testing.T) {
	t.Parallel()
	for _, tw := range twins(t) {
		for _, op := range tw.contract.Operations() {
			t.Run(tw.contract.Document().Info.Title+"/"+op.ID, func(t *testing.T) {
				t.Parallel()
				accepted, answered, total := 0, 0, 0
				rapid.Check(t, func(rt *rapid.T) {
					total++
					if tw.request(rt, op, requestOf(newMaker(rt), tw, op)) {
						accepted++
					}
					if tw.response(rt, op, responseOf(newMaker(rt), tw, op)) {
						answered++
					}
				})
				t.Logf("of %d: %d requests and %d responses accepted", total, accepted, answered)
			})
		}
	}
}

func FuzzRequest(f *testing.F) {
	all := twins(f)
	f.Add(uint(0), "", "", "application/json", "", []byte(everyMember))
	f.Add(uint(1), "", "", "application/x-www-form-urlencoded", "", []byte("grant_type=client_credentials&count=1"))
	f.Add(uint(2), "", "", "application/json", "", []byte(`{"one":1,"pet":{"kind":"cat","lives":9},"all":{"priority":1}}`))
	f.Add(uint(4), "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11", "page=2&flag=true&word=ab", "", "1", []byte{})
	f.Add(uint(5), "1,2", "ids=1&ids=2&csv=1,2&deep[state]=open&json={}", "", "1, 2", []byte{})
	f.Add(uint(10), "", "", "application/json", "", []byte(authorizeBody))
	f.Fuzz(func(t *testing.T, which uint, path, query, contentType, header string, body []byte) {
		tw, op := pick(all, which)
		m := message{vars: map[string]string{}, query: query, header: http.Header{}, body: body}
		if contentType != "" {
			m.header.Set("Content-Type", contentType)
		}
		route := tw.route(op)
		for _, ref := range append(route.PathItem.Parameters, route.Operation.Parameters...) {
			switch ref.Value.In {
			case "path":
				m.vars[ref.Value.Name] = path
			case "header":
				m.header.Set(ref.Value.Name, header)
			case "cookie":
				m.header.Set("Cookie", ref.Value.Name+"="+header)
			}
		}
		tw.request(t, op, m)
	})
}

func FuzzResponse(f *testing.F) {
	all := twins(f)
	f.Add(uint(0), 201, "application/json", "/bodies/1", []byte(everyMember))
	f.Add(uint(0), 404, "application/problem+json", "", []byte(`{"title":"T"}`))
	f.Add(uint(2), 200, "application/json", "", []byte(`{"one":1,"pet":{"kind":"dog","loud":true}}`))
	f.Add(uint(6), 200, "text/plain; charset=utf-8", "", []byte("ok"))
	f.Fuzz(func(t *testing.T, which uint, status int, contentType, header string, body []byte) {
		tw, op := pick(all, which)
		m := message{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
		for _, ref := range tw.route(op).Operation.Responses.Map() {
			for name := range ref.Value.Headers {
				m.header.Set(name, header)
			}
		}
		tw.response(t, op, m)
	})
}

// pick chooses one operation of all documents.
func pick(all []*twin, which uint) (*twin, *contract.Operation) {
	count := uint(0)
	for _, tw := range all {
		count += uint(len(tw.contract.Operations()))
	}
	which %= count
	for _, tw := range all {
		operations := tw.contract.Operations()
		if which < uint(len(operations)) {
			return tw, operations[which]
		}
		which -= uint(len(operations))
	}
	return nil, nil
}
