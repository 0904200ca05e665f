package contract_test

import (
	"sync"
	"testing"
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

// timed returns a server on which time passes as a test wants it: one of the suite's own, whose clock stands still until
// the test moves it, or somebody else's, where the test waits. What ends at a moment that the caller chooses can be seen
// to end on both.
func timed(t testing.TB) *service {
	t.Helper()
	if bed.elsewhere != nil {
		return shared(t)
	}
	return alone(t, needsClock)
}

// uncertainty is how far a test that waits may be wrong about somebody else's clock, of which it knows the second.
const uncertainty = time.Second

// life is how long tests let things live that end at a moment of their choosing: as short as waiting for it allows.
func (s *service) life() time.Duration {
	if s.own != nil {
		return 20 * time.Minute
	}
	return 4 * uncertainty
}

// end is that moment from now, in milliseconds, which is what every route can tell.
func (s *service) end() time.Time { return s.now().UTC().Add(s.life()).Truncate(time.Millisecond) }

// before checks what holds until a moment, at the last instant before it. Where the test cannot move the clock it checks
// at once, or not at all where so much time has passed that the moment may be over.
func (s *service) before(moment time.Time, check func()) {
	if s.own != nil {
		s.own.clock.set(moment.Add(-time.Microsecond))
	} else if s.now().After(moment.Add(-2 * uncertainty)) {
		return
	}
	check()
}

// reach lets time pass until a moment has come: to the very instant, or until it has come for certain.
func (s *service) reach(moment time.Time) {
	if s.own != nil {
		s.own.clock.set(moment)
		return
	}
	time.Sleep(moment.Add(uncertainty).Sub(s.now()))
}

// pass lets a little time pass.
func (s *service) pass(little time.Duration) {
	if s.own != nil {
		s.own.clock.move(little)
		return
	}
	time.Sleep(little)
}

// sweep has a server of the suite's own do what falls due now and then. Nobody can tell whether another has.
func (s *service) sweep(t testing.TB) {
	t.Helper()
	if s.own != nil {
		s.own.housekeep(t)
	}
}
