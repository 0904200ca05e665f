package main

import (
	"context"
	"crypto/rand"
	_ "embed" // for the script
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"golang.org/x/sync/errgroup"

	"hallpass"
	"hallpass/store"
)

// operation is one line of the table.
type operation struct {
	name   string
	path   string
	script string // the wrk script, and the file of values that it takes one by one
	method string
	aim    float64
	body   string // %s stands for the next value
	header map[string]string
	nonces bool // the values are nonces, each good once
}

const (
	tenantID      = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"
	publicID      = "1f0e6c2a-93b5-4d7e-8a41-6b2c9d3e5f70"
	privateID     = "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53"
	tokenID       = "c06d0789-0a38-40be-b7cc-c28a718f76f1"
	fewID         = "0d6f2a3e-8b14-4c57-9e20-6a1d3f5b7c98"
	transactionID = "dcaad720-d1e9-47ba-a76b-a6370ef0373b"
)

var operations = []operation{
	{name: "create session", path: "/sessions", script: "create.lua", method: "POST", aim: .55},
	{name: "authorize session", path: "/sessions/authorize", script: "authorize.lua", method: "POST", aim: .40, nonces: true,
		body: `{"nonce":"%s","rules":[{"description":"Read cards","priority":1,"container":"/pci/","permissions":["token:read"],"transform":"reveal"}]}`},
	{name: "get application by key", path: "/applications/key", script: "key.lua", method: "GET", aim: .60},
	{name: "create creation token", path: "/api/transaction/" + transactionID + "/token", script: "token.lua", method: "POST", aim: .45,
		body: `{"role":"unknown"}`},
	{name: "get token, revealed", path: "/tokens/" + tokenID, script: "read.lua", method: "GET", aim: .35},
	{name: "create token", path: "/tokens", script: "tokenize.lua", method: "POST", aim: .30,
		body: `{"type":"card","data":{"number":"4242424242424242","expiration_month":12,"expiration_year":2031}}`},
}

// The lists are measured against each other: a hundred tokens of few and of many.
var (
	listFew  = operation{name: "list 100 of few", path: "/v2/tokens?size=100", script: "few.lua", method: "GET"}
	listMany = operation{name: "list 100 of many", path: "/v2/tokens?size=100", script: "many.lua", method: "GET"}
)

//go:embed wrk.lua
var script string

// prepare makes the database: two applications, a transaction, a thousand authorized sessions, and tokens.
func (b *bencher) prepare(ctx context.Context) (err error) {
	b.dataKey = make([]byte, store.DataKeyBytes)
	if _, err := rand.Read(b.dataKey); err != nil {
		return err
	}
	db, err := store.Create(ctx, b.config())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := seed(ctx, db)
	if err != nil {
		return err
	}
	b.public = keys.public
	sessionKeys, err := authorizedSessions(ctx, db, keys.publicSelector)
	if err != nil {
		return err
	}
	b.reader, err = seedTokens(ctx, db)
	if err != nil {
		return err
	}
	values := map[string][]string{"authorize.lua": {"none yet"}, "key.lua": sessionKeys, "read.lua": sessionKeys}
	headers := map[string]map[string]string{
		"create.lua":    {"BT-API-KEY": keys.public},
		"authorize.lua": {"BT-API-KEY": keys.private, "Content-Type": "application/json"},
		"token.lua":     {"Authorization": "Bearer " + keys.access, "Content-Type": "application/json", "Accept": "application/json"},
		"tokenize.lua":  {"BT-API-KEY": keys.private, "Content-Type": "application/json"},
		"many.lua":      {"BT-API-KEY": keys.private},
		"few.lua":       {"BT-API-KEY": b.reader},
	}
	for _, o := range append([]operation{listFew, listMany}, operations...) {
		o.header = headers[o.script]
		if err := b.writeScript(o, values[o.script]); err != nil {
			return err
		}
	}
	return nil
}

func (b *bencher) config() store.Config {
	return store.Config{DSN: filepath.Join(b.dir, "bench.db"), DataKey: b.dataKey, Now: time.Now, Random: rand.Reader}
}

func (b *bencher) writeScript(o operation, values []string) error {
	t, err := template.New("wrk").Parse(script)
	if err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(b.dir, o.script))
	if err != nil {
		return err
	}
	valueFile := ""
	if values != nil {
		valueFile = b.valueFile(o)
		if err := writeValues(valueFile, values); err != nil {
			return err
		}
	}
	body, err := json.Marshal(o.body)
	if err != nil {
		return err
	}
	err = t.Execute(file, map[string]any{"Method": o.method, "Body": string(body), "Header": o.header, "Values": valueFile})
	return errors.Join(err, file.Close())
}

func (b *bencher) valueFile(o operation) string { return filepath.Join(b.dir, o.script+".values") }

func writeValues(path string, values []string) error {
	return os.WriteFile(path, []byte(strings.Join(values, "\n")), 0o600)
}

// seeded are the credentials of the benchmark.
type seeded struct {
	public, private, access string
	publicSelector          hallpass.Selector
}

func seed(ctx context.Context, db *store.DB) (s seeded, err error) {
	now := time.Now().UTC().Truncate(hallpass.Precision)
	tenant := &hallpass.Tenant{ID: tenantID, OwnerID: tenantID, Name: "Bench", Type: hallpass.TestTenant, Settings: map[string]string{}, CreatedAt: now}
	if err := db.CreateTenant(ctx, tenant); err != nil {
		return s, err
	}
	for _, a := range []hallpass.Application{
		{ID: publicID, Type: hallpass.Public, Name: "Web page"},
		{ID: privateID, Type: hallpass.Private, Name: "Backend", Grant: hallpass.NewGrant([]hallpass.Permission{hallpass.TokenRead, hallpass.TokenCreate, hallpass.TransactionCreate}, nil)},
	} {
		key, err := hallpass.MintKey(a.ID, hallpass.KeyPrefix(tenant.Type, a.Type), now, rand.Reader)
		if err != nil {
			return s, err
		}
		key.ApplicationID = a.ID
		a.TenantID, a.CreatedAt, a.Keys = tenantID, now, []hallpass.Key{key}
		if err := db.CreateApplication(ctx, &a); err != nil {
			return s, err
		}
		if a.Type == hallpass.Public {
			s.public, s.publicSelector = key.Text.Reveal(), key.Selector
			continue
		}
		s.private = key.Text.Reveal()
		active, _, err := db.SigningSecrets(ctx)
		if err != nil {
			return s, err
		}
		token, err := hallpass.NewSigner(active, nil).Sign(a.AccessClaims(transactionID, now.Add(24*time.Hour)))
		if err != nil {
			return s, err
		}
		s.access = token.Reveal()
	}
	return s, db.CreateTransaction(ctx, &hallpass.Transaction{
		ID: transactionID, TenantID: tenantID, Status: hallpass.TransactionNew, Roles: []string{}, TokenRoles: []string{},
		CreatedAt: now, ModifiedAt: now, ExpiresAt: now.Add(24 * time.Hour), Details: []byte(`{}`),
	}, "")
}

// authorizedSessions stores a thousand sessions that outlive the benchmark and may read cards, and returns their keys.
func authorizedSessions(ctx context.Context, db *store.DB, key hallpass.Selector) ([]string, error) {
	caller := &hallpass.Caller{
		Tenant: &hallpass.Tenant{ID: tenantID}, Application: &hallpass.Application{ID: publicID, Type: hallpass.Public}, Key: key,
	}
	grant := hallpass.NewGrant(nil, []hallpass.Rule{{
		Description: "Read cards", Priority: 1, Container: "/pci/", Transform: hallpass.Reveal, Permissions: []hallpass.Permission{hallpass.TokenRead},
	}})
	keys := make([]string, 1000)
	for i := range keys {
		minted, err := hallpass.MintSession(caller, time.Now().UTC().Truncate(hallpass.Precision), rand.Reader)
		if err != nil {
			return nil, err
		}
		session := minted.Session
		if err := db.CreateSession(ctx, &session); err != nil {
			return nil, err
		}
		session.Grant, session.AuthorizedAt, session.AuthorizedBy = grant, session.CreatedAt, privateID
		session.ExpiresAt = session.CreatedAt.Add(time.Hour)
		if err := db.AuthorizeSession(ctx, &session); err != nil {
			return nil, err
		}
		keys[i] = minted.Key.Reveal()
	}
	return keys, nil
}

// mintNonces asks the server for n sessions and makes their nonces the operation's values, those asked for first first.
func (b *bencher) mintNonces(ctx context.Context, o operation, n int) error {
	nonces := make([]string, n)
	var group errgroup.Group
	for caller := range b.connections {
		group.Go(func() error {
			for i := caller; i < n; i += b.connections {
				nonce, err := b.createSession(ctx)
				if err != nil {
					return err
				}
				nonces[i] = nonce
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return writeValues(b.valueFile(o), nonces)
}

func (b *bencher) createSession(ctx context.Context) (nonce string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.hallpass.url+"/sessions", http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("BT-API-KEY", b.public)
	response, err := b.client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("POST /sessions answers %s", response.Status)
	}
	body, err := io.ReadAll(response.Body) // to its end, so that the connection serves the next
	if err != nil {
		return "", err
	}
	var session struct{ Nonce string }
	return session.Nonce, json.Unmarshal(body, &session)
}
