package contract_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// met is one documented answer: an operation and the status that it gave.
type met struct {
	operation string
	status    int
}

// recorder remembers which answers were met, and by which tests.
type recorder struct {
	mu    sync.Mutex
	tests map[met]map[string]int // how often each test met it
}

func newRecorder() *recorder { return &recorder{tests: map[met]map[string]int{}} }

func (r *recorder) add(operation string, status int, test string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := met{operation, status}
	if r.tests[key] == nil {
		r.tests[key] = map[string]int{}
	}
	r.tests[key][test]++
}

// outOfReach are the answers that nobody can provoke from outside without a hand on the server.
var outOfReach = map[int]string{
	http.StatusRequestTimeout:      "needs a server with a short read time-out",
	http.StatusTooManyRequests:     "needs a server with a low rate limit",
	http.StatusInternalServerError: "needs a server whose store can be closed",
	http.StatusServiceUnavailable:  "needs a server whose store can be closed",
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
