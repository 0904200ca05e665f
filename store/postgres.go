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

const pgUniqueViolation = "23505" // PostgreSQL appendix A

// uniqueViolation reports whether a unique index or primary key refused a row, by the driver's code.
func uniqueViolation(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code == pgUniqueViolation
	}
	return sqliteUniqueViolation(err)
}
