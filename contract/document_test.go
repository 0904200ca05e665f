package contract_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hallpass"
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

// TestCheckedDocument holds the rendition that is loaded at each start to every constraint of the whole document.
func TestCheckedDocument(t *testing.T) {
	t.Parallel()
	for _, found := range []string{ // references to links and examples go with those
		`"$ref":"#/components/schemas/`, `"$ref":"#/components/parameters/`, `"$ref":"#/components/responses/`, `"$ref":"#/components/headers/`,
	} {
		if whole, checked := bytes.Count(hallpass.Contract.JSON, []byte(found)), bytes.Count(hallpass.Contract.Checked, []byte(found)); whole != checked || whole == 0 {
			t.Errorf("%s stands in %d places, of %d", found, checked, whole)
		}
	}
	for _, keyword := range []string{
		"additionalProperties", "allOf", "discriminator", "explode", "in", "maxItems", "maxLength", "maxProperties", "maximum",
		"minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "nullable", "oneOf", "pattern", "required",
		"security", "uniqueItems", "x-callers", "x-max-body", "x-permission",
	} {
		key := []byte(`"` + keyword + `":`)
		whole, checked := bytes.Count(hallpass.Contract.JSON, key), bytes.Count(hallpass.Contract.Checked, key)
		if whole != checked {
			t.Errorf("%s stands in %d places, of %d", keyword, checked, whole)
		}
	}
	if _, err := contract.Load(hallpass.Contract.Checked); err != nil {
		t.Error(err)
	}
}
