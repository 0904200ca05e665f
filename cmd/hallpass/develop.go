package main

import (
	"context"
	"crypto/sha256"
	_ "embed" // for the walk
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/template"
	"time"

	"hallpass"
	"hallpass/expression"
	"hallpass/pages"
	"hallpass/store"
)

// The development seed. Ids and keys are the same on every start, and those that the contract's examples name, so that
// they can be pasted into an SDK's configuration. They are public knowledge: nothing but --dev ever stores them.
const (
	developmentTenant      = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"
	developmentOwner       = "9e6d3c52-1a7b-4f80-b4c9-3d5e7f2a8b61"
	developmentPublic      = "1f0e6c2a-93b5-4d7e-8a41-6b2c9d3e5f70"
	developmentPrivate     = "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53"
	developmentManagement  = "c3e85f1b-20a7-4b9d-8f64-9a7e1c5d3b28"
	developmentToken       = "c06d0789-0a38-40be-b7cc-c28a718f76f1"
	developmentTransaction = "dcaad720-d1e9-47ba-a76b-a6370ef0373b"
)

// developmentSeed is what a developer needs to know of it.
type developmentSeed struct {
	URL           string `json:"url"`
	PublicKey     string `json:"public_key,omitempty"`
	PrivateKey    string `json:"private_key,omitempty"`
	ManagementKey string `json:"management_key,omitempty"`
	AccessToken   string `json:"access_token,omitempty"`
	TransactionID string `json:"transaction_id,omitempty"`
}

// keys are what the reference page of a development server has at hand, and nil of any other.
func (seed *developmentSeed) keys() *pages.Keys {
	if seed == nil {
		return nil
	}
	return &pages.Keys{Public: seed.PublicKey, Private: seed.PrivateKey, Management: seed.ManagementKey, Access: seed.AccessToken}
}

// developmentStore makes a database with the seed in a temporary directory; done closes and removes it.
func developmentStore(ctx context.Context, env environment) (db *store.DB, seed *developmentSeed, done func() error, err error) {
	dir, err := os.MkdirTemp("", "hallpass-dev-")
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	key := make([]byte, store.DataKeyBytes)
	if _, err := io.ReadFull(env.random, key); err != nil {
		return nil, nil, nil, err
	}
	db, err = store.Create(ctx, store.Config{DSN: filepath.Join(dir, "hallpass.db"), DataKey: key, Now: env.now, Random: env.random})
	if err != nil {
		return nil, nil, nil, err
	}
	done = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	if seed, err = plantSeed(ctx, db, env); err != nil {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	return db, seed, done, nil
}

// plantSeed stores the development tenant, its three applications, a transaction, a token and two sessions.
func plantSeed(ctx context.Context, db *store.DB, env environment) (*developmentSeed, error) {
	now := env.now().UTC().Truncate(hallpass.Precision)
	next := func() time.Time { // a moment for each, so that lists have one order
		now = now.Add(hallpass.Precision)
		return now
	}
	tenant := &hallpass.Tenant{
		ID: developmentTenant, OwnerID: developmentOwner, Name: "Development", Type: hallpass.TestTenant,
		Settings: map[string]string{}, CreatedAt: now,
	}
	if err := db.CreateTenant(ctx, tenant); err != nil {
		return nil, err
	}
	seed := &developmentSeed{TransactionID: developmentTransaction}
	for i, a := range []struct {
		id, key, name string
		kind          hallpass.ApplicationType
		text          *string
	}{
		{developmentPublic, "4d8e2b71-0c5a-4f93-a6d2-8b1e7c3f9a50", "Web page", hallpass.Public, &seed.PublicKey},
		{developmentPrivate, "0b1d7f52-6e4c-4a83-b9f0-5c2e8d7a1b36", "Backend", hallpass.Private, &seed.PrivateKey},
		{developmentManagement, "e27c9a40-5f1b-4d68-93ae-7d0c4b8f2e15", "Management", hallpass.Management, &seed.ManagementKey},
	} {
		verifier := developmentVerifier(a.id)
		key := hallpass.Key{
			ID: a.key, Selector: hallpass.Selector(i + 1), ApplicationID: a.id, Digest: verifier.Digest(), CreatedAt: next(),
			Text: hallpass.Mint(hallpass.KeyPrefix(tenant.Type, a.kind), hallpass.Selector(i+1), verifier),
		}
		application := newApplication(tenant, a.id, a.name, a.kind, key, key.CreatedAt)
		switch a.kind {
		case hallpass.Public:
			application.Grant = hallpass.NewGrant([]hallpass.Permission{hallpass.TokenCreate, hallpass.TokenUpdate}, nil)
		case hallpass.Private:
			application.Grant = hallpass.NewGrant(developmentPermissions(), nil)
		}
		if err := db.CreateApplication(ctx, application); err != nil {
			return nil, err
		}
		*a.text = key.Text.Reveal()
	}
	made := next()
	err := db.CreateTransaction(ctx, &hallpass.Transaction{
		ID: developmentTransaction, TenantID: tenant.ID, Status: hallpass.TransactionNew, Roles: []string{}, TokenRoles: []string{hallpass.RoleUnknown},
		CreatedAt: made, ModifiedAt: made, ExpiresAt: made.Add(hallpass.DefaultExpiryDays * 24 * time.Hour), Details: []byte(`{}`),
	}, "")
	if err != nil {
		return nil, err
	}
	if err := plantToken(ctx, db, tenant, env.random, next()); err != nil {
		return nil, err
	}
	for i := range developmentSessions {
		if err := db.CreateSession(ctx, developmentSession(i, next())); err != nil {
			return nil, err
		}
	}
	token, err := signAccessToken(ctx, db, env, developmentPrivate, 24*time.Hour)
	seed.AccessToken = token.Reveal()
	return seed, err
}

// plantToken stores the token that the contract's examples name.
func plantToken(ctx context.Context, db *store.DB, tenant *hallpass.Tenant, random io.Reader, now time.Time) error {
	key, err := db.TenantKey(ctx, tenant.ID)
	if err != nil {
		return err
	}
	builder := &hallpass.TokenBuilder{
		Tenant: tenant, Key: key, Author: developmentPrivate, Now: now, Evaluator: expression.New(random),
	}
	draft, err := builder.Build(&hallpass.TokenRequest{
		ID: developmentToken, Type: hallpass.TypeToken, Containers: []string{"/pii/high/"}, Metadata: map[string]string{"customer": "42"},
		Data: map[string]any{"first_name": "Ada", "last_name": "Lovelace"},
		Mask: map[string]any{"first_name": "{{ data.first_name }}"}, SearchIndexes: []string{"{{ data.last_name }}"},
	})
	if err != nil {
		return err
	}
	_, err = db.CreateTokens(ctx, []*hallpass.TokenDraft{draft}, developmentPrivate, now, nil)
	return err
}

// developmentSessions is how many sessions wait for their authorization: one for each of the contract's examples of one,
// since a nonce authorizes once. They wait for a day, not for the three minutes of a session that was asked for.
const developmentSessions = 2

// developmentSession is the i-th of them, its key and nonce the same on every start.
func developmentSession(i int, now time.Time) *hallpass.Session {
	name := "session " + strconv.Itoa(i)
	return &hallpass.Session{
		Selector: hallpass.FirstSelector(time.Date(2026, time.January, 9, 20, 14, i, 0, time.UTC)),
		TenantID: developmentTenant, ApplicationID: developmentPublic, IssuingKey: 1,
		KeyDigest: developmentVerifier(name + " key").Digest(), NonceDigest: developmentVerifier(name + " nonce").Digest(),
		CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
}

// developmentPermissions are every token and every transaction permission.
func developmentPermissions() []hallpass.Permission {
	var list []hallpass.Permission
	for _, d := range hallpass.Permissions(hallpass.Private) {
		if d.Name.ForToken() || d.Name.ForTransaction() {
			list = append(list, d.Name)
		}
	}
	return list
}

// developmentVerifier is the random half of a key that is the same on every start.
func developmentVerifier(id string) (v hallpass.Verifier) {
	sum := sha256.Sum256([]byte("hallpass development key " + id))
	copy(v[:], sum[:])
	return v
}

//go:embed walk.txt
var walk string

// print writes what to know and what to paste.
func (seed *developmentSeed) print(out io.Writer) error {
	t, err := template.New("walk").Parse(walk)
	if err != nil {
		return err
	}
	return t.Execute(out, seed)
}
