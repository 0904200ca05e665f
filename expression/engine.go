package expression

import (
	"io"
	"strings"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/osteele/liquid/expressions"

	"hallpass/expression/jsonpath"
)

// Engine evaluates expressions. It is safe for concurrent use.
type Engine struct {
	chance   sync.Mutex // guards random: the reader given need not be safe
	random   io.Reader
	programs *lru.Cache[string, *program]
	paths    *lru.Cache[string, *jsonpath.Path]
}

// New returns an engine whose alias filters draw from random, which should be crypto/rand.Reader outside tests.
func New(random io.Reader) *Engine {
	// NewCache fails for sizes below one only.
	programs, _ := lru.New[string, *program](cachedPrograms)
	paths, _ := lru.New[string, *jsonpath.Path](cachedPrograms)
	return &Engine{random: random, programs: programs, paths: paths}
}

// Evaluate returns what text says with the given variables (data, metadata). A text that is one expression and nothing
// else gives that expression's value with its JSON type; any other text gives a string. A variable or member that does
// not exist is null, as the vendor documents. The error is invalid, or internal when the source of chance fails.
//
// The result may share objects and arrays with the variables; neither is to be modified.
func (e *Engine) Evaluate(text string, variables map[string]any) (any, error) {
	return e.EvaluateTree(text, variables)
}

// EvaluateTree evaluates every string in a JSON tree, such as a mask, as Evaluate does, and returns the tree of results.
// Strings without expressions, numbers, booleans and nulls stand for themselves and names of members are never
// evaluated. A member whose expression yields nothing stays, with null; what a mask leaves out is what is left out.
//
// Source: docs/expressions/masks.
func (e *Engine) EvaluateTree(tree any, variables map[string]any) (any, error) {
	r := e.run(MaxOutput)
	bound := bind(variables)
	return r.tree(tree, 0, func(text string) (any, error) { return r.text(text, bound) })
}

// Check refuses what Evaluate would refuse whatever the variables: a text that does not parse, unknown filters,
// arguments that are missing or make no sense, and what exceeds a bound.
func (e *Engine) Check(text string) error { return e.CheckTree(text) }

// CheckTree is Check for every string of a tree.
func (e *Engine) CheckTree(tree any) error {
	r := e.run(MaxOutput)
	r.checking = true
	unbound := bind(nil)
	_, err := r.tree(tree, 0, func(text string) (any, error) { return r.text(text, unbound) })
	return err
}

// Count returns the number of expressions in a tree, for the quota of detokenize. It never fails: what does not parse
// is counted as far as its braces pair, and refused by whatever reads it next.
func Count(tree any) int { return count(tree, 0) }

func count(tree any, depth int) (n int) {
	switch tree := tree.(type) {
	case string:
		segments, _ := split(tree, quotesAfterPipe)
		for _, s := range segments {
			if s.expression {
				n++
			}
		}
	case []any:
		for i := 0; i < len(tree) && depth < MaxDepth; i++ {
			n += count(tree[i], depth+1)
		}
	case map[string]any:
		for _, member := range tree {
			if depth < MaxDepth {
				n += count(member, depth+1)
			}
		}
	}
	return n
}

// text evaluates one string of a tree.
func (r *run) text(text string, bound expressions.Context) (any, error) {
	segments, err := split(text, quotesEverywhere)
	if err != nil {
		return nil, err
	}
	return r.join(trim(segments), func(source string) (any, error) { return r.evaluate(source, bound) })
}

// join puts the values of the expressions among the text between them.
func (r *run) join(segments []segment, evaluate func(source string) (any, error)) (any, error) {
	if len(segments) == 1 && segments[0].expression {
		if err := r.count(); err != nil {
			return nil, err
		}
		return evaluate(segments[0].text)
	}
	var joined strings.Builder
	for _, s := range segments {
		text := s.text
		if s.expression {
			if err := r.count(); err != nil {
				return nil, err
			}
			value, err := evaluate(s.text)
			if err != nil {
				return nil, err
			}
			if text, err = textOf(value); err != nil {
				return nil, err
			}
		}
		if joined.Len()+len(text) > r.output {
			return nil, refuse(tooLarge)
		}
		joined.WriteString(text)
	}
	return joined.String(), nil
}
