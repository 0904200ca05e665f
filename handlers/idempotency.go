package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/http"

	"hallpass"
	"hallpass/store"
)

// replayed are the headers that are kept with a reply, besides those that every reply has.
var replayed = []string{"Content-Type", "Location", "Vary"}

// once runs a request that carries an idempotency key at most once with success: it replays a success that was kept, and
// refuses a request whose twin is still under way (developers.basistheory.com, API > Idempotency). Other requests just
// run.
func (s *Server) once(w *reply, r *http.Request, c *call, run func() error) error {
	key := r.Header.Get(headerIdempotencyKey)
	if key == "" || c.caller == nil || !changes(c.operation.Method) {
		return run()
	}
	digest := requestDigest(c, r, key)
	kept, err := s.Store.BeginRequest(r.Context(), digest, s.now())
	if err != nil {
		return err
	}
	if kept != nil {
		for name, value := range kept.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(kept.Status)
		_, err := w.Write(kept.Body)
		return err
	}
	finished := false
	ctx := context.WithoutCancel(r.Context()) // the key must be settled, also when the caller has gone
	defer func() {
		if !finished {
			c.note(s.Store.ForgetRequest(ctx, digest))
		}
	}()
	if err := run(); err != nil {
		return err
	}
	if w.status < 200 || w.status > 299 || c.operation.CheckResponse(w.status, w.Header(), w.body.Bytes()) != nil {
		return nil
	}
	finished = true
	reply := store.Reply{Status: w.status, Header: map[string]string{}, Body: w.body.Bytes()}
	for _, name := range replayed {
		if value := w.Header().Get(name); value != "" {
			reply.Header[name] = value
		}
	}
	if err := s.Store.FinishRequest(ctx, digest, &reply); err != nil {
		w.reset()
		return err
	}
	return nil
}

func changes(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// requestDigest names the request that an idempotency key stands for. The key is one caller's own: the same text from
// another application, another session or for another path is another request.
func requestDigest(c *call, r *http.Request, key string) hallpass.Digest {
	who := c.caller.Application.ID
	if c.caller.Session != nil {
		who += string(binary.BigEndian.AppendUint64(nil, uint64(c.caller.Session.Selector)))
	}
	if c.scheme() == schemeCreationToken {
		who += c.claims.ID
	}
	h := sha256.New()
	for _, part := range []string{c.caller.Tenant.ID, who, c.operation.Method, r.URL.Path, key} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return hallpass.Digest(h.Sum(nil))
}
