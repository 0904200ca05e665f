package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/expression"
	"hallpass/store"
)

// fewTokens is how many tokens the small tenant has.
const fewTokens = 1000

// seedTokens stores the token that is read, and a thousand in a tenant of their own, of which it returns a key that may
// read them.
func seedTokens(ctx context.Context, db *store.DB) (key string, err error) {
	now := time.Now().UTC().Truncate(hallpass.Precision)
	few := &hallpass.Tenant{ID: fewID, OwnerID: fewID, Name: "Few", Type: hallpass.TestTenant, Settings: map[string]string{}, CreatedAt: now}
	if err := db.CreateTenant(ctx, few); err != nil {
		return "", err
	}
	minted, err := hallpass.MintKey(uuid.NewString(), hallpass.KeyPrefix(few.Type, hallpass.Private), now, rand.Reader)
	if err != nil {
		return "", err
	}
	minted.ApplicationID = few.ID
	err = db.CreateApplication(ctx, &hallpass.Application{
		ID: few.ID, TenantID: few.ID, Name: "Reader", Type: hallpass.Private, CreatedAt: now, Keys: []hallpass.Key{minted},
		Grant: hallpass.NewGrant([]hallpass.Permission{hallpass.TokenRead}, nil),
	})
	if err != nil {
		return "", err
	}
	if err := plant(ctx, db, few, fewTokens); err != nil {
		return "", err
	}
	return minted.Text.Reveal(), plant(ctx, db, &hallpass.Tenant{ID: tenantID, Settings: map[string]string{}}, 1, tokenID)
}

// plantMany stores many tokens in the tenant of the benchmark, while no server runs.
func (b *bencher) plantMany(ctx context.Context) (err error) {
	db, err := store.Open(ctx, b.config())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return plant(ctx, db, &hallpass.Tenant{ID: tenantID, Settings: map[string]string{}}, b.tokens)
}

// plant stores n cards, the first of them under the ids given.
func plant(ctx context.Context, db *store.DB, tenant *hallpass.Tenant, n int, ids ...string) error {
	key, err := db.TenantKey(ctx, tenant.ID)
	if err != nil {
		return err
	}
	tokenIDs, err := db.TokenIDs(ctx, tenant.ID)
	if err != nil {
		return err
	}
	builder := &hallpass.TokenBuilder{Tenant: tenant, Key: key, Author: privateID, Evaluator: expression.New(rand.Reader)}
	const batch = 500
	for planted := 0; planted < n; {
		var drafts []*hallpass.TokenDraft
		builder.Now = time.Now().UTC().Truncate(hallpass.Precision)
		builder.MintID = tokenIDs.Mint(builder.Now, rand.Reader)
		for ; planted < n && len(drafts) < batch; planted++ {
			request := &hallpass.TokenRequest{Type: hallpass.TypeCard, Data: map[string]any{
				"number": "4242424242424242", "expiration_month": json.Number("12"), "expiration_year": json.Number("2031"),
			}}
			if planted < len(ids) {
				request.ID = ids[planted]
			}
			draft, err := builder.Build(request)
			if err != nil {
				return err
			}
			drafts = append(drafts, draft)
		}
		if _, err := db.CreateTokens(ctx, drafts, privateID, builder.Now, nil); err != nil {
			return err
		}
	}
	return nil
}
