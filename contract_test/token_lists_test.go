package contract_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shelf is a vault with tokens to look for.
type shelf struct {
	*vault
	card, person, other, deep, fingerprinted tokenAnswer
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{vault: shared(t).home.vault(t)}
	s.card = s.create(t, object{"type": "card", "data": object{"number": cardNumber()}, "metadata": object{"customer": s.container, "quoted": `say "hello"`}})
	s.person = s.create(t, object{"data": plain("person"), "metadata": object{"customer": s.container, "kind": "person", "a.b": "dots"}})
	s.other = s.create(t, object{"data": plain("other"), "metadata": object{"customer": strings.ToUpper(s.container), "kind": "person"}})
	s.deep = s.create(t, object{"data": plain("deep"), "containers": list{s.container + "deep/"}, "metadata": object{"customer": s.container}})
	s.fingerprinted = s.create(t, object{"data": plain("fingerprinted"), "fingerprint_expression": "{{ data }}"})
	return s
}

// names are the ids of tokens.
func names(tokens ...tokenAnswer) []string {
	ids := []string{}
	for _, t := range tokens {
		ids = append(ids, t.ID)
	}
	return ids
}

// TestListTokens promises of both generations what each filter leaves, in which order.
func TestListTokens(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	in, customer := url.Values{"container": {s.container}}, s.container
	for name, c := range map[string]struct {
		query  url.Values
		newest []string // in order of creation, newest first; the order of the first generation
	}{
		"everything in a container":        {in, names(s.fingerprinted, s.deep, s.other, s.person, s.card)},
		"a container in capitals":          {url.Values{"container": {strings.ToUpper(s.container)}}, names(s.fingerprinted, s.deep, s.other, s.person, s.card)},
		"a container below":                {url.Values{"container": {s.container + "deep/"}}, names(s.deep)},
		"a container with nothing in it":   {url.Values{"container": {s.container + "dee/"}}, names()},
		"one type in a container":          {url.Values{"container": {s.container}, "type": {"card"}}, names(s.card)},
		"an unknown type in a container":   {url.Values{"container": {s.container}, "type": {"CARD"}}, names()},
		"a fingerprint":                    {url.Values{"fingerprint": {s.fingerprinted.Fingerprint}}, names(s.fingerprinted)},
		"a fingerprint in a container":     {url.Values{"container": {s.container}, "fingerprint": {s.fingerprinted.Fingerprint}}, names(s.fingerprinted)},
		"an unknown fingerprint":           {url.Values{"fingerprint": {strings.ToLower(s.fingerprinted.Fingerprint)}}, names()},
		"metadata with a dot":              {url.Values{"metadata.customer": {customer}}, names(s.deep, s.person, s.card)},
		"metadata in brackets":             {url.Values{"metadata[customer]": {customer}}, names(s.deep, s.person, s.card)},
		"metadata as JSON":                 {url.Values{"metadata": {`{"customer":"` + customer + `"}`}}, names(s.deep, s.person, s.card)},
		"metadata in a container":          {url.Values{"metadata.customer": {customer}, "container": {s.container + "deep/"}}, names(s.deep)},
		"metadata letter for letter":       {url.Values{"metadata.customer": {strings.ToUpper(customer)}}, names(s.other)},
		"metadata of which it is a part":   {url.Values{"metadata.customer": {customer[:len(customer)-1]}}, names()},
		"metadata of another name":         {url.Values{"metadata.Customer": {customer}}, names()},
		"metadata with dots in its name":   {url.Values{"metadata.a.b": {"dots"}, "container": {s.container}}, names(s.person)},
		"metadata in brackets, with dots":  {url.Values{"metadata[a.b]": {"dots"}, "container": {s.container}}, names(s.person)},
		"metadata with quotes":             {url.Values{"metadata.quoted": {`say "hello"`}, "container": {s.container}}, names(s.card)},
		"metadata that is like a wildcard": {url.Values{"metadata.customer": {"%"}}, names()},
		"a query that would be SQL":        {url.Values{"metadata.customer": {"' OR '1'='1"}}, names()},
		"empty filters":                    {url.Values{"container": {s.container}, "type": {""}, "fingerprint": {""}, "start": {""}}, names(s.fingerprinted, s.deep, s.other, s.person, s.card)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := url.Values{}
			for key, values := range c.query {
				if key != "start" {
					first[key] = values
				}
			}
			same(t, "the first generation", s.tokens(t, "/tokens", first).ids(), c.newest)
			want := slices.Clone(c.newest)
			if deep := slices.Index(want, s.deep.ID); deep > 0 { // containers go first, descending
				want = slices.Insert(slices.Delete(want, deep, deep+1), 0, s.deep.ID)
			}
			same(t, "the second generation", s.tokens(t, "/v2/tokens", c.query).ids(), want)
		})
	}
}

// TestListTokensOfTheFirstGeneration promises what only the first can do: several ids, and filters together.
func TestListTokensOfTheFirstGeneration(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for name, c := range map[string]struct {
		query url.Values
		want  []string
	}{
		"several ids":                 {url.Values{"id": {s.card.ID, s.deep.ID, "unknown"}}, names(s.deep, s.card)},
		"one unknown id":              {url.Values{"id": {"unknown"}}, names()},
		"an id of another type":       {url.Values{"id": {s.card.ID}, "type": {"token"}}, names()},
		"several members as JSON":     {url.Values{"metadata": {`{"customer":"` + s.container + `","kind":"person"}`}}, names(s.person)},
		"several members, spelled":    {url.Values{"metadata.customer": {s.container}, "metadata[kind]": {"person"}}, names(s.person)},
		"members, type and container": {url.Values{"metadata.customer": {s.container}, "type": {"token"}, "container": {s.container + "deep/"}}, names(s.deep)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "ids", s.tokens(t, "/tokens", c.query).ids(), c.want)
		})
	}
}

// TestListTokensRefuses promises 400, about the parameter, for filters that cannot be understood or do not go together.
func TestListTokensRefuses(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, c := range map[string]struct{ path, blames string }{
		"a page of none":                     {"/tokens?page=0", "page"},
		"a size too large":                   {"/tokens?size=101", "size"},
		"a size below nothing":               {"/v2/tokens?size=-1", "size"},
		"a start that no page gave":          {"/v2/tokens?start=" + marked("x"), "start"},
		"a start that is JSON":               {"/v2/tokens?start=" + url.QueryEscape(`{"c":"/"}`), "start"},
		"a start too long":                   {"/v2/tokens?start=" + strings.Repeat("x", 1001), "start"},
		"a container that is none":           {"/v2/tokens?container=" + marked("x"), "container"},
		"a container that is none, at first": {"/tokens?container=/a//b/", "container"},
		"a type too long":                    {"/v2/tokens?type=" + strings.Repeat("x", 51), "type"},
		"a type twice":                       {"/v2/tokens?type=card&type=token", "type"},
		"a container twice":                  {"/v2/tokens?container=/a/&container=/b/", "container"},
		"a fingerprint twice":                {"/v2/tokens?fingerprint=a&fingerprint=b", "fingerprint"},
		"a member twice":                     {"/v2/tokens?metadata.k=a&metadata[k]=b", "metadata.k"},
		"a member without a name":            {"/v2/tokens?metadata.=a", "metadata"},
		"metadata that is no JSON":           {"/v2/tokens?metadata=" + marked("x"), "metadata"},
		"metadata that is a list":            {"/tokens?metadata=[]", "metadata"},
		"metadata as a map of Go":            {"/tokens?metadata=map[a:b]", "metadata"},
		"a type and a fingerprint":           {"/v2/tokens?type=card&fingerprint=x", "query"},
		"a type and metadata":                {"/v2/tokens?type=card&metadata.k=v", "query"},
		"two members":                        {"/v2/tokens?metadata.k=v&metadata.l=w", "query"},
		"an id too long":                     {"/tokens?id=" + strings.Repeat("x", 401), "id[0]"},
		"too many ids":                       {"/tokens?id=x" + strings.Repeat("&id=x", 100), "id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.home.private.spoilt(t, http.MethodGet, c.path, nil).refuses(t, c.blames)
		})
	}
}

// TestTokensByPage promises offset pages: how many there are, which is which, and nothing past the end.
func TestTokensByPage(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	var all []string // newest first
	for range 5 {
		all = slices.Insert(all, 0, v.secret(t).ID)
	}
	for name, c := range map[string]struct{ page, size, from, to, pages int }{
		"the first page": {1, 2, 0, 2, 3}, "the second": {2, 2, 2, 4, 3}, "the last": {3, 2, 4, 5, 3}, "one past the end": {4, 2, 5, 5, 3}, "far past the end": {1000000, 100, 5, 5, 1},
		"all of them": {1, 5, 0, 5, 1}, "none of them": {1, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listed := v.tokens(t, "/tokens", url.Values{"container": {v.container}, "page": {strconv.Itoa(c.page)}, "size": {strconv.Itoa(c.size)}})
			found := v.search(t, "/tokens/search", object{"query": "container:" + v.container, "page": c.page, "size": c.size})
			for what, l := range map[string]tokenList{"listed": listed, "found": found} {
				same(t, what, l.ids(), all[c.from:c.to])
				same(t, what+", pagination", []int{l.Pagination.TotalItems, l.Pagination.PageNumber, l.Pagination.PageSize, l.Pagination.TotalPages}, []int{5, c.page, c.size, c.pages})
			}
		})
	}
}

// TestTokensByCursor promises that following `next` meets each token once, in order, and that the last page has none.
func TestTokensByCursor(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	var all []string
	for i := range 7 {
		made := v.create(t, object{"data": plain("data"), "containers": list{v.container + string(rune('a'+i%3)) + "/"}})
		all = append(all, made.ID)
	}
	all = []string{all[5], all[2], all[4], all[1], all[6], all[3], all[0]} // containers c, b, a, each newest first
	for _, size := range []int{1, 2, 3, 6, 7, 8, 100} {
		for path, turn := range map[string]func(start string) tokenList{
			"/v2/tokens": func(start string) tokenList {
				return v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}, "size": {strconv.Itoa(size)}, "start": {start}})
			},
			"/v2/tokens/search": func(start string) tokenList {
				return v.search(t, "/v2/tokens/search", object{"query": "container:" + v.container, "size": size, "start": start})
			},
		} {
			met, pages := []string{}, 0
			for next := new(string); next != nil; pages++ {
				if pages > len(all) {
					t.Fatalf("%s by %d does not end", path, size)
				}
				l := turn(*next)
				met = append(met, l.ids()...)
				same(t, "page_size", l.Pagination.PageSize, len(l.Data))
				if next = l.Pagination.Next; next != nil && *next == "" {
					t.Fatal("next is empty")
				}
			}
			same(t, path+" by "+strconv.Itoa(size), met, all)
			same(t, "pages", pages, (7+size-1)/size)
		}
	}
	t.Run("a page of none has no next", func(t *testing.T) {
		l := v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}, "size": {"0"}})
		same(t, "ids", l.ids(), list{})
		same(t, "next", l.Pagination.Next, nil)
	})
	t.Run("a deleted token does not break the walk", func(t *testing.T) {
		first := v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}, "size": {"3"}})
		for _, id := range all[2:4] {
			v.delete(t, tokenPath(id)).is(t, http.StatusNoContent)
		}
		rest := v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}, "start": {*first.Pagination.Next}})
		same(t, "the rest", rest.ids(), all[4:])
	})
}
