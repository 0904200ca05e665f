package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
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
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("cannot read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("cannot migrate the database: %w", err)
	}
	return nil
}

// latestMigration is the version that the embedded migrations lead to.
func latestMigration() (int64, error) {
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	number, _, _ := strings.Cut(entries[len(entries)-1].Name(), "_")
	return strconv.ParseInt(number, 10, 64)
}
