package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"hallpass"
)

// scanner is a row to read columns from.
type scanner interface{ Scan(dest ...any) error }

// micros is an instant as it is stored: microseconds since 1970 UTC, or null for the zero instant.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant is what micros stored.
func instant(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}

// text is a string as it is stored, null for the empty one.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// digest reads a stored digest.
func digest(b []byte) (d hallpass.Digest, err error) {
	if len(b) != len(d) {
		return d, fmt.Errorf("a stored digest has %d bytes", len(b))
	}
	copy(d[:], b)
	return d, nil
}

// encode is a list or map as it is stored.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// decode reads what encode stored.
func decode[T any](s string) (v T, err error) {
	err = json.Unmarshal([]byte(s), &v)
	return v, err
}
