package store

import (
	"context"
	"database/sql"
	"errors"
)

// CallMany says how many tokens must be found to be many.
func (db *DB) CallMany(n int) { db.many = n }

// Waiting is how many writes wait for the group that is to follow the one under way. SQLite only.
func (db *DB) Waiting() int { return len(db.writer.queue) }

// Write runs one write, which is handed what executes a statement.
func (db *DB) Write(ctx context.Context, do func(exec func(statement string, args ...any) error) error) error {
	return db.write(ctx, func(ctx context.Context, q querier) error {
		return do(func(statement string, args ...any) error {
			_, err := q.ExecContext(ctx, statement, args...)
			return err
		})
	}, nil)
}

// Pragma is what SQLite says of a setting on the connection that writes, and on one that reads.
func (db *DB) Pragma(ctx context.Context, name string) (writing, reading string, err error) {
	err = db.write(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `PRAGMA `+name).Scan(&writing)
	}, nil)
	if err == nil {
		err = db.pool.QueryRowContext(ctx, `PRAGMA `+name).Scan(&reading)
	}
	return writing, reading, err
}

// MigrateTo makes a database with the schema of a version.
func MigrateTo(ctx context.Context, dsn string, version int64) error {
	driver, source, dialect := "sqlite", sqliteDSN(dsn), dialectSQLite
	if IsPostgres(dsn) {
		driver, source, dialect = "pgx", dsn, dialectPostgres
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	provider, err := newProvider(pool, dialect)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return errors.Join(err, pool.Close())
}
