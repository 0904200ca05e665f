package hallpass

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"time"
)

// Token is a piece of sensitive data with the id that stands for it elsewhere.
type Token struct {
	ID                    string // 3 to 400 characters, unique in the tenant; see [CheckTokenID]
	TenantID              string
	Type                  TokenType
	Data                  any               // a JSON tree, its numbers json.Number; never nil, never to be modified
	Mask                  any               // a JSON tree of expressions as it was given; nil for the type's own mask
	Metadata              map[string]string // not sensitive; nil where there is none
	Container             string            // lower case; the one element of the wire's containers
	SearchIndexes         []string          // the expressions, given or the type's; never nil
	FingerprintExpression string            // as it was given; empty for the type's own
	Fingerprint           string            // empty where none was asked for
	ExpiresAt             time.Time         // zero for never; keeps the offset that it was given
	CVCExpiresAt          time.Time         // when the cvc of a card leaves its data; zero where there is none
	Privacy               Privacy           // as it was given; what is missing follows from the token
	CreatedBy             string            // id of an application
	CreatedAt             time.Time
	ModifiedBy            string
	ModifiedAt            time.Time // zero until the first change
}

// Format writes the id for every verb: data never gets into a message by way of its token.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "token "+t.ID) }

// LogValue returns the id alone, as Format writes it.
func (t Token) LogValue() slog.Value { return slog.StringValue("token " + t.ID) }

// CVCRetention is how long the cvc of a card is kept from the moment it was written (developers.basistheory.com, Rate
// Limits > Default Quotas).
const CVCRetention = time.Hour

// Expired reports whether the token has ended. An expired token is not accessible at once, whenever it is deleted.
func (t *Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// CVCExpired reports whether the token holds a cvc that must be shown and used no more.
func (t *Token) CVCExpired(now time.Time) bool {
	return !t.CVCExpiresAt.IsZero() && !now.Before(t.CVCExpiresAt)
}

// WithoutCVC returns the token with the cvc of its data deleted. Fingerprint and search terms stay what they were.
func (t *Token) WithoutCVC() *Token {
	without := *t
	without.CVCExpiresAt = time.Time{}
	if card, ok := t.Data.(map[string]any); ok {
		card = maps.Clone(card)
		delete(card, "cvc")
		without.Data = card
	}
	return &without
}

// At returns the token as it is at now: without its cvc once that has expired. Every reading of a token goes through it,
// so that a cvc is gone on time however late the sweep is.
func (t *Token) At(now time.Time) *Token {
	if t.CVCExpired(now) {
		return t.WithoutCVC()
	}
	return t
}

// hasCVC reports whether the data of the token is a card with a cvc.
func (t *Token) hasCVC() bool {
	card, _ := t.Data.(map[string]any)
	return t.Type == TypeCard && card["cvc"] != nil
}

// mask returns the mask that applies to the token: its own, or else its type's, or nil.
func (t *Token) mask() any {
	if t.Mask != nil {
		return t.Mask
	}
	if d := t.Type.definition(); d != nil {
		return d.Mask
	}
	return nil
}

// expiryLayout is how an `expires_at` is written back: with the offset that it was given.
const expiryLayout = "2006-01-02T15:04:05.999999-07:00"

// FormatExpiry writes the moment at which a token expires with the offset that it carries
// (2030-08-26T19:23:57-07:00), unlike [FormatInstant].
func FormatExpiry(t time.Time) string { return t.Format(expiryLayout) }

// ExpiryOffset returns the offset from UTC in minutes that a moment carries: what the store keeps beside the instant.
func ExpiryOffset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds / 60
}

// WithOffset returns the same moment with the given offset from UTC in minutes.
func WithOffset(t time.Time, minutes int) time.Time {
	if minutes == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", minutes*60))
}

// Privacy is the deprecated classification of a token: accepted and echoed, without effect.
type Privacy struct {
	Classification    string `json:"classification,omitempty"`
	ImpactLevel       string `json:"impact_level,omitempty"`
	RestrictionPolicy string `json:"restriction_policy,omitempty"`
}
