package handlers

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"hallpass"
)

// RateLimit is how many requests a caller may make in a window. The zero value is no limit.
type RateLimit struct {
	Requests int
	Window   time.Duration
}

// UnmarshalText reads a limit such as 100/10s. An empty text is no limit.
func (l *RateLimit) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = RateLimit{}
		return nil
	}
	requests, window, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(requests)
	d, windowErr := time.ParseDuration(window)
	if err != nil || windowErr != nil || n < 1 || d < time.Second || d > 24*time.Hour {
		return fmt.Errorf("a rate limit is requests/window, such as 100/10s, with a window from 1s to 24h")
	}
	*l = RateLimit{Requests: n, Window: d}
	return nil
}

// limiter holds callers to a rate: a bucket for each application and session, and for each address on routes that have no
// caller.
type limiter struct {
	limit RateLimit
	now   func() time.Time

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter] // nil when off
}

// maxBuckets bounds the callers that are remembered; the one not seen for longest starts afresh.
const maxBuckets = 1 << 16

func newLimiter(limit RateLimit, now func() time.Time) *limiter {
	l := &limiter{limit: limit, now: now}
	if limit.Requests > 0 {
		l.buckets, _ = simplelru.NewLRU[string, *rate.Limiter](maxBuckets, nil) // fails for sizes below one only
	}
	return l
}

var errTooMany = hallpass.Refuse(hallpass.KindTooMany, "The rate limit is exceeded.")

// allow takes one request from the caller's bucket and says in the headers what is left
// (draft-ietf-httpapi-ratelimit-headers). Service routes are not limited.
func (l *limiter) allow(header http.Header, r *http.Request, c *call) error {
	if l.buckets == nil || (c.caller == nil && c.scheme() != schemeClient) {
		return nil
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	key := bucketKey(r, c)
	bucket, ok := l.buckets.Get(key)
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(float64(l.limit.Requests)/l.limit.Window.Seconds()), l.limit.Requests)
		l.buckets.Add(key, bucket)
	}
	allowed := bucket.AllowN(now, 1)
	left := math.Max(0, bucket.TokensAt(now))
	full := math.Ceil((float64(l.limit.Requests) - left) / float64(bucket.Limit()))
	header.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.limit.Requests, int(l.limit.Window.Seconds())))
	header.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, int(left), int(full)))
	if allowed {
		return nil
	}
	wait := math.Ceil((1 - left) / float64(bucket.Limit()))
	header.Set("Retry-After", strconv.Itoa(int(math.Max(1, wait))))
	return errTooMany
}

func bucketKey(r *http.Request, c *call) string {
	switch {
	case c.caller == nil:
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		return "address " + host
	case c.caller.Session != nil:
		return "session " + strconv.FormatInt(int64(c.caller.Session.Selector), 10)
	}
	return "application " + c.caller.Application.ID
}
