package store

import (
	"context"
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
	oldestLog := int64(hallpass.FirstSelector(now.Add(-logRetention)))
	swept, err := db.sweep(ctx, `DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE id < $1 ORDER BY id LIMIT $2)`, oldestLog)
	if err != nil {
		return swept, err
	}
	for _, statement := range []string{
		`DELETE FROM sessions WHERE selector IN (
			SELECT selector FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`,
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

func (db *DB) sweep(ctx context.Context, statement string, bound any) (swept int64, err error) {
	for ctx.Err() == nil {
		var n int64
		err := db.write(ctx, func(ctx context.Context, q querier) error {
			result, err := q.ExecContext(ctx, statement, bound, sweepBatch)
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
