package store

import (
	"context"
	"errors"

	"hallpass"
)

// rotateBatch is how many rows one transaction of a rotation seals anew.
const rotateBatch = 100

// RotateKeys seals everything with the first data key, and every tenant's tokens with a new key of the tenant. It works in
// small transactions and can be interrupted at any time: called again, it goes on where it was. Once it returns nil the
// previous data keys open nothing any more. Keys that digests are made with stay, for fingerprints must. No server should
// run meanwhile: one without the new data key answers 500 for what it cannot read.
func (db *DB) RotateKeys(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		db.rotateTenantKeys, db.rotateSecrets, db.rotateTransactions, db.rotateReplies, db.rotateTokens,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wrappedKey is one row of tenant_keys.
type wrappedKey struct {
	tenantID, purpose string
	version           int
	wrapped           []byte
}

// rotateTenantKeys gives each tenant whose keys are not wrapped with the first data key a new key to seal with, and wraps
// the others anew, in one transaction a tenant.
func (db *DB) rotateTenantKeys(ctx context.Context) error {
	rows, err := db.pool.QueryContext(ctx, `SELECT tenant_id, purpose, version, wrapped FROM tenant_keys ORDER BY tenant_id, purpose, version`)
	if err != nil {
		return err
	}
	defer rows.Close()
	old := map[string][]wrappedKey{}
	for rows.Next() {
		var k wrappedKey
		if err := rows.Scan(&k.tenantID, &k.purpose, &k.version, &k.wrapped); err != nil {
			return err
		}
		if !db.box.current(k.wrapped) {
			old[k.tenantID] = append(old[k.tenantID], k)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for tenantID, keys := range old {
		if err := db.rotateTenant(ctx, tenantID, keys); err != nil {
			return err
		}
		db.tenantSeals.Delete(tenantID)
	}
	return nil
}

func (db *DB) rotateTenant(ctx context.Context, tenantID string, keys []wrappedKey) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		latest := 0
		for _, k := range keys {
			wrapped, err := db.box.reseal(k.wrapped, wrapPurpose(k.tenantID, k.purpose, k.version))
			if err != nil {
				return err
			}
			_, err = q.ExecContext(ctx, `UPDATE tenant_keys SET wrapped = $4 WHERE tenant_id = $1 AND purpose = $2 AND version = $3`,
				k.tenantID, k.purpose, k.version, wrapped)
			if err != nil {
				return err
			}
			if k.purpose == purposeSeal {
				latest = max(latest, k.version)
			}
		}
		return db.insertTenantKey(ctx, q, tenantID, purposeSeal, latest+1)
	}, nil)
}

// sealedColumn is a column that is sealed with the data key.
type sealedColumn struct {
	selectAfter string // $1: the key after which to begin, $2: how many; yields key and ciphertext
	update      string // $1: the key, $2: the ciphertext that was read, $3: the new one
	purpose     func(key []byte) string
}

// rotateColumn seals a column anew, in the order of its table's key.
func (db *DB) rotateColumn(ctx context.Context, c sealedColumn, first any, asKey func([]byte) any) error {
	after := first
	for ctx.Err() == nil {
		list, err := db.sealedRows(ctx, c.selectAfter, after)
		if err != nil || len(list) == 0 {
			return err
		}
		err = db.write(ctx, func(ctx context.Context, q querier) error {
			for _, row := range list {
				if db.box.current(row.sealed) {
					continue
				}
				sealed, err := db.box.reseal(row.sealed, c.purpose(row.key))
				if err != nil {
					return err
				}
				if _, err := q.ExecContext(ctx, c.update, asKey(row.key), row.sealed, sealed); err != nil {
					return err
				}
			}
			return nil
		}, nil)
		if err != nil {
			return err
		}
		after = asKey(list[len(list)-1].key)
	}
	return ctx.Err()
}

type sealedRow struct{ key, sealed []byte }

func (db *DB) sealedRows(ctx context.Context, query string, after any) ([]sealedRow, error) {
	rows, err := db.pool.QueryContext(ctx, query, after, rotateBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []sealedRow
	for rows.Next() {
		var row sealedRow
		if err := rows.Scan(&row.key, &row.sealed); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func asText(key []byte) any  { return string(key) }
func asBytes(key []byte) any { return key }

func (db *DB) rotateSecrets(ctx context.Context) error {
	return db.rotateColumn(ctx, sealedColumn{
		`SELECT id, secret FROM signing_secrets WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE signing_secrets SET secret = $3 WHERE id = $1 AND secret = $2`,
		func(key []byte) string { return signingPurpose(string(key)) },
	}, "", asText)
}

func (db *DB) rotateTransactions(ctx context.Context) error {
	return db.rotateColumn(ctx, sealedColumn{
		`SELECT id, details FROM transactions WHERE id > $1 ORDER BY id LIMIT $2`,
		`UPDATE transactions SET details = $3 WHERE id = $1 AND details = $2`,
		func(key []byte) string { return transactionPurpose(string(key)) },
	}, "", asText)
}

func (db *DB) rotateReplies(ctx context.Context) error {
	return db.rotateColumn(ctx, sealedColumn{
		`SELECT digest, reply FROM idempotent_requests WHERE digest > $1 AND reply IS NOT NULL ORDER BY digest LIMIT $2`,
		`UPDATE idempotent_requests SET reply = $3 WHERE digest = $1 AND reply = $2`,
		func(key []byte) string { return replyPurpose(hallpass.Digest(key)) },
	}, []byte{}, asBytes)
}

// rotateTokens seals every token with the latest key of its tenant.
func (db *DB) rotateTokens(ctx context.Context) error {
	after := hallpass.Selector(0)
	for ctx.Err() == nil {
		list, err := db.tokensAfter(ctx, after)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if err := db.rotateToken(ctx, t); err != nil {
				return err
			}
		}
		after = list[len(list)-1].selector
	}
	return ctx.Err()
}

func (db *DB) tokensAfter(ctx context.Context, after hallpass.Selector) ([]*StoredToken, error) {
	return db.tokensOfAllTenants(ctx, `t.selector > $1 ORDER BY t.selector LIMIT $2`, int64(after), rotateBatch)
}

// tokensOfAllTenants returns tokens with the members that are sealed still sealed.
func (db *DB) tokensOfAllTenants(ctx context.Context, where string, args ...any) ([]*StoredToken, error) {
	rows, err := db.pool.QueryContext(ctx, `SELECT t.tenant_id, `+tokenColumns+` FROM tokens t WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*StoredToken
	for rows.Next() {
		var tenantID string
		t, err := scanToken(prefixed{rows, &tenantID}, "")
		if err != nil {
			return nil, err
		}
		t.TenantID = tenantID
		list = append(list, t)
	}
	return list, rows.Err()
}

// prefixed is a row with one more column before those that are asked for.
type prefixed struct {
	scanner
	first any
}

// Scan implements scanner.
func (p prefixed) Scan(dest ...any) error { return p.scanner.Scan(append([]any{p.first}, dest...)...) }

func (db *DB) rotateToken(ctx context.Context, t *StoredToken) error {
	keys, err := db.tenantKeysOf(ctx, t.TenantID)
	if err != nil || t.keys == keys.active {
		return err
	}
	if err := db.unseal(ctx, t); err != nil {
		return err
	}
	return db.sealAnew(ctx, t, &t.Token)
}

// sealAnew stores the token's data and the end of its cvc as they are in changed, unless another write was faster.
func (db *DB) sealAnew(ctx context.Context, t *StoredToken, changed *hallpass.Token) error {
	sealed, keys, err := db.sealToken(ctx, changed, t.selector)
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `
			UPDATE tokens SET cvc_expires_at = $3, version = version + 1, key_version = $4, body = $5
			WHERE selector = $1 AND version = $2`, int64(t.selector), t.version, micros(changed.CVCExpiresAt), keys, sealed)
		return err
	}, func() { db.tokens.remove(t.name()) })
}
