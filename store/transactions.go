package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"hallpass"
)

func transactionPurpose(id string) string { return "transaction " + id }

// CreateTransaction stores a new transaction; its details are sealed.
func (db *DB) CreateTransaction(ctx context.Context, t *hallpass.Transaction, by string) error {
	roles, rolesErr := encode(t.Roles)
	tokenRoles, tokenRolesErr := encode(t.TokenRoles)
	details, detailsErr := db.box.seal(t.Details, transactionPurpose(t.ID))
	if err := errors.Join(rolesErr, tokenRolesErr, detailsErr); err != nil {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `
			INSERT INTO transactions (id, tenant_id, status, roles, token_roles, created_at, expires_at, modified_at, version, details)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			t.ID, t.TenantID, string(t.Status), roles, tokenRoles, micros(t.CreatedAt), micros(t.ExpiresAt), micros(t.ModifiedAt),
			t.Version, details)
		if err != nil {
			return err
		}
		return db.record(ctx, q, t.CreatedAt, transactionLog(t.TenantID, t.ID, by, hallpass.OperationCreate))
	}, func() { db.transactions.remove(t.ID) })
}

func transactionLog(tenantID, id, by, operation string) hallpass.Log {
	return hallpass.Log{TenantID: tenantID, ActorID: by, EntityType: hallpass.EntityTransaction, EntityID: id, Operation: operation}
}

// Transaction returns the transaction with that id, or nil. It looks in all tenants. What it returns is shared and must
// not be changed.
func (db *DB) Transaction(ctx context.Context, id string) (*hallpass.Transaction, error) {
	cached, generation := db.transactions.get(id)
	if cached != nil {
		return cached, nil
	}
	t, err := db.transaction(db.read(ctx), db.reads, id)
	if err == nil && t != nil {
		db.transactions.fill(id, t, generation)
	}
	return t, err
}

func (db *DB) transaction(ctx context.Context, q querier, id string) (*hallpass.Transaction, error) {
	var (
		t                                                     hallpass.Transaction
		roles, tokenRoles                                     string
		createdAt, expiresAt, endedAt, lastSession, modifedAt sql.NullInt64
		details                                               []byte
	)
	err := q.QueryRowContext(ctx, `
		SELECT id, tenant_id, status, roles, token_roles, created_at, expires_at, ended_at, last_session_at, modified_at,
			version, details
		FROM transactions WHERE id = $1`, id).Scan(
		&t.ID, &t.TenantID, &t.Status, &roles, &tokenRoles, &createdAt, &expiresAt, &endedAt, &lastSession, &modifedAt,
		&t.Version, &details)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	if err != nil {
		return nil, err
	}
	t.CreatedAt, t.ExpiresAt, t.EndedAt = instant(createdAt), instant(expiresAt), instant(endedAt)
	t.LastSessionAt, t.ModifiedAt = instant(lastSession), instant(modifedAt)
	var rolesErr, tokenRolesErr, detailsErr error
	t.Roles, rolesErr = decode[[]string](roles)
	t.TokenRoles, tokenRolesErr = decode[[]string](tokenRoles)
	t.Details, detailsErr = db.box.open(details, transactionPurpose(id))
	return &t, errors.Join(rolesErr, tokenRolesErr, detailsErr)
}

// EndTransaction completes or cancels the tenant's transaction at now and returns it as it is then. A transaction that is
// not there, or over already, is ErrTransaction; of racing calls one succeeds.
func (db *DB) EndTransaction(
	ctx context.Context, tenantID, id string, status hallpass.TransactionStatus, by string, now time.Time,
) (*hallpass.Transaction, error) {
	var ended *hallpass.Transaction
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		err := atLeastOne(hallpass.ErrTransaction)(q.ExecContext(ctx, `
			UPDATE transactions SET status = $3, ended_at = $4, modified_at = $4, version = version + 1
			WHERE id = $1 AND tenant_id = $2 AND status IN ('new', 'workflow_in_progress') AND expires_at > $4`,
			id, tenantID, string(status), micros(now)))
		if err != nil {
			return err
		}
		if ended, err = db.transaction(ctx, q, id); err != nil {
			return err
		}
		return db.record(ctx, q, now, transactionLog(tenantID, id, by, hallpass.OperationUpdate))
	}, func() { db.transactions.remove(id) })
	return ended, err
}

// StartTransactionSession starts the session of s's role in s's transaction, or resumes the one that was started before,
// and returns it as it is then. The transaction must be open at s.LastRequestAt, otherwise ErrTransaction.
func (db *DB) StartTransactionSession(
	ctx context.Context, tenantID string, s hallpass.TransactionSession, by string,
) (*hallpass.TransactionSession, error) {
	err := db.write(ctx, func(ctx context.Context, q querier) error {
		now := micros(s.LastRequestAt)
		err := atLeastOne(hallpass.ErrTransaction)(q.ExecContext(ctx, `
			UPDATE transactions SET status = 'workflow_in_progress', last_session_at = $2, version = version + 1
			WHERE id = $1 AND status IN ('new', 'workflow_in_progress') AND expires_at > $2`, s.TransactionID, now))
		if err != nil {
			return err
		}
		var createdAt sql.NullInt64
		err = q.QueryRowContext(ctx, `
			INSERT INTO transaction_sessions (id, transaction_id, role, created_at, last_request_at, user_agent, version)
			VALUES ($1, $2, $3, $4, $4, $5, 0)
			ON CONFLICT (transaction_id, role) DO UPDATE SET last_request_at = excluded.last_request_at,
				user_agent = excluded.user_agent, version = transaction_sessions.version + 1
			RETURNING id, created_at, version`,
			s.ID, s.TransactionID, s.Role, now, s.UserAgent).Scan(&s.ID, &createdAt, &s.Version)
		if err != nil {
			return err
		}
		s.CreatedAt = instant(createdAt)
		return db.record(ctx, q, s.LastRequestAt, transactionLog(tenantID, s.TransactionID, by, hallpass.OperationUpdate))
	}, func() { db.transactions.remove(s.TransactionID) })
	return &s, err
}

// TransactionSessions returns the sessions that were started in the transaction, oldest first.
func (db *DB) TransactionSessions(ctx context.Context, id string) ([]hallpass.TransactionSession, error) {
	rows, err := db.reads.QueryContext(db.read(ctx), `
		SELECT id, role, created_at, last_request_at, user_agent, version FROM transaction_sessions
		WHERE transaction_id = $1 ORDER BY created_at, id`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []hallpass.TransactionSession
	for rows.Next() {
		s := hallpass.TransactionSession{TransactionID: id}
		var createdAt, lastRequestAt sql.NullInt64
		if err := rows.Scan(&s.ID, &s.Role, &createdAt, &lastRequestAt, &s.UserAgent, &s.Version); err != nil {
			return nil, err
		}
		s.CreatedAt, s.LastRequestAt = instant(createdAt), instant(lastRequestAt)
		list = append(list, s)
	}
	return list, rows.Err()
}
