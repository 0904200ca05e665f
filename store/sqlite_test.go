package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"hallpass"
	"hallpass/store"
)

func TestBackupOfALiveDatabaseHoldsAllThatWasAcknowledged(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		a := w.fullApplication()
		w.must(w.CreateApplication(t.Context(), a))
		s := authorized(w.newSession(a))
		w.must(w.AuthorizeSession(t.Context(), s))
		tr := w.newTransaction(w.tenant)
		secret, _, err := w.SigningSecrets(t.Context())
		w.must(err)

		var acknowledged atomic.Int64
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() { // it stays live meanwhile
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := w.CreateSession(context.Background(), w.mintSession(a)); err != nil {
					t.Error(err)
					return
				}
				acknowledged.Add(1)
			}
		}()
		for acknowledged.Load() < 20 {
			w.newSession(a)
		}
		before := acknowledged.Load()
		path := filepath.Join(t.TempDir(), "copy.db")
		w.must(w.Backup(t.Context(), path))
		close(stop)
		<-stopped

		info, err := os.Stat(path)
		w.must(err)
		wantSame(t, "the copy's mode", info.Mode().Perm(), 0o600)
		c := w.config
		c.DSN = path
		copied, err := store.Open(t.Context(), c)
		w.must(err)
		defer func() { _ = copied.Close() }()
		w.must(copied.Ready(t.Context()))
		live, _, err := copied.CountSessions(t.Context(), noon)
		w.must(err)
		if live < before {
			t.Errorf("the copy has %d sessions; %d were acknowledged before", live, before)
		}
		gotSession, _, err := copied.Session(t.Context(), s.Selector)
		w.must(err)
		wantSame(t, "the session", gotSession, s)
		gotApplication, err := copied.Application(t.Context(), w.tenant.ID, a.ID)
		w.must(err)
		wantSame(t, "the application", gotApplication, a)
		gotTransaction, err := copied.Transaction(t.Context(), tr.ID)
		w.must(err)
		wantSame(t, "the transaction", gotTransaction, tr)
		gotSecret, _, err := copied.SigningSecrets(t.Context())
		w.must(err)
		wantSame(t, "the signing secret", gotSecret, secret)
	})
}

func TestBackupRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		dir := t.TempDir()
		if w.onPostgres() {
			if err := w.Backup(t.Context(), filepath.Join(dir, "copy.db")); err == nil {
				t.Error("a PostgreSQL database is copied")
			}
			return
		}
		taken := filepath.Join(dir, "taken")
		w.must(os.WriteFile(taken, []byte("mine"), 0o600))
		if err := w.Backup(t.Context(), taken); err == nil {
			t.Error("a file that exists is written over")
		}
		kept, err := os.ReadFile(taken)
		w.must(err)
		wantSame(t, "the file that exists", string(kept), "mine")
		if err := w.Backup(t.Context(), filepath.Join(dir, "no", "where.db")); err == nil {
			t.Error("a copy is written nowhere")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		path := filepath.Join(dir, "cancelled")
		if err := w.Backup(ctx, path); err == nil {
			t.Error("a copy is written for a caller who has gone")
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("half a copy is left: %v", err)
		}
		w.must(w.CreateSession(t.Context(), w.mintSession(w.newApplication(w.tenant, hallpass.Public))))
	})
}

func TestTheFilesAreTheirOwnersAlone(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		files, err := filepath.Glob(w.config.DSN + "*")
		w.must(err)
		if len(files) < 2 {
			t.Fatalf("files %v", files)
		}
		for _, name := range files {
			info, err := os.Stat(name)
			w.must(err)
			wantSame(t, name, info.Mode().Perm(), 0o600)
		}
	})
}

func TestEveryCommitIsOnDisk(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		// A copy of the files as they lie is what a machine finds that lost its power now.
		a := w.newApplication(w.tenant, hallpass.Public)
		s := w.newSession(a)
		dir := t.TempDir()
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(w.config.DSN + suffix)
			w.must(err)
			w.must(os.WriteFile(filepath.Join(dir, "after.db"+suffix), b, 0o600))
		}
		c := w.config
		c.DSN = filepath.Join(dir, "after.db")
		after, err := store.Open(t.Context(), c)
		w.must(err)
		defer func() { _ = after.Close() }()
		got, _, err := after.Session(t.Context(), s.Selector)
		w.must(err)
		wantSame(t, "the session", got, s)
	})
}

func TestCommitsAreSyncedAndReadersCannotWrite(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		for name, want := range map[string][2]string{
			"journal_mode": {"wal", "wal"}, "synchronous": {"2", "2"}, "foreign_keys": {"1", "1"}, "query_only": {"0", "1"},
		} {
			writing, reading, err := w.Pragma(t.Context(), name)
			w.must(err)
			wantSame(t, name, [2]string{writing, reading}, want)
		}
	})
}
