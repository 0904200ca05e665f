package contract

import (
	"bytes"
	"io"
	"net/http"

	"hallpass"
)

type requestBody struct {
	required bool
	content  *contents
}

// CheckRequest holds the parameters and the body of a request against the operation. The caller has read the body,
// within MaxBody, and must leave its bytes alone until the request is answered; path parameters are those of mux.Vars.
//
// The request that comes back is r itself with a body to be read from its beginning. After a JSON body it carries the
// decoded value too, in the form that openapi3filter's KeepValidatedValue has: oapi-codegen's BindJSONBody then binds
// that value and nothing is decoded twice. Defaults of the document are not written into anything.
//
// Refusals are *hallpass.Error: KindMediaType for a body of a content type that the operation does not read or that
// has no content type, otherwise KindInvalid with every problem under its member: rules[0].transform for members of
// the body, body for the whole of it, the name for a parameter, query for a query string that cannot be parsed. At
// most 100 problems are reported.
//
// An operation without a request body ignores what is sent; an optional body may be empty under any content type.
// Members and query parameters that the document does not know are accepted, unless the schema is closed.
func (op *Operation) CheckRequest(r *http.Request, body []byte) (*http.Request, error) {
	var p problems
	var value any
	var decoded bool
	if op.body != nil {
		var err error
		if value, decoded, err = op.body.check(&p, r.Header, body); err != nil {
			return nil, err
		}
	}
	op.checkParameters(&p, r)
	if len(p.list) > 0 {
		return nil, p.refusal()
	}
	r.ContentLength = int64(len(body))
	switch {
	case decoded:
		replay := &decodedReplay{value: value}
		replay.Reset(body)
		r.Body = replay
	case len(body) == 0:
		r.Body = http.NoBody
	default:
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r, nil
}

// check holds a body against its media type's schema. The value is that of a JSON body.
func (b *requestBody) check(p *problems, header http.Header, body []byte) (value any, decoded bool, err error) {
	if len(body) == 0 {
		if b.required {
			p.add("", "is required")
		}
		return nil, false, nil
	}
	if len(b.content.source) == 0 {
		return nil, false, nil
	}
	media, mediaType := b.content.find(header)
	switch {
	case media == nil:
		detail := "The content type of the body must be " + b.content.String()
		return nil, false, hallpass.Refuse(hallpass.KindMediaType, detail)
	case isJSON(mediaType):
		return p.readJSON(body, media.shape), true, nil
	case media.shape != nil:
		media.checkOther(p, mediaType, header, body)
	}
	return nil, false, nil
}

// decodedReplay is a body that was read already, with its JSON value at hand.
type decodedReplay struct {
	bytes.Reader
	value any
}

// Close does nothing; the real body belongs to the server.
func (*decodedReplay) Close() error { return nil }

// ValidatedValue returns the body's decoded JSON value.
func (d *decodedReplay) ValidatedValue() any { return d.value }
