package expression

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// segment is a piece of a string: text as it stands, or an expression without its braces.
type segment struct {
	text       string
	expression bool
}

// quotes says where in an expression a quote opens a literal, in which braces and bars mean nothing.
type quotes bool

const (
	quotesEverywhere quotes = false
	// quotesAfterPipe is for detokenize expressions: a token id may hold apostrophes, but never a bar.
	quotesAfterPipe quotes = true
)

// split cuts a string into its segments. What was cut before an error comes with it.
func split(text string, where quotes) ([]segment, error) {
	var segments []segment
	for {
		open := strings.Index(text, "{{")
		tag := strings.Index(text, "{%")
		if tag >= 0 && (open < 0 || tag < open) {
			return segments, refuse("tags ({% … %}) are not part of the language")
		}
		if open < 0 {
			if text != "" || len(segments) == 0 {
				segments = append(segments, segment{text: text})
			}
			return segments, nil
		}
		if open > 0 {
			segments = append(segments, segment{text: text[:open]})
		}
		text = text[open+2:]
		end := closing(text, where)
		if end < 0 {
			return segments, refuse("an expression opened with {{ is not closed")
		}
		segments = append(segments, segment{text: text[:end], expression: true})
		if end > MaxExpression {
			return segments, refuse("an expression is too long")
		}
		text = text[end+2:]
		if text == "" {
			return segments, nil
		}
	}
}

// closing returns where the }} is that ends an expression, or -1.
func closing(text string, where quotes) int {
	quoting := where == quotesEverywhere
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case quoting && (c == '\'' || c == '"'):
			quote = c
		case c == '|':
			quoting = true
		case c == '}' && strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return -1
}

// trim obeys Liquid's whitespace control: {{- strips what stands before, -}} what stands after.
func trim(segments []segment) []segment {
	kept := segments[:0]
	strip := false
	for i := range segments {
		s := segments[i]
		switch {
		case !s.expression && strip:
			s.text = strings.TrimLeft(s.text, whitespace)
			strip = false
		case s.expression:
			if strings.HasPrefix(s.text, "-") {
				s.text = s.text[1:]
				if n := len(kept); n > 0 && !kept[n-1].expression {
					kept[n-1].text = strings.TrimRight(kept[n-1].text, whitespace)
				}
			}
			s.text, strip = strings.CutSuffix(s.text, "-")
		}
		kept = append(kept, s)
	}
	return slices.DeleteFunc(kept, func(s segment) bool { return !s.expression && s.text == "" })
}

const whitespace = " \t\r\n\v\f"

// legible refuses what is not of the language: ranges and operators, which Liquid knows in tags only and whose work could
// not be bounded, and the characters with which the parser's own statements start.
func legible(source string) error {
	read := 0 // up to the end of the last word
	for i, c := range unquoted(source) {
		switch {
		case i < read:
		case strings.IndexByte("{}%;", c) >= 0:
			return refuse(unreadable)
		case strings.IndexByte("=<>!", c) >= 0:
			return refuse(noOperators)
		case c == '.' && strings.HasPrefix(source[i:], ".."):
			return refuse(noRanges)
		case letter(c):
			word := identifier(source[i:])
			if slices.Contains(operators, word) && (i == 0 || source[i-1] != '.') {
				return refuse(noOperators)
			}
			read = i + len(word)
		}
	}
	if strings.Trim(source, whitespace) == "" {
		return refuse("an expression is empty")
	}
	return nil
}

// divide cuts a text at any of the separators, but in no literal and no brackets, into most pieces at the most.
func divide(text, separators string, most int) []string {
	var pieces []string
	depth, start := 0, 0
	for i, c := range unquoted(text) {
		switch {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth == 0 && len(pieces) < most-1 && strings.IndexByte(separators, c) >= 0:
			pieces = append(pieces, text[start:i])
			start = i + 1
		}
	}
	return append(pieces, text[start:])
}

// unquoted are the bytes of a text that are in no literal, and where they stand.
func unquoted(text string) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		var quote byte
		for i := range len(text) {
			switch c := text[i]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '\'' || c == '"':
				quote = c
			case !yield(i, c):
				return
			}
		}
	}
}

var operators = []string{"and", "or", "contains", "in"}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// identifier returns the name at the beginning of text, after space.
func identifier(text string) string {
	text = strings.TrimLeft(text, whitespace)
	end := strings.IndexFunc(text, func(r rune) bool {
		return r >= utf8.RuneSelf || !letter(byte(r)) && r != '-' && r != '?' && (r < '0' || r > '9')
	})
	if end < 0 {
		return text
	}
	return text[:end]
}
