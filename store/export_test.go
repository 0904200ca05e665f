package store

import "context"

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
