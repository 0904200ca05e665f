package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"hallpass"
)

const applicationColumns = `a.id, a.tenant_id, a.name, a.type, a.permissions, a.rules,
	a.created_by, a.created_at, a.modified_by, a.modified_at, a.expires_at`

// applicationRow is where the applicationColumns are scanned to.
type applicationRow struct {
	application                      *hallpass.Application
	permissions, rules               string
	createdBy, modifiedBy            sql.NullString
	createdAt, modifiedAt, expiresAt sql.NullInt64
}

func (r *applicationRow) dest() []any {
	a := r.application
	return []any{
		&a.ID, &a.TenantID, &a.Name, &a.Type, &r.permissions, &r.rules,
		&r.createdBy, &r.createdAt, &r.modifiedBy, &r.modifiedAt, &r.expiresAt,
	}
}

func (r *applicationRow) finish() error {
	permissions, permissionsErr := decode[[]hallpass.Permission](r.permissions)
	rules, rulesErr := decode[[]hallpass.Rule](r.rules)
	a := r.application
	a.Grant = hallpass.NewGrant(permissions, rules)
	a.CreatedBy, a.ModifiedBy = r.createdBy.String, r.modifiedBy.String
	a.CreatedAt, a.ModifiedAt, a.ExpiresAt = instant(r.createdAt), instant(r.modifiedAt), instant(r.expiresAt)
	return errors.Join(permissionsErr, rulesErr)
}

// CreateApplication stores a new application and the keys in it.
func (db *DB) CreateApplication(ctx context.Context, a *hallpass.Application) error {
	permissions, permissionsErr := encode(a.Grant.Permissions)
	rules, rulesErr := encode(a.Grant.Rules)
	if err := errors.Join(permissionsErr, rulesErr); err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `
			INSERT INTO applications (id, tenant_id, name, type, permissions, rules, created_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			a.ID, a.TenantID, a.Name, string(a.Type), permissions, rules, text(a.CreatedBy), micros(a.CreatedAt), micros(a.ExpiresAt))
		if err != nil {
			return err
		}
		for i := range a.Keys {
			if err := insertKey(ctx, q, &a.Keys[i]); err != nil {
				return err
			}
		}
		return db.record(ctx, q, a.CreatedAt, applicationLog(a.TenantID, a.ID, a.CreatedBy, hallpass.OperationCreate))
	}, nil)
}

func applicationLog(tenantID, id, by, operation string) hallpass.Log {
	return hallpass.Log{TenantID: tenantID, ActorID: by, EntityType: hallpass.EntityApplication, EntityID: id, Operation: operation}
}

// UpdateApplication stores the application's name, permissions, rules and who changed them when. It returns a KindNotFound
// error where the tenant has no such application.
func (db *DB) UpdateApplication(ctx context.Context, a *hallpass.Application) error {
	permissions, permissionsErr := encode(a.Grant.Permissions)
	rules, rulesErr := encode(a.Grant.Rules)
	if err := errors.Join(permissionsErr, rulesErr); err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		err := atLeastOne(hallpass.ErrNotFound)(q.ExecContext(ctx, `
			UPDATE applications SET name = $3, permissions = $4, rules = $5, modified_by = $6, modified_at = $7
			WHERE id = $1 AND tenant_id = $2`,
			a.ID, a.TenantID, a.Name, permissions, rules, text(a.ModifiedBy), micros(a.ModifiedAt)))
		if err != nil {
			return err
		}
		return db.record(ctx, q, a.ModifiedAt, applicationLog(a.TenantID, a.ID, a.ModifiedBy, hallpass.OperationUpdate))
	}, db.forgetHolders)
}

// DeleteApplication deletes the application and its keys, and with them ends every session that it asked for. It returns
// a KindNotFound error where the tenant has no such application.
func (db *DB) DeleteApplication(ctx context.Context, tenantID, id, by string) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		if err := atLeastOne(hallpass.ErrNotFound)(q.ExecContext(ctx, `DELETE FROM applications WHERE id = $1 AND tenant_id = $2`, id, tenantID)); err != nil {
			return err
		}
		return db.record(ctx, q, db.now(), applicationLog(tenantID, id, by, hallpass.OperationDelete))
	}, db.forgetHolders)
}

// forgetHolders follows every change of a tenant, application or key. Such changes are rare, so all are forgotten.
func (db *DB) forgetHolders() {
	db.holders.purge()
	db.members.purge()
}

// Application returns the tenant's application with its keys, or a KindNotFound error.
func (db *DB) Application(ctx context.Context, tenantID, id string) (*hallpass.Application, error) {
	page, err := db.applicationsWhere(db.read(ctx), `a.tenant_id = $1 AND a.id = $2`, ``, tenantID, id)
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return nil, hallpass.ErrNotFound
	}
	return page[0], nil
}

// ApplicationFilter says which applications to list.
type ApplicationFilter struct {
	IDs           []string // any of these; all where empty
	Types         []string // any of these; all where empty
	Offset, Limit int
}

// Applications returns one page of the tenant's applications with their keys, newest first, and how many there are.
func (db *DB) Applications(ctx context.Context, tenantID string, f ApplicationFilter) ([]*hallpass.Application, int, error) {
	where, args := `a.tenant_id = $1`, []any{tenantID}
	for _, in := range []struct {
		column string
		values []string
	}{{"a.id", f.IDs}, {"a.type", f.Types}} {
		if len(in.values) == 0 {
			continue
		}
		var marks []string
		for _, v := range in.values {
			args = append(args, v)
			marks = append(marks, "$"+strconv.Itoa(len(args)))
		}
		where += ` AND ` + in.column + ` IN (` + strings.Join(marks, ", ") + `)`
	}
	var total int
	// These two are the only statements made at run time: their text depends on the number of filters, never on a value.
	if err := db.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM applications a WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	tail := ` ORDER BY a.created_at DESC, a.id LIMIT ` + strconv.Itoa(f.Limit) + ` OFFSET ` + strconv.Itoa(f.Offset)
	page, err := db.applicationsWhere(ctx, where, tail, args...)
	return page, total, err
}

func (db *DB) applicationsWhere(ctx context.Context, where, tail string, args ...any) ([]*hallpass.Application, error) {
	rows, err := db.pool.QueryContext(ctx, `SELECT `+applicationColumns+` FROM applications a WHERE `+where+tail, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*hallpass.Application
	byID := map[string]*hallpass.Application{}
	for rows.Next() {
		row := applicationRow{application: &hallpass.Application{}}
		if err := rows.Scan(row.dest()...); err != nil {
			return nil, err
		}
		if err := row.finish(); err != nil {
			return nil, err
		}
		list = append(list, row.application)
		byID[row.application.ID] = row.application
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	keys, err := db.pool.QueryContext(ctx, `SELECT `+keyColumns+` FROM application_keys k WHERE k.application_id IN (
		SELECT a.id FROM applications a WHERE `+where+`) ORDER BY k.created_at, k.slot`, args...)
	if err != nil {
		return nil, err
	}
	defer keys.Close()
	for keys.Next() {
		var k hallpass.Key
		row := keyRow{key: &k}
		if err := keys.Scan(row.dest()...); err != nil {
			return nil, err
		}
		if err := row.finish(); err != nil {
			return nil, err
		}
		if a := byID[k.ApplicationID]; a != nil {
			a.Keys = append(a.Keys, k)
		}
	}
	return list, keys.Err()
}
