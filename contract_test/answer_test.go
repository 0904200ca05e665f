package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// answer is what came back, checked against the contract already.
type answer struct {
	name      string // method and path
	operation string // its id; empty where the contract has none
	status    int
	header    http.Header
	body      []byte
}

// blame notes that the test fails for this answer.
func (a *answer) blame(t testing.TB) { bed.record.blame(t, a.operation) }

// is ends the test unless the answer has the status.
func (a *answer) is(t testing.TB, status int) *answer {
	t.Helper()
	if a.status != status {
		a.blame(t)
		t.Fatalf("%s is %d, not %d: %s%s", a.name, a.status, status, a.body, bed.logged(a))
	}
	return a
}

// logged is what a server of the suite's own logged of an answer that is its fault.
func (b *testbed) logged(a *answer) string {
	trace := a.header.Get("BT-TRACE-ID")
	if a.status < http.StatusInternalServerError || trace == "" {
		return ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, own := range b.backends {
		for _, line := range bytes.Split(own.log.bytes(), []byte("\n")) {
			if bytes.Contains(line, []byte(trace)) {
				return "\n" + string(line)
			}
		}
	}
	return ""
}

// into reads the body into v.
func (a *answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.blame(t)
		t.Fatalf("%s: %v: %s", a.name, err, a.body)
	}
}

// object is the body as a JSON object.
func (a *answer) object(t testing.TB) object {
	t.Helper()
	var o object
	a.into(t, &o)
	return o
}

// refuses ends the test unless the answer is a 400 whose errors are about exactly these members.
func (a *answer) refuses(t testing.TB, members ...string) {
	t.Helper()
	a.is(t, http.StatusBadRequest)
	var body struct {
		Title  string
		Errors map[string][]string
	}
	a.into(t, &body)
	slices.Sort(members)
	if got := slices.Sorted(maps.Keys(body.Errors)); !slices.Equal(got, members) {
		a.blame(t)
		t.Fatalf("%s blames %q, not %q: %s", a.name, got, members, a.body)
	}
	for member, reasons := range body.Errors {
		if len(reasons) == 0 {
			a.blame(t)
			t.Errorf("%s blames %s without a reason", a.name, member)
		}
	}
	if body.Title != "One or more validation errors occurred." {
		a.blame(t)
		t.Errorf("%s: the title is %q", a.name, body.Title)
	}
}

// says ends the test unless the detail of a refusal holds the text.
func (a *answer) says(t testing.TB, text string) {
	t.Helper()
	if detail, _ := a.object(t)["detail"].(string); !strings.Contains(detail, text) {
		a.blame(t)
		t.Fatalf("%s does not say %q: %s", a.name, text, a.body)
	}
}

// alike ends the test unless all answers are one to whoever reads them: same status, same body.
func alike(t testing.TB, answers map[string]*answer) {
	t.Helper()
	var first *answer
	var firstName string
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		a := answers[name]
		if first == nil {
			first, firstName = a, name
			continue
		}
		if a.status != first.status || !bytes.Equal(a.body, first.body) {
			a.blame(t)
			first.blame(t)
			t.Fatalf("%s and %s can be told apart:\n%d %s\n%d %s", firstName, name, first.status, first.body, a.status, a.body)
		}
	}
}

func decoded(body []byte) any {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return nil
	}
	return v
}

// same ends the test unless both values are the same JSON.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	g, w := canonicalJSON(got), canonicalJSON(want)
	if g != w {
		t.Fatalf("%s is\n%s\nnot\n%s", what, g, w)
	}
}

// kept ends the test unless what is read again is what an operation answered. Which of the two is wrong, nobody can tell,
// so that the operation is blamed as well as the one that reads.
func kept(t testing.TB, operation string, read, answered any) {
	t.Helper()
	if canonicalJSON(read) != canonicalJSON(answered) {
		bed.record.blame(t, operation)
		bed.record.blame(t, bed.record.lastOf(t))
	}
	same(t, "what is read again after "+operation, read, answered)
}

func canonicalJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return fmt.Sprint(string(must(json.Marshal(decoded(text)))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
