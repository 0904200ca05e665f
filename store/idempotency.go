package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"hallpass"
)

// Reply is an answer that is kept for replay.
type Reply struct {
	Status int
	Header map[string]string
	Body   []byte
}

// ReplyTTL is how long a first success is replayed (developers.basistheory.com, API > Idempotency).
const ReplyTTL = 24 * time.Hour

// abandonedAfter is when a request that never finished is taken for dead.
const abandonedAfter = 2 * MaxRequestTime

// MaxRequestTime is how long a request may run at most, from its start to its reply.
const MaxRequestTime = 5 * time.Minute

// ErrRequestRuns refuses a request whose twin with the same idempotency key is still running.
var ErrRequestRuns = hallpass.Refuse(hallpass.KindConflict, "A request with the same idempotency key is still running.")

func replyPurpose(d hallpass.Digest) string { return "reply " + hex.EncodeToString(d[:]) }

// BeginRequest claims an idempotency key, named by its digest, for a request that starts now. It returns the kept reply
// where the request succeeded before, nil where the caller is the first and must end with FinishRequest or ForgetRequest,
// and ErrRequestRuns where another is under way.
func (db *DB) BeginRequest(ctx context.Context, d hallpass.Digest, now time.Time) (*Reply, error) {
	var sealed []byte
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		sealed = nil
		n, err := affected(q.ExecContext(ctx, `
			INSERT INTO idempotent_requests (digest, started_at, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (digest) DO UPDATE SET started_at = excluded.started_at, expires_at = excluded.expires_at, reply = NULL
			WHERE idempotent_requests.expires_at <= $2 OR (idempotent_requests.reply IS NULL AND idempotent_requests.started_at <= $4)`,
			d[:], micros(now), micros(now.Add(ReplyTTL)), micros(now.Add(-abandonedAfter))))
		if err != nil || n == 1 {
			return err
		}
		err = q.QueryRowContext(ctx, `SELECT reply FROM idempotent_requests WHERE digest = $1`, d[:]).Scan(&sealed)
		if err == nil && sealed == nil || errors.Is(err, sql.ErrNoRows) {
			return ErrRequestRuns
		}
		return err
	}, nil)
	if err != nil || sealed == nil {
		return nil, err
	}
	plain, err := db.box.open(sealed, replyPurpose(d))
	if err != nil {
		return nil, err
	}
	var r Reply
	return &r, json.Unmarshal(plain, &r)
}

// FinishRequest keeps the reply of a request that succeeded, sealed.
func (db *DB) FinishRequest(ctx context.Context, d hallpass.Digest, r *Reply) error {
	plain, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sealed, err := db.box.seal(plain, replyPurpose(d))
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `UPDATE idempotent_requests SET reply = $2 WHERE digest = $1`, d[:], sealed)
		return err
	}, nil)
}

// ForgetRequest gives up the key of a request that failed; failures are not kept.
func (db *DB) ForgetRequest(ctx context.Context, d hallpass.Digest) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM idempotent_requests WHERE digest = $1 AND reply IS NULL`, d[:])
		return err
	}, nil)
}
