// Command yardstick is what hallpass is measured against: a bare gorilla/mux router whose handlers decode and encode the
// same JSON as hallpass does, with no store and no checks.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"hallpass"
	"hallpass/gen"
)

func main() {
	router := mux.NewRouter()
	router.HandleFunc("/sessions", answer[struct{}](http.StatusCreated, gen.Session{
		SessionKey: "key_sess_3P8zYjPS7sFFQC2D6WVxu1cPgHQ1J22zj", Nonce: "3P8zYjPS7sFVXuJexjMsC2ozz85ifjQMe",
		ExpiresAt: "2030-01-09T20:14:55.213089+00:00",
	})).Methods(http.MethodPost)
	router.HandleFunc("/sessions/authorize", answer[gen.AuthorizeSessionRequest](http.StatusOK, nil)).Methods(http.MethodPost)
	router.HandleFunc("/applications/key", answer[struct{}](http.StatusOK, application())).Methods(http.MethodGet)
	router.HandleFunc("/api/transaction/{transaction_id}/token", answer[gen.SessionCreationTokenRequest](http.StatusOK, gen.SessionCreationToken{
		Role: "unknown", Token: token,
	})).Methods(http.MethodPost)
	router.HandleFunc("/tokens/{id}", answer[struct{}](http.StatusOK, card())).Methods(http.MethodGet)
	router.HandleFunc("/tokens", answer[gen.CreateTokenRequest](http.StatusCreated, card())).Methods(http.MethodPost)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"url\":\"http://%s\"}\n", listener.Addr())
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// answer decodes a body where there is one and encodes the reply where there is one.
func answer[Request any](status int, reply any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 0 {
			var request Request
			if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		if reply == nil {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(reply)
	}
}

// application is what GET /applications/key answers to the session keys of the benchmark.
func application() gen.Application {
	description, priority, transform, container := "Read cards", int32(1), "reveal", "/pci/"
	permissions, expires := []string{"token:read"}, "2030-01-09T20:14:55.213089+00:00"
	return gen.Application{
		ID: "1f0e6c2a-93b5-4d7e-8a41-6b2c9d3e5f70", TenantID: "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11", Name: "Web page", Type: "public",
		CreatedAt: expires, ExpiresAt: &expires, Permissions: &[]string{},
		Rules: &[]gen.AccessRule{{Description: &description, Priority: &priority, Container: &container, Permissions: &permissions, Transform: &transform}},
	}
}

// card is what GET /tokens/{id} answers of the benchmark's token, and POST /tokens of each new one.
func card() hallpass.TokenView {
	return hallpass.TokenView{
		ID: "c06d0789-0a38-40be-b7cc-c28a718f76f1", Type: hallpass.TypeCard, TenantID: "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11",
		Data:        map[string]any{"number": "4242424242424242", "expiration_month": 12, "expiration_year": 2031},
		Enrichments: &hallpass.TokenEnrichments{CardDetails: hallpass.CardSummary{BIN: "424242", Last4: "4242"}},
		Card:        &hallpass.CardDetails{BIN: "424242", Last4: "4242", Brand: "visa"},
		CreatedBy:   "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53", CreatedAt: "2030-01-09T20:14:55.213089+00:00",
		Privacy:       &hallpass.Privacy{Classification: "pci", ImpactLevel: "high", RestrictionPolicy: "mask"},
		SearchIndexes: []string{}, Containers: []string{"/pci/high/"}, Aliases: []string{"c06d0789-0a38-40be-b7cc-c28a718f76f1"},
	}
}

const token = "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJzZXNzaW9uIjp7InJvbGUiOiJ1bmtub3duIn0sInNjb3BlIjpbInNlc3Npb25fY3JlYXRpb25fYXV0aG9yaXphdGlvbl9jb2RlIl0sInRyYW5zYWN0aW9uX3V1aWQiOiJkY2FhZDcyMC1kMWU5LTQ3YmEtYTc2Yi1hNjM3MGVmMDM3M2IiLCJleHAiOjE3OTUzMTgwMTYsImp0aSI6ImMyYzRjZThiLWZlNTgtNDUyYi04YWZlLWU0MjlhNzMzM2Y1ZSIsImNsaWVudF9pZCI6IjdhOWM0ZTIxLTViOGQtNGMzNi05ZTBmLTJkMWI4YTZjNGU1MyJ9.TsO8_0JwHzb4MUFhgDBMcE-lIH6ptMwyDFB0ioFUm-NuCBot4BM2OZgZNYiOHM2T"
