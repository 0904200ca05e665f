package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxGroup is how many writes share one commit at most.
const maxGroup = 64

// writer groups writes. One goroutine takes all that wait, runs them in one transaction, so that none is spoiled by the
// failure of another, commits once, and only then answers. With 64 callers that is sixteen times the durable writes
// of one commit each, and no caller waits for more than the commit under way and its own.
type writer struct {
	pool       *sql.DB
	conn       *sql.Conn
	statements *prepared
	gathering  *gathering
	queue      chan *pendingWrite
	stopped    chan struct{}
	stopping   sync.RWMutex // held for reading while a write is queued
	closed     bool
	group      []*pendingWrite
	observe    atomic.Pointer[func(size int)]
}

// pendingWrite is one write that waits for its commit.
type pendingWrite struct {
	ctx       context.Context
	do        func(ctx context.Context, q querier) error
	committed func()
	err       error
	done      chan struct{}
}

var errClosed = errors.New("the database is closed")

func newWriter(ctx context.Context, pool *sql.DB) (*writer, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	statements := newPrepared(conn)
	w := &writer{
		pool: pool, conn: conn, statements: statements, gathering: newGathering(statements),
		queue: make(chan *pendingWrite, 4*maxGroup), stopped: make(chan struct{}),
		group: make([]*pendingWrite, 0, maxGroup),
	}
	go w.loop()
	return w, nil
}

// run queues the write and waits until it is committed or has failed. The context counts until the write begins: once
// its statements run, it is carried through, so that nobody is told of a failure that did not happen.
func (w *writer) run(ctx context.Context, do func(ctx context.Context, q querier) error, committed func()) error {
	p := &pendingWrite{ctx: ctx, do: do, committed: committed, done: make(chan struct{})}
	w.stopping.RLock()
	if w.closed {
		w.stopping.RUnlock()
		return errClosed
	}
	w.queue <- p
	w.stopping.RUnlock()
	<-p.done
	return p.err
}

func (w *writer) loop() {
	defer close(w.stopped)
	for p := range w.queue {
		w.settle()
		w.group = append(w.group[:0], p)
		w.collect()
		w.commit()
		for _, p := range w.group {
			close(p.done)
		}
		clear(w.group)
	}
}

// settle lets callers that are about to write join the group, for as long as more of them do: who misses it waits for a
// commit of its own, and on a busy machine that makes two groups of half the size.
func (w *writer) settle() {
	for waiting := -1; waiting < len(w.queue) && len(w.queue) < maxGroup; {
		waiting = len(w.queue)
		runtime.Gosched()
	}
}

func (w *writer) collect() {
	for len(w.group) < maxGroup {
		select {
		case p, open := <-w.queue:
			if !open {
				return
			}
			w.group = append(w.group, p)
		default:
			return
		}
	}
}

// commit runs the group in one transaction and leaves each write's outcome in it. It runs the writes bare first and gathers
// the rows that they add; only where one of them fails does it start again and give each a savepoint of its own, so that the
// failure spoils no other.
func (w *writer) commit() {
	ctx := context.Background()
	if observe := w.observe.Load(); observe != nil {
		(*observe)(len(w.group))
	}
	err := w.transaction(ctx, func() error { return w.together(ctx) })
	if errors.Is(err, errRefused) {
		err = w.transaction(ctx, func() error {
			for _, p := range w.group {
				p.err = w.savepoint(ctx, p)
			}
			return nil
		})
	}
	for _, p := range w.group {
		switch {
		case err != nil:
			p.err = fmt.Errorf("commit: %w", err)
		case p.err == nil && p.committed != nil:
			p.committed()
		}
	}
}

// errRefused says that a write of the group failed and nothing of the group was kept.
var errRefused = errors.New("a write of the group failed")

// transaction has the group run in one transaction and commits it, or keeps nothing where run fails.
func (w *writer) transaction(ctx context.Context, run func() error) error {
	if _, err := w.statements.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if run() != nil {
		return w.rollback(ctx, errRefused)
	}
	if _, err := w.statements.ExecContext(ctx, `COMMIT`); err != nil {
		return w.rollback(ctx, err)
	}
	return nil
}

func (w *writer) rollback(ctx context.Context, because error) error {
	_, err := w.statements.ExecContext(ctx, `ROLLBACK`)
	return errors.Join(because, err)
}

// together runs the writes of the group, up to the first that fails, and then adds their rows.
func (w *writer) together(ctx context.Context) error {
	defer w.gathering.forget()
	for _, p := range w.group {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if err := p.do(ctx, w.gathering); err != nil {
			return err
		}
	}
	return w.gathering.release(ctx)
}

// savepoint runs one write so that it is kept whole or not at all.
func (w *writer) savepoint(ctx context.Context, p *pendingWrite) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if _, err := w.statements.ExecContext(ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	err := p.do(ctx, w.statements)
	if err != nil {
		if _, rollbackErr := w.statements.ExecContext(ctx, `ROLLBACK TO one`); rollbackErr != nil {
			return errors.Join(err, rollbackErr)
		}
	}
	_, releaseErr := w.statements.ExecContext(ctx, `RELEASE one`)
	return errors.Join(err, releaseErr)
}

// close waits for all queued writes and closes the connection.
func (w *writer) close() error {
	w.stopping.Lock()
	if w.closed {
		w.stopping.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.stopping.Unlock()
	<-w.stopped
	return errors.Join(w.statements.close(), w.conn.Close(), w.pool.Close())
}

// ObserveGroups has observe called with the number of writes in each commit. SQLite only; elsewhere it is never called.
func (db *DB) ObserveGroups(observe func(size int)) {
	if db.writer != nil {
		db.writer.observe.Store(&observe)
	}
}
