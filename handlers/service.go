package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"

	"hallpass"
	"hallpass/gen"
)

// GetHealth answers GET /healthz.
func (*Server) GetHealth(context.Context, gen.GetHealthRequestObject) (gen.GetHealthResponseObject, error) {
	return gen.GetHealth200JSONResponse{Body: gen.ServiceStatus{Status: "ok"}}, nil
}

// GetReadiness answers GET /readyz.
func (s *Server) GetReadiness(ctx context.Context, _ gen.GetReadinessRequestObject) (gen.GetReadinessResponseObject, error) {
	if err := s.Store.Ready(ctx); err != nil {
		callOf(ctx).note(err)
		detail := "The store does not answer, or its schema is not current."
		return gen.GetReadiness503JSONResponse{Body: gen.ServiceStatus{Status: "unavailable", Detail: &detail}}, nil
	}
	return gen.GetReadiness200JSONResponse{Body: gen.ServiceStatus{Status: "ok"}}, nil
}

// documents are the contract as it is served.
type documents struct {
	hallpass.ContractDocument
	tag string // the entity tag of both
}

func newDocuments(contract hallpass.ContractDocument) documents {
	sum := sha256.Sum256(contract.YAML)
	return documents{ContractDocument: contract, tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// held reports whether the caller has the document already (RFC 9110 section 13.1.2).
func (d *documents) held(ifNoneMatch *string) bool {
	for _, tag := range strings.Split(given(ifNoneMatch), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == d.tag || tag == "*" {
			return true
		}
	}
	return false
}

// GetContractYAML answers GET /openapi.yaml.
func (s *Server) GetContractYAML(_ context.Context, r gen.GetContractYAMLRequestObject) (gen.GetContractYAMLResponseObject, error) {
	if s.documents.held(r.Params.IfNoneMatch) {
		return gen.GetContractYAML304Response{Headers: gen.GetContractYAML304ResponseHeaders{ETag: &s.documents.tag}}, nil
	}
	return gen.GetContractYAML200ApplicationYamlResponse{
		Body: bytes.NewReader(s.documents.YAML), ContentLength: int64(len(s.documents.YAML)),
		Headers: gen.GetContractYAML200ResponseHeaders{ETag: &s.documents.tag},
	}, nil
}

// GetContractJSON answers GET /openapi.json.
func (s *Server) GetContractJSON(_ context.Context, r gen.GetContractJSONRequestObject) (gen.GetContractJSONResponseObject, error) {
	if s.documents.held(r.Params.IfNoneMatch) {
		return gen.GetContractJSON304Response{Headers: gen.GetContractJSON304ResponseHeaders{ETag: &s.documents.tag}}, nil
	}
	return contractJSON{&s.documents}, nil
}

// contractJSON is the document in JSON, written as it was prepared rather than encoded once more.
type contractJSON struct{ documents *documents }

// VisitGetContractJSONResponse implements the generated response interface.
func (c contractJSON) VisitGetContractJSONResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
	w.Header().Set("ETag", c.documents.tag)
	w.WriteHeader(http.StatusOK)
	_, err := io.Copy(w, bytes.NewReader(c.documents.JSON))
	return err
}

// Housekeep does what is due now and then: it sweeps what has expired and follows the signing secrets as they rotate.
func (s *Server) Housekeep(ctx context.Context) error {
	if _, err := s.Store.Sweep(ctx, s.now(), s.LogRetention); err != nil {
		return err
	}
	_, err := s.signing.reload(ctx)
	return err
}
