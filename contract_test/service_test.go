package contract_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml"

	"hallpass"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, c := range []caller{s.nobody(), s.home.public, keyCaller(s.url, "", madeUpKey("key_test_us_pub_"))} {
				same(t, "the status", c.get(t, path).is(t, http.StatusOK).object(t), object{"status": "ok"})
			}
		})
	}
}

func TestContractDocument(t *testing.T) {
	t.Parallel()
	s := shared(t)
	asYAML := s.nobody().get(t, "/openapi.yaml").is(t, http.StatusOK)
	asJSON := s.nobody().get(t, "/openapi.json").is(t, http.StatusOK)
	t.Run("is the same in both renditions", func(t *testing.T) {
		t.Parallel()
		converted, err := yaml.YAMLToJSON(asYAML.body)
		if err != nil {
			t.Fatal(err)
		}
		if canonicalJSON(decoded(converted)) != canonicalJSON(decoded(asJSON.body)) {
			t.Error("YAML and JSON differ")
		}
	})
	t.Run("is the one that this suite holds the server to", func(t *testing.T) {
		t.Parallel()
		ours, err := newValidator(asYAML.body)
		if err != nil {
			t.Fatal(err)
		}
		served := map[met]bool{}
		for _, m := range ours.documented() {
			served[m] = true
		}
		for _, m := range bed.contract.documented() {
			if !served[m] {
				t.Errorf("%s %d is not in the document that is served", m.operation, m.status)
			}
		}
		if s.own != nil && !bytes.Equal(hallpass.Contract.YAML, asYAML.body) {
			t.Error("the document is not served as it was written")
		}
	})
	t.Run("is the same without references", func(t *testing.T) {
		t.Parallel()
		dereferenced := s.nobody().get(t, "/openapi.dereferenced.json").is(t, http.StatusOK)
		if bytes.Contains(dereferenced.body, []byte("$ref")) {
			t.Error("there is a reference in it")
		}
		whole, err := newValidator(dereferenced.body) // which holds its examples against its schemas, too
		if err != nil {
			t.Fatal(err)
		}
		if d := diff.Diff(must(newValidator(asYAML.body)).documented(), whole.documented(), diff.AllowUnexported(met{})); d != "" {
			t.Errorf("other answers are documented:\n%s", d)
		}
	})
	t.Run("is served, or refused as documented, to who claims to have too much", func(t *testing.T) {
		t.Parallel()
		r := request{method: http.MethodGet, path: "/openapi.yaml", broken: true}
		a := s.nobody().send(t, r.with("If-None-Match", strings.Repeat(`"x",`, 500)))
		if bed.contract.operation("getContractYAML").documents(http.StatusBadRequest) {
			a.refuses(t, "If-None-Match")
			return
		}
		a.is(t, http.StatusOK)
	})
}
