package contract

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
)

// matcher is a compiled pattern. It makes the pattern's automaton when it is first asked, for a program that starts should
// not wait for all of them.
type matcher struct {
	slow *regexp.Regexp
	fast func() *automaton // nil where that is not possible
}

// MatchString reports whether the text has a match.
func (m *matcher) MatchString(text string) bool {
	if fast := m.fast(); fast != nil {
		return fast.MatchString(text)
	}
	return m.slow.MatchString(text)
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9A-F]{4})`)

// compilePattern compiles a pattern as kin-openapi does, which spells \u00E9 as Go does.
func compilePattern(pattern string) (*matcher, error) {
	pattern = unicodeEscape.ReplaceAllString(pattern, `\x{$1}`)
	slow, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return &matcher{slow, sync.OnceValue(func() *automaton { return newAutomaton(pattern, slow) })}, nil
}

// automaton matches ASCII text with one table look-up a byte; the pattern's own regexp matches other text. State 0 is
// the one from which nothing matches, state 1 the first.
type automaton struct {
	next [][128]uint8
	ends []bool // the text may end here
	sure []bool // whatever follows matches
	slow *regexp.Regexp
}

// MatchString says what the regexp would say.
func (a *automaton) MatchString(text string) bool {
	state := uint8(1)
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 128:
			return a.slow.MatchString(text)
		case a.sure[state]:
			return true
		default:
			if state = a.next[state][c]; state == 0 {
				return false
			}
		}
	}
	return a.ends[state]
}

// maxStates is what fits the table's bytes. A pattern that needs more stays a regexp.
const maxStates = 256

// construction turns the regexp's program into an automaton: a state is the set of instructions that are waited at.
type construction struct {
	program *syntax.Prog
	states  map[string]uint8
	sets    [][]uint32
}

// newAutomaton returns nil for a pattern that asks for more than the text's two ends, or that has too many states.
func newAutomaton(pattern string, slow *regexp.Regexp) *automaton {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || slices.ContainsFunc(program.Inst, isBoundary) {
		return nil
	}
	c := &construction{program: program, states: map[string]uint8{}}
	a := &automaton{slow: slow}
	c.state(nil)
	// The first state is kept out of the table of states: where its set is met again, it is no longer the beginning.
	c.sets = append(c.sets, c.reach([]uint32{uint32(program.Start)}, syntax.EmptyBeginText))
	for i := 0; i < len(c.sets); i++ {
		set := c.sets[i]
		at := syntax.EmptyEndText
		if i == 1 {
			at |= syntax.EmptyBeginText
		}
		a.sure = append(a.sure, slices.ContainsFunc(set, c.matches))
		a.ends = append(a.ends, slices.ContainsFunc(c.reach(set, at), c.matches))
		row, ok := c.row(set)
		if !ok {
			return nil
		}
		a.next = append(a.next, row)
	}
	return a
}

// row is where each character leads from a set. Neighbouring characters mostly lead to the same place.
func (c *construction) row(set []uint32) (row [128]uint8, ok bool) {
	var before []uint32
	for char := range row {
		after := c.step(set, rune(char))
		if char > 0 && slices.Equal(after, before) {
			row[char] = row[char-1]
		} else if row[char], ok = c.state(c.reach(after, 0)); !ok {
			return row, false
		}
		before = after
	}
	return row, true
}

func isMatch(inst syntax.Inst) bool { return inst.Op == syntax.InstMatch }

func isBoundary(inst syntax.Inst) bool {
	return inst.Op == syntax.InstEmptyWidth &&
		syntax.EmptyOp(inst.Arg) != syntax.EmptyBeginText && syntax.EmptyOp(inst.Arg) != syntax.EmptyEndText
}

func (c *construction) matches(pc uint32) bool { return isMatch(c.program.Inst[pc]) }

// state returns the number of a set, and false when there are too many.
func (c *construction) state(set []uint32) (uint8, bool) {
	key := fmt.Sprint(set)
	number, known := c.states[key]
	if !known {
		if len(c.sets) == maxStates {
			return 0, false
		}
		number = uint8(len(c.sets))
		c.states[key] = number
		c.sets = append(c.sets, set)
	}
	return number, true
}

// step is where the program goes on after a character: behind what was waiting for it, and at the start of a new match.
func (c *construction) step(set []uint32, char rune) []uint32 {
	next := []uint32{uint32(c.program.Start)}
	for _, pc := range set {
		switch inst := &c.program.Inst[pc]; inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(char) {
				next = append(next, inst.Out)
			}
		}
	}
	return next
}

// reach follows every instruction that reads nothing, at a place in the text that is its beginning, its end or neither,
// and returns where it must wait.
func (c *construction) reach(from []uint32, at syntax.EmptyOp) []uint32 {
	var set []uint32
	seen := map[uint32]bool{}
	for todo := slices.Clone(from); len(todo) > 0; {
		pc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch inst := &c.program.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			todo = append(todo, inst.Out)
		case syntax.InstEmptyWidth:
			if at&syntax.EmptyOp(inst.Arg) != 0 {
				todo = append(todo, inst.Out)
			} else if syntax.EmptyOp(inst.Arg) == syntax.EmptyEndText {
				set = append(set, pc)
			}
		case syntax.InstFail:
		default:
			set = append(set, pc)
		}
	}
	slices.Sort(set)
	return set
}
