package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"hallpass"
)

// plainly are the spellings in which a secret would be readable.
func plainly(secret []byte) [][]byte {
	return [][]byte{
		secret, []byte(hex.EncodeToString(secret)), []byte(base64.StdEncoding.EncodeToString(secret)), []byte(base64.RawURLEncoding.EncodeToString(secret)),
	}
}

// stored is all that the database holds: the bytes of its files, or of every column.
func (w *world) stored() []byte {
	w.t.Helper()
	var all bytes.Buffer
	if !w.onPostgres() {
		files, err := filepath.Glob(w.config.DSN + "*")
		w.must(err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			w.must(err)
			all.Write(b)
		}
		return all.Bytes()
	}
	for _, table := range w.tables() {
		rows, err := w.raw().QueryContext(w.t.Context(), `SELECT * FROM `+table)
		w.must(err)
		columns, err := rows.Columns()
		w.must(err)
		for rows.Next() {
			values, dest := make([][]byte, len(columns)), make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			w.must(rows.Scan(dest...))
			all.Write(bytes.Join(values, []byte{0}))
		}
		w.must(rows.Err())
		w.must(rows.Close())
	}
	return all.Bytes()
}

// tables are the names of all tables of a PostgreSQL schema.
func (w *world) tables() (names []string) {
	w.t.Helper()
	rows, err := w.raw().QueryContext(w.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		w.must(rows.Scan(&name))
		names = append(names, name)
	}
	w.must(rows.Err())
	return names
}

func TestNoSecretIsReadableAtRest(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		page := w.newApplication(w.tenant, hallpass.Public)
		caller := &hallpass.Caller{Tenant: w.tenant, Application: page, Key: page.Keys[0].Selector}
		minted, err := hallpass.MintSession(caller, noon, w.config.Random)
		w.must(err)
		w.must(w.CreateSession(t.Context(), &minted.Session))
		w.must(w.AuthorizeSession(t.Context(), authorized(&minted.Session)))
		key, err := hallpass.MintKey("4b6a3f02-6f0e-4c57-8a39-0a36c1f2b1de", "key_test_us_pub_", noon, w.config.Random)
		w.must(err)
		key.ApplicationID = page.ID
		w.must(w.CreateKey(t.Context(), w.tenant.ID, &key))

		tr := w.newTransaction(w.tenant)
		begin(t, w.DB, request("one"), noon)
		reply := aReply
		reply.Body = []byte(`{"session_key":"` + minted.Key.Reveal() + `"}`)
		w.must(w.FinishRequest(t.Context(), request("one"), &reply))
		w.must(w.RotateSigningSecret(t.Context(), secretOf('S')))
		active, previous, err := w.SigningSecrets(t.Context())
		w.must(err)

		secrets := map[string][]byte{
			"the data key": dataKey, "the active signing secret": active, "the previous one": previous, "a transaction's details": tr.Details,
			"part of them": []byte("in the clear"), "a kept reply": reply.Body, "its location": []byte("/there"),
			"the text of a session key": []byte(minted.Key.Reveal()[len("key_sess_"):]), "the text of a nonce": []byte(minted.Nonce.Reveal()),
			"the text of an application key": []byte(key.Text.Reveal()[len("key_test_us_pub_"):]),
		}
		for what, text := range map[string]string{"a session key": minted.Key.Reveal(), "an application key": key.Text.Reveal()} {
			c, ok := hallpass.ParseKey(text)
			if !ok {
				t.Fatal(what)
			}
			secrets["the verifier of "+what] = c.Verifier[:]
		}
		nonce, _ := hallpass.ParseNonce(minted.Nonce.Reveal())
		secrets["the verifier of a nonce"] = nonce.Verifier[:]

		check := func(when string) {
			t.Helper()
			all := w.stored()
			for what, visible := range map[string][]byte{"the tenant's name": []byte("First"), "a digest": minted.KeyDigest[:], "another": key.Digest[:]} {
				if !bytes.Contains(all, visible) {
					t.Fatalf("%s %s is not found; this test does not see", when, what)
				}
			}
			for what, secret := range secrets {
				for _, spelling := range plainly(secret) {
					if bytes.Contains(all, spelling) {
						t.Errorf("%s %s can be read: %q", when, what, spelling)
					}
				}
			}
		}
		check("open,")
		if !w.onPostgres() {
			w.must(w.Close())
			check("closed,")
		}
	})
}

func TestASealedColumnIsBoundToItsRow(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		one, two := w.newTransaction(w.tenant), w.newTransaction(w.tenant)
		w.exec(`UPDATE transactions SET details = (SELECT details FROM transactions WHERE id = $1) WHERE id = $2`, one.ID, two.ID)
		if got, err := w.Transaction(t.Context(), two.ID); err == nil {
			t.Errorf("another transaction's details are read: %s", got.Details)
		}
		got, err := w.Transaction(t.Context(), one.ID)
		w.must(err)
		wantSame(t, "the transaction that they belong to", got, one)
	})
}

func TestADamagedColumnIsNotRead(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for promise, damage := range map[string]func(b []byte) []byte{
			"one bit":         func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
			"the nonce":       func(b []byte) []byte { b[3] ^= 1; return b },
			"another version": func(b []byte) []byte { b[0]++; return b },
			"cut off":         func(b []byte) []byte { return b[:len(b)-1] },
			"nearly nothing":  func(b []byte) []byte { return b[:5] },
			"nothing":         func([]byte) []byte { return []byte{} },
		} {
			tr := w.newTransaction(w.tenant)
			var sealed []byte
			w.must(w.raw().QueryRowContext(t.Context(), `SELECT details FROM transactions WHERE id = $1`, tr.ID).Scan(&sealed))
			w.exec(`UPDATE transactions SET details = $1 WHERE id = $2`, damage(sealed), tr.ID)
			if got, err := w.Transaction(t.Context(), tr.ID); err == nil {
				t.Errorf("%s: %s is read", promise, got.Details)
			}
		}
		tr := w.newTransaction(w.tenant)
		same := w.newTransaction(w.tenant)
		var a, b []byte
		w.must(w.raw().QueryRowContext(t.Context(), `SELECT details FROM transactions WHERE id = $1`, tr.ID).Scan(&a))
		w.must(w.raw().QueryRowContext(t.Context(), `SELECT details FROM transactions WHERE id = $1`, same.ID).Scan(&b))
		if bytes.Equal(a, b) {
			t.Error("two equal texts are sealed alike")
		}
	})
}
