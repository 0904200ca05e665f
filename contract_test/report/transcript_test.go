package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hallpass/contract_test/report"
)

// TestTranscript promises that what the testing package prints is read right in each of its modes. The binary prints it
// itself: it runs its own TestFailing, which fails where it is told to.
func TestTranscript(t *testing.T) {
	t.Parallel()
	want := []report.Test{
		{Name: "TestFailing/a/deep_within", Failed: true, Said: []string{"transcript_test.go: deep", "    second line", "    --- FAIL: not a result"}},
		{Name: "TestFailing/a", Failed: true, Said: []string{"transcript_test.go: after a test within"}},
		{Name: "TestFailing/c", Failed: true},
		{Name: "TestFailing", Failed: true, Said: []string{"transcript_test.go: [secret] at last"}},
	}
	for _, mode := range []string{"-test.v=false", "-test.v=true", "-test.v=test2json"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFailing$", mode)
			command.Env = append(os.Environ(), "TEST_FAILING=yes")
			printed, _ := command.Output()
			var passed bytes.Buffer
			transcript := report.NewTranscript(&passed, func(line []byte) []byte {
				return bytes.ReplaceAll(line, []byte("hunter2"), []byte("[secret]"))
			})
			for half := range bytes.SplitAfterSeq(printed, []byte("t")) { // lines come in pieces
				if _, err := transcript.Write(half); err != nil {
					t.Fatal(err)
				}
			}
			if want := strings.ReplaceAll(string(printed), "hunter2", "[secret]"); passed.String() != want {
				t.Errorf("passed on was\n%s\nnot\n%s", passed.String(), want)
			}
			got := transcript.Failures()
			for _, test := range got {
				for i, line := range test.Said {
					test.Said[i] = regexp.MustCompile(`\.go:\d+`).ReplaceAllString(line, ".go")
				}
			}
			byName := cmp.Transformer("byName", func(all []report.Test) map[string]report.Test {
				m := map[string]report.Test{}
				for _, one := range all {
					m[one.Name] = one
				}
				return m
			})
			if diff := cmp.Diff(want, got, byName); diff != "" || len(got) != len(want) {
				t.Errorf("the failures (-want +got):\n%s\nof\n%s", diff, printed)
			}
		})
	}
}

// TestFailing fails where TestTranscript wants to see that.
func TestFailing(t *testing.T) {
	if os.Getenv("TEST_FAILING") == "" {
		t.Skip("TestTranscript runs it")
	}
	t.Run("a", func(t *testing.T) {
		t.Run("deep within", func(t *testing.T) { t.Error("deep\nsecond line\n--- FAIL: not a result") })
		t.Error("after a test within")
	})
	t.Run("b", func(t *testing.T) { t.Log("passes") })
	t.Run("c", func(t *testing.T) { t.Fail() })
	t.Run("d", func(t *testing.T) { t.Skip("skipped") })
	t.Error("hunter2 at last")
}
