package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqlitePragmas are set on every connection. The WAL is synced on every commit, so what was acknowledged survives a
// power cut; a longer WAL between checkpoints cuts the write tail to a third. A reading connection keeps SQLite's default of
// two megabytes of pages: what is read again and again is remembered, or in the system's cache.
var sqlitePragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	"wal_autocheckpoint(4000)",
}

func (db *DB) openSQLite(ctx context.Context, path string, create bool) error {
	db.path = path
	if create {
		if err := touch(path); err != nil {
			return err
		}
	} else if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return ErrUninitialised
	}
	writes, err := sql.Open("sqlite", sqliteDSN(path, "cache_size(-8000)")) // kibibytes
	if err != nil {
		return err
	}
	writes.SetMaxOpenConns(1)
	if err := migrate(ctx, writes, dialectSQLite, create); err != nil {
		return errors.Join(err, writes.Close())
	}
	if db.writer, err = newWriter(ctx, writes); err != nil {
		return errors.Join(err, writes.Close())
	}
	if db.pool, err = sql.Open("sqlite", sqliteDSN(path, "query_only(1)")); err != nil {
		return err
	}
	db.pool.SetMaxOpenConns(runtime.GOMAXPROCS(0) + 1)
	db.pool.SetMaxIdleConns(runtime.GOMAXPROCS(0) + 1)
	db.reads = newPrepared(db.pool)
	return nil
}

func sqliteDSN(path string, pragmas ...string) string {
	query := url.Values{"_pragma": append(append([]string{}, sqlitePragmas...), pragmas...)}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}).String()
}

// touch makes the file, for its owner alone, where there is none. SQLite gives its journal the same permissions.
func touch(path string) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// Backup writes a consistent copy of a live SQLite database to a new file at path. It refuses a file that exists.
func (db *DB) Backup(ctx context.Context, path string) error {
	if !db.sqlite {
		return errors.New("backup copies SQLite databases; use pg_dump for PostgreSQL")
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", sqliteDSN(db.path)) // VACUUM INTO is refused on connections that cannot write
	if err != nil {
		return err
	}
	if _, err = pool.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		err = errors.Join(fmt.Errorf("backup: %w", err), os.Remove(path))
	}
	return errors.Join(err, pool.Close())
}

// sqliteUniqueViolation reports whether the driver says that a unique index or primary key refused a row.
func sqliteUniqueViolation(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}
