package hallpass

import (
	"strings"
	"time"
)

// Precision is the finest step of time that is kept: instants are truncated to it when they are taken, so that what a
// create returns is what a later read returns.
const Precision = time.Microsecond

// FormatInstant writes an instant as the Sessions API does: ISO 8601 with offset +00:00 and up to six fractional digits,
// trailing zeros trimmed.
func FormatInstant(t time.Time) string {
	return string(t.UTC().AppendFormat(make([]byte, 0, 32), "2006-01-02T15:04:05.999999")) + "+00:00"
}

// transactionLayout is the one spelling of time on the transaction routes.
const transactionLayout = "2006-01-02T15:04:05.000Z"

// FormatTransactionInstant writes an instant as the transaction routes do: UTC, always with milliseconds.
func FormatTransactionInstant(t time.Time) string { return t.UTC().Format(transactionLayout) }

// ParseTransactionInstant reads what [FormatTransactionInstant] writes. It reports false for anything else, also for a
// day that the calendar does not have.
func ParseTransactionInstant(text string) (time.Time, bool) {
	t, err := time.Parse(transactionLayout, text)
	return t, err == nil
}

// expiryLayouts are the spellings of a moment that clients of the Sessions API are known to send. Where there is no
// offset the moment is UTC, and a date alone is its midnight.
var expiryLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02",
	"1/2/2006 3:04:05 PM -07:00",
	"1/2/2006 3:04:05 PM",
	"1/2/2006",
}

// ParseExpiry reads the moment of an `expires_at` in any spelling that the vendor's documentation and samples show: ISO
// 8601 with or without offset, date only, and the US form of its samples (8/26/2030 7:23:57 PM -07:00). It keeps the
// offset it was given, truncates to [Precision] and reports false for anything else, and for years past 9999.
func ParseExpiry(text string) (time.Time, bool) {
	if len(text) > 40 {
		return time.Time{}, false
	}
	text = strings.ToUpper(strings.TrimSpace(text))
	for _, layout := range expiryLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Truncate(Precision), t.Year() >= 1 && t.UTC().Year() <= 9999
		}
	}
	return time.Time{}, false
}
