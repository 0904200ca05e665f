package hallpass

import (
	"strings"
	"unicode/utf8"
)

// TokenQuery is what a list or search of tokens asks for: tokens that meet everything given. The zero value asks for all.
type TokenQuery struct {
	IDs         []string // any of these; nil for all
	Container   string   // the container, lower case, or those within it
	Type        TokenType
	Fingerprint string
	Metadata    map[string]string // these values, letter for letter
	Data        *string           // a text among the search terms, letter for letter
}

// Generation is the generation of a list or search operation, which differ in what may be combined.
type Generation uint8

// The generations.
const (
	V1 Generation = 1 // deprecated: several terms of metadata
	V2 Generation = 2 // one term, and a container
)

// MaxTokenQuery is how long the query of a search may be, in characters.
const MaxTokenQuery = 200

// maxContainerText is the longest container that is looked for.
const maxContainerText = 400

// ParseTokenQuery reads the query of a search: terms field:value, joined by AND, of the fields container, type,
// fingerprint, data and metadata.<key>; values with spaces stand in double quotes, and a backslash takes the character
// after it as it is. A container goes with any other term; other terms do not go together, except that V1 takes several of
// metadata. An empty text asks for all tokens. Refusals stand under query and hold nothing of it.
func ParseTokenQuery(text string, g Generation) (TokenQuery, error) {
	if utf8.RuneCountInString(text) > MaxTokenQuery {
		return TokenQuery{}, Invalid("query", "must have at most 200 characters")
	}
	if !storable(text) {
		return TokenQuery{}, Invalid("query", problemNUL)
	}
	q := TokenQuery{}
	s := termScanner{rest: strings.TrimSpace(text)}
	for terms := 0; s.rest != ""; terms++ {
		if terms > 0 && !s.and() {
			return TokenQuery{}, Invalid("query", "must have AND between its terms, and quotes around values with spaces")
		}
		field, value, ok := s.term()
		if !ok {
			return TokenQuery{}, Invalid("query", "must consist of terms such as metadata.user_id:34445")
		}
		if problem := q.add(field, value, g); problem != "" {
			return TokenQuery{}, Invalid("query", problem)
		}
	}
	return q, nil
}

const (
	problemFields     = "must name one of: container, type, fingerprint, data, metadata.<key>"
	problemFieldTwice = "must not name a field twice"
)

// add takes one more term into the query, or says why not.
func (q *TokenQuery) add(field, value string, g Generation) (problem string) {
	if field == "container" {
		return q.within(value)
	}
	key, metadata := strings.CutPrefix(field, "metadata.")
	several := g == V1 && metadata && q.terms() == len(q.Metadata)
	if q.terms() > 0 && !several {
		return "must not combine these fields"
	}
	switch {
	case metadata && key != "":
		return q.where(key, value)
	case field == "type":
		q.Type = TokenType(value)
	case field == "fingerprint":
		q.Fingerprint = value
	case field == "data":
		q.Data = &value
	default:
		return problemFields
	}
	return ""
}

// where adds a value of metadata, or says why not.
func (q *TokenQuery) where(key, value string) (problem string) {
	if _, twice := q.Metadata[key]; twice {
		return problemFieldTwice
	}
	if q.Metadata == nil {
		q.Metadata = map[string]string{}
	}
	q.Metadata[key] = value
	return ""
}

// terms is how many terms other than a container the query has.
func (q *TokenQuery) terms() int {
	n := len(q.Metadata)
	for _, given := range []bool{q.Type != "", q.Fingerprint != "", q.Data != nil} {
		if given {
			n++
		}
	}
	return n
}

// within narrows the query to a container, or says why not.
func (q *TokenQuery) within(container string) (problem string) {
	switch {
	case q.Container != "":
		return problemFieldTwice
	case len(container) > maxContainerText || !ValidContainer(container):
		return "must name a container such as /pci/high/"
	}
	q.Container = strings.ToLower(container)
	return ""
}

// termScanner takes a query apart.
type termScanner struct{ rest string }

// and takes the operator between two terms.
func (s *termScanner) and() bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(s.rest, " "), "AND ")
	if !ok || !strings.HasPrefix(s.rest, " ") {
		return false
	}
	s.rest = strings.TrimLeft(rest, " ")
	return true
}

// term takes a field and its value, neither of which is empty.
func (s *termScanner) term() (field, value string, ok bool) {
	field = s.take(":")
	if !strings.HasPrefix(s.rest, ":") {
		return "", "", false
	}
	s.rest = strings.TrimLeft(s.rest[1:], " ")
	if strings.HasPrefix(s.rest, `"`) {
		s.rest = s.rest[1:]
		if value = s.take(`"`); !strings.HasPrefix(s.rest, `"`) {
			return "", "", false
		}
		s.rest = s.rest[1:]
	} else {
		value = s.take(` "`)
	}
	return field, value, field != "" && value != "" && !strings.ContainsAny(field, ` "`)
}

// take takes what stands before the first of the characters that is not behind a backslash, without those backslashes.
func (s *termScanner) take(end string) string {
	var taken strings.Builder
	for i := 0; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		} else if strings.IndexByte(end, c) >= 0 {
			s.rest = s.rest[i:]
			return taken.String()
		}
		taken.WriteByte(c)
	}
	s.rest = ""
	return taken.String()
}
