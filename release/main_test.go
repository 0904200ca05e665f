package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// document is a contract of one version with these paths; each path is given with the maxLength of its parameter.
func document(version string, paths ...string) string {
	text := "openapi: 3.0.3\ninfo: {title: T, version: " + version + "}\npaths:\n"
	for _, p := range paths {
		name, length, _ := strings.Cut(p, " ")
		text += "  " + name + ":\n    get:\n      operationId: get" + name[1:] + "\n      parameters:\n" +
			"        - {name: q, in: query, schema: {type: string, maxLength: " + length + "}}\n" +
			"      responses: {'200': {description: OK}}\n"
	}
	return text
}

const emptyChangelog = "# Changelog\n\n## Unreleased\n" + begin + end + "\n- Something new.\n\n## 1.0.0 – 2026-01-01\n\nThe first release.\n"

// project is a folder with a contract, that of the last release where there is one, and a changelog.
func project(t *testing.T, released, current, changelog string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"release/openapi.yaml": released, "openapi.yaml": current, "CHANGELOG.md": changelog} {
		if text == "" {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	was := document("1.2.3", "/a 10", "/b 10")
	for name, c := range map[string]struct{ released, current, want string }{
		"accepts the contract as it was released":     {was, was, ""},
		"accepts a new version of the same contract":  {was, document("1.2.4", "/a 10", "/b 10"), ""},
		"accepts anything before the first release":   {"", document("0.1.0", "/c 1"), ""},
		"refuses an operation removed":                {was, document("1.3.0", "/a 10"), "raise the major version"},
		"refuses a parameter narrowed":                {was, document("1.3.0", "/a 9", "/b 10"), "raise the major version"},
		"accepts a break in a major version":          {was, document("2.0.0", "/a 9"), ""},
		"refuses an addition in the same version":     {was, document("1.2.3", "/a 10", "/b 10", "/c 1"), "raise the minor version"},
		"refuses an addition in a patch":              {was, document("1.2.4", "/a 10", "/b 10", "/c 1"), "raise the minor version"},
		"accepts an addition in a minor version":      {was, document("1.3.0", "/a 10", "/b 10", "/c 1"), ""},
		"refuses a version before the released one":   {was, document("1.2.2", "/a 10", "/b 10"), "1.2.3 is released"},
		"refuses a version that is not semantic":      {was, document("1.2", "/a 10"), "no semantic version"},
		"refuses a document that oasdiff cannot read": {was, "info: {version: 1.3.0}\npaths: []\n", "oasdiff"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := project(t, c.released, c.current, emptyChangelog)
			got, err := compare(t.Context(), dir)
			if err == nil {
				err = got.checkVersion()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestChangelog(t *testing.T) {
	t.Parallel()
	dir := project(t, document("1.0.0", "/a 10", "/b 10"), document("2.0.0", "/a 10", "/c 10"), emptyChangelog)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		return string(text)
	}
	if err := run(t.Context(), dir, "check"); err == nil || !strings.Contains(err.Error(), "make changelog") {
		t.Errorf("an unlisted change gives %v", err)
	}
	must(run(t.Context(), dir, "changelog"))
	must(run(t.Context(), dir, "check"))
	listed := "\nThe contract, 1.0.0 to 2.0.0:\n\n- `GET /b`: api path removed without deprecation (**breaking**)\n- `GET /c`: endpoint added\n"
	if got := read("CHANGELOG.md"); !strings.Contains(got, unreleased+begin+listed+end+"\n- Something new.\n") {
		t.Errorf("the changelog is\n%s", got)
	}

	c, err := compare(t.Context(), dir)
	must(err)
	must(c.cut(time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)))
	want := "# Changelog\n\n" + unreleased + begin + end + "\n## 2.0.0 – 2026-02-03\n" + listed + "\n- Something new.\n\n## 1.0.0 – 2026-01-01\n\nThe first release.\n"
	if got := read("CHANGELOG.md"); got != want {
		t.Errorf("after the release the changelog is\n%s\nnot\n%s", got, want)
	}
	if read("release/openapi.yaml") != read("openapi.yaml") {
		t.Error("the released contract is not kept")
	}
	must(run(t.Context(), dir, "check"))
	if err := run(t.Context(), dir, "cut"); err == nil || !strings.Contains(err.Error(), "released already") {
		t.Errorf("a second release of the version gives %v", err)
	}
}
