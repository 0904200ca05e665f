package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"hallpass"
)

// Record writes entries of the audit log about what the caller is about to be shown. What cannot be recorded must not be
// shown.
func (db *DB) Record(ctx context.Context, now time.Time, entries ...hallpass.Log) error {
	if len(entries) == 0 {
		return nil
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		for _, l := range entries {
			if err := db.record(ctx, q, now, l); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

var logRows = newInsertion("logs", "tenant_id", "id", "actor_id", "entity_type", "entity_id", "operation")

// record writes one entry of the audit log, in the transaction of what it records.
func (db *DB) record(ctx context.Context, q querier, now time.Time, l hallpass.Log) error {
	for {
		id, err := hallpass.NewSelector(now, db.random)
		if err != nil {
			return err
		}
		added, err := logRows.add(ctx, q, l.TenantID, int64(id), text(l.ActorID), l.EntityType, l.EntityID, l.Operation)
		if err != nil || added {
			return err
		}
		now = now.Add(hallpass.Precision) // the id is taken; so may be all of this instant
	}
}

// LogFilter says which entries to list.
type LogFilter struct {
	EntityType, EntityID string    // of these; all where empty
	From, Until          time.Time // not before From, and before Until; unbounded where zero
	Offset, Limit        int
}

// Logs returns one page of the tenant's audit log, newest first, and how many entries there are.
func (db *DB) Logs(ctx context.Context, tenantID string, f LogFilter) ([]hallpass.Log, int, error) {
	from, until := hallpass.Selector(0), hallpass.Selector(1<<62)
	if !f.From.IsZero() {
		from = hallpass.FirstSelector(f.From)
	}
	if !f.Until.IsZero() {
		until = hallpass.FirstSelector(f.Until)
	}
	where, args := ` FROM logs WHERE tenant_id = $1 AND id >= $2 AND id < $3`, []any{tenantID, int64(from), int64(until)}
	for _, is := range []struct{ column, value string }{{"entity_type", f.EntityType}, {"entity_id", f.EntityID}} {
		if is.value != "" {
			args = append(args, is.value)
			where += ` AND ` + is.column + ` = $` + strconv.Itoa(len(args))
		}
	}
	var total int
	if err := db.reads.QueryRowContext(db.read(ctx), `SELECT COUNT(*)`+where, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	n := len(args)
	rows, err := db.reads.QueryContext(db.read(ctx), `SELECT id, actor_id, entity_type, entity_id, operation`+where+
		` ORDER BY id DESC LIMIT $`+strconv.Itoa(n+1)+` OFFSET $`+strconv.Itoa(n+2), append(args, f.Limit, f.Offset)...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	list := []hallpass.Log{}
	for rows.Next() {
		l := hallpass.Log{TenantID: tenantID}
		var actor sql.NullString
		if err := rows.Scan(&l.ID, &actor, &l.EntityType, &l.EntityID, &l.Operation); err != nil {
			return nil, 0, err
		}
		l.ActorID = actor.String
		list = append(list, l)
	}
	return list, total, rows.Err()
}
