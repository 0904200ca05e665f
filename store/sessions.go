package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hallpass"
)

var sessionRows = newInsertion("sessions", "selector", "issuing_key", "key_digest", "nonce_digest", "created_at", "expires_at")

// CreateSession stores a new session. It returns ErrSelectorTaken where the session must be minted again.
func (db *DB) CreateSession(ctx context.Context, s *hallpass.Session) error {
	remembered := *s // without what s is a part of
	return db.write(ctx, func(ctx context.Context, q querier) error {
		added, err := sessionRows.add(ctx, q,
			int64(s.Selector), int64(s.IssuingKey), s.KeyDigest[:], s.NonceDigest[:], micros(s.CreatedAt), micros(s.ExpiresAt))
		if err != nil {
			return err
		}
		if !added {
			return hallpass.ErrSelectorTaken
		}
		return db.record(ctx, q, s.CreatedAt, sessionLog(s, s.ApplicationID, hallpass.OperationCreate))
	}, func() { db.sessions.put(s.Selector, &remembered) })
}

// AuthorizeSession gives the session its grant, end and authorizer as they stand in s. Of racing callers exactly one
// succeeds; the others get ErrNonceSpent, and ErrNonceUnknown where the session has gone meanwhile.
func (db *DB) AuthorizeSession(ctx context.Context, s *hallpass.Session) error {
	granted, err := encode(s.Grant)
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		n, err := affected(q.ExecContext(ctx, `
			UPDATE sessions SET authorized_at = $2, authorized_by = $3, granted = $4
			WHERE selector = $1 AND authorized_at IS NULL AND expires_at > $2
			AND EXISTS (SELECT 1 FROM application_keys k WHERE k.selector = sessions.issuing_key)`,
			int64(s.Selector), micros(s.AuthorizedAt), s.AuthorizedBy, granted))
		if err != nil {
			return err
		}
		if n == 0 {
			return spentOrGone(ctx, q, s.Selector)
		}
		if !s.ExpiresAt.Equal(s.CreatedAt.Add(hallpass.SessionTTL)) { // by itself, for it is indexed and seldom changes
			if _, err := q.ExecContext(ctx, `UPDATE sessions SET expires_at = $2 WHERE selector = $1 AND expires_at <> $2`,
				int64(s.Selector), micros(s.ExpiresAt)); err != nil {
				return err
			}
		}
		return db.record(ctx, q, s.AuthorizedAt, sessionLog(s, s.AuthorizedBy, hallpass.OperationAuthorize))
	}, func() { db.sessions.put(s.Selector, s) })
}

func sessionLog(s *hallpass.Session, by, operation string) hallpass.Log {
	return hallpass.Log{
		TenantID: s.TenantID, ActorID: by, EntityType: hallpass.EntitySession, EntityID: s.Selector.String(), Operation: operation,
	}
}

// spentOrGone says why no session could be authorized.
func spentOrGone(ctx context.Context, q querier, selector hallpass.Selector) error {
	var spent int
	err := q.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM sessions WHERE selector = $1 AND authorized_at IS NOT NULL`, int64(selector)).Scan(&spent)
	switch {
	case err != nil:
		return err
	case spent == 0:
		return hallpass.ErrNonceUnknown
	}
	return hallpass.ErrNonceSpent
}

// Session returns the session with that selector and who holds the key that it was asked for with; nil and nil where there
// is no such session, or no such key any more. What it returns is shared and must not be changed.
func (db *DB) Session(ctx context.Context, selector hallpass.Selector) (*hallpass.Session, *Holder, error) {
	cached, generation := db.sessions.get(selector)
	if cached != nil {
		holder, err := db.Holder(ctx, cached.IssuingKey)
		if holder == nil || err != nil {
			return nil, nil, err
		}
		return cached, holder, nil
	}
	var (
		s                                  hallpass.Session
		keyDigest, nonceDigest             []byte
		createdAt, expiresAt, authorizedAt sql.NullInt64
		authorizedBy, granted              sql.NullString
	)
	err := db.reads.QueryRowContext(db.read(ctx), `
		SELECT selector, issuing_key, key_digest, nonce_digest, created_at, expires_at, authorized_at, authorized_by, granted
		FROM sessions WHERE selector = $1`, int64(selector)).Scan(
		&s.Selector, &s.IssuingKey, &keyDigest, &nonceDigest, &createdAt, &expiresAt, &authorizedAt, &authorizedBy, &granted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	holder, err := db.Holder(ctx, s.IssuingKey)
	if holder == nil || err != nil {
		return nil, nil, err
	}
	s.TenantID, s.ApplicationID = holder.Tenant.ID, holder.Application.ID
	s.CreatedAt, s.ExpiresAt, s.AuthorizedAt = instant(createdAt), instant(expiresAt), instant(authorizedAt)
	s.AuthorizedBy = authorizedBy.String
	if granted.Valid {
		if s.Grant, err = decode[hallpass.Grant](granted.String); err != nil {
			return nil, nil, err
		}
	}
	var keyErr, nonceErr error
	s.KeyDigest, keyErr = digest(keyDigest)
	s.NonceDigest, nonceErr = digest(nonceDigest)
	if err := errors.Join(keyErr, nonceErr); err != nil {
		return nil, nil, err
	}
	db.sessions.fill(selector, &s, generation)
	return &s, holder, nil
}

// CountSessions returns how many stored sessions are alive at now, and how many have expired and await the sweep.
func (db *DB) CountSessions(ctx context.Context, now time.Time) (live, expired int64, err error) {
	var all int64
	err = db.reads.QueryRowContext(db.read(ctx), `
		SELECT COUNT(*), COUNT(CASE WHEN expires_at > $1 THEN 1 END) FROM sessions`, micros(now)).Scan(&all, &live)
	return live, all - live, err
}
