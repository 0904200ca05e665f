package hallpass_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass"
)

// TestTokenMergePatch holds the examples of RFC 7386, appendix A.
func TestTokenMergePatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		target := jsonTree(t, c.target)
		wantSame(t, c.target+" with "+c.patch, jsonText(t, hallpass.MergePatch(target, jsonTree(t, c.patch))), c.want)
		wantSame(t, "the target afterwards", jsonText(t, target), c.target)
	}
}

func drawTree(t *rapid.T, depth int) any {
	kinds := 3
	if depth > 0 {
		kinds = 5
	}
	switch rapid.IntRange(1, kinds).Draw(t, "kind") {
	case 1:
		return nil
	case 2:
		return rapid.Bool().Draw(t, "boolean")
	case 3:
		return rapid.SampledFrom([]string{"", "x", "4242"}).Draw(t, "text")
	case 4:
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return drawTree(t, depth-1) }), 0, 3).Draw(t, "array")
	default:
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 3, rapid.ID).Draw(t, "names")
		object := map[string]any{}
		for _, name := range names {
			object[name] = drawTree(t, depth-1)
		}
		return object
	}
}

func TestTokenMergePatchIsIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		target, patch := drawTree(t, 3), drawTree(t, 3)
		once := hallpass.MergePatch(target, patch)
		if got, want := hallpass.MergePatch(once, patch), once; !sameJSON(got, want) {
			t.Fatalf("applied twice: %v, once: %v", got, want)
		}
		if _, ok := patch.(map[string]any); !ok && !sameJSON(once, patch) {
			t.Fatalf("%v did not replace", patch)
		}
	})
}

func FuzzTokenMergePatch(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":null,"c":[1]}}`)
	f.Add(`[1]`, `{"a":null}`)
	f.Fuzz(func(t *testing.T, target, patch string) {
		before, ok := decoded(target)
		change, fine := decoded(patch)
		if !ok || !fine {
			t.Skip()
		}
		written := jsonText(t, before)
		once := hallpass.MergePatch(before, change)
		wantSame(t, "the target afterwards", jsonText(t, before), written)
		wantSame(t, "applied twice", jsonText(t, hallpass.MergePatch(once, change)), jsonText(t, once))
	})
}

// later is when these tests change what they made at noon.
var later = noon.Add(20 * time.Minute)

// patched applies a patch later to the token that a body makes.
func patched(t *testing.T, settings []string, body, patch string) (*hallpass.TokenDraft, error) {
	t.Helper()
	d := mustBuild(t, builder(settings...), body)
	before := jsonText(t, d.Token)
	b := builder(settings...)
	b.Now, b.Author = later, "another"
	changed, err := b.Patch(&d.Token, jsonObject(t, patch))
	wantSame(t, "the token that was given", jsonText(t, d.Token), before)
	return changed, err
}

const aCard = `{"type":"card","data":{"number":"4242424242424242","expiration_month":12,"cvc":"123"},
	"metadata":{"a":"1","b":"2"},"containers":["/pci/a/"],"expires_at":"2031-01-01"}`

func TestTokenPatch(t *testing.T) {
	t.Parallel()
	fingerprint := func(text string) string { return aKey.Fingerprint(aTenant, "card", text) }
	for _, c := range []struct {
		name, patch string
		want        func(*hallpass.Token)
	}{
		{"nothing", `{}`, func(*hallpass.Token) {}},
		{"one member of the data", `{"data":{"expiration_month":1}}`, func(d *hallpass.Token) {
			d.Data = jsonTree(t, `{"number":"4242424242424242","expiration_month":1,"cvc":"123"}`)
		}},
		{"a new cvc, which is kept from then on", `{"data":{"cvc":"999"}}`, func(d *hallpass.Token) {
			d.Data = jsonTree(t, `{"number":"4242424242424242","expiration_month":12,"cvc":"999"}`)
			d.CVCExpiresAt = later.Add(time.Hour)
		}},
		{"the cvc away", `{"data":{"cvc":null}}`, func(d *hallpass.Token) {
			d.Data = jsonTree(t, `{"number":"4242424242424242","expiration_month":12}`)
			d.CVCExpiresAt = time.Time{}
		}},
		{"metadata", `{"metadata":{"a":null,"c":"3"}}`, func(d *hallpass.Token) {
			d.Metadata = map[string]string{"b": "2", "c": "3"}
		}},
		{"all metadata away", `{"metadata":null}`, func(d *hallpass.Token) { d.Metadata = nil }},
		{"a container", `{"containers":["/PCI/b/"]}`, func(d *hallpass.Token) { d.Container = "/pci/b/" }},
		{"the type's container again", `{"containers":null}`, func(d *hallpass.Token) { d.Container = "/pci/high/" }},
		{"a mask", `{"mask":{"number":"{{ data.number | last4 }}"}}`, func(d *hallpass.Token) {
			d.Mask = map[string]any{"number": "{{ data.number | last4 }}"}
		}},
		{"a fingerprint", `{"fingerprint_expression":"{{ data.number }}-{{ metadata.a }}"}`, func(d *hallpass.Token) {
			d.FingerprintExpression, d.Fingerprint = "{{ data.number }}-{{ metadata.a }}", fingerprint("4242424242424242-1")
		}},
		{"a fingerprint to deduplicate by", `{"deduplicate_token":true}`, func(d *hallpass.Token) {
			d.Fingerprint = fingerprint("4242424242424242")
		}},
		{"no expiry", `{"expires_at":null}`, func(d *hallpass.Token) { d.ExpiresAt = time.Time{} }},
		{"privacy", `{"privacy":{"impact_level":"low"}}`, func(d *hallpass.Token) { d.Privacy.ImpactLevel = "low" }},
		{"search indexes", `{"search_indexes":["{{ data.number }}"]}`, func(d *hallpass.Token) {
			d.SearchIndexes = []string{"{{ data.number }}"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := mustBuild(t, builder(), aCard).Token
			want.ModifiedBy, want.ModifiedAt = "another", later
			c.want(&want)
			got, err := patched(t, nil, aCard, c.patch)
			if err != nil {
				t.Fatal(refusalOf(err))
			}
			wantSame(t, "token", got.Token, want)
			terms := len(want.SearchIndexes)
			wantSame(t, "number of search terms", len(got.SearchTerms), terms)
		})
	}
}

func TestTokenPatchIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, patch, want string }{
		{"an id", `{"id":"other"}`, "map[id:[cannot be changed]]"},
		{"a type, even null", `{"type":null}`, "map[type:[cannot be changed]]"},
		{"a member that does not exist", `{"colour":1}`, "map[colour:[is not a member that can be changed]]"},
		{"a token intent", `{"token_intent_id":"x"}`, "map[token_intent_id:[is not a member that can be changed]]"},
		{"no data", `{"data":null}`, "map[data:[is required]]"},
		{"data of another kind", `{"data":"4242424242424242"}`, "map[data:[must be an object]]"},
		{"data that is a card no more", `{"data":{"number":null}}`, "map[data.number:[is required]]"},
		{"a wrong number", `{"data":{"number":"4242424242424241"}}`, "map[data.number:[is not a valid card number]]"},
		{"metadata that is a text", `{"metadata":"x"}`, "map[metadata:[must be an object]]"},
		{"metadata of numbers", `{"metadata":{"c":1}}`, "map[metadata.c:[must be a string]]"},
		{"six search indexes", `{"search_indexes":["1","2","3","4","5","6"]}`, "map[search_indexes:[must have at most 5 elements]]"},
		{"a search index without value", `{"search_indexes":["{{ data.x }}"]}`, "map[search_indexes[0]:[must give one value that is neither null nor empty]]"},
		{"a mask that cannot be read", `{"mask":"{{"}`, "map[mask:[The expression is invalid: an expression opened with {{ is not closed]]"},
		{"an expiry in the past", `{"expires_at":"2030-04-23T12:00:00Z"}`, "map[expires_at:[must be in the future]]"},
		{"an expiry that is no text", `{"expires_at":5}`, "map[expires_at:[must be a string]]"},
		{"a container without slash", `{"containers":["x"]}`, "map[containers[0]:[must be a container such as /pci/high/]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := patched(t, nil, aCard, c.patch)
			wantSame(t, "refusal", refusalOf(err), c.want)
		})
	}
}

func TestTokenPatchWorksOutAnewWhatFollowsFromTheData(t *testing.T) {
	t.Parallel()
	all := []string{hallpass.SettingFingerprintTokens, "true"}
	d, err := patched(t, all, `{"type":"social_security_number","data":"123-45-6789"}`, `{"data":"987-65-4321"}`)
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "fingerprint", d.Fingerprint, aKey.Fingerprint(aTenant, d.Type, "987654321"))
	wantSame(t, "search terms", d.SearchTerms, []hallpass.SearchTerm{
		aKey.SearchTerm(aTenant, "987-65-4321"), aKey.SearchTerm(aTenant, "987654321"), aKey.SearchTerm(aTenant, "4321"),
	})
}

func TestTokenPatchKeepsTheFingerprintThatATenantNoLongerAsksFor(t *testing.T) {
	t.Parallel()
	made := mustBuild(t, builder(hallpass.SettingFingerprintTokens, "true"), `{"type":"token","data":"a"}`)
	d, err := builder().Patch(&made.Token, jsonObject(t, `{"data":"b"}`))
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "fingerprint", d.Fingerprint, aKey.Fingerprint(aTenant, d.Type, "b"))

	made = mustBuild(t, builder(), `{"type":"token","data":"a","fingerprint_expression":"{{ data }}"}`)
	d, err = builder().Patch(&made.Token, jsonObject(t, `{"fingerprint_expression":null}`))
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "fingerprint once its expression is gone", d.Fingerprint, "")
}

func TestTokenPatchDoesNotBringBackAnExpiredCVC(t *testing.T) {
	t.Parallel()
	made := mustBuild(t, builder(), aCard)
	b := builder()
	b.Now = noon.Add(2 * time.Hour)
	d, err := b.Patch(&made.Token, jsonObject(t, `{"metadata":{"c":"3"}}`))
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "data", jsonText(t, d.Data), `{"expiration_month":12,"number":"4242424242424242"}`)
	wantSame(t, "cvc kept until", d.CVCExpiresAt, time.Time{})
}

func TestTokenOverwriteTakesDataAndMetadata(t *testing.T) {
	t.Parallel()
	b := builder(hallpass.SettingDeduplicateTokens, "true", hallpass.SettingDeduplication, "update_existing")
	existing := mustBuild(t, b, `{"id":"first","type":"card","data":{"number":"4242424242424242","expiration_month":1},
		"containers":["/a/"],"search_indexes":["{{ data.expiration_month }}"],"metadata":{"a":"1"}}`)
	b.Now = later
	again := mustBuild(t, b, `{"type":"card","data":{"number":"4242424242424242","expiration_month":2},"metadata":{"b":"2"}}`)
	wantSame(t, "duplicate", again.Deduplicate && again.UpdateExisting && again.Fingerprint == existing.Fingerprint, true)
	over, err := b.Overwrite(&existing.Token, again)
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	want := existing.Token
	want.Data, want.Metadata, want.ModifiedBy, want.ModifiedAt = again.Data, again.Metadata, anAuthor, later
	wantSame(t, "token", over.Token, want)
	wantSame(t, "search terms", over.SearchTerms, []hallpass.SearchTerm{aKey.SearchTerm(aTenant, "2")})
	wantSame(t, "to be deduplicated itself", over.Deduplicate, false)
}
