package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"hallpass"
)

const keyColumns = `k.selector, k.id, k.application_id, k.digest, k.created_by, k.created_at`

// keyRow is where the keyColumns are scanned to.
type keyRow struct {
	key       *hallpass.Key
	digest    []byte
	createdBy sql.NullString
	createdAt sql.NullInt64
}

func (r *keyRow) dest() []any {
	k := r.key
	return []any{&k.Selector, &k.ID, &k.ApplicationID, &r.digest, &r.createdBy, &r.createdAt}
}

func (r *keyRow) finish() (err error) {
	r.key.CreatedBy, r.key.CreatedAt = r.createdBy.String, instant(r.createdAt)
	r.key.Digest, err = digest(r.digest)
	return err
}

// errKeysFull refuses a fourth key.
var errKeysFull = hallpass.Refuse(hallpass.KindUnprocessable, "An application holds at most three keys.")

// insertKey takes a free slot of the application. Of racing inserts into one slot the unique index lets one win; the
// others fail as a taken selector does and are minted again.
func insertKey(ctx context.Context, q querier, k *hallpass.Key) error {
	slot, err := freeSlot(ctx, q, k.ApplicationID)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `
		INSERT INTO application_keys (selector, id, application_id, slot, digest, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		int64(k.Selector), k.ID, k.ApplicationID, slot, k.Digest[:], text(k.CreatedBy), micros(k.CreatedAt))
	if uniqueViolation(err) {
		return hallpass.ErrSelectorTaken
	}
	return err
}

func freeSlot(ctx context.Context, q querier, applicationID string) (int, error) {
	rows, err := q.QueryContext(ctx, `SELECT slot FROM application_keys WHERE application_id = $1`, applicationID)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var taken [hallpass.MaxKeys + 1]bool
	for rows.Next() {
		var slot int
		if err := rows.Scan(&slot); err != nil {
			return 0, err
		}
		taken[slot] = true
	}
	for slot := 1; slot <= hallpass.MaxKeys; slot++ {
		if !taken[slot] {
			return slot, rows.Err()
		}
	}
	return 0, errors.Join(rows.Err(), errKeysFull)
}

// CreateKey stores a new key of an application. It returns a KindUnprocessable error where the application holds three
// already, and ErrSelectorTaken where the key must be minted again.
func (db *DB) CreateKey(ctx context.Context, tenantID string, k *hallpass.Key) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		if err := insertKey(ctx, q, k); err != nil {
			return err
		}
		return db.record(ctx, q, k.CreatedAt, keyLog(tenantID, k.ID, k.CreatedBy, hallpass.OperationCreate))
	}, nil)
}

func keyLog(tenantID, id, by, operation string) hallpass.Log {
	return hallpass.Log{TenantID: tenantID, ActorID: by, EntityType: hallpass.EntityApplicationKey, EntityID: id, Operation: operation}
}

// ReplaceKeys deletes all keys of the application and stores one new key.
func (db *DB) ReplaceKeys(ctx context.Context, tenantID string, k *hallpass.Key) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		for _, statement := range []string{
			`UPDATE applications SET id = id WHERE id = $1`, // has racing replacements wait for each other
			`DELETE FROM application_keys WHERE application_id = $1`,
		} {
			if _, err := q.ExecContext(ctx, statement, k.ApplicationID); err != nil {
				return err
			}
		}
		if err := insertKey(ctx, q, k); err != nil {
			return err
		}
		return db.record(ctx, q, k.CreatedAt, keyLog(tenantID, k.ID, k.CreatedBy, hallpass.OperationCreate))
	}, db.forgetHolders)
}

// DeleteKey deletes one key of the tenant's application, and with it ends every session that was asked for with it. It
// returns a KindNotFound error where there is no such key.
func (db *DB) DeleteKey(ctx context.Context, tenantID, applicationID, id, by string) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		err := atLeastOne(hallpass.ErrNotFound)(q.ExecContext(ctx, `
			DELETE FROM application_keys WHERE id = $1 AND application_id = $2
			AND EXISTS (SELECT 1 FROM applications a WHERE a.id = $2 AND a.tenant_id = $3)`, id, applicationID, tenantID))
		if err != nil {
			return err
		}
		return db.record(ctx, q, db.now(), keyLog(tenantID, id, by, hallpass.OperationDelete))
	}, db.forgetHolders)
}

// Holder is who holds a key.
type Holder struct {
	Key         hallpass.Key
	Application hallpass.Application // without its keys
	Tenant      hallpass.Tenant
}

// Holder returns the application key with that selector and who holds it, or nil. It is how a key becomes a caller, so it
// looks in all tenants. What it returns is shared and must not be changed.
func (db *DB) Holder(ctx context.Context, selector hallpass.Selector) (*Holder, error) {
	cached, generation := db.holders.get(selector)
	if cached != nil {
		return cached, nil
	}
	var h Holder
	k, a, t := keyRow{key: &h.Key}, applicationRow{application: &h.Application}, tenantRow{tenant: &h.Tenant}
	err := db.reads.QueryRowContext(db.read(ctx), `SELECT `+keyColumns+`, `+applicationColumns+`, `+tenantColumns+`
		FROM application_keys k JOIN applications a ON a.id = k.application_id JOIN tenants t ON t.id = a.tenant_id
		WHERE k.selector = $1`, int64(selector)).Scan(slices.Concat(k.dest(), a.dest(), t.dest())...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(k.finish(), a.finish(), t.finish()); err != nil {
		return nil, err
	}
	db.holders.fill(selector, &h, generation)
	return &h, nil
}

// Member returns the application with that id, without its keys, and its tenant; nil and nil where there is none. It is
// how a bearer token becomes a caller, so it looks in all tenants. What it returns is shared and must not be changed.
func (db *DB) Member(ctx context.Context, applicationID string) (*hallpass.Application, *hallpass.Tenant, error) {
	cached, generation := db.members.get(applicationID)
	if cached != nil {
		return &cached.application, &cached.tenant, nil
	}
	var m member
	a, t := applicationRow{application: &m.application}, tenantRow{tenant: &m.tenant}
	err := db.reads.QueryRowContext(db.read(ctx), `SELECT `+applicationColumns+`, `+tenantColumns+`
		FROM applications a JOIN tenants t ON t.id = a.tenant_id WHERE a.id = $1`, applicationID).Scan(append(a.dest(), t.dest()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(a.finish(), t.finish()); err != nil {
		return nil, nil, err
	}
	db.members.fill(applicationID, &m, generation)
	return &m.application, &m.tenant, nil
}
