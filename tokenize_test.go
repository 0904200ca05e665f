package hallpass_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

// answered plans a tokenize request and puts a view numbered in order in each place.
func answered(t testing.TB, text string) (plan *hallpass.TokenizePlan, answer string) {
	t.Helper()
	plan, err := hallpass.PlanTokenize(jsonTree(t, text), hallpass.TokenizeQuota)
	if err != nil {
		t.Fatalf("%s: %v", text, refusalOf(err))
	}
	views := make([]*hallpass.TokenView, len(plan.Requests))
	for i, r := range plan.Requests {
		views[i] = &hallpass.TokenView{ID: fmt.Sprint(i), Type: r.Type, Containers: r.Containers}
	}
	return plan, jsonText(t, plan.Substitute(views))
}

func TestTokenizePlan(t *testing.T) {
	t.Parallel()
	const token = `"tenant_id":"","containers":null`
	for _, c := range []struct{ name, request, answer string }{
		{"a text", `"John"`, `"0"`},
		{"an object of values", `{"last_name":"Doe","first_name":"John"}`, `{"first_name":"0","last_name":"1"}`},
		{"numbers and booleans", `[1,true,""]`, `["0","1","2"]`},
		{"nulls and empty things", `[null,{},[],{"a":null}]`, `[null,{},[],{"a":null}]`},
		{"nothing", `null`, `null`},
		{"a token", `{"type":"token","data":"x"}`, `{"id":"0","type":"token",` + token + `}`},
		{"a composite", `{"name":"John","card":{"type":"card","data":{"number":"4242424242424242"}},"tags":["vip",{"type":"token","data":1}]}`,
			`{"card":{"id":"0","type":"card",` + token + `},"name":"1","tags":["2",{"id":"3","type":"token",` + token + `}]}`},
		{"a type without data", `{"type":"token"}`, `{"type":"0"}`},
		{"a token intent that is none", `{"token_intent_id":null}`, `{"token_intent_id":null}`},
		{"data without type", `{"data":"x"}`, `{"data":"0"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, answer := answered(t, c.request)
			wantSame(t, "answer", answer, c.answer)
		})
	}
}

func TestTokenizePlanKeepsWhatEachTokenIsToBe(t *testing.T) {
	t.Parallel()
	plan, _ := answered(t, `["a",{"type":"card","data":{"number":"4242424242424242"},"containers":["/A/"]}]`)
	first, err := builder().Build(plan.Requests[0])
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "first", first.Type == hallpass.TypeToken && first.Data == "a" && first.ID == aToken, true)
	second, err := builder().Build(plan.Requests[1])
	if err != nil {
		t.Fatal(refusalOf(err))
	}
	wantSame(t, "second", second.Type == hallpass.TypeCard && second.Container == "/a/", true)
}

func TestTokenizeIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, request, want string }{
		{"six tokens", `[1,2,3,4,5,6]`, "A tokenize request may create at most 5 tokens."},
		{"too deep", strings.Repeat("[", 70) + strings.Repeat("]", 70), "The request is nested too deeply."},
		{"a token intent", `{"a":[{"token_intent_id":"x"}]}`, "map[a[0].token_intent_id:[is not supported]]"},
		{"a member that does not exist", `[{"type":"token","data":1,"colour":1}]`, "map[[0].colour:[is not a member of a token request]]"},
		{"a token without data", `{"a":{"type":"token","data":null,"encrypted":"x"}}`, "map[a.encrypted:[is not supported]]"},
		{"a type that is a number", `{"a":{"type":1,"data":1}}`, "map[a.type:[must be a string]]"},
		{"a name that may be data", `{"123-45-6789":{"type":"token","data":1,"mask":1,"id":5}}`, "map[*.id:[must be a string]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := hallpass.PlanTokenize(jsonTree(t, c.request), hallpass.TokenizeQuota)
			wantKind(t, err, hallpass.KindInvalid)
			wantSame(t, "refusal", refusalOf(err), c.want)
		})
	}
}

func TestTokenizeRefusalsSayWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ request, want string }{
		{`{"a":["x",{"type":"card","data":{"number":"1"}}]}`, "map[a[1].data.number:[must have 12 to 19 digits]]"},
		{`[{"type":"passport","data":1}]`, "map[[0].type:[is not a type of token]]"},
		{`{"a":{"type":"token","data":1,"search_indexes":["{{ data.x }}"]}}`, "map[a.search_indexes[0]:[must give one value that is neither null nor empty]]"},
		{`{"a":{"type":"token","data":1,"id":"{{ data }}"}}`, "map[a.id:[must have 3 to 400 characters, none of them # / \\ + ? [ ] | & = % < > { } ^, and not be search]]"},
		{`{"type":"token","data":1,"expires_at":"2000-01-01"}`, "map[expires_at:[must be in the future]]"},
	} {
		plan, err := hallpass.PlanTokenize(jsonTree(t, c.request), hallpass.TokenizeQuota)
		if err != nil {
			t.Fatal(refusalOf(err))
		}
		_, err = builder().Build(plan.Requests[len(plan.Requests)-1])
		wantSame(t, c.request, refusalOf(err), c.want)
	}
}

func TestTokenizeLeavesNoValueInItsAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := drawTree(t, 3)
		before := leaves(tree)
		plan, err := hallpass.PlanTokenize(tree, 1000)
		if err != nil {
			t.Fatal(err)
		}
		views := make([]*hallpass.TokenView, len(plan.Requests))
		for i := range views {
			views[i] = &hallpass.TokenView{ID: "token"}
		}
		for _, leaf := range leaves(plan.Substitute(views)) {
			if leaf != "token" {
				t.Fatalf("%q is left", leaf)
			}
		}
		if len(leaves(plan.Substitute(views))) < len(before) {
			t.Fatal("a value is lost")
		}
	})
}
