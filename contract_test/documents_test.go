package contract_test

import (
	"bytes"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hallpass/handlers"
)

// pagePaths are the pages for people.
var pagePaths = []string{"/", "/docs"}

// standing are the paths of everything that stands still: the contract, the pages, and what they load.
func (s *service) standing(t *testing.T) []string {
	t.Helper()
	paths := append([]string{"/openapi.yaml", "/openapi.json", "/openapi.dereferenced.json"}, pagePaths...)
	for _, page := range pagePaths {
		for _, to := range destinations(s.nobody().get(t, page).is(t, http.StatusOK)) {
			if strings.HasPrefix(to, "/docs/") && !slices.Contains(paths, to) {
				paths = append(paths, to)
			}
		}
	}
	return paths
}

// destinations are the addresses that a page names, without the part that stays in the browser.
func destinations(page *answer) []string {
	var all []string
	for _, match := range regexp.MustCompile(`(?:href|src)="([^"#]*)`).FindAllSubmatch(page.body, -1) {
		all = append(all, string(match[1]))
	}
	return all
}

// TestDocuments promises of everything that stands still that it is sent packed to who takes that, and not again to who has
// it.
func TestDocuments(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, path := range s.standing(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := request{method: http.MethodGet, path: path}
			plain := s.nobody().send(t, r).is(t, http.StatusOK)
			packed := s.nobody().send(t, r.with("Accept-Encoding", "br;q=1.0, GZIP;q=0.8, *;q=0.1")).is(t, http.StatusOK)
			if packed.header.Get("Content-Encoding") != "gzip" || plain.header.Get("Content-Encoding") != "" {
				t.Errorf("it is coded %q, and plain %q", packed.header.Get("Content-Encoding"), plain.header.Get("Content-Encoding"))
			}
			if !bytes.Equal(plain.body, packed.body) { // which the suite has unpacked
				t.Error("packed it is something else")
			}
			for _, a := range []*answer{plain, packed} {
				if kind := a.header.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "; charset=utf-8") {
					t.Errorf("it is %s, of no charset", kind)
				}
				if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Accept-Encoding") {
					t.Errorf("it does not vary with Accept-Encoding, but %q", a.header.Values("Vary"))
				}
			}
			if again := s.nobody().send(t, r.with("Accept-Encoding", "br, gzip; q=0")); again.header.Get("Content-Encoding") != "" {
				t.Error("it is packed for who does not take that")
			}
			s.revalidates(t, r, plain.header.Get("ETag"))
			s.revalidates(t, r.with("Accept-Encoding", "gzip"), packed.header.Get("ETag"))
			if plain.header.Get("ETag") == packed.header.Get("ETag") {
				t.Error("plain and packed have one tag")
			}
		})
	}
}

// revalidates checks that who names the tag gets 304, and who names another does not.
func (s *service) revalidates(t *testing.T, r request, tag string) {
	t.Helper()
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("ETag is %q", tag)
	}
	for held, status := range map[string]int{
		tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200, strings.Trim(tag, `"`): 200, "": 200,
	} {
		a := s.nobody().send(t, r.with("If-None-Match", held))
		if a.status != status || a.header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s is answered %d, %s", held, a.status, a.header.Get("ETag"))
		}
	}
}

func TestPageAsset(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, name := range []string{"nothing.css", "swagger-ui.css.gz", "..", "package.json", "front.html"} {
		s.nobody().send(t, request{method: http.MethodGet, path: "/docs/" + name}).is(t, http.StatusNotFound)
	}
}

// TestHTMLPages promises that the pages load nothing from elsewhere, allow nothing inline, and lead nowhere in vain.
func TestHTMLPages(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for path, allowed := range map[string]map[string]string{
		"/": {
			"default-src": "'none'", "style-src": "'self'", "img-src": "'self'", "base-uri": "'none'", "form-action": "'none'",
			"frame-ancestors": "'none'",
		},
		"/docs": {
			"default-src": "'none'", "style-src": "'self'", "img-src": "'self' data:", "base-uri": "'none'", "form-action": "'none'",
			"frame-ancestors": "'none'", "script-src": "'self'", "connect-src": "'self'",
		},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			page := s.nobody().get(t, path).is(t, http.StatusOK)
			policy := map[string]any{}
			for _, directive := range strings.Split(page.header.Get("Content-Security-Policy"), ";") {
				name, sources, _ := strings.Cut(strings.TrimSpace(directive), " ")
				policy[name] = sources
			}
			same(t, "the policy", policy, allowed)
			if page.header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("Referrer-Policy is %q", page.header.Get("Referrer-Policy"))
			}
			for _, inline := range []string{`<script>`, `<style`, ` style=`, ` on\w+=`, `javascript:`, `<script(?:[^>]*)>[^<]`} {
				if found := regexp.MustCompile(inline).Find(page.body); found != nil {
					t.Errorf("it has %q in it", found)
				}
			}
			for _, to := range destinations(page) {
				if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
					t.Errorf("it leads to %s", to)
					continue
				}
				s.nobody().get(t, to).is(t, http.StatusOK)
			}
		})
	}
}

// TestAPICatalog promises that every link of the catalog leads to what it says.
func TestAPICatalog(t *testing.T) {
	t.Parallel()
	s := shared(t)
	const catalogType = `application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"`
	get := s.nobody().get(t, "/.well-known/api-catalog").is(t, http.StatusOK)
	head := s.nobody().send(t, request{method: http.MethodHead, path: "/.well-known/api-catalog", broken: true}).is(t, http.StatusOK)
	front := s.nobody().get(t, "/").is(t, http.StatusOK)
	for name, a := range map[string]*answer{"GET": get, "HEAD": head, "the front page": front} {
		for _, link := range []string{`</.well-known/api-catalog>; rel="api-catalog"`, `</>; rel="item"`} {
			if !strings.Contains(a.header.Get("Link"), link) {
				t.Errorf("%s has the links %q, without %s", name, a.header.Get("Link"), link)
			}
		}
	}
	if get.header.Get("Content-Type") != catalogType {
		t.Errorf("the catalog is %s", get.header.Get("Content-Type"))
	}
	var catalog struct{ Linkset []map[string]any }
	get.into(t, &catalog)
	base := strings.TrimSuffix(catalog.Linkset[0]["anchor"].(string), "/.well-known/api-catalog")
	relations := map[string]int{}
	for _, context := range catalog.Linkset {
		delete(context, "anchor")
		for relation, links := range context {
			for _, link := range links.([]any) {
				target := link.(map[string]any)
				path := strings.TrimPrefix(target["href"].(string), base)
				a := s.nobody().get(t, path).is(t, http.StatusOK)
				if kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type")); target["type"] != nil && kind != target["type"] {
					t.Errorf("%s is %s, not %s", path, kind, target["type"])
				}
				relations[relation]++
			}
		}
	}
	same(t, "the number of links", relations, map[string]int{"item": 1, "service-desc": 3, "service-doc": 1, "status": 1})
}

// TestAPICatalogOfAPublicURL promises that a catalog names the address that the server is known by.
func TestAPICatalogOfAPublicURL(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsConfiguration)
	s := shared(t)
	url := s.own.serve(t, func(c *handlers.Config) { c.PublicURL = "https://pass.example/" }, nil)
	catalog := s.nobody().at(url).get(t, "/.well-known/api-catalog").is(t, http.StatusOK)
	if !bytes.Contains(catalog.body, []byte(`"https://pass.example/docs"`)) || bytes.Contains(catalog.body, []byte(url)) {
		t.Errorf("the catalog is %s", catalog.body)
	}
}
