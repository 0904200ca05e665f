package hallpass_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

type metadata = map[string]string

func TestTokenQuery(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]hallpass.TokenQuery{
		``:                                    {},
		`  `:                                  {},
		`data:123-45-6789`:                    {Data: ptr("123-45-6789")},
		`data:"several words"`:                {Data: ptr("several words")},
		`data: "a \"quoted\" \\"`:             {Data: ptr(`a "quoted" \`)},
		`data:a\ b`:                           {Data: ptr("a b")},
		`data:John@X.com`:                     {Data: ptr("John@X.com")},
		`data:10:30`:                          {Data: ptr("10:30")},
		`data:AND`:                            {Data: ptr("AND")},
		`type:card`:                           {Type: "card"},
		`fingerprint:AKCUXS83`:                {Fingerprint: "AKCUXS83"},
		`container:/PCI/High/`:                {Container: "/pci/high/"},
		`metadata.customer_id:cus_12345`:      {Metadata: metadata{"customer_id": "cus_12345"}},
		`metadata.a.b:"x y"`:                  {Metadata: metadata{"a.b": "x y"}},
		`metadata.a\:b:c`:                     {Metadata: metadata{"a:b": "c"}},
		`container:/pci/ AND data:4242`:       {Container: "/pci/", Data: ptr("4242")},
		`data:"4242"  AND  container:"/pci/"`: {Container: "/pci/", Data: ptr("4242")},
		`metadata.a:b AND container:/`:        {Container: "/", Metadata: metadata{"a": "b"}},
		`metadata.a:"AND metadata.b:c" AND container:/`: {Container: "/", Metadata: metadata{"a": "AND metadata.b:c"}},
	} {
		for _, generation := range []hallpass.Generation{hallpass.V1, hallpass.V2} {
			got, err := hallpass.ParseTokenQuery(text, generation)
			if err != nil {
				t.Errorf("%s: %v", text, refusalOf(err))
			}
			wantSame(t, text, got, want)
		}
	}
}

func TestTokenQueryIsRefused(t *testing.T) {
	t.Parallel()
	const (
		terms   = "map[query:[must consist of terms such as metadata.user_id:34445]]"
		joints  = "map[query:[must have AND between its terms, and quotes around values with spaces]]"
		fields  = "map[query:[must name one of: container, type, fingerprint, data, metadata.<key>]]"
		mixture = "map[query:[must not combine these fields]]"
		twice   = "map[query:[must not name a field twice]]"
	)
	for text, want := range map[string]string{
		`4242`:                             terms,
		`data:`:                            terms,
		`data:""`:                          terms,
		`:4242`:                            terms,
		`data:"4242`:                       terms,
		`"data":4242`:                      terms,
		`data 4242:1`:                      terms,
		`data:4242 AND`:                    joints,
		`data:4242 AND `:                   joints,
		`data:4242 and container:/`:        joints,
		`data:two words`:                   joints,
		`data:a"b"`:                        joints,
		`data:"a"AND container:/`:          joints,
		`data:"a" ANDcontainer:/`:          joints,
		`data:a OR data:b`:                 joints,
		`colour:red`:                       fields,
		`metadata.:x`:                      fields,
		`Data:x`:                           fields,
		`data:a AND data:b`:                mixture,
		`type:card AND data:b`:             mixture,
		`metadata.a:b AND type:c`:          mixture,
		`fingerprint:b AND metadata.a:b`:   mixture,
		`container:/ AND container:/pci/`:  twice,
		`container:pci`:                    "map[query:[must name a container such as /pci/high/]]",
		`data:` + strings.Repeat("a", 196): "map[query:[must have at most 200 characters]]",
		"data:a\x00b":                      "map[query:[must be text without NUL characters]]",
	} {
		for _, generation := range []hallpass.Generation{hallpass.V1, hallpass.V2} {
			_, err := hallpass.ParseTokenQuery(text, generation)
			wantSame(t, text, refusalOf(err), want)
		}
	}
	several := `metadata.a:b AND metadata.c:"d" AND container:/pci/`
	_, err := hallpass.ParseTokenQuery(several, hallpass.V2)
	wantSame(t, "several of metadata in V2", refusalOf(err), mixture)
	q, err := hallpass.ParseTokenQuery(several, hallpass.V1)
	wantSame(t, "several of metadata in V1", err == nil, true)
	wantSame(t, "several of metadata in V1", q, hallpass.TokenQuery{Container: "/pci/", Metadata: metadata{"a": "b", "c": "d"}})
	_, err = hallpass.ParseTokenQuery(`metadata.a:b AND metadata.a:c`, hallpass.V1)
	wantSame(t, "one of metadata twice in V1", refusalOf(err), twice)
}

// quoted writes a value as a query holds it.
func quoted(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

func TestTokenQueryReadsEveryQuotedValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOfN(rapid.RuneFrom([]rune(`ab :"\/é AND`)), 1, 60, -1).Draw(t, "value")
		q, err := hallpass.ParseTokenQuery(`container:/pci/ AND data:`+quoted(value), hallpass.V2)
		if err != nil || q.Data == nil || *q.Data != value || q.Container != "/pci/" {
			t.Fatalf("got %+v, %v", q, err)
		}
	})
}

func FuzzTokenQuery(f *testing.F) {
	for _, seed := range []string{
		`data:4242`, `metadata.a:"b c" AND container:/pci/`, `data:\`, `"`, `a:b:c AND`, `type:card AND fingerprint:x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, generation := range []hallpass.Generation{hallpass.V1, hallpass.V2} {
			q, err := hallpass.ParseTokenQuery(text, generation)
			if err != nil {
				wantKind(t, err, hallpass.KindInvalid)
				continue
			}
			var terms []string
			for key, value := range q.Metadata {
				key = strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(key)
				terms = append(terms, "metadata."+key+":"+quoted(value))
			}
			for field, value := range map[string]string{"container": q.Container, "type": string(q.Type), "fingerprint": q.Fingerprint} {
				if value != "" {
					terms = append(terms, field+":"+quoted(value))
				}
			}
			if q.Data != nil {
				terms = append(terms, "data:"+quoted(*q.Data))
			}
			written := strings.Join(terms, " AND ")
			if len(written) > hallpass.MaxTokenQuery {
				continue
			}
			again, err := hallpass.ParseTokenQuery(written, generation)
			if err != nil {
				t.Fatalf("%q, written %q: %v", text, written, refusalOf(err))
			}
			wantSame(t, "query written and read again", again, q)
		}
	})
}

func TestTokenFilter(t *testing.T) {
	t.Parallel()
	type parameters = map[string][]string
	for _, c := range []struct {
		name       string
		parameters parameters
		want       hallpass.TokenQuery
	}{
		{"nothing", parameters{"size": {"20"}, "start": {"x", "y"}}, hallpass.TokenQuery{}},
		{"a container", parameters{"container": {"/PCI/"}}, hallpass.TokenQuery{Container: "/pci/"}},
		{"a container and a type", parameters{"container": {"/"}, "type": {"card"}}, hallpass.TokenQuery{Container: "/", Type: "card"}},
		{"a fingerprint", parameters{"fingerprint": {"x"}}, hallpass.TokenQuery{Fingerprint: "x"}},
		{"metadata with a dot", parameters{"metadata.k": {"v"}}, hallpass.TokenQuery{Metadata: metadata{"k": "v"}}},
		{"metadata in brackets", parameters{"metadata[k]": {"v"}}, hallpass.TokenQuery{Metadata: metadata{"k": "v"}}},
		{"metadata as JSON", parameters{"metadata": {`{"k":"v","l":null}`}}, hallpass.TokenQuery{Metadata: metadata{"k": "v"}}},
		{"metadata of an empty value", parameters{"metadata.k": {""}}, hallpass.TokenQuery{Metadata: metadata{"k": ""}}},
		{"metadata as an empty object", parameters{"metadata": {`{}`}}, hallpass.TokenQuery{}},
		{"empty parameters", parameters{"type": {""}, "container": {""}}, hallpass.TokenQuery{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, generation := range []hallpass.Generation{hallpass.V1, hallpass.V2} {
				q, err := hallpass.ParseTokenFilter(c.parameters, generation)
				wantSame(t, "refusal", refusalOf(err), "none")
				wantSame(t, "query", q, c.want)
			}
		})
	}
}

func TestTokenFilterIsRefused(t *testing.T) {
	t.Parallel()
	type parameters = map[string][]string
	ids := make([]string, 101)
	for _, c := range []struct {
		name       string
		parameters parameters
		first      string // the refusal in V1
		second     string // the refusal in V2
	}{
		{"a container without slash", parameters{"container": {"pci"}},
			"map[container:[must be a container such as /pci/high/]]", "map[container:[must be a container such as /pci/high/]]"},
		{"two types", parameters{"type": {"a", "b"}}, "none", "map[type:[must be given at most once]]"},
		{"a type and a fingerprint", parameters{"type": {"a"}, "fingerprint": {"b"}},
			"none", "map[query:[only container can be combined with another parameter]]"},
		{"two keys of metadata", parameters{"metadata.a": {"1"}, "metadata[b]": {"2"}},
			"none", "map[query:[only container can be combined with another parameter]]"},
		{"one key in two spellings", parameters{"metadata.a": {"1"}, "metadata[a]": {"2"}},
			"none", "map[metadata.a:[must be given at most once]]"},
		{"metadata without key", parameters{"metadata.": {"1"}}, "map[metadata:[must name a key]]", "map[metadata:[must name a key]]"},
		{"metadata in the spelling of a broken client", parameters{"metadata": {"map[a:b]"}},
			"map[metadata:[must be a JSON object of strings, or be spelled metadata.key=value]]",
			"map[metadata:[must be a JSON object of strings, or be spelled metadata.key=value]]"},
		{"a NUL", parameters{"type": {"\x00"}}, "map[type:[must be text without NUL characters]]", "map[type:[must be text without NUL characters]]"},
		{"101 ids", parameters{"id": ids}, "map[id:[must be given at most 100 times]]", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := hallpass.ParseTokenFilter(c.parameters, hallpass.V1)
			wantSame(t, "V1", refusalOf(err), c.first)
			_, err = hallpass.ParseTokenFilter(c.parameters, hallpass.V2)
			wantSame(t, "V2", refusalOf(err), c.second)
		})
	}
	q, err := hallpass.ParseTokenFilter(parameters{"id": {"a", "b"}, "id[]": {"c"}, "type": {"card", "x"}, "metadata.a": {"1", "2"}}, hallpass.V1)
	wantSame(t, "V1 takes ids, and the first of what is repeated", err, nil)
	wantSame(t, "V1", q, hallpass.TokenQuery{IDs: []string{"a", "b", "c"}, Type: "card", Metadata: metadata{"a": "1"}})
}
