package contract

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// contents is the media types that a request body or a response may have.
type contents struct {
	exact    map[string]*media              // by the type as it is spelled in the document, for the common case
	bySource map[*openapi3.MediaType]*media // by what kin-openapi's own matching finds
	source   openapi3.Content
}

// media is one media type of a document. Its shape is nil when it has no schema.
type media struct {
	name   string // empty for a range such as text/*
	source *openapi3.MediaType
	shape  *shape
}

func (p *preparation) contents(source openapi3.Content, shapes *shaper) (*contents, error) {
	c := &contents{exact: map[string]*media{}, bySource: map[*openapi3.MediaType]*media{}, source: source}
	for key, mt := range source {
		m := &media{source: mt}
		if mt.Schema != nil {
			m.shape = shapes.shape(mt.Schema.Value)
		}
		if !strings.ContainsAny(key, "*,;") {
			m.name = strings.ToLower(strings.TrimSpace(key))
			if m.shape != nil && !readable(m.name, m.shape.schema) {
				return nil, fmt.Errorf("bodies of type %s cannot be read", key)
			}
			c.exact[m.name] = m
		}
		c.bySource[mt] = m
	}
	return c, nil
}

// String lists the media types for a reader.
func (c *contents) String() string { return strings.Join(slices.Sorted(maps.Keys(c.source)), ", ") }

// find returns the media that a Content-Type header names and its bare media type, or nil when the header is missing,
// sent twice, malformed, not documented, or of a charset other than UTF-8.
func (c *contents) find(header http.Header) (*media, string) {
	values := header["Content-Type"]
	if len(values) != 1 {
		return nil, ""
	}
	if m := c.exact[values[0]]; m != nil {
		return m, m.name
	}
	name, params, err := mime.ParseMediaType(values[0])
	if err != nil || !strings.Contains(name, "/") {
		return nil, ""
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return nil, ""
	}
	return c.bySource[c.source.Get(values[0])], name
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

const formType = "application/x-www-form-urlencoded"

// isPlain says whether a body is checked as the text it is. YAML with a string schema is a document that is handed
// through, such as the contract itself.
func isPlain(mediaType string, schema *openapi3.Schema) bool {
	if !schema.Type.Is(openapi3.TypeString) {
		return false
	}
	return mediaType == "text/plain" || strings.HasSuffix(mediaType, "yaml") ||
		openapi3filter.RegisteredBodyDecoder(mediaType) == nil
}

func readable(mediaType string, schema *openapi3.Schema) bool {
	return isJSON(mediaType) || isPlain(mediaType, schema) || openapi3filter.RegisteredBodyDecoder(mediaType) != nil
}

// checkOther holds a body that is not JSON against its schema.
func (m *media) checkOther(p *problems, mediaType string, header http.Header, body []byte) {
	schema := m.shape.schema
	if isPlain(mediaType, schema) {
		if strings.HasPrefix(mediaType, "text/") && !utf8.Valid(body) {
			p.add("", "is not valid UTF-8")
			return
		}
		p.visit(m.shape, string(body), "")
		return
	}
	if mediaType == formType && !m.checkForm(p, body) {
		return
	}
	decode := openapi3filter.RegisteredBodyDecoder(mediaType)
	if decode == nil {
		p.add("", "is of a type that cannot be read")
		return
	}
	encoding := func(name string) *openapi3.Encoding { return m.source.Encoding[name] }
	value, err := decode(bytes.NewReader(body), header, m.source.Schema, encoding)
	if err != nil {
		p.decoding(err, schema, "")
		return
	}
	p.visit(m.shape, value, "")
}

// checkForm refuses what the form decoder overlooks: bad escapes, a member sent twice, a member that is not allowed.
func (m *media) checkForm(p *problems, body []byte) bool {
	schema := m.shape.schema
	form, err := url.ParseQuery(string(body))
	if err != nil {
		p.add("", "is not a valid form")
		return false
	}
	closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
	before := len(p.list)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		property := propertyOf(schema, name, 0)
		switch {
		case property == nil && closed:
			p.unknown("", name)
		case len(form[name]) > 1 && (property == nil || !property.Type.Is(openapi3.TypeArray)):
			p.addMember("", name, "must be given once")
		}
	}
	return len(p.list) == before
}

// propertyOf finds the schema of a member, in the schema itself or in those it is composed of; nil when there is none.
func propertyOf(schema *openapi3.Schema, name string, depth int) *openapi3.Schema {
	if ref := schema.Properties[name]; ref != nil {
		return ref.Value
	}
	if depth == maxDepth {
		return nil
	}
	for _, ref := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		if found := propertyOf(ref.Value, name, depth+1); found != nil {
			return found
		}
	}
	return nil
}
