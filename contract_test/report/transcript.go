package report

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
)

// Transcript passes on what a test binary prints, and keeps what each test that failed had said. The testing package has
// no other way to learn a test's messages. It reads what go test prints with and without -v, and for -json.
type Transcript struct {
	out    io.Writer
	redact func([]byte) []byte

	mu     sync.Mutex
	rest   []byte // the beginning of a line
	stack  []string
	said   map[string][]string
	failed map[string]bool
	order  []string // of failure
}

// NewTranscript returns a transcript that passes on to out what redact leaves of each line.
func NewTranscript(out io.Writer, redact func([]byte) []byte) *Transcript {
	return &Transcript{out: out, redact: redact, said: map[string][]string{}, failed: map[string]bool{}}
}

// Write implements io.Writer.
func (t *Transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest = append(t.rest, p...)
	for {
		end := bytes.IndexByte(t.rest, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := t.redact(t.rest[:end+1])
		t.rest = t.rest[end+1:]
		t.read(strings.TrimRight(string(line), "\r\n"))
		if _, err := t.out.Write(line); err != nil {
			return len(p), err
		}
	}
}

var (
	passing = regexp.MustCompile(`^\x16?=== (RUN|CONT|NAME)\s+(\S+)$`)
	result  = regexp.MustCompile(`^( *)\x16?--- (PASS|FAIL|SKIP): (\S+) \([0-9.]+s\)$`)
)

const indent = "    "

// read follows whose messages come next. Messages stand one step to the right of the line that names their test; a line
// further to the left belongs to the test around it again.
func (t *Transcript) read(line string) {
	if m := passing.FindStringSubmatch(line); m != nil {
		t.stack = []string{m[2]}
		return
	}
	if m := result.FindStringSubmatch(line); m != nil {
		depth, name := len(m[1])/len(indent), m[3]
		if depth > len(t.stack) {
			depth = len(t.stack)
		}
		t.stack = append(t.stack[:depth:depth], name)
		if m[2] == "FAIL" && !t.failed[name] {
			t.failed[name] = true
			t.order = append(t.order, name)
		}
		return
	}
	for len(t.stack) > 0 && !strings.HasPrefix(line, strings.Repeat(indent, len(t.stack))) {
		if line == "" {
			break // an empty line of a message has no indentation
		}
		t.stack = t.stack[:len(t.stack)-1]
	}
	if depth := len(t.stack); depth > 0 {
		name := t.stack[depth-1]
		t.said[name] = append(t.said[name], strings.TrimPrefix(line, strings.Repeat(indent, depth)))
	}
}

// Failures are the tests that failed for themselves, in the order in which that was told, with what they said: not those
// that failed only because a test within them did.
func (t *Transcript) Failures() []Test {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Test
	for _, name := range t.order {
		within := false
		for other := range t.failed {
			within = within || strings.HasPrefix(other, name+"/")
		}
		if len(t.said[name]) > 0 || !within {
			all = append(all, Test{Name: name, Failed: true, Said: t.said[name]})
		}
	}
	return all
}
