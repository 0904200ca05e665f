package hallpass_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"hallpass"
)

// decoded reads JSON as the server does, and nothing else.
func decoded(text string) (any, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil || decoder.More() {
		return nil, false
	}
	return tree, true
}

// leaves are the texts and numbers of a tree.
func leaves(tree any) (values []string) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, item := range tree {
			values = append(values, leaves(item)...)
		}
	case []any:
		for _, item := range tree {
			values = append(values, leaves(item)...)
		}
	case nil, bool:
	default:
		values = append(values, fmt.Sprint(tree))
	}
	return values
}

func TestTokenRequestIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 401)
	for _, c := range []struct{ name, members, want string }{
		{"an id of 2 characters", `"id":"ab"`, "map[id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{"the name of another operation", `"id":"search"`, "map[id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{"an empty id", `"id":""`, "map[id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{"an id of 401 characters", `"id":"` + long + `"`, "map[id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{"an id that is a number", `"id":12345`, "map[id:[must be a string]]"},
		{"an alias that yields nothing", `"id":"{{ data.absent }}"`, "map[id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{"an alias that yields an object", `"id":"{{ data }}","data":{"a":1}`, "map[id:[must give one value, not an object or array]]"},
		{"two containers", `"containers":["/a/","/b/"]`, "map[containers:[must have at most one element]]"},
		{"a container without slash", `"containers":["/a"]`, "map[containers[0]:[must be a container such as /pci/high/]]"},
		{"a container that is a text", `"containers":"/a/"`, "map[containers:[must be an array of strings]]"},
		{"a container that is a number", `"containers":[1]`, "map[containers[0]:[must be a string]]"},
		{"metadata of numbers", `"metadata":{"a":1}`, "map[metadata.a:[must be a string]]"},
		{"metadata with a null", `"metadata":{"a":null}`, "map[metadata.a:[must be a string]]"},
		{"metadata that is a list", `"metadata":[]`, "map[metadata:[must be an object]]"},
		{"metadata with a long value", `"metadata":{"a":"` + strings.Repeat("é", 4001) + `"}`, "map[metadata.a:[must have at most 4000 characters]]"},
		{"metadata with a nameless value", `"metadata":{"":"x"}`, "map[metadata.*:[must have a name of 1 to 200 characters]]"},
		{"metadata with a NUL", `"metadata":{"a":"\u0000"}`, "map[metadata.a:[must be text without NUL characters]]"},
		{"eleven search indexes", `"search_indexes":["1","2","3","4","5","6","7","8","9","a","b"]`, "map[search_indexes:[must have at most 10 elements]]"},
		{"a search index that yields null", `"search_indexes":["{{ data }}","{{ data.absent }}"]`, "map[search_indexes[1]:[must give one value that is neither null nor empty]]"},
		{"a search index that yields nothing", `"search_indexes":[""]`, "map[search_indexes[0]:[must give one value that is neither null nor empty]]"},
		{"a search index that yields several values", `"search_indexes":["{{ data }}"],"data":["a","b"]`, "map[search_indexes[0]:[must give one value, not an object or array]]"},
		{"a search index with an unknown filter", `"search_indexes":["{{ data | nope }}"]`, "map[search_indexes[0]:[The expression is invalid: there is no filter nope]]"},
		{"a mask with an unknown filter", `"mask":{"a":["{{ data | nope }}"]}`, "map[mask:[The expression is invalid: there is no filter nope]]"},
		{"a fingerprint expression of 401 characters", `"fingerprint_expression":"` + long + `"`, "map[fingerprint_expression:[must have at most 400 characters]]"},
		{"a fingerprint expression that cannot be read", `"fingerprint_expression":"{{ data"`, "map[fingerprint_expression:[The expression is invalid: an expression opened with {{ is not closed]]"},
		{"an expiry in the past", `"expires_at":"2020-01-01"`, "map[expires_at:[must be in the future]]"},
		{"an expiry that is no date", `"expires_at":"soon"`, "map[expires_at:[must be an ISO 8601 date and time]]"},
		{"an expiry that is a number", `"expires_at":1900000000`, "map[expires_at:[must be a string]]"},
		{"a deduplication that is a text", `"deduplicate_token":"true"`, "map[deduplicate_token:[must be a boolean]]"},
		{"a privacy that does not exist", `"privacy":{"impact_level":"huge","restriction_policy":"hide"}`, "map[privacy.impact_level:[must be one of: low, moderate, high] privacy.restriction_policy:[must be one of: mask, redact]]"},
		{"encrypted data", `"encrypted":"ey..."`, "map[encrypted:[is not supported]]"},
		{"a token intent", `"token_intent_id":"c06d0789-0a38-40be-b7cc-c28a718f76f1"`, "map[token_intent_id:[is not supported]]"},
		{"a member that does not exist", `"colour":"red"`, "map[colour:[is not a member of a token request]]"},
		{"data in the place of a name", `"4242424242424242":1`, "map[*:[is not a member of a token request]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			body := `{"type":"token",` + c.members + `}`
			if !strings.Contains(c.members, `"data"`) {
				body = `{"type":"token","data":"secret",` + c.members + `}`
			}
			_, err := build(t, builder(), body)
			wantSame(t, "refusal", refusalOf(err), c.want)
		})
	}
}

func TestTokenRequestIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{
		"id":"customer 42!","type":"card","data":{"number":"4242424242424242"},"mask":"{{ data.number, reveal_last: 4 }}",
		"containers":["/Users/A-1/Moderate/"],"metadata":{"order":"1"},"search_indexes":["{{ data.number | last4 }}","4242"],
		"fingerprint_expression":"{{ data.number }}{{ metadata.order }}","expires_at":null,"encrypted":null,
		"privacy":{"classification":"general"}}`)
	wantSame(t, "token", d.Token, hallpass.Token{
		ID: "customer 42!", TenantID: aTenant, Type: "card", Data: map[string]any{"number": "4242424242424242"},
		Mask: "{{ data.number, reveal_last: 4 }}", Container: "/users/a-1/moderate/",
		Metadata: map[string]string{"order": "1"}, SearchIndexes: []string{"{{ data.number | last4 }}", "4242"},
		FingerprintExpression: "{{ data.number }}{{ metadata.order }}",
		Fingerprint:           aKey.Fingerprint(aTenant, "card", "42424242424242421"),
		Privacy:               hallpass.Privacy{Classification: "general"},
		CreatedBy:             anAuthor, CreatedAt: noon,
	})
	wantSame(t, "search terms", d.SearchTerms, []hallpass.SearchTerm{aKey.SearchTerm(aTenant, "4242")})
}

func TestTokenSearchIndexesCanBeNone(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"type":"social_security_number","data":"123-45-6789","search_indexes":[]}`)
	wantSame(t, "terms", len(d.SearchTerms)+len(d.SearchIndexes), 0)
	wantSame(t, "indexes are a list", d.SearchIndexes != nil, true)
}

func TestTokenFingerprint(t *testing.T) {
	t.Parallel()
	const everything, deduplicate = hallpass.SettingFingerprintTokens, hallpass.SettingDeduplicateTokens
	for _, c := range []struct {
		name        string
		settings    []string
		members     string
		fingerprint string // of which text; empty for none
		deduplicate bool
	}{
		{"none unless asked for", nil, ``, "", false},
		{"by the expression given", nil, `,"fingerprint_expression":"{{ data | upcase }}"`, "SECRET", false},
		{"by the type's expression where the tenant wants all", []string{everything, "true"}, ``, "secret", false},
		{"by the type's expression to deduplicate", nil, `,"deduplicate_token":true`, "secret", true},
		{"to deduplicate as the tenant wants", []string{deduplicate, "true"}, ``, "secret", true},
		{"not to deduplicate, for the request wins", []string{deduplicate, "true"}, `,"deduplicate_token":false`, "", false},
		{"with null for the tenant's wish", []string{deduplicate, "true"}, `,"deduplicate_token":null`, "secret", true},
		{"none of nothing", []string{deduplicate, "true"}, `,"fingerprint_expression":"{{ data.a }} {{ data.b }}"`, "", false},
		{"of metadata", nil, `,"metadata":{"a":"b"},"fingerprint_expression":"{{ metadata.a }}"`, "b", false},
		{"of an object", nil, `,"metadata":{"a":"<"},"fingerprint_expression":"{{ metadata }}"`, `{"a":"<"}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := mustBuild(t, builder(c.settings...), `{"type":"token","data":"secret"`+c.members+`}`)
			want := ""
			if c.fingerprint != "" {
				want = aKey.Fingerprint(aTenant, hallpass.TypeToken, c.fingerprint)
			}
			wantSame(t, "fingerprint", d.Fingerprint, want)
			wantSame(t, "deduplicate", d.Deduplicate, c.deduplicate)
		})
	}
}

func TestTokenFingerprintBelongsToTenantAndType(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	other := &hallpass.TenantKey{9}
	for _, fingerprint := range []string{
		aKey.Fingerprint("a", "card", "x"), aKey.Fingerprint("b", "card", "x"), aKey.Fingerprint("a", "bank", "x"),
		aKey.Fingerprint("a", "car", "dx"), aKey.Fingerprint("ac", "ard", "x"), other.Fingerprint("a", "card", "x"),
	} {
		if !regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{43,44}$`).MatchString(fingerprint) || seen[fingerprint] {
			t.Errorf("got %s", fingerprint)
		}
		seen[fingerprint] = true
	}
	if aKey.SearchTerm("a", "x") == aKey.SearchTerm("b", "x") || aKey.SearchTerm("a", "x") == aKey.SearchTerm("a", "X") {
		t.Error("a search term is another's")
	}
}

func TestTokenAliasFallsBackToTheUUID(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"id":"{{ data | alias_preserve_format: 0, 4 }}","type":"token","data":"123-45-6789"}`)
	seen := map[string]bool{}
	for range hallpass.AliasAttempts {
		if !regexp.MustCompile(`^\d{3}-\d{2}-6789$`).MatchString(d.ID) || seen[d.ID] {
			t.Fatalf("got alias %s", d.ID)
		}
		seen[d.ID] = true
		if renamed, err := d.Rename(); !renamed || err != nil {
			t.Fatalf("got %v, %v", renamed, err)
		}
	}
	for range 2 { // however often: another is made each time
		wantSame(t, "last id", d.ID, aToken)
		renamed, err := d.Rename()
		wantSame(t, "renamed once more", renamed && err == nil, true)
	}
}

func TestTokenRequestBoundsMetadataAndPrivacy(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range hallpass.MaxMetadata + 1 {
		many[fmt.Sprint("k", i)] = "v"
	}
	_, err := build(t, builder(), `{"type":"token","data":1,"metadata":`+jsonText(t, many)+`}`)
	wantSame(t, "101 members", refusalOf(err), "map[metadata:[must have at most 100 members]]")
	delete(many, "k0")
	_, err = build(t, builder(), `{"type":"token","data":1,"metadata":`+jsonText(t, many)+`}`)
	wantSame(t, "100 members", refusalOf(err), "none")
	long := strings.Repeat("a", 51)
	_, err = build(t, builder(), `{"type":"token","data":1,"privacy":{"classification":"`+long+`"}}`)
	wantSame(t, "classification", refusalOf(err), "map[privacy.classification:[must have at most 50 characters]]")
	_, err = build(t, builder(), `{"type":"token","data":1,"privacy":"high"}`)
	wantSame(t, "privacy", refusalOf(err), "map[privacy:[must be an object]]")
}

func TestTokenIDGivenIsNeverChanged(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"id":"my-token","type":"token","data":1}`)
	renamed, err := d.Rename()
	wantSame(t, "left as it is", !renamed && err == nil && d.ID == "my-token", true)
	wantKind(t, hallpass.ErrTokenIDTaken, hallpass.KindConflict)
}

func TestCheckTokenID(t *testing.T) {
	t.Parallel()
	for id, fine := range map[string]bool{
		"abc": true, "ééé": true, "john.doe@gmail.com": true, "a b c": true, strings.Repeat("é", 400): true,
		"": false, "ab": false, strings.Repeat("a", 401): false, "a\x00b": false, "a\nb": false, "abc\xff": false,
	} {
		wantSame(t, id, hallpass.CheckTokenID(id) == nil, fine)
	}
	for _, c := range `#/\+?[]|&=%<>{}^` {
		wantSame(t, string(c), hallpass.CheckTokenID("ab"+string(c)) == nil, false)
	}
}

// brokenEvaluator fails as an engine does whose source of chance has failed.
type brokenEvaluator struct{ err error }

func (e brokenEvaluator) Evaluate(string, map[string]any) (any, error)  { return nil, e.err }
func (e brokenEvaluator) EvaluateTree(any, map[string]any) (any, error) { return nil, e.err }

func TestTokenBuilderPassesOnInternalErrors(t *testing.T) {
	t.Parallel()
	failure := errors.New("no entropy")
	b := builder()
	b.Evaluator = brokenEvaluator{failure}
	_, err := build(t, b, `{"type":"token","data":1,"mask":"{{ data }}"}`)
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	_, err = (&hallpass.Token{Type: hallpass.TypeCard}).View(hallpass.Mask, b.Evaluator)
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}
