package handlers

// The headers of the Sessions API, in the spelling of net/http, so that no look-up has to make it. On the wire case does
// not count.
const (
	headerAPIKey         = "Bt-Api-Key"
	headerIdempotencyKey = "Bt-Idempotency-Key"
	headerTraceID        = "Bt-Trace-Id"
)

// Header values that many replies share; never appended to.
var (
	noSniff = []string{"nosniff"}
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"} // may be kept, and must be revalidated
)
