package store_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hallpass"
	"hallpass/expression"
	"hallpass/store"
)

// anAuthor is the application that these tokens are made by.
const anAuthor = "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53"

// builder makes tokens of the tenant at noon.
func (w *world) builder(tenant *hallpass.Tenant) *hallpass.TokenBuilder {
	return w.builderAt(noon, tenant)
}

func (w *world) builderAt(now time.Time, tenant *hallpass.Tenant) *hallpass.TokenBuilder {
	w.t.Helper()
	key, err := w.TenantKey(w.t.Context(), tenant.ID)
	w.must(err)
	ids, err := w.TokenIDs(w.t.Context(), tenant.ID)
	w.must(err)
	return &hallpass.TokenBuilder{
		Tenant: tenant, Key: key, Author: anAuthor, Now: now, Evaluator: expression.New(rand.Reader), MintID: ids.Mint(now, rand.Reader),
	}
}

// jsonObject reads JSON as the server does.
func (w *world) jsonObject(text string) map[string]any {
	w.t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var body map[string]any
	w.must(decoder.Decode(&body))
	return body
}

// draft is a token of the tenant that is not stored.
func (w *world) draft(tenant *hallpass.Tenant, body string) *hallpass.TokenDraft {
	return w.draftAt(noon, tenant, body)
}

func (w *world) draftAt(now time.Time, tenant *hallpass.Tenant, body string) *hallpass.TokenDraft {
	w.t.Helper()
	r, err := hallpass.ParseTokenRequest(w.jsonObject(body))
	w.must(err)
	d, err := w.builderAt(now, tenant).Build(r)
	w.must(err)
	return d
}

// create stores drafts as a caller does who may do anything.
func (w *world) create(drafts ...*hallpass.TokenDraft) ([]store.CreatedToken, error) {
	w.t.Helper()
	b := w.builder(w.tenant)
	return w.CreateTokens(w.t.Context(), drafts, anAuthor, noon, func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error) {
		if !d.UpdateExisting {
			return nil, nil
		}
		return b.Overwrite(existing, d)
	})
}

// newToken stores a token.
func (w *world) newToken(tenant *hallpass.Tenant, body string) hallpass.Token {
	w.t.Helper()
	created, err := w.create(w.draft(tenant, body))
	w.must(err)
	return created[0].Token
}

// tokenAt is the token of that id, which must be there.
func (w *world) tokenAt(db *store.DB, tenant *hallpass.Tenant, id string, now time.Time) *store.StoredToken {
	w.t.Helper()
	t, err := db.Token(w.t.Context(), tenant.ID, id, now)
	w.must(err)
	if t == nil {
		w.t.Fatalf("there is no token %s", id)
	}
	return t
}

// patch changes a token as it was read.
func (w *world) patch(old *store.StoredToken, body string) error {
	w.t.Helper()
	d, err := w.builder(w.tenant).Patch(&old.Token, w.jsonObject(body))
	w.must(err)
	return w.UpdateToken(w.t.Context(), old, d, anAuthor, noon)
}

const fullToken = `{
	"id": "any id: ключ", "type": "token", "data": {"number": 123456789012345678901234567890.123456789012345678901234567890, "text": "<&>\u2028", "none": null, "list": [1.0, true, {}]},
	"mask": {"text": "{{ data.text }}"}, "metadata": {"customer": "42", "ключ": ""}, "containers": ["/PII/High/"], "search_indexes": ["{{ data.text }}", "{{ data.number }}"],
	"fingerprint_expression": "{{ data.number }}", "expires_at": "2031-08-26T19:23:57.123456-07:00", "privacy": {"classification": "pii", "impact_level": "low", "restriction_policy": "mask"}
}`

func TestTokenIsReadAsItWasCreated(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for name, body := range map[string]string{
			"with every member": fullToken, "with no more than it needs": `{"type": "token", "data": 0}`, "of a card": `{"type": "card", "data": {"number": "4242424242424242", "cvc": "123"}}`,
			"of nothing much": `{"type": "token", "data": "", "metadata": {}, "search_indexes": []}`,
		} {
			made := w.newToken(w.tenant, body)
			w.everySight(func(sight string, db *store.DB) {
				got := w.tokenAt(db, w.tenant, made.ID, noon)
				if len(made.Metadata) == 0 {
					made.Metadata = nil
				}
				wantSame(t, "a token "+name+", "+sight, got.Token, made)
				if !made.ExpiresAt.IsZero() {
					wantSame(t, "its end", hallpass.FormatExpiry(got.ExpiresAt), "2031-08-26T19:23:57.123456-07:00")
				}
			})
		}
	})
}

func TestTokenIsSealed(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.newToken(w.tenant, `{"type": "token", "data": {"name": "Lovelace-in-the-data"}, "mask": "Lovelace-in-the-mask {{ data.name }}", "metadata": {"name-in-the-metadata": "Lovelace-in-the-metadata"},
			"search_indexes": ["{{ data.name }}", "Lovelace-in-the-index"], "fingerprint_expression": "{{ data.name }}-in-the-expression", "privacy": {"classification": "Lovelace-in-the-privacy"}}`)
		w.newToken(w.tenant, `{"type": "card", "data": {"number": "4242424242424242", "cvc": "987"}, "deduplicate_token": true}`)
		swept := w.newToken(w.tenant, `{"type": "card", "data": {"number": "5555555555554444", "cvc": "987"}}`)
		_, err := w.Sweep(t.Context(), noon.Add(time.Hour), time.Hour)
		w.must(err)
		w.must(w.patch(w.tokenAt(w.DB, w.tenant, swept.ID, noon), `{"metadata": {"more": "Lovelace-in-the-patch"}}`))
		stored := w.stored()
		for _, secret := range []string{
			"Lovelace-in-the-data", "Lovelace-in-the-mask", "Lovelace-in-the-metadata", "name-in-the-metadata", "Lovelace-in-the-index", "in-the-expression", "Lovelace-in-the-privacy",
			"Lovelace-in-the-patch", "4242424242424242", "5555555555554444", `"cvc"`, "data.name",
		} {
			for _, spelling := range plainly([]byte(secret)) {
				if bytes.Contains(stored, spelling) {
					t.Errorf("%q is there to read", spelling)
				}
			}
		}
		if !bytes.Contains(stored, []byte(swept.ID)) {
			t.Error("the id, which is no secret, is not found either")
		}
	})
}

// TestTokenBodyIsBoundToItsRow promises that the sealed part of one token cannot stand in for that of another.
func TestTokenBodyIsBoundToItsRow(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		mine, other := w.newToken(w.tenant, `{"type": "token", "data": "mine"}`), w.newToken(w.tenant, `{"type": "token", "data": "other"}`)
		w.exec(`UPDATE tokens SET body = (SELECT body FROM tokens WHERE id = $1) WHERE id = $2`, other.ID, mine.ID)
		if got, err := w.Token(t.Context(), w.tenant.ID, mine.ID, noon); err == nil {
			t.Errorf("the token is read as %v", got.Data)
		}
	})
}

func TestTokensOfTenantsAreApart(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		second := w.newTenant("Second")
		const body = `{"id": "one id", "type": "token", "data": "same", "metadata": {"same": "same"}, "search_indexes": ["{{ data }}"], "fingerprint_expression": "{{ data }}", "deduplicate_token": true}`
		ours, theirs := w.newToken(w.tenant, body), w.newToken(second, strings.Replace(body, `"data": "same"`, `"data": "sane"`, 1))
		wantSame(t, "ours", w.tokenAt(w.DB, w.tenant, "one id", noon).Data, ours.Data)
		wantSame(t, "theirs", w.tokenAt(w.DB, second, "one id", noon).Data, theirs.Data)
		same := "same"
		for name, q := range map[string]hallpass.TokenQuery{
			"all": {}, "by id": {IDs: []string{"one id"}}, "by data": {Data: &same}, "by metadata": {Metadata: map[string]string{"same": "same"}}, "by fingerprint": {Fingerprint: ours.Fingerprint},
		} {
			list, total, err := w.TokensByCreation(t.Context(), store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Query: q, Now: noon, Limit: 10})
			w.must(err)
			if total != 1 || len(list) != 1 || list[0].Data != ours.Data {
				t.Errorf("%s: %d of %d", name, len(list), total)
			}
		}
		stranger := w.newTenant("Third")
		got, err := w.Token(t.Context(), stranger.ID, "one id", noon)
		w.must(err)
		if got != nil {
			t.Error("a third tenant reads it")
		}
		w.must(w.DeleteToken(t.Context(), w.tokenAt(w.DB, w.tenant, "one id", noon), anAuthor, noon))
		wantSame(t, "theirs, once ours is gone", w.tokenAt(w.DB, second, "one id", noon).Data, theirs.Data)
	})
}

func TestTokenChangesAreNotLost(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		made := w.newToken(w.tenant, `{"type": "token", "data": {"turn": 0}, "search_indexes": ["{{ data.turn }}"]}`)
		first, second := w.tokenAt(w.DB, w.tenant, made.ID, noon), w.tokenAt(w.DB, w.tenant, made.ID, noon)
		w.must(w.patch(first, `{"data": {"turn": 1}}`))
		wantKind(t, w.patch(second, `{"data": {"turn": 2}}`), hallpass.KindConflict)
		wantKind(t, w.patch(first, `{"data": {"turn": 3}}`), hallpass.KindConflict)
		wantSame(t, "the data", w.tokenAt(w.DB, w.tenant, made.ID, noon).Data, any(map[string]any{"turn": json.Number("1")}))
		wantSame(t, "the terms", w.count(`SELECT COUNT(*) FROM token_terms`), 1)

		racing := w.tokenAt(w.DB, w.tenant, made.ID, noon)
		var won atomic.Int64
		inParallel(8, func(int) {
			if err := w.patch(racing, `{"data": {"turn": 4}}`); err != nil {
				wantKind(t, err, hallpass.KindConflict)
				return
			}
			won.Add(1)
		})
		wantSame(t, "how many of eight changes to one version took place", won.Load(), 1)
		wantSame(t, "entries of the log", w.count(`SELECT COUNT(*) FROM logs WHERE operation = 'update'`), 2)

		gone := w.tokenAt(w.DB, w.tenant, made.ID, noon)
		w.must(w.DeleteToken(t.Context(), gone, anAuthor, noon))
		wantKind(t, w.DeleteToken(t.Context(), gone, anAuthor, noon), hallpass.KindNotFound)
		wantKind(t, w.patch(gone, `{}`), hallpass.KindConflict)
		wantSame(t, "terms of a token that is gone", w.count(`SELECT COUNT(*) FROM token_terms`), 0)
	})
}

// TestTokenUpdateReplaces promises that the row, the sealed part and the terms all follow a patch.
func TestTokenUpdateReplaces(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		made := w.newToken(w.tenant, fullToken)
		old := w.tokenAt(w.DB, w.tenant, made.ID, noon)
		d, err := w.builder(w.tenant).Patch(&old.Token, w.jsonObject(`{"data": {"text": "other"}, "containers": ["/other/"], "expires_at": null, "metadata": {"customer": null}, "search_indexes": ["{{ data.text }}"], "fingerprint_expression": "{{ data.text }}"}`))
		w.must(err)
		w.must(w.UpdateToken(t.Context(), old, d, anAuthor, noon))
		w.everySight(func(sight string, db *store.DB) {
			wantSame(t, "the token, "+sight, w.tokenAt(db, w.tenant, made.ID, noon).Token, d.Token)
		})
		other, before := "other", "<&>\u2028"
		for name, c := range map[string]struct {
			query hallpass.TokenQuery
			found bool
		}{
			"the new index": {hallpass.TokenQuery{Data: &other}, true}, "the old index": {hallpass.TokenQuery{Data: &before}, false},
			"the new container": {hallpass.TokenQuery{Container: "/other/"}, true}, "the old container": {hallpass.TokenQuery{Container: "/pii/"}, false},
			"metadata that stayed": {hallpass.TokenQuery{Metadata: map[string]string{"ключ": ""}}, true}, "metadata that went": {hallpass.TokenQuery{Metadata: map[string]string{"customer": "42"}}, false},
			"the new fingerprint": {hallpass.TokenQuery{Fingerprint: d.Fingerprint}, true}, "the old fingerprint": {hallpass.TokenQuery{Fingerprint: made.Fingerprint}, false},
		} {
			list, _, err := w.TokensByContainer(t.Context(), store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Query: c.query, Now: noon, Limit: 2})
			w.must(err)
			wantSame(t, "found by "+name, len(list) == 1, c.found)
		}
	})
}

// refusedWith reports whether an error is one of these.
func refusedWith(err error, refusals ...error) bool {
	return slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
}
