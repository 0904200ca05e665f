package handlers

import (
	"context"
	"encoding/json"
	"net/http"

	"hallpass"
	"hallpass/gen"
	"hallpass/pages"
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

// GetContractYAML answers GET /openapi.yaml.
func (s *Server) GetContractYAML(ctx context.Context, _ gen.GetContractYAMLRequestObject) (gen.GetContractYAMLResponseObject, error) {
	return s.documents.yaml.to(ctx), nil
}

// GetContractJSON answers GET /openapi.json.
func (s *Server) GetContractJSON(ctx context.Context, _ gen.GetContractJSONRequestObject) (gen.GetContractJSONResponseObject, error) {
	return s.documents.json.to(ctx), nil
}

// GetContractDereferenced answers GET /openapi.dereferenced.json.
func (s *Server) GetContractDereferenced(ctx context.Context, _ gen.GetContractDereferencedRequestObject) (gen.GetContractDereferencedResponseObject, error) {
	return s.documents.dereferenced.to(ctx), nil
}

// GetFrontPage answers GET /.
func (s *Server) GetFrontPage(ctx context.Context, _ gen.GetFrontPageRequestObject) (gen.GetFrontPageResponseObject, error) {
	return s.documents.front.to(ctx), nil
}

// GetReference answers GET /docs.
func (s *Server) GetReference(ctx context.Context, _ gen.GetReferenceRequestObject) (gen.GetReferenceResponseObject, error) {
	return s.documents.reference.to(ctx), nil
}

// GetPageAsset answers GET /docs/{asset}.
func (s *Server) GetPageAsset(ctx context.Context, r gen.GetPageAssetRequestObject) (gen.GetPageAssetResponseObject, error) {
	asset := s.documents.assets[r.Asset]
	if asset == nil {
		return nil, hallpass.ErrNotFound
	}
	return asset.to(ctx), nil
}

// VisitGetContractYAMLResponse implements the generated response interface, as do the methods below.
func (s sending) VisitGetContractYAMLResponse(w http.ResponseWriter) error { return s.write(w) }

// VisitGetContractJSONResponse writes the document.
func (s sending) VisitGetContractJSONResponse(w http.ResponseWriter) error { return s.write(w) }

// VisitGetContractDereferencedResponse writes the document.
func (s sending) VisitGetContractDereferencedResponse(w http.ResponseWriter) error { return s.write(w) }

// VisitGetFrontPageResponse writes the page.
func (s sending) VisitGetFrontPageResponse(w http.ResponseWriter) error { return s.write(w) }

// VisitGetReferenceResponse writes the page.
func (s sending) VisitGetReferenceResponse(w http.ResponseWriter) error { return s.write(w) }

// VisitGetPageAssetResponse writes the file.
func (s sending) VisitGetPageAssetResponse(w http.ResponseWriter) error { return s.write(w) }

// GetAPICatalog answers GET /.well-known/api-catalog. The links name the host that they were asked at, or the public one.
func (s *Server) GetAPICatalog(ctx context.Context, _ gen.GetAPICatalogRequestObject) (gen.GetAPICatalogResponseObject, error) {
	base := s.publicURL(ctx)
	to := func(path, mediaType string) gen.LinkTarget {
		return gen.LinkTarget{Href: base + path, Type: &mediaType}
	}
	return catalog{Linkset: []gen.LinkContext{
		{Anchor: base + "/.well-known/api-catalog", Item: &[]gen.LinkTarget{{Href: base + "/"}}},
		{
			Anchor: base + "/",
			ServiceDesc: &[]gen.LinkTarget{
				to("/openapi.yaml", "application/yaml"), to("/openapi.json", typeOpenAPI), to("/openapi.dereferenced.json", typeOpenAPI),
			},
			ServiceDoc: &[]gen.LinkTarget{to("/docs", "text/html")},
			Status:     &[]gen.LinkTarget{to("/healthz", "application/json")},
		},
	}}, nil
}

// catalog is an API catalog, under the media type with the profile that RFC 9727 gives it.
type catalog gen.APICatalog

// VisitGetAPICatalogResponse implements the generated response interface.
func (c catalog) VisitGetAPICatalogResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", `application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"`)
	w.Header().Set("Link", pages.CatalogLinks)
	w.WriteHeader(http.StatusOK)
	return json.NewEncoder(w).Encode(gen.APICatalog(c))
}

// Housekeep does what is due now and then: it sweeps what has expired and follows the signing secrets as they rotate.
func (s *Server) Housekeep(ctx context.Context) error {
	if _, err := s.Store.Sweep(ctx, s.now(), s.LogRetention); err != nil {
		return err
	}
	_, err := s.signing.reload(ctx)
	return err
}
