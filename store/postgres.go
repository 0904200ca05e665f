package store

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver pgx
)

// IsPostgres reports whether the DSN is the URL of a PostgreSQL database rather than the path of a SQLite one.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// openPostgres opens a pool. The driver prepares each statement once a connection by itself, and nothing is cached:
// other processes write too.
func (db *DB) openPostgres(ctx context.Context, dsn string, create bool) error {
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	db.pool, db.reads = pool, pool
	pool.SetMaxOpenConns(8 * runtime.GOMAXPROCS(0))
	pool.SetMaxIdleConns(8 * runtime.GOMAXPROCS(0))
	return migrate(ctx, pool, dialectPostgres, create)
}

// maxAttempts is how often a transaction is tried that PostgreSQL ends because transactions wait for each other in a circle.
const maxAttempts = 5

// transact runs do in a transaction of its own.
func (db *DB) transact(ctx context.Context, do func(ctx context.Context, q querier) error) error {
	for attempt := 1; ; attempt++ {
		err := db.attempt(ctx, do)
		if attempt == maxAttempts || pgCode(err) != pgDeadlock {
			return err
		}
	}
}

func (db *DB) attempt(ctx context.Context, do func(ctx context.Context, q querier) error) error {
	tx, err := db.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Codes of PostgreSQL, appendix A.
const (
	pgUniqueViolation = "23505"
	pgDeadlock        = "40P01"
)

// pgCode is PostgreSQL's code of an error, empty for any other error.
func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// uniqueViolation reports whether a unique index or primary key refused a row, by the driver's code.
func uniqueViolation(err error) bool {
	return pgCode(err) == pgUniqueViolation || sqliteUniqueViolation(err)
}
