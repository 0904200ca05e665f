package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hallpass"
)

// sweepBatch is how many rows one statement of the sweep deletes, small enough that a write behind it waits for no more
// than a few milliseconds.
const sweepBatch = 200

// SupersededSecretTTL is how long the previous signing secret verifies after a rotation; no token lives longer.
const SupersededSecretTTL = 30 * 24 * time.Hour

// Sweep deletes what has expired at now, and entries of the audit log older than logRetention, in small batches, until
// nothing is left or ctx ends. It returns how many rows went. Nothing depends on it but space: what has expired is refused
// at the instant.
func (db *DB) Sweep(ctx context.Context, now time.Time, logRetention time.Duration) (int64, error) {
	swept, err := db.sweepLogs(ctx, now.Add(-logRetention))
	if err != nil {
		return swept, err
	}
	n, err := db.sweepSessions(ctx, now)
	swept += n
	if err != nil {
		return swept, err
	}
	for _, statement := range []string{
		// In the words of the index sessions_extended, or it would not be used.
		`DELETE FROM sessions WHERE selector IN (
			SELECT selector FROM sessions WHERE expires_at <= $1 AND expires_at > created_at + 180000000 ORDER BY expires_at LIMIT $2)`,
		`DELETE FROM idempotent_requests WHERE digest IN (
			SELECT digest FROM idempotent_requests WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
		`DELETE FROM tokens WHERE selector IN (
			SELECT selector FROM tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
	} {
		n, err := db.sweep(ctx, statement, micros(now))
		swept += n
		if err != nil {
			return swept, err
		}
	}
	return swept, errors.Join(db.sweepCVCs(ctx, now), db.forgetSupersededSecret(ctx, now.Add(-SupersededSecretTTL)))
}

// sweepLogs deletes entries older than oldest, tenant by tenant, as they are stored.
func (db *DB) sweepLogs(ctx context.Context, oldest time.Time) (swept int64, err error) {
	first := int64(hallpass.FirstSelector(oldest))
	tenant := sql.NullString{Valid: true}
	for {
		err := db.reads.QueryRowContext(db.read(ctx), `
			SELECT MIN(id) FROM tenants t WHERE id > $1 AND EXISTS (SELECT 1 FROM logs l WHERE l.tenant_id = t.id AND l.id < $2)`,
			tenant.String, first).Scan(&tenant)
		if err != nil || !tenant.Valid {
			return swept, err
		}
		n, err := db.sweep(ctx, `DELETE FROM logs WHERE tenant_id = $1 AND id IN (
			SELECT id FROM logs WHERE tenant_id = $1 AND id < $2 ORDER BY id LIMIT $3)`, tenant.String, first)
		swept += n
		if err != nil {
			return swept, err
		}
	}
}

// sweepSessions deletes the sessions that are as old as SessionTTL and have expired. It goes by the order of selectors, from
// where the last sweep stopped; a clock that was put back has it start anew.
func (db *DB) sweepSessions(ctx context.Context, now time.Time) (swept int64, err error) {
	end := int64(hallpass.FirstSelector(now.Add(hallpass.Precision - hallpass.SessionTTL)))
	if db.sweptSessions.Load() > end {
		db.sweptSessions.Store(0)
	}
	for ctx.Err() == nil {
		first := db.sweptSessions.Load()
		var last sql.NullInt64
		err := db.reads.QueryRowContext(db.read(ctx), `
			SELECT MAX(selector) FROM (SELECT selector FROM sessions WHERE selector >= $1 AND selector < $2 ORDER BY selector LIMIT $3) s`,
			first, end, sweepBatch).Scan(&last)
		if err != nil || !last.Valid {
			return swept, err
		}
		n, err := db.delete(ctx, `DELETE FROM sessions WHERE selector >= $1 AND selector <= $2 AND expires_at <= $3`,
			first, last.Int64, micros(now))
		swept += n
		if err != nil {
			return swept, err
		}
		db.sweptSessions.CompareAndSwap(first, last.Int64+1)
	}
	return swept, ctx.Err()
}

// sweepCVCs deletes the cvc from the data of the cards whose time for it is over.
func (db *DB) sweepCVCs(ctx context.Context, now time.Time) error {
	for ctx.Err() == nil {
		list, err := db.tokensOfAllTenants(ctx, `t.cvc_expires_at <= $1 ORDER BY t.cvc_expires_at LIMIT $2`, micros(now), sweepBatch)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, t := range list {
			if err := db.unseal(ctx, t); err != nil {
				return err
			}
			if err := db.sealAnew(ctx, t, t.WithoutCVC()); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// sweep repeats a statement, whose last argument is how many rows it deletes at most, until it finds none.
func (db *DB) sweep(ctx context.Context, statement string, args ...any) (swept int64, err error) {
	args = append(args, sweepBatch)
	for ctx.Err() == nil {
		n, err := db.delete(ctx, statement, args...)
		swept += n
		if err != nil || n < sweepBatch {
			return swept, err
		}
	}
	return swept, ctx.Err()
}

// delete runs one statement and returns how many rows it deleted.
func (db *DB) delete(ctx context.Context, statement string, args ...any) (n int64, err error) {
	err = db.write(ctx, func(ctx context.Context, q querier) error {
		n, err = affected(q.ExecContext(ctx, statement, args...))
		return err
	}, nil)
	return n, err
}
