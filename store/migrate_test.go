package store_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// TestTokensOfTheFirstReleaseStay promises that a database in which every id is in an index is opened with all its tokens,
// found by id and by term, and goes on.
func TestTokensOfTheFirstReleaseStay(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var made []hallpass.Token
		for range 30 {
			made = append(made, w.newToken(w.tenant, `{"id": "`+uuid.NewString()+`", "type": "token", "data": "x", "search_indexes": ["{{ data }}"], "metadata": {"a": "b"}}`))
		}
		w.comeFrom(2)
		found := func(q hallpass.TokenQuery) int {
			p := store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Query: q, Now: noon, Limit: 1}
			_, total, err := w.TokensByCreation(t.Context(), p)
			w.must(err)
			return total
		}
		text := "x"
		wantSame(t, "found by data", found(hallpass.TokenQuery{Data: &text}), len(made))
		wantSame(t, "found by id", found(hallpass.TokenQuery{IDs: []string{made[1].ID, made[2].ID}}), 2)
		for i := range made {
			wantSame(t, "the token", w.tokenAt(w.DB, w.tenant, made[i].ID, noon).Token, made[i])
			_, err := w.create(w.draft(w.tenant, `{"id": "`+made[i].ID+`", "type": "token", "data": "y"}`))
			wantIs(t, "another of its id", err, hallpass.ErrTokenIDTaken)
		}
		added := w.newToken(w.tenant, `{"type": "token", "data": "y", "metadata": {"a": "b"}}`)
		wantSame(t, "the token added", w.tokenAt(w.DB, w.tenant, added.ID, noon).Token, added)
		w.must(w.DeleteToken(t.Context(), w.tokenAt(w.DB, w.tenant, made[0].ID, noon), anAuthor, noon))
		wantSame(t, "found by metadata", found(hallpass.TokenQuery{Metadata: map[string]string{"a": "b"}}), len(made))
		wantSame(t, "terms", w.count(`SELECT COUNT(*) FROM token_terms`), 2*len(made)-1)
	})
}

// comeFrom has the world go on in a new database that had the schema of an earlier version when it was given these rows.
func (w *world) comeFrom(version int64) {
	w.t.Helper()
	made, dsn := w.config.DSN, sqliteFile(w.t)
	if w.onPostgres() {
		dsn = postgresSchema(w.t)
	}
	w.must(w.Close())
	w.must(store.MigrateTo(w.t.Context(), dsn, version))
	w.config.DSN = dsn
	rows, err := w.raw().Conn(w.t.Context())
	w.must(err)
	from := "made"
	if w.onPostgres() {
		source, err := url.Parse(made)
		w.must(err)
		from = source.Query().Get("search_path")
	} else {
		_, err := rows.ExecContext(w.t.Context(), `ATTACH $1 AS made`, made)
		w.must(err)
	}
	const token = `selector, tenant_id, id, type, container, fingerprint, created_at, expires_at, cvc_expires_at, version, key_version, body`
	for _, table := range []struct{ name, columns string }{
		{"tenants", "*"}, {"tenant_keys", "*"}, {"signing_secrets", "*"}, {"tokens (" + token + ")", token}, {"token_terms", "*"},
	} {
		name, _, _ := strings.Cut(table.name, " ")
		_, err := rows.ExecContext(w.t.Context(), `INSERT INTO `+table.name+` SELECT `+table.columns+` FROM `+from+`.`+name)
		w.must(err)
	}
	w.must(rows.Close())
	w.DB, err = store.Open(w.t.Context(), w.config)
	w.must(err)
}
