package store_test

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

func TestCreateTokensOfOneIDMakesOne(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const racers = 16
		var mu sync.Mutex
		var won []hallpass.Token
		inParallel(racers, func(i int) {
			created, err := w.create(w.draft(w.tenant, `{"id": "wanted", "type": "token", "data": `+strconv.Itoa(i)+`, "metadata": {"a": "b"}}`))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, created[0].Token)
			case !refusedWith(err, hallpass.ErrTokenIDTaken):
				t.Error(err)
			}
		})
		if len(won) != 1 {
			t.Fatalf("%d of %d have the id", len(won), racers)
		}
		wantSame(t, "the token", w.tokenAt(w.DB, w.tenant, "wanted", noon).Token, won[0])
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 1)
		wantSame(t, "terms", w.count(`SELECT COUNT(*) FROM token_terms`), 1)
		wantSame(t, "entries of the log", w.count(`SELECT COUNT(*) FROM logs WHERE entity_type = 'token'`), 1)
	})
}

func TestCreateTokensOfOneAliasMakesAll(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const racers = 8
		var mu sync.Mutex
		ids := map[string]bool{}
		inParallel(racers, func(int) {
			created, err := w.create(w.draft(w.tenant, `{"id": "{{ data }}", "type": "token", "data": "wanted"}`))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			ids[created[0].ID] = true
		})
		if len(ids) != racers || !ids["wanted"] {
			t.Errorf("the ids are %v", ids)
		}
	})
}

func TestCreateTokensOfOneFingerprintMakesOne(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const racers = 16
		var mu sync.Mutex
		ids, made := map[string]bool{}, 0
		inParallel(racers, func(int) {
			created, err := w.create(w.draft(w.tenant, `{"type": "token", "data": "wanted", "deduplicate_token": true}`))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			ids[created[0].ID] = true
			if !created[0].Deduplicated {
				made++
			}
		})
		wantSame(t, "ids", len(ids), 1)
		wantSame(t, "tokens made", made, 1)
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 1)
		wantSame(t, "claims left over", w.count(`SELECT COUNT(*) FROM fingerprint_claims`), 0)
	})
}

// TestCreateTokensOfTwoFingerprintsInAnyOrder promises that requests for several tokens do not wait for each other for ever.
func TestCreateTokensOfTwoFingerprintsInAnyOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		first, second := `{"type": "token", "data": "first", "deduplicate_token": true}`, `{"type": "token", "data": "second", "deduplicate_token": true}`
		inParallel(16, func(i int) {
			a, b := w.draft(w.tenant, first), w.draft(w.tenant, second)
			if i%2 == 0 {
				a, b = b, a
			}
			if _, err := w.create(a, b); err != nil {
				t.Error(err)
			}
		})
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 2)
	})
}

// TestCreateTokensOfTwoIDsInAnyOrder promises the same of requests that name ids: one has both, the others none.
func TestCreateTokensOfTwoIDsInAnyOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var won atomic.Int64
		inParallel(16, func(i int) {
			a, b := w.draft(w.tenant, `{"id": "first", "type": "token", "data": 1}`), w.draft(w.tenant, `{"id": "second", "type": "token", "data": 2}`)
			if i%2 == 0 {
				a, b = b, a
			}
			switch _, err := w.create(a, b); {
			case err == nil:
				won.Add(1)
			case !refusedWith(err, hallpass.ErrTokenIDTaken):
				t.Error(err)
			}
		})
		wantSame(t, "how many have both", won.Load(), 1)
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 2)
	})
}

func TestCreateTokensAllOrNone(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.newToken(w.tenant, `{"id": "taken", "type": "token", "data": 1}`)
		existing := w.newToken(w.tenant, `{"type": "token", "data": "existing", "fingerprint_expression": "{{ data | stringify }}", "metadata": {"turn": "first"}}`)
		overwriting := w.draft(w.tenant, `{"type": "token", "data": "existing", "fingerprint_expression": "{{ data | stringify }}", "metadata": {"turn": "second"}, "deduplicate_token": true}`)
		overwriting.UpdateExisting = true
		before := w.count(`SELECT COUNT(*) FROM logs`)
		_, err := w.create(w.draft(w.tenant, `{"type": "token", "data": 2, "metadata": {"a": "b"}}`), overwriting, w.draft(w.tenant, `{"id": "taken", "type": "token", "data": 3}`))
		wantIs(t, "a taken id", err, hallpass.ErrTokenIDTaken)
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 2)
		wantSame(t, "entries of the log", w.count(`SELECT COUNT(*) FROM logs`), before)
		wantSame(t, "the existing token", w.tokenAt(w.DB, w.tenant, existing.ID, noon).Token, existing)
	})
}

func TestCreateTokensMeetsOrOverwrites(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const body = `{"type": "token", "data": {"key": "same", "more": 1}, "fingerprint_expression": "{{ data.key }}", "metadata": {"turn": "first"}}`
		first := w.newToken(w.tenant, body)
		meeting := w.draft(w.tenant, `{"type": "token", "data": {"key": "same", "more": 2}, "fingerprint_expression": "{{ data.key }}", "deduplicate_token": true, "containers": ["/other/"]}`)
		created, err := w.create(meeting)
		w.must(err)
		wantSame(t, "met", created[0], store.CreatedToken{Token: first, Deduplicated: true})

		meeting.UpdateExisting = true
		created, err = w.create(meeting)
		w.must(err)
		wantSame(t, "overwritten", created[0].Deduplicated, true)
		got := w.tokenAt(w.DB, w.tenant, first.ID, noon)
		want := first
		want.Data, want.Metadata, want.ModifiedBy, want.ModifiedAt = meeting.Data, nil, anAuthor, noon
		wantSame(t, "the token", got.Token, want)
		wantSame(t, "as it was answered", created[0].Token, want)
	})
}

func TestExpiredTokenHoldsNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		old := w.draft(w.tenant, `{"id": "wanted", "type": "token", "data": "same", "deduplicate_token": true, "metadata": {"turn": "first"}}`)
		old.CreatedAt, old.ExpiresAt = noon.Add(-time.Hour), noon
		_, err := w.create(old)
		w.must(err)
		got, err := w.Token(t.Context(), w.tenant.ID, "wanted", noon.Add(-time.Microsecond))
		w.must(err)
		wantSame(t, "there just before", got != nil, true)
		got, err = w.Token(t.Context(), w.tenant.ID, "wanted", noon)
		w.must(err)
		wantSame(t, "there at the moment", got != nil, false)
		created, err := w.create(w.draft(w.tenant, `{"id": "wanted", "type": "token", "data": "same", "deduplicate_token": true}`))
		w.must(err)
		wantSame(t, "deduplicated", created[0].Deduplicated, false)
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 1)
		wantSame(t, "terms", w.count(`SELECT COUNT(*) FROM token_terms`), 0)
	})
}

// TestAnIDOfOursIsFreeAgainOnceItsTokenHasGone promises that a client can name a token by an id that was made here, as one
// who restores what it has deleted does, and that such an id is taken like any other.
func TestAnIDOfOursIsFreeAgainOnceItsTokenHasGone(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		later := noon.Add(time.Hour)
		again := func(id, data string) (*hallpass.Token, error) {
			later = later.Add(time.Second)
			created, err := w.create(w.draftAt(later, w.tenant, `{"id": "`+id+`", "type": "token", "data": "`+data+`"}`))
			if err != nil {
				return nil, err
			}
			return &created[0].Token, nil
		}
		gone := w.newToken(w.tenant, `{"type": "token", "data": "first"}`)
		_, err := again(gone.ID, "second")
		wantIs(t, "while it is there", err, hallpass.ErrTokenIDTaken)
		w.must(w.DeleteToken(t.Context(), w.tokenAt(w.DB, w.tenant, gone.ID, noon), anAuthor, noon))
		expired := w.newToken(w.tenant, `{"type": "token", "data": "first", "expires_at": "2030-04-23T12:30:00Z"}`)
		w.newToken(w.tenant, `{"type": "token", "data": "made in between"}`)
		for promise, id := range map[string]string{"deleted": gone.ID, "expired": expired.ID} {
			made, err := again(id, promise)
			w.must(err)
			_, err = again(id, "third")
			wantIs(t, "once it is there again", err, hallpass.ErrTokenIDTaken)
			w.everySight(func(sight string, db *store.DB) {
				wantSame(t, promise+", "+sight, w.tokenAt(db, w.tenant, id, later).Token, *made)
			})
			for _, q := range []hallpass.TokenQuery{{}, {IDs: []string{id}}} {
				list, _, err := w.TokensByCreation(t.Context(), store.TokenPage{
					TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Query: q, Now: later, Limit: 1,
				})
				w.must(err)
				wantSame(t, "the newest", list[0].ID, id)
			}
		}
		other := w.newTenant("Second")
		theirs := w.newToken(other, `{"id": "`+gone.ID+`", "type": "token", "data": "theirs"}`)
		wantSame(t, "another tenant's", w.tokenAt(w.DB, other, gone.ID, noon).Token, theirs)
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 4)
	})
}

// TestAnIDOfOursIsAnotherWhereItsPlaceIsTaken promises that two tokens of one microsecond are both made, though chance give
// them one selector.
func TestAnIDOfOursIsAnotherWhereItsPlaceIsTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		ids, err := w.TokenIDs(t.Context(), w.tenant.ID)
		w.must(err)
		b := w.builder(w.tenant)
		b.MintID = ids.Mint(noon, bytes.NewReader(make([]byte, 100)))
		first, err := b.Build(&hallpass.TokenRequest{Type: hallpass.TypeToken, Data: "first"})
		w.must(err)
		b.MintID = ids.Mint(noon, bytes.NewReader(make([]byte, 100)))
		second, err := b.Build(&hallpass.TokenRequest{Type: hallpass.TypeToken, Data: "second"})
		w.must(err)
		wantSame(t, "the ids at first", second.ID, first.ID)
		for _, d := range []*hallpass.TokenDraft{first, second} {
			created, err := w.create(d)
			w.must(err)
			wantSame(t, "the token", w.tokenAt(w.DB, w.tenant, created[0].ID, noon).Data, d.Data)
		}
		wantSame(t, "rows", w.count(`SELECT COUNT(*) FROM tokens`), 2)
	})
}

// TestTokensMadeTogetherAreFoundByTheirTerms promises that tokens which share a commit are all there, with their terms.
func TestTokensMadeTogetherAreFoundByTheirTerms(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		const creators = 40
		inParallel(creators, func(i int) {
			body := `{"type": "token", "data": "` + strconv.Itoa(i) + `", "search_indexes": ["{{ data }}"], "metadata": {"of": "` + strconv.Itoa(i) + `"}}`
			if _, err := w.create(w.draft(w.tenant, body)); err != nil {
				t.Error(err)
			}
		})
		for i := range creators {
			text := strconv.Itoa(i)
			for name, q := range map[string]hallpass.TokenQuery{"data": {Data: &text}, "metadata": {Metadata: map[string]string{"of": text}}} {
				list, _, err := w.TokensByContainer(t.Context(), store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Query: q, Now: noon, Limit: 9})
				w.must(err)
				wantSame(t, name+" "+text, len(list) == 1 && list[0].Data == text, true)
			}
		}
	})
}
