package store_test

import (
	"bytes"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

// wantSecrets checks what the signing secrets are, in every sight.
func (w *world) wantSecrets(what string, active, previous []byte) {
	w.t.Helper()
	w.everySight(func(name string, db *store.DB) {
		a, p, err := db.SigningSecrets(w.t.Context())
		w.must(err)
		wantSame(w.t, what+": active, "+name, a, active)
		wantSame(w.t, what+": previous, "+name, p, previous)
	})
}

func secretOf(letter byte) []byte { return bytes.Repeat([]byte{letter}, hallpass.SigningSecretBytes) }

func TestADatabaseIsBornWithASigningSecret(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		first, previous, err := w.SigningSecrets(t.Context())
		w.must(err)
		if len(first) != hallpass.SigningSecretBytes || previous != nil || bytes.Equal(first, make([]byte, len(first))) {
			t.Fatalf("%d bytes, and %d of a previous one", len(first), len(previous))
		}
		w.wantSecrets("after it is opened again", first, nil)
	})
}

func TestRotationKeepsTwoGenerations(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		born, _, err := w.SigningSecrets(t.Context())
		w.must(err)
		w.must(w.RotateSigningSecret(t.Context(), secretOf('a')))
		w.wantSecrets("the first rotation", secretOf('a'), born)
		w.must(w.RotateSigningSecret(t.Context(), secretOf('b')))
		w.wantSecrets("the second", secretOf('b'), secretOf('a'))
		w.must(w.RotateSigningSecret(t.Context(), secretOf('b')))
		w.wantSecrets("one to the same secret", secretOf('b'), secretOf('b'))
		wantSame(t, "stored secrets", w.count(`SELECT COUNT(*) FROM signing_secrets`), 2)
	})
}

func TestARotationInAnotherProcessIsSeen(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		born, _, err := w.SigningSecrets(t.Context())
		w.must(err)
		w.must(w.reopened().RotateSigningSecret(t.Context(), secretOf('a')))
		w.wantSecrets("afterwards", secretOf('a'), born)
	})
}

func TestTheSweepForgetsASupersededSecretAfterThirtyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		born, _, err := w.SigningSecrets(t.Context())
		w.must(err)
		w.must(w.RotateSigningSecret(t.Context(), secretOf('a')))
		sweep := func(at time.Time) {
			t.Helper()
			if _, err := w.Sweep(t.Context(), at, keepLogs); err != nil {
				t.Fatal(err)
			}
		}
		sweep(noon.Add(store.SupersededSecretTTL))
		w.wantSecrets("at thirty days", secretOf('a'), born)
		sweep(noon.Add(store.SupersededSecretTTL + time.Microsecond))
		w.wantSecrets("after them", secretOf('a'), nil)
		sweep(noon.Add(10 * store.SupersededSecretTTL))
		w.wantSecrets("the active one stays for ever", secretOf('a'), nil)
	})
}

func TestRacingRotationsLeaveTwoSecrets(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		inParallel(8, func(i int) {
			if err := w.RotateSigningSecret(t.Context(), secretOf(byte(i))); err != nil {
				t.Error(err)
			}
		})
		active, previous, err := w.SigningSecrets(t.Context())
		w.must(err)
		if active == nil || previous == nil || bytes.Equal(active, previous) {
			t.Errorf("active %x, previous %x", active, previous)
		}
		wantSame(t, "stored secrets", w.count(`SELECT COUNT(*) FROM signing_secrets`), 2)
	})
}
