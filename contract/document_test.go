package contract_test

import (
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hallpass/contract"
)

// TestServedDocument holds what Load leaves out: every example in the served document is valid.
func TestServedDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := contract.Load(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Document().Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}
