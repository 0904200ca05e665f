// Package store remembers: tenants, applications, sessions, transactions, signing secrets and replies, in SQLite or in
// PostgreSQL.
//
// There is one set of statements and one schema. modernc.org/sqlite binds $1, $2 by position, so the same text runs on
// both; the statements keep to what both understand. On SQLite writes are grouped: one goroutine runs all that wait in
// one transaction and answers after the commit is on disk (see writer). Races are settled by the database, in guarded
// updates and unique indexes, never by reading first.
//
// What must be read back but must not be readable on disk is sealed with AES-256-GCM under the data key; of keys and
// nonces only digests are stored. Errors for the caller are *hallpass.Error; any other error is our fault.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"hallpass"
)

// Config says where the database is and what it is read with.
type Config struct {
	DSN              string           // a file path for SQLite, or postgres://…
	DataKey          []byte           // 32 bytes; seals what must be read back
	PreviousDataKeys [][]byte         // open what was sealed before a rotation has come to its end
	Now              func() time.Time // the clock
	Random           io.Reader        // the source of chance
}

// DB is an open database. Its methods are safe for concurrent use. On SQLite it must be the only process that writes
// keys, sessions and applications, for it remembers the living ones; other commands may create tenants, issue tokens,
// rotate the signing secret and take backups beside it.
type DB struct {
	reads  querier // on SQLite, prepared statements on connections that cannot write
	pool   *sql.DB // what reads is made of
	writer *writer // SQLite only
	sqlite bool
	path   string // of the SQLite file
	box    *box
	now    func() time.Time
	random io.Reader

	holders      *cache[hallpass.Selector, Holder]
	members      *cache[string, member]
	sessions     *cache[hallpass.Selector, hallpass.Session]
	transactions *cache[string, hallpass.Transaction]
	tokens       *cache[tokenName, StoredToken]
	tenantSeals  sync.Map // tenant id to *tenantKeys; keys never change

	many          int          // tokens, see narrow
	sweptSessions atomic.Int64 // no session before this selector is as old as SessionTTL, but extended ones
}

// member is an application with the tenant that it belongs to.
type member struct {
	application hallpass.Application
	tenant      hallpass.Tenant
}

// querier is what statements run on: a pool, a transaction, or a connection with its statements prepared.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ErrUninitialised says that there is no hallpass database at the DSN.
var ErrUninitialised = errors.New("the database is not initialised")

// Create makes an empty database at the DSN, with a fresh signing secret, and opens it. On a database that is initialised
// already it does what Open does.
func Create(ctx context.Context, c Config) (*DB, error) { return open(ctx, c, true) }

// Open opens an initialised database and brings its schema up to date. It returns ErrUninitialised where there is none,
// and an error that says so where the data key is not the one the database was made with.
func Open(ctx context.Context, c Config) (*DB, error) { return open(ctx, c, false) }

func open(ctx context.Context, c Config, create bool) (_ *DB, err error) {
	box, err := newBox(c.Random, append([][]byte{c.DataKey}, c.PreviousDataKeys...)...)
	if err != nil {
		return nil, err
	}
	db := &DB{box: box, now: c.Now, random: c.Random, sqlite: !IsPostgres(c.DSN), many: many}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if db.sqlite {
		err = db.openSQLite(ctx, c.DSN, create)
	} else {
		err = db.openPostgres(ctx, c.DSN, create)
	}
	if err != nil {
		return nil, err
	}
	db.holders = newCache[hallpass.Selector, Holder](db.cacheSize(1 << 12))
	db.members = newCache[string, member](db.cacheSize(1 << 12))
	db.sessions = newCache[hallpass.Selector, hallpass.Session](db.cacheSize(1 << 13))
	db.transactions = newCache[string, hallpass.Transaction](db.cacheSize(1 << 12))
	db.tokens = newCache[tokenName, StoredToken](db.cacheSize(1 << 12))
	return db, db.ensureSigningSecret(ctx)
}

// cacheSize is size where this process is the only writer, otherwise none.
func (db *DB) cacheSize(size int) int {
	if db.sqlite {
		return size
	}
	return 0
}

// Close waits for the writes that are under way and closes the database.
func (db *DB) Close() error {
	var err error
	if db.writer != nil {
		err = db.writer.close()
	}
	if db.pool != nil {
		err = errors.Join(err, db.pool.Close())
	}
	return err
}

// Ready reports an error when the database does not answer or its schema is not the one this program was built with.
func (db *DB) Ready(ctx context.Context) error {
	var version int64
	err := db.pool.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version)
	if err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	latest, err := latestMigration()
	if err != nil {
		return err
	}
	if version != latest {
		return fmt.Errorf("the schema is at version %d, this program needs %d", version, latest)
	}
	return nil
}

// read returns the context that a read runs under. A cancelable context costs the SQLite driver a goroutine for each
// call and halves parallel reads; there the busy timeout bounds a read instead.
func (db *DB) read(ctx context.Context) context.Context {
	if db.sqlite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// affected is how many rows a statement has changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// atLeastOne refuses a write that has changed no row.
func atLeastOne(refusal error) func(result sql.Result, err error) error {
	return func(result sql.Result, err error) error {
		n, err := affected(result, err)
		if err == nil && n == 0 {
			return refusal
		}
		return err
	}
}

// write runs do in a transaction of its own, or on SQLite as one of a group, and returns after the commit is on disk.
// When do returns an error nothing of it is kept. do may run again, its first time in vain. committed, where it is not nil,
// runs after the commit and before write returns, in the order of commits: it is where the caches follow the database.
func (db *DB) write(ctx context.Context, do func(ctx context.Context, q querier) error, committed func()) error {
	if db.sqlite {
		return db.writer.run(ctx, do, committed)
	}
	err := db.transact(ctx, do)
	if err == nil && committed != nil {
		committed()
	}
	return err
}
