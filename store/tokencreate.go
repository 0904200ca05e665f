package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hallpass"
)

// CreatedToken is what came of a draft: a new token, or the one that existed before with its fingerprint.
type CreatedToken struct {
	hallpass.Token
	Deduplicated bool
}

// CreateTokens stores all drafts or none. A draft that may not exist twice gives way to a living token with its
// fingerprint; overwrite then says what that one becomes, or returns nil where it stays as it is. It returns
// ErrTokenIDTaken where an id is taken and the draft knows no other.
func (db *DB) CreateTokens(
	ctx context.Context, drafts []*hallpass.TokenDraft, by string, now time.Time,
	overwrite func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error),
) ([]CreatedToken, error) {
	var created []CreatedToken
	for _, d := range drafts { // keys are made before the transaction, which may be the only one
		if _, err := db.tenantKeysOf(ctx, d.TenantID); err != nil {
			return nil, err
		}
	}
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		created = make([]CreatedToken, 0, len(drafts))
		for _, d := range drafts {
			one, err := db.createToken(ctx, q, d, by, now, overwrite)
			if err != nil {
				return err
			}
			created = append(created, one)
		}
		return nil
	}, nil)
	return created, err
}

func (db *DB) createToken(
	ctx context.Context, q querier, d *hallpass.TokenDraft, by string, now time.Time,
	overwrite func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error),
) (CreatedToken, error) {
	if d.Deduplicate {
		existing, err := db.deduplicated(ctx, q, d, now)
		if err != nil {
			return CreatedToken{}, err
		}
		if existing != nil {
			return db.meet(ctx, q, existing, d, by, now, overwrite)
		}
	}
	if err := db.insertToken(ctx, q, d); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: d.Token}, db.record(ctx, q, now, tokenLog(&d.Token, by, hallpass.OperationCreate))
}

// deduplicated returns the living token with the draft's fingerprint, or nil. The claim makes racing creations of one
// fingerprint wait for each other until the first has committed.
func (db *DB) deduplicated(ctx context.Context, q querier, d *hallpass.TokenDraft, now time.Time) (*StoredToken, error) {
	_, err := q.ExecContext(ctx, `
		INSERT INTO fingerprint_claims (tenant_id, fingerprint, claims) VALUES ($1, $2, 1)
		ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET claims = fingerprint_claims.claims + 1`, d.TenantID, d.Fingerprint)
	if err != nil {
		return nil, err
	}
	existing, err := db.tokenWhere(ctx, q, d.TenantID, `t.fingerprint = $3`, now, d.Fingerprint)
	if err != nil {
		return nil, err
	}
	_, err = q.ExecContext(ctx, `DELETE FROM fingerprint_claims WHERE tenant_id = $1 AND fingerprint = $2`, d.TenantID, d.Fingerprint)
	return existing, err
}

// meet answers a draft with the token that has its fingerprint already.
func (db *DB) meet(
	ctx context.Context, q querier, existing *StoredToken, d *hallpass.TokenDraft, by string, now time.Time,
	overwrite func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error),
) (CreatedToken, error) {
	updated, err := overwrite(&existing.Token, d)
	if err != nil {
		return CreatedToken{}, err
	}
	if updated == nil {
		return CreatedToken{Token: existing.Token, Deduplicated: true},
			db.record(ctx, q, now, tokenLog(&existing.Token, by, hallpass.OperationRead))
	}
	if err := db.replaceToken(ctx, q, existing, updated); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: updated.Token, Deduplicated: true},
		db.record(ctx, q, now, tokenLog(&updated.Token, by, hallpass.OperationUpdate))
}

// insertToken stores a new token under the first of its names that is free. An expired token that awaits the sweep does
// not hold its name.
func (db *DB) insertToken(ctx context.Context, q querier, d *hallpass.TokenDraft) error {
	for {
		_, err := q.ExecContext(ctx, `DELETE FROM tokens WHERE tenant_id = $1 AND id = $2 AND expires_at <= $3`,
			d.TenantID, d.ID, micros(d.CreatedAt))
		if err != nil {
			return err
		}
		selector, err := hallpass.NewSelector(d.CreatedAt, db.random)
		if err != nil {
			return err
		}
		sealed, keys, err := db.sealToken(ctx, &d.Token, selector)
		if err != nil {
			return err
		}
		result, err := q.ExecContext(ctx, `
			INSERT INTO tokens (selector, tenant_id, id, type, container, fingerprint, created_at, expires_at, cvc_expires_at,
				version, key_version, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11) ON CONFLICT DO NOTHING`,
			int64(selector), d.TenantID, d.ID, string(d.Type), []byte(d.Container), text(d.Fingerprint), micros(d.CreatedAt),
			micros(d.ExpiresAt), micros(d.CVCExpiresAt), keys, sealed)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 1 {
			return db.insertTerms(ctx, q, selector, d)
		}
		if err := renameTaken(ctx, q, d); err != nil {
			return err
		}
	}
}

// renameTaken gives the draft another name where its own is taken; where it is not, the selector was, and another is drawn.
func renameTaken(ctx context.Context, q querier, d *hallpass.TokenDraft) error {
	var found int
	err := q.QueryRowContext(ctx, `SELECT 1 FROM tokens WHERE tenant_id = $1 AND id = $2`, d.TenantID, d.ID).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	renamed, err := d.Rename()
	if err == nil && !renamed {
		return hallpass.ErrTokenIDTaken
	}
	return err
}
