package store

import (
	"context"
	"time"
)

// sweepBatch is how many rows one statement of the sweep deletes, small enough that a write behind it waits for no more
// than a few milliseconds.
const sweepBatch = 200

// SupersededSecretTTL is how long the previous signing secret verifies after a rotation; no token lives longer.
const SupersededSecretTTL = 30 * 24 * time.Hour

// Sweep deletes what has expired at now, in small batches, until nothing is left or ctx ends. It returns how many rows
// went. Nothing depends on it but space: what has expired is refused at the instant.
func (db *DB) Sweep(ctx context.Context, now time.Time) (int64, error) {
	var swept int64
	for _, statement := range []string{
		`DELETE FROM sessions WHERE selector IN (
			SELECT selector FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
		`DELETE FROM idempotent_requests WHERE digest IN (
			SELECT digest FROM idempotent_requests WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
	} {
		n, err := db.sweep(ctx, statement, now)
		swept += n
		if err != nil {
			return swept, err
		}
	}
	return swept, db.forgetSupersededSecret(ctx, now.Add(-SupersededSecretTTL))
}

func (db *DB) sweep(ctx context.Context, statement string, now time.Time) (swept int64, err error) {
	for ctx.Err() == nil {
		var n int64
		err := db.write(ctx, func(ctx context.Context, q querier) error {
			result, err := q.ExecContext(ctx, statement, micros(now), sweepBatch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		}, nil)
		swept += n
		if err != nil || n < sweepBatch {
			return swept, err
		}
	}
	return swept, ctx.Err()
}
