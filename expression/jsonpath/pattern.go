package jsonpath

import (
	"regexp"
	"regexp/syntax"
)

const (
	maxPattern      = 256  // bytes of a regular expression as written
	maxInstructions = 2000 // of the compiled program: what x{1000} repeated would otherwise swell to
)

// pattern is a regular expression with the size of its program, which is what a match costs per byte at worst.
type pattern struct {
	regexp       *regexp.Regexp
	instructions int
}

func newPattern(text string, whole bool) (pattern, bool) {
	if len(text) > maxPattern {
		return pattern{}, false
	}
	if whole {
		text = `\A(?:` + text + `)\z`
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return pattern{}, false
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxInstructions {
		return pattern{}, false
	}
	compiled, err := regexp.Compile(text)
	return pattern{compiled, len(program.Inst)}, err == nil
}

func (p pattern) cost(length int) int { return 1 + length*p.instructions/16 }
