package store_test

import (
	"strconv"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

func TestSweepDeletesExpiredTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var drafts []*hallpass.TokenDraft
		for i := range 450 {
			d := w.draft(w.tenant, `{"id": "ends `+strconv.Itoa(i)+`", "type": "token", "data": "x", "metadata": {"a": "b"}, "search_indexes": ["{{ data }}"]}`)
			d.ExpiresAt = noon.Add(time.Duration(i) * time.Microsecond)
			drafts = append(drafts, d)
		}
		_, err := w.create(append(drafts, w.draft(w.tenant, `{"id": "stays", "type": "token", "data": "x", "metadata": {"a": "b"}}`))...)
		w.must(err)
		swept, err := w.Sweep(t.Context(), noon.Add(400*time.Microsecond), time.Hour)
		w.must(err)
		wantSame(t, "swept", swept, 401)
		wantSame(t, "tokens left", w.count(`SELECT COUNT(*) FROM tokens`), 50)
		wantSame(t, "terms left", w.count(`SELECT COUNT(*) FROM token_terms`), 49*2+1)
		swept, err = w.Sweep(t.Context(), noon.Add(400*time.Microsecond), time.Hour)
		w.must(err)
		wantSame(t, "swept again", swept, 0)
		w.tokenAt(w.DB, w.tenant, "stays", noon.Add(1000*time.Hour))
	})
}

const aCard = `{"type": "card", "data": {"number": "4242424242424242", "expiration_month": 12, "cvc": "987"}, "metadata": {"a": "b"}, "search_indexes": ["{{ data.cvc }}"], "fingerprint_expression": "{{ data.cvc }}", "expires_at": "2031-08-26T19:23:57-07:00"}`

func TestSweepDeletesOldCVCs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		old, renewed, plain := w.newToken(w.tenant, aCard), w.newToken(w.tenant, aCard), w.newToken(w.tenant, `{"type": "token", "data": {"cvc": "987"}}`)
		read := w.tokenAt(w.DB, w.tenant, renewed.ID, noon)
		b := w.builder(w.tenant)
		b.Now = noon.Add(time.Microsecond)
		d, err := b.Patch(&read.Token, w.jsonObject(`{"data": {"cvc": "123"}}`))
		w.must(err)
		w.must(w.UpdateToken(t.Context(), read, d, anAuthor, b.Now))

		_, err = w.Sweep(t.Context(), noon.Add(time.Hour-time.Microsecond), 24*time.Hour)
		w.must(err)
		wantSame(t, "within the hour", w.tokenAt(w.DB, w.tenant, old.ID, noon).Token, old)
		_, err = w.Sweep(t.Context(), noon.Add(time.Hour), 24*time.Hour)
		w.must(err)
		w.everySight(func(sight string, db *store.DB) {
			wantSame(t, "after the hour, "+sight, w.tokenAt(db, w.tenant, old.ID, noon).Token, *old.WithoutCVC())
			wantSame(t, "the new one, "+sight, w.tokenAt(db, w.tenant, renewed.ID, noon).Token, d.Token)
			wantSame(t, "what is no card, "+sight, w.tokenAt(db, w.tenant, plain.ID, noon).Data, plain.Data)
		})
		wantSame(t, "terms", w.count(`SELECT COUNT(*) FROM token_terms`), 4)
		_, err = w.Sweep(t.Context(), noon.Add(time.Hour+time.Microsecond), 24*time.Hour)
		w.must(err)
		wantSame(t, "the new one, once its hour is over", w.tokenAt(w.DB, w.tenant, renewed.ID, noon).Token, *d.WithoutCVC())
	})
}

// TestSweepOfCVCsLosesNoChange promises that a change which was read before a cvc went is refused, not laid over it.
func TestSweepOfCVCsLosesNoChange(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		made := w.newToken(w.tenant, aCard)
		read := w.tokenAt(w.DB, w.tenant, made.ID, noon)
		_, err := w.Sweep(t.Context(), noon.Add(time.Hour), 24*time.Hour)
		w.must(err)
		wantKind(t, w.patch(read, `{"metadata": {"a": "c"}}`), hallpass.KindConflict)
		w.must(w.patch(w.tokenAt(w.DB, w.tenant, made.ID, noon), `{"metadata": {"a": "c"}, "search_indexes": [], "fingerprint_expression": null}`))
		got := w.tokenAt(w.DB, w.tenant, made.ID, noon)
		wantSame(t, "metadata", got.Metadata, map[string]string{"a": "c"})
		wantSame(t, "when the next cvc goes", got.CVCExpiresAt, time.Time{})
	})
}

func TestSweepOfManyCVCs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var drafts []*hallpass.TokenDraft
		for range 450 {
			drafts = append(drafts, w.draft(w.tenant, aCard))
		}
		_, err := w.create(drafts...)
		w.must(err)
		_, err = w.Sweep(t.Context(), noon.Add(time.Hour), 24*time.Hour)
		w.must(err)
		wantSame(t, "cvcs that wait", w.count(`SELECT COUNT(*) FROM tokens WHERE cvc_expires_at IS NOT NULL`), 0)
	})
}
