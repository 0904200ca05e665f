package hallpass_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hallpass"
)

// noon is the moment at which these tests take place.
var noon = time.Date(2030, time.April, 23, 12, 0, 0, 123456000, time.UTC)

// chance is a source of randomness whose bytes follow from its seed.
type chance struct{ state uint64 }

func (c *chance) Read(b []byte) (int, error) {
	for i := range b {
		c.state = c.state*6364136223846793005 + 1442695040888963407
		b[i] = byte(c.state >> 56)
	}
	return len(b), nil
}

// bytesOf is a source that gives the bytes and then ends.
func bytesOf(n int) io.Reader { return bytes.NewReader(make([]byte, n)) }

// verifierOf is a verifier that follows from a number.
func verifierOf(n uint64) (v hallpass.Verifier) {
	binary.BigEndian.PutUint64(v[:], n)
	return v
}

// wantKind checks that err is a refusal of the kind.
func wantKind(t *testing.T, err error, kind hallpass.Kind) {
	t.Helper()
	_ = theRefusal(t, err, kind)
}

// theRefusal is err as a refusal of the kind.
func theRefusal(t *testing.T, err error, kind hallpass.Kind) *hallpass.Error {
	t.Helper()
	var refusal *hallpass.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got error %v, want a refusal", err)
	}
	if refusal.Kind != kind {
		t.Fatalf("got a refusal of kind %d (%v), want kind %d", refusal.Kind, refusal, kind)
	}
	return refusal
}

// wantSame checks that two values are equal.
func wantSame[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// fieldsOf are the problems that a check notes; nil where it notes none.
func fieldsOf(t *testing.T, check func(*hallpass.Fields)) map[string][]string {
	t.Helper()
	var f hallpass.Fields
	check(&f)
	err := f.Err()
	if err == nil {
		return nil
	}
	return theRefusal(t, err, hallpass.KindInvalid).Fields
}

func ptr[T any](v T) *T { return &v }
