package expression

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textFilters are Liquid's filters of one text to another without arguments. null counts as the empty text.
//
// Source: shopify.github.io/liquid/filters.
var textFilters = map[string]filter{
	"capitalize":     {0, each(capitalize)},
	"downcase":       {0, each(strings.ToLower)},
	"upcase":         {0, each(strings.ToUpper)},
	"escape":         {0, each(html.EscapeString)},
	"escape_once":    {0, each(func(s string) string { return html.EscapeString(html.UnescapeString(s)) })},
	"newline_to_br":  {0, each(strings.NewReplacer("\r\n", "<br />\n", "\n", "<br />\n").Replace)},
	"strip_newlines": {0, each(strings.NewReplacer("\r\n", "", "\n", "").Replace)},
	"strip_html":     {0, each(stripHTML)},
	"strip":          {0, each(strings.TrimSpace)},
	"lstrip":         {0, each(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) })},
	"rstrip":         {0, each(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) })},
	"url_encode":     {0, each(url.QueryEscape)},
	"url_decode":     {0, urlDecode},
}

// each makes a filter of a function on text whose result is at most a few times longer.
func each(change func(string) string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		text := c.text()
		c.grow(len(text))
		if c.err != nil {
			return nil, c.err
		}
		return change(text), nil
	}
}

func capitalize(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:size]) + strings.ToLower(s[size:])
}

// stripHTML drops tags, comments, scripts and styles in one pass; what is opened and not closed stays.
func stripHTML(s string) string {
	var kept strings.Builder
	closed := map[string]bool{"-->": true, "</script>": true, "</style>": true, ">": true}
	for {
		open := strings.IndexByte(s, '<')
		if open < 0 || !closed[">"] {
			kept.WriteString(s)
			return kept.String()
		}
		kept.WriteString(s[:open])
		s = s[open:]
		end := ">"
		for start, closer := range map[string]string{"<!--": "-->", "<script": "</script>", "<style": "</style>"} {
			if strings.HasPrefix(s, start) && closed[closer] {
				end = closer
			}
		}
		at := strings.Index(s, end)
		if at < 0 {
			closed[end] = false // looked for once, not at every tag
			continue
		}
		s = s[at+len(end):]
	}
}

func urlDecode(c *call) (any, error) {
	text := c.text()
	if c.err != nil {
		return nil, c.err
	}
	decoded, err := url.QueryUnescape(text)
	if err != nil || !utf8.ValidString(decoded) {
		return nil, c.refuseInput("its input is not URL-encoded text")
	}
	return decoded, nil
}
