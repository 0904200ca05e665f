package jsonpath

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const maxNesting = 16 // brackets and parentheses within each other

// Parse reads a query. The error says at which byte the query stops making sense and never quotes it.
func Parse(text string) (*Path, error) {
	p := &parser{text: text}
	if !p.take("$") {
		return nil, errors.New("a JSONPath starts with $")
	}
	q, err := p.query(false)
	if err != nil {
		return nil, err
	}
	if p.at < len(text) {
		return nil, p.fail("a segment")
	}
	return &Path{*q}, nil
}

type parser struct {
	text    string
	at      int
	nesting int
}

func (p *parser) fail(wanted string) error {
	return fmt.Errorf("JSONPath byte %d: expected %s", p.at+1, wanted)
}

func (p *parser) rest() string { return p.text[p.at:] }

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) take(token string) bool {
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *parser) space() {
	p.at = len(p.text) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
}

// enter guards the recursion of the parser; leave undoes it.
func (p *parser) enter() error {
	if p.nesting++; p.nesting > maxNesting {
		return p.fail("less nesting")
	}
	return nil
}

func (p *parser) leave() { p.nesting-- }

// query reads the segments after $ or @, leaving the space behind the last one unread.
func (p *parser) query(relative bool) (*query, error) {
	q := &query{relative: relative}
	for {
		before := p.at
		p.space()
		var s segment
		var err error
		switch {
		case p.take(".."):
			s, err = p.segment(true)
		case p.take("."):
			s, err = p.segment(false)
		case p.peek() == '[':
			s.selectors, err = p.bracket()
		default:
			p.at = before
			return q, nil
		}
		if err != nil {
			return nil, err
		}
		q.segments = append(q.segments, s)
	}
}

// segment reads what follows one dot or two.
func (p *parser) segment(descend bool) (s segment, err error) {
	s.descend = descend
	if descend && p.peek() == '[' {
		s.selectors, err = p.bracket()
		return s, err
	}
	if p.take("*") {
		s.selectors = []selector{wildcard{}}
		return s, nil
	}
	word := p.word()
	if word == "" {
		return s, p.fail("a member name")
	}
	s.selectors = []selector{name(word)}
	return s, nil
}

func (p *parser) word() string {
	end := strings.IndexFunc(p.rest(), func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	})
	if end < 0 {
		end = len(p.rest())
	}
	word := p.rest()[:end]
	p.at += end
	return word
}

func (p *parser) bracket() ([]selector, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.take("[")
	var list []selector
	for {
		p.space()
		s, err := p.selector()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		p.space()
		if p.take("]") {
			return list, nil
		}
		if !p.take(",") {
			return nil, p.fail("a comma or closing bracket")
		}
	}
}

func (p *parser) selector() (selector, error) {
	switch c := p.peek(); {
	case c == '\'' || c == '"':
		text, err := p.quoted()
		return name(text), err
	case p.take("*"):
		return wildcard{}, nil
	case p.take("?"):
		test, err := p.either()
		return filter{test}, err
	default:
		return p.indexOrSlice()
	}
}

func (p *parser) indexOrSlice() (selector, error) {
	start, err := p.optionalInt()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.take(":") {
		if start == nil {
			return nil, p.fail("a selector")
		}
		return index(*start), nil
	}
	s := slice{start: start, step: 1}
	p.space()
	if s.end, err = p.optionalInt(); err != nil {
		return nil, err
	}
	p.space()
	if p.take(":") {
		p.space()
		step, err := p.optionalInt()
		if err != nil {
			return nil, err
		}
		if step != nil {
			s.step = *step
		}
	}
	return s, nil
}

// optionalInt reads a whole number within ±2^31, far beyond any array, so that no arithmetic on it can overflow.
func (p *parser) optionalInt() (*int, error) {
	end := 0
	for rest := p.rest(); end < len(rest) && (rest[end] == '-' || rest[end] >= '0' && rest[end] <= '9'); end++ {
	}
	if end == 0 {
		return nil, nil
	}
	n, err := strconv.ParseInt(p.rest()[:end], 10, 32)
	if err != nil {
		return nil, p.fail("a whole number")
	}
	p.at += end
	i := int(n)
	return &i, nil
}
