package expression

import (
	"strings"
	"unicode/utf8"
)

// ReferenceKind says what of a token a detokenize expression stands for.
type ReferenceKind uint8

// The kinds of reference.
const (
	ReferenceData   ReferenceKind = iota // {{ id }}: the data of a token
	ReferenceToken                       // {{ token: id }}: the whole token
	ReferenceIntent                      // {{ token_intent: id }}: the whole token intent
)

// Reference is one thing that a detokenize expression asks for.
type Reference struct {
	Kind ReferenceKind
	ID   string // 3 to 400 characters, as the client wrote it
}

// References returns what the expressions of a tree refer to, each once, in the order in which they appear (objects in
// the order of their member names), and refuses what Substitute would refuse whatever the tokens hold. An id that no
// token can have is invalid.
//
// Source: docs/expressions/detokenization; for the form of an id docs/expressions/aliasing.
func (e *Engine) References(tree any) ([]Reference, error) {
	var found []Reference
	seen := map[Reference]bool{}
	r := e.run(MaxSubstituted)
	r.checking = true
	_, err := r.tree(tree, 0, func(text string) (any, error) {
		return r.substitute(text, func(ref Reference) (any, error) {
			if !seen[ref] {
				seen[ref] = true
				found = append(found, ref)
			}
			return nil, nil
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Substitute returns a copy of the tree in which every detokenize expression is replaced by what resolve returns for its
// reference, after the expression's filters. resolve is called once for each distinct reference and its error is
// returned as it is. An expression that is all of its string keeps the JSON type of its value; among text, and beside
// other expressions, it becomes text, objects and arrays as JSON.
//
// Source: docs/expressions/detokenization, docs/api/tokens/detokenize.
func (e *Engine) Substitute(tree any, resolve func(Reference) (any, error)) (any, error) {
	known := map[Reference]any{}
	once := func(ref Reference) (any, error) {
		if v, ok := known[ref]; ok {
			return v, nil
		}
		v, err := resolve(ref)
		if err == nil {
			known[ref] = v
		}
		return v, err
	}
	r := e.run(MaxSubstituted)
	return r.tree(tree, 0, func(text string) (any, error) { return r.substitute(text, once) })
}

// substitute evaluates one string of a detokenize request.
func (r *run) substitute(text string, resolve func(Reference) (any, error)) (any, error) {
	segments, err := split(text, quotesAfterPipe)
	if err != nil {
		return nil, err
	}
	return r.join(segments, func(source string) (any, error) {
		ref, filters, err := parseReference(source)
		if err != nil {
			return nil, err
		}
		resolved, err := resolve(ref)
		if err != nil || filters == "" {
			return resolved, err
		}
		// An id is no Liquid name: the filters run on a variable that stands for it.
		return r.evaluate(subject+filters, bind(map[string]any{subject: resolved}))
	})
}

const subject = "reference"

// parseReference reads an expression up to its first bar; filters holds the rest, with the bar.
func parseReference(source string) (ref Reference, filters string, err error) {
	id := source
	if bar := strings.IndexByte(source, '|'); bar >= 0 {
		id, filters = source[:bar], source[bar:]
	}
	id = strings.TrimSpace(id)
	if rest, ok := strings.CutPrefix(id, "token:"); ok {
		ref.Kind, id = ReferenceToken, rest
	} else if rest, ok := strings.CutPrefix(id, "token_intent:"); ok {
		ref.Kind, id = ReferenceIntent, rest
	}
	ref.ID = strings.TrimSpace(id)
	if !ValidID(ref.ID) {
		return Reference{}, "", refuse("no token can have such an id")
	}
	return ref, filters, nil
}

// ValidID reports whether a token may have this id: 3 to 400 characters, none of # / \ + ? [ ] | & = % < > { } ^.
//
// Source: docs/expressions/aliasing.
func ValidID(id string) bool {
	n := utf8.RuneCountInString(id)
	return n >= 3 && n <= 400 && utf8.ValidString(id) && !strings.ContainsAny(id, `#/\+?[]|&=%<>{}^`)
}
