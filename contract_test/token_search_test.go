package contract_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestSearchTokens promises what each term finds, alone and with a container.
func TestSearchTokens(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	index := plain("index word")
	indexed := s.create(t, object{"data": index, "search_indexes": list{"{{ data }}"}})
	in := " AND container:" + s.container
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"a container":                 {"container:" + s.container + "deep/", names(s.deep)},
		"a container in quotes":       {`container:"` + s.container + `deep/"`, names(s.deep)},
		"a type in a container":       {"type:card" + in, names(s.card)},
		"a container before the rest": {"container:" + s.container + " AND type:card", names(s.card)},
		"a fingerprint":               {"fingerprint:" + s.fingerprinted.Fingerprint, names(s.fingerprinted)},
		"metadata":                    {"metadata.customer:" + s.container, names(s.deep, s.person, s.card)},
		"metadata in a container":     {`metadata.customer:"` + s.container + `" AND container:` + s.container + "deep/", names(s.deep)},
		"metadata of another case":    {"metadata.customer:" + strings.ToUpper(s.container), names(s.other)},
		"metadata with quotes":        {`metadata.quoted:"say \"hello\""` + in, names(s.card)},
		"data":                        {`data:"` + index + `"`, names(indexed)},
		"data in a container":         {`data:"` + index + `"` + in, names(indexed)},
		"data in another container":   {`data:"` + index + `" AND container:` + s.container + "deep/", names()},
		"data that is metadata":       {"data:" + s.container, names()},
		"what is nowhere":             {"type:none", names()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/tokens/search", "/v2/tokens/search"} {
				same(t, path, s.search(t, path, object{"query": c.query}).ids(), c.want)
			}
		})
	}
	t.Run("several members, in the first generation", func(t *testing.T) {
		t.Parallel()
		query := "metadata.kind:person AND metadata.customer:" + s.container
		same(t, "found", s.search(t, "/tokens/search", object{"query": query}).ids(), names(s.person))
		s.post(t, "/v2/tokens/search", object{"query": query}).refuses(t, "query")
	})
	t.Run("everything, without a query", func(t *testing.T) {
		t.Parallel()
		for _, body := range []object{{}, {"query": nil, "size": nil}, {"query": ""}, {"query": " "}} {
			for _, path := range []string{"/tokens/search", "/v2/tokens/search"} {
				same(t, path, contains(s.search(t, path, body).ids(), names(s.card, s.person, s.other, s.deep, s.fingerprinted)...), true)
			}
		}
	})
}

// TestSearchTokensRefuses promises 400, about the query, for what cannot be understood; the answer repeats nothing of it.
func TestSearchTokensRefuses(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, query := range map[string]string{
		"no field": marked("x"), "no value": "data:", "no name": `:"` + marked("x") + `"`, "an unknown field": "created_by:" + marked("x"), "a member without name": "metadata.:" + marked("x"),
		"an open quote": `data:"` + marked("x"), "two terms without AND": "type:card container:/a/", "an OR": "type:card OR type:token", "a small and": "type:card and container:/a/",
		"a container twice": "container:/a/ AND container:/b/", "a bad container": "container:" + marked("x"), "two fields": "type:card AND data:" + marked("x"),
		"AND at the end": "type:card AND ", "a bare AND": "AND", "a NUL": "data:\x00" + marked("x"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/tokens/search", "/v2/tokens/search"} {
				v.post(t, path, object{"query": query}).refuses(t, "query")
			}
		})
	}
	for member, value := range map[string]any{"query": marked(strings.Repeat("x", 200)), "size": 101, "page": 0, "start": marked(strings.Repeat("x", 1000)), "order": marked("up")} {
		t.Run("a "+member+" out of bounds", func(t *testing.T) {
			t.Parallel()
			if member != "page" {
				v.spoilt(t, http.MethodPost, "/v2/tokens/search", object{member: value}).refuses(t, member)
			}
			v.spoilt(t, http.MethodPost, "/tokens/search", object{member: value}).refuses(t, member)
		})
	}
	v.post(t, "/v2/tokens/search", object{"start": marked("x")}).refuses(t, "start")
}
