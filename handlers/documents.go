package handlers

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"hallpass"
	"hallpass/pages"
)

// documents are what is served as it stands: the contract in its renditions, the pages, and what they load.
type documents struct {
	yaml, json, dereferenced, front, reference *document
	assets                                     map[string]*document
}

func newDocuments(contract hallpass.ContractDocument, about pages.About) documents {
	d := documents{
		yaml:         newDocument("application/yaml", contract.YAML),
		json:         newDocument(typeOpenAPI, contract.JSON),
		dereferenced: newPackedDocument(typeOpenAPI, contract.Dereferenced),
		front:        newPage(pages.Front(about)),
		reference:    newPage(pages.Reference(about)),
		assets:       map[string]*document{},
	}
	for name, asset := range pages.Assets {
		if asset.Packed {
			d.assets[name] = newPackedDocument(asset.MediaType, asset.Content)
		} else {
			d.assets[name] = newDocument(asset.MediaType, asset.Content)
		}
	}
	return d
}

// typeOpenAPI is the media type of an OpenAPI document in JSON.
const typeOpenAPI = "application/vnd.oai.openapi+json"

// document is a body that is the same for every caller. What it costs to pack, unpack, name and check it is paid when it is
// first asked for: some are large, and anybody may ask.
type document struct {
	header        map[string]string // Content-Type, and what else goes with the body
	plain, packed rendition
	tag           func() string // the entity tag, without its quotes
}

// rendition is a document in one content coding.
type rendition struct {
	body   func() []byte
	proven *atomic.Bool // whether it was held against the contract and kept it
}

func newDocument(mediaType string, body []byte) *document {
	return &document{
		header: map[string]string{"Content-Type": mediaType},
		plain:  rendition{func() []byte { return body }, new(atomic.Bool)},
		packed: rendition{sync.OnceValue(func() []byte { return pack(body) }), new(atomic.Bool)},
		tag:    sync.OnceValue(func() string { return tagOf(body) }),
	}
}

// newPackedDocument is a document that is held gzipped.
func newPackedDocument(mediaType string, body []byte) *document {
	return &document{
		header: map[string]string{"Content-Type": mediaType},
		plain:  rendition{sync.OnceValue(func() []byte { return unpack(body) }), new(atomic.Bool)},
		packed: rendition{func() []byte { return body }, new(atomic.Bool)},
		tag:    sync.OnceValue(func() string { return tagOf(body) }),
	}
}

// newPage is a document that a browser shows under a policy of its own.
func newPage(page pages.Page) *document {
	d := newDocument("text/html; charset=utf-8", page.Content)
	d.header["Content-Security-Policy"] = page.Policy
	d.header["Referrer-Policy"] = "no-referrer"
	if page.Secret {
		d.header["Cache-Control"] = "no-store"
	}
	if page.Links != "" {
		d.header["Link"] = page.Links
	}
	return d
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

func pack(plain []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(plain) // into memory
	_ = w.Close()
	return packed.Bytes()
}

// unpack is the reverse. What is embedded is whole; a body that is not would break the contract and be answered 500.
func unpack(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(r)
	return plain
}

// sending is a document on its way to one caller. It implements the generated response interface of every operation that
// serves a document.
type sending struct {
	*document
	asked http.Header
}

func (d *document) to(ctx context.Context) sending { return sending{d, callOf(ctx).request.Header} }

// write answers with the document, gzipped where the caller takes that, or with 304 where the caller has it already. The
// two codings have a tag each, for they are not the same bytes.
func (s sending) write(w http.ResponseWriter) error {
	header, tag, sent := w.Header(), s.tag(), s.plain
	packed := takesGzip(s.asked)
	if packed {
		tag, sent = tag+"-gzip", s.packed
	}
	header.Set("ETag", `"`+tag+`"`)
	header.Add("Vary", "Accept-Encoding")
	if holds(s.asked, header.Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if packed {
		header.Set("Content-Encoding", "gzip")
	}
	for name, value := range s.header {
		header.Set(name, value)
	}
	if reply, ok := w.(*reply); ok {
		reply.proven = sent.proven
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(sent.body())
	return err
}

// holds reports whether the caller has what the tag names already (RFC 9110 section 13.1.2).
func holds(asked http.Header, tag string) bool {
	for _, held := range listed(asked, "If-None-Match") {
		if held == "*" || strings.TrimPrefix(held, "W/") == tag {
			return true
		}
	}
	return false
}

// takesGzip reports whether the caller names gzip among the codings that it takes (RFC 9110 section 12.5.3).
func takesGzip(asked http.Header) bool {
	for _, coding := range listed(asked, "Accept-Encoding") {
		name, weight, weighed := strings.Cut(coding, ";")
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !weighed || err == nil && q > 0
		}
	}
	return false
}

// listed returns the elements of a header that is a list.
func listed(header http.Header, name string) []string {
	elements := strings.Split(strings.Join(header.Values(name), ","), ",")
	for i := range elements {
		elements[i] = strings.TrimSpace(elements[i])
	}
	return elements
}
