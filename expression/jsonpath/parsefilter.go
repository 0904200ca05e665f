package jsonpath

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (p *parser) either() (logical, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var list either
	for {
		part, err := p.both()
		if err != nil {
			return nil, err
		}
		list = append(list, part)
		if p.space(); !p.take("||") {
			return list, nil
		}
	}
}

func (p *parser) both() (logical, error) {
	var list both
	for {
		part, err := p.test()
		if err != nil {
			return nil, err
		}
		list = append(list, part)
		if p.space(); !p.take("&&") {
			return list, nil
		}
	}
}

// test reads one negation, group, comparison, existence test or pattern match.
func (p *parser) test() (logical, error) {
	p.space()
	if p.peek() == '!' {
		return p.negation()
	}
	if p.take("(") {
		inner, err := p.either()
		if err != nil {
			return nil, err
		}
		if p.space(); !p.take(")") {
			return nil, p.fail("a closing parenthesis")
		}
		return inner, nil
	}
	for _, function := range []string{"match", "search"} {
		if p.take(function + "(") {
			return p.match(function == "match")
		}
	}
	return p.comparison()
}

func (p *parser) negation() (logical, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.take("!")
	inner, err := p.test()
	if _, ok := inner.(compare); ok {
		return nil, p.fail("parentheses around a negated comparison")
	}
	return not{inner}, err
}

func (p *parser) comparison() (logical, error) {
	left, q, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	for _, operator := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if !p.take(operator) {
			continue
		}
		p.space()
		right, other, err := p.operand()
		if err != nil {
			return nil, err
		}
		if q != nil && !q.singular() || other != nil && !other.singular() {
			return nil, p.fail("a query for at most one value")
		}
		return compare{operator, left, right}, nil
	}
	if q == nil {
		return nil, p.fail("a comparison")
	}
	return exists{q}, nil
}

// operand reads a literal, a query or a function; the query comes back as well, for a test of existence.
func (p *parser) operand() (operand, *query, error) {
	switch c := p.peek(); {
	case c == '@' || c == '$':
		p.at++
		q, err := p.query(c == '@')
		return singular{q}, q, err
	case c == '\'' || c == '"':
		text, err := p.quoted()
		return literal{text}, nil, err
	case p.take("true"):
		return literal{true}, nil, nil
	case p.take("false"):
		return literal{false}, nil, nil
	case p.take("null"):
		return literal{nil}, nil, nil
	case p.take("length("):
		return p.length()
	case p.take("count("):
		q, err := p.queryArgument()
		return countOf{q}, nil, err
	case p.take("value("):
		q, err := p.queryArgument()
		return valueOf{q}, nil, err
	default:
		return p.number()
	}
}

func (p *parser) number() (operand, *query, error) {
	end := strings.IndexFunc(p.rest(), func(r rune) bool { return !strings.ContainsRune("+-.0123456789eE", r) })
	if end < 0 {
		end = len(p.rest())
	}
	text := p.rest()[:end]
	var n json.Number
	if json.Unmarshal([]byte(text), &n) != nil {
		return nil, nil, p.fail("a value")
	}
	f, err := n.Float64()
	if err != nil {
		return nil, nil, p.fail("a number in range")
	}
	p.at += end
	return literal{f}, nil, nil
}

func (p *parser) length() (operand, *query, error) {
	if err := p.enter(); err != nil {
		return nil, nil, err
	}
	defer p.leave()
	p.space()
	of, q, err := p.operand()
	if err != nil {
		return nil, nil, err
	}
	if q != nil && !q.singular() {
		return nil, nil, p.fail("a query for at most one value")
	}
	return lengthOf{of}, nil, p.closing()
}

func (p *parser) queryArgument() (*query, error) {
	p.space()
	c := p.peek()
	if c != '@' && c != '$' {
		return nil, p.fail("a query")
	}
	p.at++
	q, err := p.query(c == '@')
	if err != nil {
		return nil, err
	}
	return q, p.closing()
}

func (p *parser) match(whole bool) (logical, error) {
	p.space()
	text, q, err := p.operand()
	if err != nil {
		return nil, err
	}
	if p.space(); q != nil && !q.singular() || !p.take(",") {
		return nil, p.fail("one value and a pattern")
	}
	p.space()
	if c := p.peek(); c != '\'' && c != '"' {
		return nil, p.fail("a literal pattern")
	}
	written, err := p.quoted()
	if err != nil {
		return nil, err
	}
	compiled, ok := newPattern(written, whole)
	if !ok {
		return nil, p.fail("a regular expression of moderate size")
	}
	return matches{text, compiled}, p.closing()
}

func (p *parser) closing() error {
	if p.space(); !p.take(")") {
		return p.fail("a closing parenthesis")
	}
	return nil
}

// quoted reads a string in single or double quotes with the escapes of JSON and \'.
func (p *parser) quoted() (string, error) {
	quote := p.peek()
	var text strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case quote:
			p.at++
			return text.String(), nil
		case '\\':
			r, ok := p.escape()
			if !ok {
				return "", p.fail("an escape of JSON")
			}
			text.WriteRune(r)
		default:
			text.WriteByte(c)
		}
	}
	return "", p.fail("a closing quote")
}

// escape reads the escape that starts at the current backslash, leaving the parser on its last byte.
func (p *parser) escape() (rune, bool) {
	p.at++
	switch c := p.peek(); c {
	case '\'', '"', '\\', '/':
		return rune(c), true
	case 'b', 'f', 'n', 'r', 't':
		return rune("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)]), true
	case 'u':
		r, ok := p.hex(1)
		if !utf16.IsSurrogate(r) {
			p.at += 4
			return r, ok
		}
		low, ok := p.hex(7)
		full := utf16.DecodeRune(r, low)
		if !ok || full == utf8.RuneError || p.text[p.at+5:p.at+7] != `\u` {
			return 0, false
		}
		p.at += 10
		return full, true
	}
	return 0, false
}

func (p *parser) hex(offset int) (rune, bool) {
	from := p.at + offset
	if from+4 > len(p.text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.text[from : from+4]) {
		digit := strings.IndexByte("0123456789abcdef", c|0x20)
		if digit < 0 {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}
