package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"hallpass"
)

// tenantKeys are what one tenant's data is sealed and its digests are made with.
type tenantKeys struct {
	seals  map[int]*box // by version
	active int
	digest hallpass.TenantKey
	ids    *hallpass.TokenIDs
}

const (
	purposeSeal   = "seal"
	purposeDigest = "digest"
)

func wrapPurpose(tenantID, purpose string, version int) string {
	return "tenant key " + tenantID + " " + purpose + " " + strconv.Itoa(version)
}

// TenantKey returns the key that the tenant's fingerprints and search terms are made with.
func (db *DB) TenantKey(ctx context.Context, tenantID string) (*hallpass.TenantKey, error) {
	keys, err := db.tenantKeysOf(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return &keys.digest, nil
}

// TokenIDs returns the maker of the ids of the tenant's tokens.
func (db *DB) TokenIDs(ctx context.Context, tenantID string) (*hallpass.TokenIDs, error) {
	keys, err := db.tenantKeysOf(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return keys.ids, nil
}

// tenantKeysOf returns the tenant's keys, made at their first use.
func (db *DB) tenantKeysOf(ctx context.Context, tenantID string) (*tenantKeys, error) {
	if known, ok := db.tenantSeals.Load(tenantID); ok {
		keys, _ := known.(*tenantKeys)
		return keys, nil
	}
	keys, err := db.loadTenantKeys(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		if err := db.makeTenantKeys(ctx, tenantID); err != nil {
			return nil, err
		}
		if keys, err = db.loadTenantKeys(ctx, tenantID); err != nil {
			return nil, err
		}
	}
	db.tenantSeals.Store(tenantID, keys)
	return keys, nil
}

// sealOf returns the box of one version of the tenant's keys, also one that another process has made meanwhile.
func (db *DB) sealOf(ctx context.Context, tenantID string, version int) (*box, error) {
	for range 2 {
		keys, err := db.tenantKeysOf(ctx, tenantID)
		if err != nil {
			return nil, err
		}
		if b := keys.seals[version]; b != nil {
			return b, nil
		}
		db.tenantSeals.Delete(tenantID)
	}
	return nil, fmt.Errorf("tenant key %d is missing", version)
}

// loadTenantKeys returns nil where the tenant has none.
func (db *DB) loadTenantKeys(ctx context.Context, tenantID string) (*tenantKeys, error) {
	rows, err := db.reads.QueryContext(db.read(ctx), `SELECT purpose, version, wrapped FROM tenant_keys WHERE tenant_id = $1`, tenantID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keys := &tenantKeys{seals: map[int]*box{}}
	found := false
	for rows.Next() {
		var purpose string
		var version int
		var wrapped []byte
		if err := rows.Scan(&purpose, &version, &wrapped); err != nil {
			return nil, err
		}
		key, err := db.box.open(wrapped, wrapPurpose(tenantID, purpose, version))
		if err != nil {
			return nil, err
		}
		found = true
		if purpose == purposeDigest {
			copy(keys.digest[:], key)
			keys.ids = keys.digest.TokenIDs(tenantID)
			continue
		}
		if keys.seals[version], err = newBox(db.random, key); err != nil {
			return nil, err
		}
		keys.active = max(keys.active, version)
	}
	if !found {
		return nil, rows.Err()
	}
	return keys, rows.Err()
}

// makeTenantKeys makes the tenant's first keys, unless another caller was faster.
func (db *DB) makeTenantKeys(ctx context.Context, tenantID string) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		return errors.Join(
			db.insertTenantKey(ctx, q, tenantID, purposeDigest, 1),
			db.insertTenantKey(ctx, q, tenantID, purposeSeal, 1))
	}, nil)
}

func (db *DB) insertTenantKey(ctx context.Context, q querier, tenantID, purpose string, version int) error {
	key := make([]byte, DataKeyBytes)
	if _, err := io.ReadFull(db.random, key); err != nil {
		return err
	}
	wrapped, err := db.box.seal(key, wrapPurpose(tenantID, purpose, version))
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `
		INSERT INTO tenant_keys (tenant_id, purpose, version, wrapped) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, purpose, version) DO NOTHING`, tenantID, purpose, version, wrapped)
	return err
}
