package hallpass

import (
	"maps"
	"slices"
	"strconv"
)

// TokenizeQuota is how many tokens one tokenize request makes at most (developers.basistheory.com, Rate Limits > Default
// Quotas).
const TokenizeQuota = 5

// maxTokenizeDepth is how deep a tokenize request may nest.
const maxTokenizeDepth = 64

// TokenizePlan is a tokenize request taken apart: the tokens to make, all of them or none, and the places that their
// answers belong in.
type TokenizePlan struct {
	Requests []*TokenRequest // objects are walked in the order of their member names

	tree any // the request with a tokenPlace for each token
}

// tokenPlace stands in a plan's tree for the answer of one request.
type tokenPlace struct {
	index int
	whole bool // the place of a token object; otherwise that of its id
}

// PlanTokenize takes a tokenize request apart (developers.basistheory.com, API > Tokens > Tokenize): a string, number or
// boolean becomes a token of type token; an object with type and data, or with one of encrypted and token_intent_id, is a
// request for the token that it describes; other objects and arrays are walked, and null stays null. More tokens than the
// quota allows are refused; the refusals of token requests carry the path to the member at fault.
func PlanTokenize(tree any, quota int) (*TokenizePlan, error) {
	var f Fields
	p := &TokenizePlan{}
	planned, deep := p.walk(&f, "", tree, 0)
	switch {
	case deep:
		return nil, Refuse(KindInvalid, "The request is nested too deeply.")
	case len(p.Requests) > quota:
		return nil, Refuse(KindInvalid, "A tokenize request may create at most "+strconv.Itoa(quota)+" tokens.")
	}
	p.tree = planned
	return p, f.Err()
}

func (p *TokenizePlan) walk(f *Fields, path string, tree any, depth int) (planned any, deep bool) {
	if depth > maxTokenizeDepth {
		return nil, true
	}
	switch tree := tree.(type) {
	case nil:
		return nil, false
	case map[string]any:
		if describesToken(tree) {
			return p.place(parseTokenRequest(f, path, tree), true), false
		}
		object := make(map[string]any, len(tree))
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			object[name], deep = p.walk(f, member(path, printable(name)), tree[name], depth+1)
			if deep {
				return nil, true
			}
		}
		return object, false
	case []any:
		array := make([]any, len(tree))
		for i, item := range tree {
			if array[i], deep = p.walk(f, at(path, i), item, depth+1); deep {
				return nil, true
			}
		}
		return array, false
	default:
		return p.place(&TokenRequest{Type: TypeToken, Data: tree, path: path}, false), false
	}
}

// describesToken reports whether an object is a request for a token rather than one with values to tokenize.
func describesToken(object map[string]any) bool {
	_, typed := object["type"]
	_, filled := object["data"]
	return typed && filled || object["encrypted"] != nil || object["token_intent_id"] != nil
}

func (p *TokenizePlan) place(r *TokenRequest, whole bool) tokenPlace {
	p.Requests = append(p.Requests, r)
	return tokenPlace{index: len(p.Requests) - 1, whole: whole}
}

// Substitute returns the answer to the tokenize request: its tree with the id in the place of each value and the view in
// the place of each token request. There must be one view for each of the plan's requests, in their order.
func (p *TokenizePlan) Substitute(views []*TokenView) any { return substitute(p.tree, views) }

func substitute(tree any, views []*TokenView) any {
	switch tree := tree.(type) {
	case tokenPlace:
		if tree.whole {
			return views[tree.index]
		}
		return views[tree.index].ID
	case map[string]any:
		object := make(map[string]any, len(tree))
		for name, item := range tree {
			object[name] = substitute(item, views)
		}
		return object
	case []any:
		array := make([]any, len(tree))
		for i, item := range tree {
			array[i] = substitute(item, views)
		}
		return array
	default:
		return tree
	}
}
