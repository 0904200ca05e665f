package contract

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string, from its opening quote on.
func (r *reader) string() string {
	start := r.at + 1
	ascii := true
	for i := start; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			text := r.text[start:i]
			if !ascii && !utf8.ValidString(text) {
				r.fail("a string is not UTF-8", start-1)
			}
			return r.share(text)
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.fail("a string holds a control character", i)
			return ""
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	r.fail("it ends too soon", len(r.text))
	return ""
}

// share returns a part of the text, or a copy of it when the text is large.
func (r *reader) share(text string) string {
	if r.large {
		return strings.Clone(text)
	}
	return text
}

// escaped reads on in a string that started at start and has its first backslash at i.
func (r *reader) escaped(start, i int) string {
	buf := make([]byte, 0, 2*(i-start)+32)
	buf = append(buf, r.text[start:i]...)
	for i < len(r.text) {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			if !utf8.Valid(buf) {
				r.fail("a string is not UTF-8", start-1)
			}
			return string(buf)
		case c < ' ':
			r.fail("a string holds a control character", i)
			return ""
		case c != '\\':
			buf = append(buf, c)
			i++
		default:
			var ok bool
			if buf, i, ok = r.escape(buf, i); !ok {
				return ""
			}
		}
	}
	r.fail("it ends too soon", len(r.text))
	return ""
}

// escape appends what the escape at i stands for and returns where it ends.
func (r *reader) escape(buf []byte, i int) ([]byte, int, bool) {
	if i+1 == len(r.text) {
		r.fail("it ends too soon", len(r.text))
		return buf, i, false
	}
	if k := strings.IndexByte(`"\/bfnrt`, r.text[i+1]); k >= 0 {
		return append(buf, "\"\\/\b\f\n\r\t"[k]), i + 2, true
	}
	char := r.unit(i)
	end := i + 6
	if utf16.IsSurrogate(char) {
		char = utf16.DecodeRune(char, r.unit(end))
		end += 6
		if char == utf8.RuneError {
			r.fail("an escape is one half of a surrogate pair", i)
			return buf, i, false
		}
	}
	if char < 0 {
		r.fail("unknown escape", i)
		return buf, i, false
	}
	return utf8.AppendRune(buf, char), end, true
}

// unit reads the \uXXXX at i, or returns -1 when there is none.
func (r *reader) unit(i int) rune {
	if len(r.text)-i < 6 || r.text[i] != '\\' || r.text[i+1] != 'u' {
		return -1
	}
	char, err := strconv.ParseUint(r.text[i+2:i+6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(char)
}

// number reads a number and returns its spelling.
func (r *reader) number() string {
	start := r.at
	if r.text[r.at] == '-' {
		r.at++
	}
	switch {
	case r.at < len(r.text) && r.text[r.at] == '0':
		r.at++
	case !r.digits():
		r.unexpected()
		return ""
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		r.at++
		if !r.digits() {
			r.unexpected()
			return ""
		}
	}
	if r.at < len(r.text) && r.text[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if !r.digits() {
			r.unexpected()
			return ""
		}
	}
	return r.share(r.text[start:r.at])
}

// digits skips digits and says whether there was one.
func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}
