package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"hallpass"
)

func signingPurpose(id string) string { return "signing secret " + id }

// ensureSigningSecret makes the first signing secret, and reads the secrets so that a wrong data key shows at once.
func (db *DB) ensureSigningSecret(ctx context.Context) error {
	active, _, err := db.SigningSecrets(ctx)
	if err != nil || active != nil {
		return err
	}
	secret := make([]byte, hallpass.SigningSecretBytes)
	if _, err := io.ReadFull(db.random, secret); err != nil {
		return err
	}
	err = db.RotateSigningSecret(ctx, secret)
	if errors.Is(err, errRotated) { // another process made the first one
		return nil
	}
	return err
}

// SigningSecrets returns the active secret and the previous one; either is nil where there is none.
func (db *DB) SigningSecrets(ctx context.Context) (active, previous []byte, err error) {
	rows, err := db.reads.QueryContext(db.read(ctx), `SELECT id, state, secret FROM signing_secrets`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, state string
		var sealed []byte
		if err := rows.Scan(&id, &state, &sealed); err != nil {
			return nil, nil, err
		}
		secret, err := db.box.open(sealed, signingPurpose(id))
		if err != nil {
			return nil, nil, err
		}
		if state == "active" {
			active = secret
		} else {
			previous = secret
		}
	}
	return active, previous, rows.Err()
}

// errRotated says that another process rotated at the same moment.
var errRotated = hallpass.Refuse(hallpass.KindConflict, "the signing secret was rotated by somebody else just now")

// RotateSigningSecret makes secret the active one and the active one the previous one. The one before that is forgotten,
// so tokens that it signed are refused from now on.
func (db *DB) RotateSigningSecret(ctx context.Context, secret []byte) error {
	id := uuid.Must(uuid.NewRandomFromReader(db.random)).String()
	sealed, err := db.box.seal(secret, signingPurpose(id))
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		for _, s := range []struct {
			statement string
			args      []any
		}{
			{`DELETE FROM signing_secrets WHERE state = 'previous'`, nil},
			{`UPDATE signing_secrets SET state = 'previous', superseded_at = $1 WHERE state = 'active'`, []any{micros(db.now())}},
			{`INSERT INTO signing_secrets (id, state, secret) VALUES ($1, 'active', $2)`, []any{id, sealed}},
		} {
			_, err := q.ExecContext(ctx, s.statement, s.args...)
			if uniqueViolation(err) {
				return errRotated
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

// forgetSupersededSecret drops the previous secret once no token that it signed can be alive.
func (db *DB) forgetSupersededSecret(ctx context.Context, supersededBefore time.Time) error {
	var n int
	err := db.reads.QueryRowContext(db.read(ctx),
		`SELECT 1 FROM signing_secrets WHERE state = 'previous' AND superseded_at < $1`, micros(supersededBefore)).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM signing_secrets WHERE state = 'previous' AND superseded_at < $1`, micros(supersededBefore))
		return err
	}, nil)
}
