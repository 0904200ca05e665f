package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/expression"
	"hallpass/store"
)

// plantTokens stores n tokens whose data is their own id, and returns the ids.
func (w *world) plantTokens(n int) (ids []string) {
	w.t.Helper()
	key, err := w.TenantKey(w.t.Context(), w.tenant.ID)
	w.must(err)
	builder := &hallpass.TokenBuilder{Tenant: w.tenant, Key: key, Author: w.tenant.ID, Now: noon, Evaluator: expression.New(strings.NewReader(""))}
	for range n {
		id := uuid.NewString()
		d, err := builder.Build(&hallpass.TokenRequest{Type: hallpass.TypeToken, ID: id, Data: map[string]any{"secret of": id}})
		w.must(err)
		_, err = w.CreateTokens(w.t.Context(), []*hallpass.TokenDraft{d}, "", noon, nil)
		w.must(err)
		ids = append(ids, id)
	}
	return ids
}

// wantTokens reads every token that was planted.
func (w *world) wantTokens(db *store.DB, ids []string) {
	w.t.Helper()
	for _, id := range ids {
		got, err := db.Token(w.t.Context(), w.tenant.ID, id, noon)
		w.must(err)
		text, err := json.Marshal(got.Data)
		w.must(err)
		if !bytes.Contains(text, []byte(id)) {
			w.t.Errorf("token %s holds other data", id)
		}
	}
}

func TestRotateKeys(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		ids := w.plantTokens(250)
		transaction := w.newTransaction(w.tenant)
		digest := hallpass.Digest{9}
		_, err := w.BeginRequest(t.Context(), digest, noon)
		w.must(err)
		w.must(w.FinishRequest(t.Context(), digest, &store.Reply{Status: 201, Body: []byte("kept")}))
		before, err := w.TenantKey(t.Context(), w.tenant.ID)
		w.must(err)
		w.must(w.Close())

		next := w.config
		next.DataKey, next.PreviousDataKeys = bytes.Repeat([]byte{8}, store.DataKeyBytes), [][]byte{w.config.DataKey}
		interrupted, cancel := context.WithCancel(t.Context())
		for rounds := 0; ; rounds++ { // each round is stopped later, until one comes to its end
			db, err := store.Open(t.Context(), next)
			w.must(err)
			timer := time.AfterFunc(time.Duration(rounds*rounds)*200*time.Microsecond, cancel)
			err = db.RotateKeys(interrupted)
			timer.Stop()
			w.wantTokens(db, ids) // at every point everything can be read
			w.must(db.Close())
			if err == nil {
				break
			}
			interrupted, cancel = context.WithCancel(t.Context())
		}
		cancel()

		next.PreviousDataKeys = nil
		db, err := store.Open(t.Context(), next)
		w.must(err)
		defer func() { w.must(db.Close()) }()
		w.wantTokens(db, ids)
		got, err := db.Transaction(t.Context(), transaction.ID)
		w.must(err)
		if !bytes.Equal(got.Details, transaction.Details) {
			t.Error("the transaction's details have changed")
		}
		reply, err := db.BeginRequest(t.Context(), digest, noon)
		w.must(err)
		if string(reply.Body) != "kept" {
			t.Error("the kept reply has changed")
		}
		after, err := db.TenantKey(t.Context(), w.tenant.ID)
		w.must(err)
		if *after != *before {
			t.Error("the key of fingerprints has changed, and with it every fingerprint")
		}
		if other, err := store.Open(t.Context(), w.config); err == nil {
			w.must(other.Close())
			t.Error("the old data key still opens the database")
		}
	})
}
