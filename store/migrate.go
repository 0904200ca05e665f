package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	dialectSQLite   = goose.DialectSQLite3
	dialectPostgres = goose.DialectPostgres
)

// migrate brings the schema up to date; forward only. A database that was never initialised is refused unless create.
func migrate(ctx context.Context, pool *sql.DB, dialect goose.Dialect, create bool) error {
	if !create {
		var n int
		if err := pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM goose_db_version`).Scan(&n); err != nil {
			if pingErr := pool.PingContext(ctx); pingErr != nil {
				return fmt.Errorf("cannot open the database: %w", pingErr)
			}
			return ErrUninitialised
		}
	}
	provider, err := newProvider(pool, dialect)
	if err != nil {
		return fmt.Errorf("cannot read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("cannot migrate the database: %w", err)
	}
	return nil
}

// newProvider carries out the migrations on a database.
func newProvider(pool *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	steps, err := steps(dialect)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, pool, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps...))
}

// forSQLite says in SQLite's words that a table is kept in the order of its primary key: an INTEGER PRIMARY KEY is the
// table's own, declared BIGINT it would have a second tree beside the table, twice the work of an insert; and so would any
// other key without the words WITHOUT ROWID, which PostgreSQL sees as a comment.
var forSQLite = strings.NewReplacer("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY", "/* WITHOUT ROWID */", "WITHOUT ROWID")

// steps are the migrations in the words of the dialect.
func steps(dialect goose.Dialect) ([]*goose.Migration, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]*goose.Migration, 0, len(names))
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		statements := string(text)
		if dialect == dialectSQLite {
			statements = forSQLite.Replace(statements)
		}
		list = append(list, goose.NewGoMigration(int64(i+1), &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statements)
			return err
		}}, nil))
	}
	return list, nil
}

// latestMigration is the version that the embedded migrations lead to.
func latestMigration() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	return int64(len(names)), err
}
