package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"hallpass"
)

// CreatedToken is what came of a draft: a new token, or the one that existed before with its fingerprint.
type CreatedToken struct {
	hallpass.Token
	Deduplicated bool
}

// Overwrite says what an existing token becomes that a draft has met, or returns nil where it stays as it is.
type Overwrite func(existing *hallpass.Token, d *hallpass.TokenDraft) (*hallpass.TokenDraft, error)

// creation is one call of CreateTokens.
type creation struct {
	db        *DB
	by        string // id of the application that creates
	now       time.Time
	overwrite Overwrite
}

// CreateTokens stores all drafts or none. A draft that may not exist twice gives way to a living token with its
// fingerprint. It returns ErrTokenIDTaken where an id is taken and the draft knows no other.
func (db *DB) CreateTokens(ctx context.Context, drafts []*hallpass.TokenDraft, by string, now time.Time, overwrite Overwrite) ([]CreatedToken, error) {
	for _, d := range drafts { // keys are made before the transaction, which may be the only one
		if _, err := db.tenantKeysOf(ctx, d.TenantID); err != nil {
			return nil, err
		}
	}
	c := creation{db, by, now, overwrite}
	created := make([]CreatedToken, len(drafts))
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		if err := claim(ctx, q, drafts); err != nil {
			return err
		}
		for _, i := range byID(drafts) {
			one, err := c.create(ctx, q, drafts[i])
			if err != nil {
				return err
			}
			created[i] = one
		}
		return unclaim(ctx, q, drafts)
	}, nil)
	return created, err
}

// byID returns the places of the drafts in the order of their ids: racing creations that wait for each other's ids must all
// wait in one order.
func byID(drafts []*hallpass.TokenDraft) []int {
	places := make([]int, len(drafts))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return strings.Compare(drafts[a].ID, drafts[b].ID) })
	return places
}

// claim makes racing creations of one fingerprint wait for each other until the first has committed: in one order, so that
// they do not wait in a circle.
func claim(ctx context.Context, q querier, drafts []*hallpass.TokenDraft) error {
	for _, d := range claimed(drafts) {
		_, err := q.ExecContext(ctx, `
			INSERT INTO fingerprint_claims (tenant_id, fingerprint, claims) VALUES ($1, $2, 1)
			ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET claims = fingerprint_claims.claims + 1`, d.TenantID, d.Fingerprint)
		if err != nil {
			return err
		}
	}
	return nil
}

func unclaim(ctx context.Context, q querier, drafts []*hallpass.TokenDraft) error {
	for _, d := range claimed(drafts) {
		_, err := q.ExecContext(ctx, `DELETE FROM fingerprint_claims WHERE tenant_id = $1 AND fingerprint = $2`, d.TenantID, d.Fingerprint)
		if err != nil {
			return err
		}
	}
	return nil
}

// claimed are the drafts that may not exist twice, by fingerprint.
func claimed(drafts []*hallpass.TokenDraft) []*hallpass.TokenDraft {
	var list []*hallpass.TokenDraft
	for _, d := range drafts {
		if d.Deduplicate {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b *hallpass.TokenDraft) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return list
}

func (c *creation) create(ctx context.Context, q querier, d *hallpass.TokenDraft) (CreatedToken, error) {
	if d.Deduplicate {
		existing, err := c.db.twin(ctx, q, d, c.now)
		if err != nil {
			return CreatedToken{}, err
		}
		if existing != nil {
			return c.meet(ctx, q, existing, d)
		}
	}
	if err := c.db.insertToken(ctx, q, d); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: d.Token}, c.db.record(ctx, q, c.now, tokenLog(&d.Token, c.by, hallpass.OperationCreate))
}

// twin returns the living token with the draft's fingerprint, or nil.
func (db *DB) twin(ctx context.Context, q querier, d *hallpass.TokenDraft, now time.Time) (*StoredToken, error) {
	return db.tokenWhere(ctx, q, d.TenantID, `t.fingerprint = $3`, now, d.Fingerprint)
}

// meet answers a draft with the token that has its fingerprint already.
func (c *creation) meet(ctx context.Context, q querier, existing *StoredToken, d *hallpass.TokenDraft) (CreatedToken, error) {
	updated, err := c.overwrite(&existing.Token, d)
	if err != nil {
		return CreatedToken{}, err
	}
	if updated == nil {
		return CreatedToken{Token: existing.Token, Deduplicated: true},
			c.db.record(ctx, q, c.now, tokenLog(&existing.Token, c.by, hallpass.OperationRead))
	}
	if err := c.db.replaceToken(ctx, q, existing, updated); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: updated.Token, Deduplicated: true},
		c.db.record(ctx, q, c.now, tokenLog(&updated.Token, c.by, hallpass.OperationUpdate))
}

// insertToken stores a new token under the first of its names that is free. An expired token that awaits the sweep does
// not hold its name.
func (db *DB) insertToken(ctx context.Context, q querier, d *hallpass.TokenDraft) error {
	for at := d.CreatedAt; ; at = at.Add(hallpass.Precision) { // all selectors of an instant may be taken
		_, err := q.ExecContext(ctx, `DELETE FROM tokens WHERE tenant_id = $1 AND id = $2 AND expires_at <= $3`,
			d.TenantID, d.ID, micros(d.CreatedAt))
		if err != nil {
			return err
		}
		selector, err := hallpass.NewSelector(at, db.random)
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
