// Package pages holds what people see of the service: the front page, and the reference, which is Swagger UI with the
// contract.
//
// Everything is embedded and nothing is loaded from elsewhere. No page has an inline script or style, so the policies that
// are served with them allow none; the front page needs no script at all.
package pages

import (
	"bytes"
	"embed"
	"html/template"
)

// About is what the pages say of the service.
type About struct {
	Version string // of the contract
	Keys    *Keys  // nil but in development
}

// Keys are the credentials that the reference of a development server has at hand. They are public knowledge.
type Keys struct{ Public, Private, Management, Access string }

// Page is a page and what is served with it.
type Page struct {
	Content []byte
	Policy  string // its Content-Security-Policy
	Links   string // its Link header; empty for none
	Secret  bool   // holds keys
}

// CatalogLinks is the Link header that leads to the API catalog and, in it, to the one API (RFC 9727).
const CatalogLinks = `</.well-known/api-catalog>; rel="api-catalog", </>; rel="item"`

// Nothing may frame a page, send a form from it or change what its addresses are relative to. Swagger UI draws with pictures
// in data: URLs, and tries operations at its own origin.
const (
	policy          = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
	frontPolicy     = policy + "img-src 'self'"
	referencePolicy = policy + "img-src 'self' data:; script-src 'self'; connect-src 'self'"
)

//go:embed front.html reference.html
var sources embed.FS

// Front returns the front page.
func Front(about About) Page {
	return Page{Content: render("front.html", about), Policy: frontPolicy, Links: CatalogLinks}
}

// Reference returns the reference. In development it holds the keys.
func Reference(about About) Page {
	return Page{Content: render("reference.html", about), Policy: referencePolicy, Secret: about.Keys != nil}
}

// render fills in a page. It panics where the page itself is wrong, which every start would show.
func render(name string, about About) []byte {
	var page bytes.Buffer
	if err := template.Must(template.ParseFS(sources, name)).Execute(&page, about); err != nil {
		panic(err)
	}
	return page.Bytes()
}

// Asset is a file that a page loads.
type Asset struct {
	MediaType string
	Packed    bool // Content is gzipped
	Content   []byte
}

// Assets are the files that the pages load, by name.
var Assets = map[string]Asset{
	"front.css":            {css, false, frontCSS},
	"icon.svg":             {svg, false, iconSVG},
	"licences.txt":         {txt, false, swaggerUILicences},
	"reference.css":        {css, false, referenceCSS},
	"reference.js":         {js, false, referenceJS},
	"swagger-ui-bundle.js": {js, true, swaggerUIBundle},
	"swagger-ui.css":       {css, true, swaggerUICSS},
}

// The charset is said wherever there is one: without it a browser may read Swagger UI's script as something else.
const (
	css = "text/css; charset=utf-8"
	js  = "text/javascript; charset=utf-8"
	svg = "image/svg+xml"
	txt = "text/plain; charset=utf-8"
)

//go:embed front.css
var frontCSS []byte

//go:embed icon.svg
var iconSVG []byte

//go:embed reference.css
var referenceCSS []byte

//go:embed reference.js
var referenceJS []byte

//go:embed swagger-ui/licences.txt
var swaggerUILicences []byte

//go:embed swagger-ui/swagger-ui-bundle.js.gz
var swaggerUIBundle []byte

//go:embed swagger-ui/swagger-ui.css.gz
var swaggerUICSS []byte
