package handlers

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// reply holds a response back until it is known to be whole and to keep the contract.
type reply struct {
	w      http.ResponseWriter
	status int
	body   bytes.Buffer
	proven *atomic.Bool // of a body that is the same each time, whether it was found to keep the contract; nil of others
}

var replies = sync.Pool{New: func() any { return new(reply) }}

func newReply(w http.ResponseWriter) *reply {
	r, _ := replies.Get().(*reply)
	r.w, r.status, r.proven = w, 0, nil
	r.body.Reset()
	return r
}

// maxPooledReply keeps the buffer of one large reply from staying in memory for ever.
const maxPooledReply = 64 << 10

func (r *reply) free() {
	r.w = nil
	if r.body.Cap() <= maxPooledReply {
		replies.Put(r)
	}
}

// Header implements http.ResponseWriter.
func (r *reply) Header() http.Header { return r.w.Header() }

// WriteHeader implements http.ResponseWriter. The first status counts.
func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *reply) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// reset drops status and body so that another answer can be written.
func (r *reply) reset() {
	r.status, r.proven = 0, nil
	r.body.Reset()
	for _, name := range []string{"Content-Type", "Content-Encoding", "Location", "Etag", "Www-Authenticate"} {
		delete(r.Header(), name)
	}
}

// send lets the response go. A HEAD request gets the headers of its GET.
func (r *reply) send(method string) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() > 0 {
		r.Header()["Content-Length"] = []string{strconv.Itoa(r.body.Len())}
	}
	r.w.WriteHeader(r.status)
	if method != http.MethodHead {
		_, _ = r.w.Write(r.body.Bytes()) // the caller has gone; there is nobody to tell
	}
}
