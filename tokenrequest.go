package hallpass

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"
)

// TokenRequest is what a client asks a new token to be. A member that is absent or null has its zero value.
type TokenRequest struct {
	ID                    string // a value, or expressions over data
	Type                  TokenType
	Data                  any
	Mask                  any
	Containers            []string
	Metadata              map[string]string
	SearchIndexes         []string // nil for the type's own; empty for none
	FingerprintExpression string
	DeduplicateToken      *bool // nil for the tenant's setting
	ExpiresAt             *string
	Privacy               Privacy

	path string // where it stands in a tokenize request, for refusals
}

// Format writes the type for every verb: data never gets into a message by way of its request.
func (r TokenRequest) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "request for a token of type "+printable(string(r.Type)))
}

// LogValue returns what Format writes.
func (r TokenRequest) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// The bounds of a token's members. Those of metadata and privacy are this project's own.
const (
	MaxFingerprintExpression = 400 // characters
	MaxSearchIndexes         = 10  // in a create request
	MaxPatchedSearchIndexes  = 5   // in a patch
	MaxMetadata              = 100 // members
	MaxMetadataKey           = 200 // characters
	MaxMetadataValue         = 4000
	maxPrivacy               = 50 // characters
)

// ParseTokenRequest reads the body of a request for a token. It notes everything whose type is wrong, whatever is not a
// member of a request, and the two members that are not supported: encrypted and token_intent_id.
func ParseTokenRequest(body map[string]any) (*TokenRequest, error) {
	var f Fields
	r := parseTokenRequest(&f, "", body)
	return r, f.Err()
}

func parseTokenRequest(f *Fields, path string, body map[string]any) *TokenRequest {
	m := reader{f, path, body}
	m.refuseOthers("is not a member of a token request", slices.Concat(patchable, []string{
		"id", "type", "encrypted", "token_intent_id",
	}))
	for _, name := range []string{"encrypted", "token_intent_id"} {
		if m.given(name) {
			f.Add(member(path, name), "is not supported")
		}
	}
	r := &TokenRequest{
		ID: m.text("id"), Type: TokenType(m.text("type")),
		Data: body["data"], Mask: body["mask"],
		Containers: m.texts("containers"), Metadata: m.metadata(), SearchIndexes: m.texts("search_indexes"),
		FingerprintExpression: m.text("fingerprint_expression"), DeduplicateToken: m.flag("deduplicate_token"),
		ExpiresAt: m.optional("expires_at"), Privacy: m.privacy(), path: path,
	}
	if r.ID == "" && body["id"] == "" {
		f.Add(member(path, "id"), problemID)
	}
	return r
}

// reader takes typed members out of a JSON object and notes those that are of another type.
type reader struct {
	f    *Fields
	path string
	body map[string]any
}

func (m reader) given(name string) bool { return m.body[name] != nil }

func (m reader) refuse(name, problem string) { m.f.Add(member(m.path, name), problem) }

// refuseOthers notes the members that are none of those known.
func (m reader) refuseOthers(problem string, known []string) {
	for name := range m.body {
		if !slices.Contains(known, name) {
			m.refuse(printable(name), problem)
		}
	}
}

func (m reader) text(name string) string {
	text, ok := m.body[name].(string)
	if !ok && m.given(name) {
		m.refuse(name, problemText)
	}
	return text
}

// optional returns a text, nil where there is none.
func (m reader) optional(name string) *string {
	text := m.text(name)
	if _, ok := m.body[name].(string); !ok {
		return nil
	}
	return &text
}

func (m reader) flag(name string) *bool {
	flag, ok := m.body[name].(bool)
	if !ok {
		if m.given(name) {
			m.refuse(name, "must be a boolean")
		}
		return nil
	}
	return &flag
}

// texts returns a list of strings, nil where there is none.
func (m reader) texts(name string) []string {
	list, ok := m.body[name].([]any)
	if !ok {
		if m.given(name) {
			m.refuse(name, "must be an array of strings")
		}
		return nil
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = item.(string); !ok {
			m.refuse(at(name, i), problemText)
		}
	}
	return texts
}

// metadata returns the metadata, nil where there is none, and notes what goes beyond its bounds.
func (m reader) metadata() map[string]string {
	object, ok := m.body["metadata"].(map[string]any)
	if !ok {
		if m.given("metadata") {
			m.refuse("metadata", problemObject)
		}
		return nil
	}
	if len(object) > MaxMetadata {
		m.refuse("metadata", "must have at most 100 members")
		return nil
	}
	metadata := make(map[string]string, len(object))
	for key, value := range object {
		text, ok := value.(string)
		path := member("metadata", printable(key))
		switch {
		case !ok:
			m.refuse(path, problemText)
		case key == "" || utf8.RuneCountInString(key) > MaxMetadataKey:
			m.refuse(path, "must have a name of 1 to 200 characters")
		case utf8.RuneCountInString(text) > MaxMetadataValue:
			m.refuse(path, "must have at most 4000 characters")
		case !storable(key) || !storable(text):
			m.refuse(path, problemNUL)
		}
		metadata[key] = text
	}
	return metadata
}

func (m reader) privacy() (p Privacy) {
	object, ok := m.body["privacy"].(map[string]any)
	if !ok {
		if m.given("privacy") {
			m.refuse("privacy", problemObject)
		}
		return p
	}
	inner := reader{m.f, member(m.path, "privacy"), object}
	p = Privacy{inner.text("classification"), inner.text("impact_level"), inner.text("restriction_policy")}
	if utf8.RuneCountInString(p.Classification) > maxPrivacy || !storable(p.Classification) {
		inner.refuse("classification", "must have at most 50 characters")
	}
	if p.ImpactLevel != "" && !slices.Contains(impactLevels, p.ImpactLevel) {
		inner.refuse("impact_level", "must be one of: low, moderate, high")
	}
	if p.RestrictionPolicy != "" && p.RestrictionPolicy != string(Mask) && p.RestrictionPolicy != string(Redact) {
		inner.refuse("restriction_policy", "must be one of: mask, redact")
	}
	return p
}

// printable returns the name of a member as it may stand in the path of a refusal: as it is where it reads like a name,
// otherwise a star, for it might be data in the wrong place.
func printable(name string) string {
	const rest = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	if name == "" || len(name) > 50 || strings.IndexByte(rest, name[0]) >= 52 || strings.Trim(name, rest) != "" {
		return "*"
	}
	return name
}

const problemNUL = "must be text without NUL characters"

// storable reports whether both databases can hold and compare the text: PostgreSQL knows no NUL character.
func storable(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }
