package store

// Waiting is how many writes wait for the group that is to follow the one under way. SQLite only.
func (db *DB) Waiting() int { return len(db.writer.queue) }
