package store

import (
	"context"
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
	rows := make([]tokenRow, len(drafts))
	for i, d := range drafts { // outside of the transaction, for other writes wait for it
		rows[i] = tokenRow{TokenDraft: d}
		if err := db.seal(ctx, &rows[i], d.CreatedAt); err != nil {
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
			one, err := c.create(ctx, q, &rows[i])
			if err != nil {
				return err
			}
			created[i] = one
		}
		return unclaim(ctx, q, drafts)
	}, func() {
		for i := range created {
			if created[i].Deduplicated { // it may have been overwritten
				db.tokens.remove(tokenName{created[i].TenantID, created[i].ID})
			}
		}
	})
	return created, err
}

// tokenRow is a draft as it is to be stored.
type tokenRow struct {
	*hallpass.TokenDraft
	selector hallpass.Selector
	named    bool // by the client: the selector has nothing to do with the id
	keys     int  // the version of the tenant's key that sealed is sealed with
	sealed   []byte
}

// seal gives the row its place, for which a selector of the instant is drawn if its id is a name, and seals its body for it.
func (db *DB) seal(ctx context.Context, r *tokenRow, at time.Time) error {
	ids, err := db.TokenIDs(ctx, r.TenantID)
	if err != nil {
		return err
	}
	made := false
	if r.Minted() {
		r.selector, made = ids.Selector(r.ID)
	}
	if r.named = !made; r.named {
		if r.selector, err = hallpass.NewSelector(at, db.random); err != nil {
			return err
		}
	}
	r.sealed, r.keys, err = db.sealToken(ctx, &r.Token, r.selector)
	return err
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

func (c *creation) create(ctx context.Context, q querier, r *tokenRow) (CreatedToken, error) {
	d := r.TokenDraft
	if d.Deduplicate {
		existing, err := c.db.twin(ctx, q, d, c.now)
		if err != nil {
			return CreatedToken{}, err
		}
		if existing != nil {
			return c.meet(ctx, q, existing, d)
		}
	}
	if err := c.db.restore(ctx, q, r); err != nil {
		return CreatedToken{}, err
	}
	if err := c.db.insertToken(ctx, q, r); err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{Token: d.Token}, c.db.record(ctx, q, c.now, tokenLog(&d.Token, c.by, hallpass.OperationCreate))
}

// twin returns the living token with the draft's fingerprint, or nil.
func (db *DB) twin(ctx context.Context, q querier, d *hallpass.TokenDraft, now time.Time) (*StoredToken, error) {
	t, err := db.sealedToken(ctx, q, d.TenantID, `t.fingerprint = $3`, now, d.Fingerprint)
	if err != nil || t == nil {
		return nil, err
	}
	return t, db.unseal(ctx, t)
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

var tokenRows = newInsertion("tokens", "selector", "tenant_id", "id", "named", "type", "container", "fingerprint", "created_at",
	"expires_at", "cvc_expires_at", "version", "key_version", "body")

// insertToken stores a new token under the first of its ids that is free. An expired token that awaits the sweep does not
// hold its id.
func (db *DB) insertToken(ctx context.Context, q querier, r *tokenRow) error {
	if r.Deduplicate { // twins are looked for among the tokens that are there
		q = atOnce(q)
	}
	for at := r.CreatedAt; ; at = at.Add(hallpass.Precision) { // all selectors of an instant may be taken
		added, err := tokenRows.add(ctx, q, int64(r.selector), r.TenantID, r.ID, r.named, string(r.Type), []byte(r.Container),
			text(r.Fingerprint), micros(r.CreatedAt), micros(r.ExpiresAt), micros(r.CVCExpiresAt), 0, r.keys, r.sealed)
		if err != nil {
			return err
		}
		if added {
			return db.insertTerms(ctx, q, r.selector, r.TokenDraft)
		}
		if err := freeName(ctx, q, r); err != nil {
			return err
		}
		if err := db.seal(ctx, r, at); err != nil {
			return err
		}
	}
}

// freeName deletes an expired token that holds the row's name, or gives the draft another id where a living one does. Where
// none does the selector was taken: then a name can stay, and an id of ours that was made of it cannot.
func freeName(ctx context.Context, q querier, r *tokenRow) error {
	if r.named {
		const where = ` FROM tokens WHERE tenant_id = $1 AND named AND id = $2`
		free, err := vacate(ctx, q, where, r.CreatedAt, r.TenantID, r.ID)
		if err != nil || free {
			return err
		}
	}
	renamed, err := r.Rename()
	if err == nil && !renamed {
		return hallpass.ErrTokenIDTaken
	}
	return err
}

// restore makes way for a token that a client calls by an id of ours, which an expired token may have yet.
func (db *DB) restore(ctx context.Context, q querier, r *tokenRow) error {
	if !r.named {
		return nil
	}
	ids, err := db.TokenIDs(ctx, r.TenantID)
	if err != nil {
		return err
	}
	selector, made := ids.Selector(r.ID)
	if !made {
		return nil
	}
	const where = ` FROM tokens WHERE tenant_id = $1 AND NOT named AND selector = $2`
	free, err := vacate(ctx, q, where, r.CreatedAt, r.TenantID, int64(selector))
	if err == nil && !free {
		return hallpass.ErrTokenIDTaken
	}
	return err
}

// vacate deletes what has expired of the tokens there, and reports whether none is left.
func vacate(ctx context.Context, q querier, where string, now time.Time, args ...any) (bool, error) {
	if _, err := q.ExecContext(ctx, `DELETE`+where+` AND expires_at <= $3`, append(args, micros(now))...); err != nil {
		return false, err
	}
	var living int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*)`+where, args...).Scan(&living)
	return living == 0, err
}
