package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared runs statements on a pool or connection and prepares each one once, by its text. SQLite takes twice as long
// over a statement that it has not prepared.
type prepared struct {
	on interface {
		querier
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func newPrepared(on interface {
	querier
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}) *prepared {
	return &prepared{on: on, statements: map[string]*sql.Stmt{}}
}

func (p *prepared) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	s := p.statements[query]
	p.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.statements[query]; s != nil {
		return s, nil
	}
	s, err := p.on.PrepareContext(ctx, query)
	if err == nil {
		p.statements[query] = s
	}
	return s, err
}

// ExecContext implements querier.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext implements querier.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext implements querier. A statement that cannot be prepared fails when its row is scanned.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := p.statement(ctx, query)
	if err != nil {
		return p.on.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, s := range p.statements {
		err = errors.Join(err, s.Close())
	}
	return err
}
