package store_test

import (
	"os"
	"sync"
	"testing"

	"hallpass"
)

// TestWritesThatWaitInACircleAreTriedAgain has two writes lock two applications in opposite order.
func TestWritesThatWaitInACircleAreTriedAgain(t *testing.T) {
	if os.Getenv(postgresVariable) == "" {
		t.Skip("SQLite writes one after another; make test-postgres runs this")
	}
	t.Parallel()
	w := newWorld(t, postgresSchema(t))
	ids := []string{w.newApplication(w.tenant, hallpass.Public).ID, w.newApplication(w.tenant, hallpass.Public).ID}
	var bothHoldOne, done sync.WaitGroup
	bothHoldOne.Add(2)
	attempts := make([]int, 2)
	for i := range ids {
		done.Go(func() {
			err := w.Write(t.Context(), func(exec func(string, ...any) error) error {
				const change = `UPDATE applications SET name = name || $2 WHERE id = $1`
				if err := exec(change, ids[i], "."); err != nil {
					return err
				}
				if attempts[i]++; attempts[i] == 1 {
					bothHoldOne.Done()
					bothHoldOne.Wait()
				}
				return exec(change, ids[1-i], ".")
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if attempts[0]+attempts[1] < 3 {
		t.Errorf("the writes took %v attempts: there was no circle", attempts)
	}
	wantSame(t, "changes kept", w.count(`SELECT COUNT(*) FROM applications WHERE name LIKE '%..'`), 2)
}
