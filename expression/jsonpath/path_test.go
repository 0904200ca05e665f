package jsonpath

import (
	"encoding/json"
	"errors"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// store is the document of RFC 9535, section 1.5.
const store = `{"store":{"book":[
 {"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},
 {"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},
 {"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},
 {"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],
 "bicycle":{"color":"red","price":399}},
 "3ds":{"merchant-id":"m1"},"list":["a","b","c","d","e","f","g"],"k":{"j j":{"k.k":3}},"'":1,"é":"café","":0,"n":null}`

func decode(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func free(int) error { return nil }

func TestSelect(t *testing.T) {
	t.Parallel()
	root := decode(t, store)
	for _, c := range selectCases {
		path, err := Parse(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		got, err := path.Select(root, free)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		texts := []string{}
		for _, v := range got {
			b, _ := json.Marshal(v)
			texts = append(texts, string(b))
		}
		sort.Strings(texts)
		if diff := cmp.Diff(c.want, "["+strings.Join(texts, ",")+"]"); diff != "" {
			t.Errorf("%s: %s", c.path, diff)
		}
	}
}

var selectCases = []struct{ path, want string }{
	{`$.store.book[*].author`, `["Evelyn Waugh","Herman Melville","J. R. R. Tolkien","Nigel Rees"]`},
	{`$..author`, `["Evelyn Waugh","Herman Melville","J. R. R. Tolkien","Nigel Rees"]`},
	{`$.store..price`, `[12.99,22.99,399,8.95,8.99]`},
	{`$..book[2].title`, `["Moby Dick"]`},
	{`$..book[2].publisher`, `[]`},
	{`$..book[-1].title`, `["The Lord of the Rings"]`},
	{`$..book[0,1].price`, `[12.99,8.95]`},
	{`$..book[:2].price`, `[12.99,8.95]`},
	{`$..book[?@.isbn].price`, `[22.99,8.99]`},
	{`$..book[?(@.price < 10)].title`, `["Moby Dick","Sayings of the Century"]`},
	{`$..book[?@.price<10 && @.category == 'fiction'].title`, `["Moby Dick"]`},
	{`$..book[?@.price>20 || !@.isbn && @.price <= 8.95].price`, `[22.99,8.95]`},
	{`$..book[?!(@.price >= 9)].price`, `[8.95,8.99]`},
	{`$..book[?@.price != 8.95].price`, `[12.99,22.99,8.99]`},
	{`$..book[?@.price == $.store.book[0].price].price`, `[8.95]`},
	{`$..book[?match(@.author, 'J.*')].price`, `[22.99]`},
	{`$..book[?search(@.author, "[Mm]el")].price`, `[8.99]`},
	{`$..book[?length(@.title) == 9].price`, `[8.99]`},
	{`$.store[?count(@.*) == 2].price`, `[399]`},
	{`$.store[?value(@..color) == 'red'].price`, `[399]`},
	{`$.list[1:3]`, `["b","c"]`},
	{`$.list[5:]`, `["f","g"]`},
	{`$.list[1:5:2]`, `["b","d"]`},
	{`$.list[5:1:-2]`, `["d","f"]`},
	{`$.list[::-1]`, `["a","b","c","d","e","f","g"]`},
	{`$.list[-2:]`, `["f","g"]`},
	{`$.list[::0]`, `[]`},
	{`$.list[2147483647]`, `[]`},
	{`$.k['j j']['k.k']`, `[3]`},
	{`$.k["j j"]["k.k"]`, `[3]`},
	{`$['\'']`, `[1]`},
	{`$["\u0065\u0301"]`, `[]`},
	{`$['\u00e9']`, `["café"]`},
	{`$.é`, `["café"]`},
	{`$.3ds.merchant-id`, `["m1"]`},
	{`$['']`, `[0]`},
	{`$.n`, `[null]`},
	{`$[?@ == null]`, `[null]`},
	{`$ .store ['bicycle'] .color`, `["red"]`},
	{`$[?@.color == 'red']`, `[]`},
	{`$.store[?@ == $.store.bicycle].color`, `["red"]`},
	{`$.list[?@ > 'e']`, `["f","g"]`},
	{`$.list[?@.missing == $.missing]`, `["a","b","c","d","e","f","g"]`},
	{`$.store.book[?@['isbn'] == "0-553-21311-3"].title`, `["Moby Dick"]`},
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "a", "$.", "$..", "$[", "$[]", "$[1", "$['a", `$["\x"]`, `$["\ud800"]`, "$[1:2:3:4]", "$[99999999999]", "$[1 2]",
		"$[?]", "$[?@.a ==]", "$[?@.* == 1]", "$[?1]", "$[?!@.a == 1]", "$[?(@.a]", "$[?count(1) == 1]", "$[?match(@.a, @.b)]",
		"$[?match(@.a, '(')]", "$[?search(@.a, '" + strings.Repeat("x", 300) + "')]", "$[?search(@.a, '(x{50}){20}(y{50}){20}(z{50}){20}')]",
		"$" + strings.Repeat("[?(@", 40), "$[?" + strings.Repeat("!", 40) + "@.a]", "$ ", "$.a b", "$[?length(@.*) == 1]", "$[?nope(@) == 1]",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestSelectStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	deep := any("x")
	for range 200 {
		deep = []any{deep, deep}[:1]
	}
	stop := errors.New("enough")
	for _, text := range []string{"$..*..*..*..*", "$..[?@..[?@..x]]", "$..[::-1]..[0,0,0,0]..*", "$..[?search(@..x, 'y')]"} {
		path, err := Parse(text)
		if err != nil {
			continue // the last one is not a query for one value
		}
		left := 10_000
		_, err = path.Select(deep, func(cost int) error {
			if left -= cost; left < 0 {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"$.a", "$..book[?(@.price < 10)].title", `$["\u0041\ud83d\ude00"]`, "$[1:2:-1]", "$[?match(@.a,'x')]", "$[?length(@)>1]"} {
		f.Add(s)
	}
	root := decode(f, store)
	f.Fuzz(func(t *testing.T, text string) {
		path, err := Parse(text)
		if err != nil {
			return
		}
		left := 100_000
		_, _ = path.Select(root, func(cost int) error {
			if left -= cost; left < 0 {
				return errors.New("enough")
			}
			return nil
		})
	})
}
