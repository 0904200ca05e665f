package store_test

import (
	"crypto/rand"
	"strconv"
	"testing"
	"time"

	"hallpass"
	"hallpass/expression"
	"hallpass/store"
)

// BenchmarkList lists one token among many of its tenant by each thing that names it, and a hundred of the many: what it
// costs must not depend on how many there are.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{1_000, 20_000} {
		db, tenant := benchmarked(b, n)
		name := "the one"
		all, _, err := db.TokensByCreation(b.Context(), store.TokenPage{
			TenantID: tenant.ID, Scopes: []hallpass.Scope{{}}, Query: hallpass.TokenQuery{Data: &name}, Now: noon, Limit: 1,
		})
		if err != nil || len(all) != 1 {
			b.Fatal(len(all), err)
		}
		one := all[0]
		byID := hallpass.Scope{{Attribute: hallpass.AttributeID, Operator: hallpass.OperatorEquals, Value: one.ID}}
		for what, p := range map[string]store.TokenPage{
			"data":        {Query: hallpass.TokenQuery{Data: &name}},
			"metadata":    {Query: hallpass.TokenQuery{Metadata: map[string]string{"name": name}}},
			"fingerprint": {Query: hallpass.TokenQuery{Fingerprint: one.Fingerprint}},
			"id":          {Query: hallpass.TokenQuery{IDs: []string{one.ID, "another"}}},
			"rule":        {Scopes: []hallpass.Scope{byID}},
			"many":        {Query: hallpass.TokenQuery{Metadata: map[string]string{"name": "many"}}},
		} {
			p.TenantID, p.Now, p.Limit = tenant.ID, noon, 100
			if p.Scopes == nil {
				p.Scopes = []hallpass.Scope{{}}
			}
			b.Run(what+"/"+strconv.Itoa(n), func(b *testing.B) {
				for b.Loop() {
					if list, _, err := db.TokensByContainer(b.Context(), p); err != nil || len(list) != 1 && what != "many" {
						b.Fatal(len(list), err)
					}
				}
			})
		}
	}
}

// benchmarked is a database with n tokens of one tenant, one of which has another name than the others.
func benchmarked(b *testing.B, n int) (*store.DB, *hallpass.Tenant) {
	b.Helper()
	db, err := store.Create(b.Context(), store.Config{DSN: b.TempDir() + "/bench.db", DataKey: dataKey, Random: rand.Reader, Now: func() time.Time { return noon }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	tenant := &hallpass.Tenant{ID: "bench", Name: "Bench", Type: hallpass.TestTenant, Settings: map[string]string{}, CreatedAt: noon}
	if err := db.CreateTenant(b.Context(), tenant); err != nil {
		b.Fatal(err)
	}
	key, err := db.TenantKey(b.Context(), tenant.ID)
	if err != nil {
		b.Fatal(err)
	}
	builder := &hallpass.TokenBuilder{Tenant: tenant, Key: key, Now: noon, Evaluator: expression.New(rand.Reader)}
	var drafts []*hallpass.TokenDraft
	for i := range n {
		name := "many"
		if i == n/2 {
			name = "the one"
		}
		d, err := builder.Build(&hallpass.TokenRequest{
			ID: "token " + strconv.Itoa(i), Type: hallpass.TypeToken, Data: name, Metadata: map[string]string{"name": name},
			SearchIndexes: []string{"{{ data }}"}, FingerprintExpression: "{{ data }}",
		})
		if err != nil {
			b.Fatal(err)
		}
		drafts = append(drafts, d)
	}
	if _, err := db.CreateTokens(b.Context(), drafts, "", noon, nil); err != nil {
		b.Fatal(err)
	}
	return db, tenant
}
