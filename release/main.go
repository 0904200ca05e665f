// Command release keeps the contract's word from one release to the next. It compares openapi.yaml with the contract of
// the last release, release/openapi.yaml, by oasdiff.
//
//	release check       fails on a change that info.version does not own up to, or that CHANGELOG.md does not list
//	release changelog   lists the changes in CHANGELOG.md
//	release cut         makes what is unreleased the release of info.version
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/oasdiff/yaml"
	"golang.org/x/mod/semver"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: release check | changelog | cut")
	}
	if err := run(context.Background(), ".", os.Args[1]); err != nil {
		log.Fatal("release: ", err)
	}
}

// run carries out one command in the project's folder.
func run(ctx context.Context, dir, command string) error {
	c, err := compare(ctx, dir)
	if err != nil {
		return err
	}
	switch command {
	case "check":
		return errors.Join(c.checkVersion(), c.checkChangelog())
	case "changelog":
		return c.writeChangelog(c.list(c.changes))
	case "cut":
		return c.cut(time.Now().UTC())
	}
	return fmt.Errorf("there is no command %s", command)
}

// comparison is what became of the contract since its last release.
type comparison struct {
	dir               string
	released, version string // info.version of the last release, empty before the first, and of the document
	changes           string // as a list in Markdown; empty where there are none
	breaks            bool
	changelog         string // CHANGELOG.md
}

func compare(ctx context.Context, dir string) (*comparison, error) {
	c := &comparison{dir: dir}
	text, err := os.ReadFile(c.path("CHANGELOG.md"))
	if err != nil {
		return nil, err
	}
	c.changelog = string(text)
	if c.version, err = infoVersion(c.path("openapi.yaml")); err != nil {
		return nil, err
	}
	c.released, err = infoVersion(c.path("release/openapi.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil // nothing is promised yet
	}
	if err != nil {
		return nil, err
	}
	if c.changes, err = c.oasdiff(ctx, "changelog", "--format", "markdown", "--template", "release/changes.md.tmpl"); err != nil {
		return nil, err
	}
	_, err = c.oasdiff(ctx, "breaking", "--fail-on", "ERR")
	var exit *exec.ExitError
	c.breaks = errors.As(err, &exit) && exit.ExitCode() == 1
	if c.breaks {
		err = nil
	}
	return c, err
}

func (c *comparison) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

// oasdiff returns what it prints about the two documents. It runs where tools.mod is, wherever the documents are.
func (c *comparison) oasdiff(ctx context.Context, command string, flags ...string) (string, error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	was, wasErr := filepath.Abs(c.path("release/openapi.yaml"))
	is, isErr := filepath.Abs(c.path("openapi.yaml"))
	if err := errors.Join(wasErr, isErr); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"tool", "-modfile=tools.mod", "oasdiff", command, was, is}, flags...)...) //nolint:gosec // flags of ours
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(module)))
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("oasdiff %s: %w\n%s", command, err, problem.Bytes())
	}
	return strings.TrimSpace(string(out)), err
}

// infoVersion reads info.version of a document, such as 1.2.3.
func infoVersion(path string) (string, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", err
	}
	var document struct{ Info struct{ Version string } }
	if _, err := yaml.Unmarshal(text, &document, yaml.DecodeOpts{}); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if v := document.Info.Version; semver.IsValid("v"+v) && semver.Canonical("v"+v) == "v"+v {
		return v, nil
	}
	return "", fmt.Errorf("%s: info.version is no semantic version", path)
}

// checkVersion holds info.version to semantic versioning: a break is a new major version, any other change at least a new
// minor one.
func (c *comparison) checkVersion() error {
	was, is := "v"+c.released, "v"+c.version
	switch {
	case c.released == "" || c.changes == "" && was == is:
		return nil
	case semver.Compare(is, was) < 0:
		return fmt.Errorf("openapi.yaml is %s, and %s is released", c.version, c.released)
	case c.breaks && semver.Compare(semver.Major(is), semver.Major(was)) <= 0:
		return fmt.Errorf("openapi.yaml breaks the contract of %s; undo it, or raise the major version in info.version:\n%s", c.released, c.changes)
	case c.changes != "" && semver.Compare(semver.MajorMinor(is), semver.MajorMinor(was)) <= 0:
		return fmt.Errorf("openapi.yaml differs from the contract of %s; raise the minor version in info.version:\n%s", c.released, c.changes)
	}
	return nil
}

// What stands between begin and end in CHANGELOG.md is written by the changelog command.
const (
	unreleased = "## Unreleased\n"
	begin      = "\n<!-- The contract's changes, by `make changelog`. -->\n"
	end        = "<!-- -->\n"
)

// list is the API part of the changelog.
func (c *comparison) list(changes string) string {
	if changes == "" {
		return begin + end
	}
	return fmt.Sprintf("%s\nThe contract, %s to %s:\n\n%s\n%s", begin, c.released, c.version, changes, end)
}

// place returns where the API part of the unreleased changes stands.
func (c *comparison) place() (from, to int, err error) {
	top := strings.Index(c.changelog, unreleased)
	from = strings.Index(c.changelog, begin)
	to = strings.Index(c.changelog, end) + len(end)
	if top < 0 || from < top || to < from {
		return 0, 0, fmt.Errorf("CHANGELOG.md needs, under %q, the lines %q and %q", strings.TrimSpace(unreleased), strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return from, to, nil
}

func (c *comparison) checkChangelog() error {
	from, to, err := c.place()
	if err == nil && c.changelog[from:to] != c.list(c.changes) {
		err = errors.New("CHANGELOG.md does not list the contract's changes; run: make changelog")
	}
	return err
}

func (c *comparison) writeChangelog(list string) error {
	from, to, err := c.place()
	if err != nil {
		return err
	}
	return os.WriteFile(c.path("CHANGELOG.md"), []byte(c.changelog[:from]+list+c.changelog[to:]), 0o644)
}

// cut gives the unreleased changes the document's version and the date, and keeps the document as the one that is released.
func (c *comparison) cut(now time.Time) error {
	if c.version == c.released {
		return fmt.Errorf("%s is released already; raise info.version", c.version)
	}
	if err := errors.Join(c.checkVersion(), c.checkChangelog()); err != nil {
		return err
	}
	title := fmt.Sprintf("## %s – %s\n", c.version, now.Format(time.DateOnly))
	c.changelog = strings.NewReplacer(unreleased, title, begin, "", end, "").Replace(c.changelog)
	at := strings.Index(c.changelog, title)
	c.changelog = c.changelog[:at] + unreleased + begin + end + "\n" + c.changelog[at:]
	document, err := os.ReadFile(c.path("openapi.yaml"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(c.path("release/openapi.yaml"), document, 0o644),
		os.WriteFile(c.path("CHANGELOG.md"), []byte(c.changelog), 0o644))
}
