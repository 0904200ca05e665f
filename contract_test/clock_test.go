package contract_test

import (
	"sync"
	"time"
)

// clock is the time of one of the suite's own servers. It stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// newClock stands at a moment with microseconds, today, so that tokens and dates look as they do in life.
func newClock() *clock {
	return &clock{now: time.Now().UTC().Truncate(time.Second).Add(123456 * time.Microsecond)}
}

// Now returns the moment that the clock shows.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
