package store

import (
	"context"
	"database/sql"

	"hallpass"
)

const tenantColumns = `t.id, t.owner_id, t.name, t.type, t.settings, t.created_at, t.modified_by, t.modified_at`

// tenantRow is where the tenantColumns are scanned to.
type tenantRow struct {
	tenant                *hallpass.Tenant
	settings              string
	modifiedBy            sql.NullString
	createdAt, modifiedAt sql.NullInt64
}

func (r *tenantRow) dest() []any {
	t := r.tenant
	return []any{&t.ID, &t.OwnerID, &t.Name, &t.Type, &r.settings, &r.createdAt, &r.modifiedBy, &r.modifiedAt}
}

func (r *tenantRow) finish() (err error) {
	r.tenant.CreatedAt, r.tenant.ModifiedAt = instant(r.createdAt), instant(r.modifiedAt)
	r.tenant.ModifiedBy = r.modifiedBy.String
	r.tenant.Settings, err = decode[map[string]string](r.settings)
	return err
}

// CreateTenant stores a new tenant.
func (db *DB) CreateTenant(ctx context.Context, t *hallpass.Tenant) error {
	settings, err := encode(t.Settings)
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `
			INSERT INTO tenants (id, owner_id, name, type, settings, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			t.ID, t.OwnerID, t.Name, string(t.Type), settings, micros(t.CreatedAt))
		return err
	}, nil)
}

// UpdateTenant stores the tenant's name, who changed it when and, unless they are nil, all its settings, and returns the
// tenant as it is then.
func (db *DB) UpdateTenant(ctx context.Context, t *hallpass.Tenant) (*hallpass.Tenant, error) {
	var settings any
	if t.Settings != nil {
		encoded, err := encode(t.Settings)
		if err != nil {
			return nil, err
		}
		settings = encoded
	}
	updated := tenantRow{tenant: &hallpass.Tenant{}}
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, `
			UPDATE tenants SET name = $2, settings = COALESCE($3, settings), modified_by = $4, modified_at = $5
			WHERE id = $1 RETURNING id, owner_id, name, type, settings, created_at, modified_by, modified_at`,
			t.ID, t.Name, settings, text(t.ModifiedBy), micros(t.ModifiedAt)).Scan(updated.dest()...)
		if err != nil {
			return err
		}
		return db.record(ctx, q, t.ModifiedAt, hallpass.Log{
			TenantID: t.ID, ActorID: t.ModifiedBy, EntityType: hallpass.EntityTenant, EntityID: t.ID, Operation: hallpass.OperationUpdate,
		})
	}, db.forgetHolders)
	if err != nil {
		return nil, err
	}
	return updated.tenant, updated.finish()
}

// TenantByName returns the only tenant of that name, for the command line. It refuses a name that several tenants share.
func (db *DB) TenantByName(ctx context.Context, name string) (*hallpass.Tenant, error) {
	row := tenantRow{tenant: &hallpass.Tenant{}}
	rows, err := db.reads.QueryContext(db.read(ctx), `SELECT `+tenantColumns+` FROM tenants t WHERE t.name = $1`, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := 0
	for rows.Next() {
		found++
		if err := rows.Scan(row.dest()...); err != nil {
			return nil, err
		}
	}
	switch {
	case rows.Err() != nil:
		return nil, rows.Err()
	case found == 0:
		return nil, hallpass.Refuse(hallpass.KindNotFound, "there is no tenant of that name")
	case found > 1:
		return nil, hallpass.Refuse(hallpass.KindConflict, "several tenants have that name")
	}
	return row.tenant, row.finish()
}
