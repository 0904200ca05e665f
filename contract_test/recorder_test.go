package contract_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallpass/contract_test/report"
)

// met is one documented answer: an operation and the status that it gave.
type met struct {
	operation string
	status    int
}

// tally counts exchanges.
type tally struct {
	exchanges int
	took      time.Duration
}

func (t tally) plus(more tally) tally { return tally{t.exchanges + more.exchanges, t.took + more.took} }

// recorder remembers which answers were met by which tests, and which operations' exchanges made tests fail.
type recorder struct {
	mu      sync.Mutex
	began   time.Time
	tests   map[met]map[string]tally
	last    map[string]string          // the operation of each test's last exchange before it failed
	blamed  map[string]map[string]bool // the operations whose exchanges failed, by test
	skipped map[string]string          // what each test that was skipped would have needed
}

func newRecorder() *recorder {
	return &recorder{
		began: time.Now(), tests: map[met]map[string]tally{}, last: map[string]string{}, blamed: map[string]map[string]bool{}, skipped: map[string]string{},
	}
}

func (r *recorder) add(key met, t testing.TB, took time.Duration) {
	failed, test := t.Failed(), t.Name()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tests[key] == nil {
		r.tests[key] = map[string]tally{}
	}
	r.tests[key][test] = r.tests[key][test].plus(tally{1, took})
	if !failed {
		r.last[test] = key.operation
	}
}

// blame notes that a test is about to fail for an exchange with the operation. Where it has failed before for no exchange
// in particular, that was for the last one.
func (r *recorder) blame(t testing.TB, operation string) {
	failed, test := t.Failed(), t.Name()
	r.mu.Lock()
	defer r.mu.Unlock()
	if failed && r.blamed[test] == nil && r.last[test] != "" {
		r.accuse(test, r.last[test])
	}
	r.accuse(test, operation)
}

func (r *recorder) accuse(test, operation string) {
	if r.blamed[test] == nil {
		r.blamed[test] = map[string]bool{}
	}
	r.blamed[test][operation] = true
}

// lastOf is the operation that a test spoke with last.
func (r *recorder) lastOf(t testing.TB) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[t.Name()]
}

func (r *recorder) skip(t testing.TB, needs string) {
	t.Helper()
	r.mu.Lock()
	r.skipped[t.Name()] = needs
	r.mu.Unlock()
	t.Skip("this needs " + needs)
}

// outOfReach are the answers that nobody can provoke from outside without a hand on the server, by what that would take.
var outOfReach = map[int]string{
	http.StatusRequestTimeout:      needsReadTimeout,
	http.StatusTooManyRequests:     needsRateLimit,
	http.StatusInternalServerError: needsStore,
	http.StatusServiceUnavailable:  needsStore,
}

// report puts together what was met and what failed. The tests' messages are in the failures.
func (r *recorder) report(v *validator, failures []report.Test, fromOutside bool) *report.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	about := map[string][]report.Test{"": nil} // the failures, by operation
	for _, failure := range failures {
		for _, operation := range r.guilty(failure.Name) {
			about[operation] = append(about[operation], failure)
		}
	}
	whole := &report.Report{
		Contract: v.doc.Info.Title + " " + v.doc.Info.Version, Began: r.began, Took: time.Since(r.began), Whole: whole(), Rest: about[""],
	}
	for _, op := range v.told() {
		whole.Operations = append(whole.Operations, report.Operation{
			ID: op.id, Method: op.method, Path: op.template, Tag: op.tag, Statuses: r.statuses(op, fromOutside), Tests: r.exercised(op, about[op.id]),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(r.skipped)) {
		whole.Rest = append(whole.Rest, report.Test{Name: name, Skipped: r.skipped[name]})
	}
	return whole
}

// guilty are the operations that a failed test is about: those whose exchanges failed, or else the one that it, or the
// test around it, spoke with last; what a test compares is most often what it has just read.
func (r *recorder) guilty(test string) []string {
	if operations := r.blamed[test]; operations != nil {
		return slices.Sorted(maps.Keys(operations))
	}
	for name := test; name != ""; name = name[:max(0, strings.LastIndexByte(name, '/'))] {
		if operation := r.last[name]; operation != "" {
			return []string{operation}
		}
	}
	return []string{""}
}

// statuses are an operation's answers: those that are documented, and those that were met all the same.
func (r *recorder) statuses(op *operation, fromOutside bool) []report.Status {
	codes := maps.Clone(op.statuses)
	for key := range r.tests {
		if key.operation == op.id {
			codes[key.status] = true
		}
	}
	var all []report.Status
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		s := report.Status{Code: code, Undocumented: !op.documents(code)}
		if fromOutside {
			s.Unreachable = outOfReach[code]
		}
		for _, met := range r.tests[met{op.id, code}] {
			s.Exchanges, s.Took = s.Exchanges+met.exchanges, s.Took+met.took
		}
		all = append(all, s)
	}
	return all
}

// exercised are the tests that spoke with an operation, without the tests within them. Where one failed for it, what
// failed stands in its place.
func (r *recorder) exercised(op *operation, failures []report.Test) []report.Test {
	outermost := func(name string) string { outer, _, _ := strings.Cut(name, "/"); return outer }
	byTest, told := map[string]tally{}, map[string]report.Test{}
	for key, tests := range r.tests {
		if key.operation != op.id {
			continue
		}
		for name, one := range tests {
			byTest[name] = byTest[name].plus(one)
			if outer := outermost(name); outer != name {
				byTest[outer] = byTest[outer].plus(one)
			}
			told[outermost(name)] = report.Test{Name: outermost(name)}
		}
	}
	for _, failure := range failures {
		delete(told, outermost(failure.Name))
	}
	for _, failure := range failures {
		told[failure.Name] = failure
	}
	var all []report.Test
	for _, name := range slices.Sorted(maps.Keys(told)) {
		one := told[name]
		one.Exchanges, one.Took = byTest[name].exchanges, byTest[name].took
		all = append(all, one)
	}
	return all
}

// complete returns an error that names every documented answer that no test met.
func (r *recorder) complete(v *validator, fromOutside bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	documented := v.documented()
	missing := slices.DeleteFunc(slices.Clone(documented), func(m met) bool {
		_, exempt := outOfReach[m.status]
		return r.tests[m] != nil || fromOutside && exempt
	})
	if len(missing) == 0 {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d documented answers were met by no test:", len(missing), len(documented))
	for _, m := range missing {
		fmt.Fprintf(&text, "\n  %s %d", m.operation, m.status)
	}
	return fmt.Errorf("%s", text.String())
}

// documented lists every (operation, status) of the contract.
func (v *validator) documented() []met {
	var all []met
	for _, op := range v.operations {
		for _, status := range slices.Sorted(maps.Keys(op.statuses)) {
			all = append(all, met{op.id, status})
		}
	}
	slices.SortFunc(all, func(a, b met) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.status, b.status))
	})
	return all
}

// told are the operations in the order in which a report tells them: by tag, path and method.
func (v *validator) told() []*operation {
	return slices.SortedStableFunc(slices.Values(v.operations), func(a, b *operation) int { return cmp.Compare(a.tag, b.tag) })
}

// somebody is a test by name, which has failed or not.
type somebody struct {
	testing.TB
	name   string
	failed bool
}

// Name implements testing.TB.
func (s *somebody) Name() string { return s.name }

// Failed implements testing.TB.
func (s *somebody) Failed() bool { return s.failed }

// TestRecorder promises that a failure is told of the operation whose exchange failed, and of no other: not of what
// prepared it, nor of what cleaned up after it.
func TestRecorder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(r *recorder, t *somebody)
		want    list
	}{
		"an answer is wrong": {func(r *recorder, t *somebody) {
			r.add(met{"createToken", 201}, t, 0)
			r.add(met{"getToken", 404}, t, 0)
			r.blame(t, "getToken")
			t.failed = true
			r.add(met{"deleteToken", 204}, t, 0)
		}, list{"getToken"}},
		"what was read is wrong": {func(r *recorder, t *somebody) {
			r.add(met{"createToken", 201}, t, 0)
			r.add(met{"getToken", 200}, t, 0)
			t.failed = true
			r.add(met{"deleteToken", 204}, t, 0)
		}, list{"getToken"}},
		"first what was read, then an answer": {func(r *recorder, t *somebody) {
			r.add(met{"createToken", 201}, t, 0)
			t.failed = true
			r.add(met{"getToken", 404}, t, 0)
			r.blame(t, "getToken")
		}, list{"createToken", "getToken"}},
		"what the test around it has read": {func(r *recorder, t *somebody) {
			r.add(met{"getContractYAML", 200}, &somebody{name: "TestThis/a/part"}, 0)
			r.add(met{"getContractJSON", 200}, &somebody{name: "TestThis/a"}, 0)
			t.failed = true
		}, list{"getContractJSON"}},
		"an answer outside of the contract": {func(r *recorder, t *somebody) {
			r.add(met{"createToken", 201}, t, 0)
			r.blame(t, "")
			t.failed = true
		}, list{""}},
		"nothing was asked": {func(_ *recorder, t *somebody) { t.failed = true }, list{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder()
			c.happens(r, &somebody{name: "TestThis/a/failing_part"})
			same(t, "the guilty", r.guilty("TestThis/a/failing_part"), c.want)
		})
	}
}

// TestRecorderReport promises what a report has of an operation: its answers, and its tests without those within them,
// unless they failed.
func TestRecorderReport(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	for _, test := range []string{"TestA", "TestA/one", "TestB/one", "TestB/two"} {
		r.add(met{"getHealth", 200}, &somebody{name: test}, time.Second)
	}
	r.add(met{"getHealth", 418}, &somebody{name: "TestB/two"}, time.Second)
	r.add(met{"getReadiness", 200}, &somebody{name: "TestB/two"}, time.Second)
	failure := report.Test{Name: "TestB/two", Failed: true, Said: []string{"is a teapot"}}
	r.accuse("TestB/two", "getHealth")
	all := r.report(bed.contract, []report.Test{failure, {Name: "TestC", Failed: true}}, true)
	operations := map[string]report.Operation{}
	for _, op := range all.Operations {
		operations[op.ID] = op
	}
	same(t, "how many there are", len(operations), len(bed.contract.operations))
	for _, s := range operations["getHealth"].Statuses {
		want := map[int]report.Status{200: {Code: 200, Exchanges: 4, Took: 4 * time.Second}, 418: {Code: 418, Exchanges: 1, Took: time.Second, Undocumented: true}}[s.Code]
		if s.Exchanges > 0 {
			same(t, "an answer", s, want)
		}
	}
	same(t, "the tests of getHealth", operations["getHealth"].Tests, []report.Test{
		{Name: "TestA", Exchanges: 2, Took: 2 * time.Second}, {Name: "TestB/two", Exchanges: 2, Took: 2 * time.Second, Failed: true, Said: failure.Said},
	})
	same(t, "the tests of getReadiness", operations["getReadiness"].Tests, []report.Test{{Name: "TestB", Exchanges: 1, Took: time.Second}})
	for _, s := range operations["getReadiness"].Statuses {
		same(t, "what is out of reach", s.Unreachable != "", s.Code == http.StatusServiceUnavailable)
	}
	same(t, "the rest", all.Rest, []report.Test{{Name: "TestC", Failed: true}})
}
