package contract

import (
	"encoding/json"
	"strconv"
	"strings"

	"hallpass"
)

// maxDepth is how deep arrays and objects may nest.
const maxDepth = 64

// DecodeJSON reads one JSON value into map[string]any, []any, string, json.Number, bool or nil. Numbers keep their
// spelling, so that large ones survive.
//
// It refuses, with KindInvalid on body and the offset of the byte at which it stopped, what RFC 8259 refuses, and what
// two readers could understand in two ways: a member that occurs twice in one object, bytes after the value, text that
// is not UTF-8, and an escape that is one half of a surrogate pair (no UTF-8 text can hold it; Go's own decoder would
// replace it in silence). Arrays and objects may nest 64 deep.
func DecodeJSON(data []byte) (any, error) {
	r := newReader(data)
	value := r.document(anything)
	if r.why != "" {
		return nil, hallpass.Invalid("body", r.problem())
	}
	return value, nil
}

// readJSON reads a JSON body and holds it against the shape; nil stands for a media type without schema.
func (p *problems) readJSON(data []byte, s *shape) any {
	if s == nil {
		s = anything
	}
	r := newReader(data)
	value := r.document(s)
	switch {
	case r.why != "":
		p.add("", r.problem())
	case r.refused:
		p.visit(s, value, "")
	}
	return value
}

// proveJSON is readJSON for a body whose value nobody needs. It builds the value only to word what is wrong with it.
func (p *problems) proveJSON(data []byte, s *shape) {
	r := newReader(data)
	r.proving = true
	if s == nil {
		s = anything
	}
	if r.document(s); r.why != "" || r.refused {
		p.readJSON(data, s)
	}
}

// reader reads one JSON text and holds it against a shape on the way.
type reader struct {
	text    string
	at      int
	depth   int
	large   bool   // too large for values to share memory with the text
	proving bool   // only the verdict is wanted: values are not built, and nothing is read after a refusal
	refused bool   // a shape did not accept
	why     string // what is wrong with the text; empty while nothing is
	whyAt   int
}

// sharedText is the size up to which decoded strings are parts of one copy of the text. Beyond it they are copies of
// their own, so that a short value that is kept does not keep a long body.
const sharedText = 4096

func newReader(data []byte) *reader {
	return &reader{text: string(data), large: len(data) > sharedText}
}

func (r *reader) problem() string {
	return "is not valid JSON: " + r.why + " at byte " + strconv.Itoa(r.whyAt)
}

// fail notes the first problem of the text and moves to its end, where every loop stops.
func (r *reader) fail(why string, at int) {
	if r.why == "" {
		r.why, r.whyAt = why, at
	}
	r.at = len(r.text)
}

// accept notes whether a shape accepts.
func (r *reader) accept(accepted bool) {
	if accepted {
		return
	}
	r.refused = true
	if r.proving {
		r.at = len(r.text)
	}
}

func (r *reader) document(s *shape) any {
	value := r.value(s)
	r.space()
	if r.at < len(r.text) {
		r.fail("something follows the value", r.at)
	}
	return value
}

// space skips white space.
func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next returns the first byte after white space, or 0 at the end, which is no JSON character.
func (r *reader) next() byte {
	r.space()
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at]
}

// value reads a value. A nil shape accepts none.
func (r *reader) value(s *shape) any {
	if s == nil {
		r.accept(false)
		s = anything
	} else if s.deferred {
		return r.deferred(s)
	}
	switch c := r.next(); {
	case c == '{':
		return r.object(s)
	case c == '[':
		return r.array(s)
	case c == '"':
		value := r.string()
		r.accept(s.acceptsText(value))
		if r.proving {
			return nil
		}
		return value
	case c == '-' || c >= '0' && c <= '9':
		spelling := r.number()
		r.accept(s.acceptsNumber(spelling))
		if r.proving {
			return nil
		}
		return json.Number(spelling)
	case c == 't' && r.word("true"):
		r.accept(s.kinds&boolean != 0)
		return true
	case c == 'f' && r.word("false"):
		r.accept(s.kinds&boolean != 0)
		return false
	case c == 'n' && r.word("null"):
		r.accept(s.kinds&null != 0)
		return nil
	}
	r.unexpected()
	return nil
}

// deferred reads a value whose schema only kin-openapi can decide about.
func (r *reader) deferred(s *shape) any {
	proving := r.proving
	r.proving = false
	value := r.value(anything)
	r.proving = proving
	r.accept(r.why == "" && s.holds(value))
	return value
}

func (r *reader) word(word string) bool {
	if !strings.HasPrefix(r.text[r.at:], word) {
		return false
	}
	r.at += len(word)
	return true
}

func (r *reader) unexpected() {
	if r.at >= len(r.text) {
		r.fail("it ends too soon", len(r.text))
		return
	}
	r.fail("unexpected character", r.at)
}
