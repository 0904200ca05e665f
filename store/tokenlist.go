package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass"
)

// TokenCursor is where a page of tokens ends: the container and the selector of its last token.
type TokenCursor struct {
	Container string            `json:"c"`
	Selector  hallpass.Selector `json:"s"`
}

// TokenPage says which tokens to list: those in any of the scopes that meet the query.
type TokenPage struct {
	TenantID string
	Scopes   []hallpass.Scope
	Query    hallpass.TokenQuery
	Now      time.Time
	Limit    int
	After    *TokenCursor // for pages in order of containers; nil for the first
	Offset   int          // for pages in order of creation
}

// TokensByContainer returns one page of tokens by container and then creation, descending, and where the next begins, nil
// at the end. Each scope is a range or a point of an index, so tokens outside all scopes are never read.
func (db *DB) TokensByContainer(ctx context.Context, p TokenPage) ([]*StoredToken, *TokenCursor, error) {
	var found []*StoredToken
	for _, scope := range p.Scopes {
		c, err := db.conditions(ctx, p, scope)
		if err != nil {
			return nil, nil, err
		}
		if p.After != nil {
			c.add(`(t.container < ? OR (t.container = ? AND t.selector < ?))`, []byte(p.After.Container), []byte(p.After.Container), int64(p.After.Selector))
		}
		rows, err := db.scanTokens(ctx, p.TenantID, c, ` ORDER BY t.container DESC, t.selector DESC LIMIT `+strconv.Itoa(p.Limit+1))
		if err != nil {
			return nil, nil, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b *StoredToken) int {
		return cmp.Or(cmp.Compare(b.Container, a.Container), cmp.Compare(b.selector, a.selector))
	})
	found = slices.CompactFunc(found, func(a, b *StoredToken) bool { return a.selector == b.selector })
	var next *TokenCursor
	if len(found) > p.Limit {
		found = found[:p.Limit]
		if p.Limit > 0 {
			last := found[p.Limit-1]
			next = &TokenCursor{last.Container, last.selector}
		}
	}
	return found, next, db.unsealAll(ctx, found)
}

// TokensByCreation returns one page of tokens, newest first, and how many there are in all.
func (db *DB) TokensByCreation(ctx context.Context, p TokenPage) ([]*StoredToken, int, error) {
	if len(p.Scopes) == 0 {
		return nil, 0, nil
	}
	c, err := db.conditions(ctx, p, p.Scopes...)
	if err != nil {
		return nil, 0, err
	}
	var total int
	err = db.reads.QueryRowContext(db.read(ctx), `SELECT COUNT(*) FROM tokens t WHERE `+c.text(), c.args...).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	list, err := db.scanTokens(ctx, p.TenantID, c, ` ORDER BY t.selector DESC LIMIT `+strconv.Itoa(p.Limit)+` OFFSET `+strconv.Itoa(p.Offset))
	if err != nil {
		return nil, 0, err
	}
	return list, total, db.unsealAll(ctx, list)
}

func (db *DB) unsealAll(ctx context.Context, list []*StoredToken) error {
	for _, t := range list {
		if err := db.unseal(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) scanTokens(ctx context.Context, tenantID string, c *conditions, tail string) ([]*StoredToken, error) {
	rows, err := db.pool.QueryContext(db.read(ctx), `SELECT `+tokenColumns+` FROM tokens t WHERE `+c.text()+tail, c.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*StoredToken
	for rows.Next() {
		t, err := scanToken(rows, tenantID)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// conditions are joined by AND; ? stands for the next argument.
type conditions struct {
	clauses []string
	args    []any
}

func (c *conditions) add(clause string, args ...any) {
	c.clauses = append(c.clauses, clause)
	c.args = append(c.args, args...)
}

// text returns the conditions with $1, $2 in place of the marks. No clause holds a mark within a literal.
func (c *conditions) text() string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(strings.Join(c.clauses, ` AND `), "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// conditions are what a token must meet to be on the page by any of the scopes.
func (db *DB) conditions(ctx context.Context, p TokenPage, scopes ...hallpass.Scope) (*conditions, error) {
	c := &conditions{}
	c.add(`t.tenant_id = ?`, p.TenantID)
	c.add(`(t.expires_at IS NULL OR t.expires_at > ?)`, micros(p.Now))
	q := p.Query
	if len(q.IDs) > 0 {
		c.add(`t.id IN (?`+strings.Repeat(`, ?`, len(q.IDs)-1)+`)`, anys(q.IDs)...)
	}
	if q.Type != "" {
		c.add(`t.type = ?`, string(q.Type))
	}
	if q.Fingerprint != "" {
		c.add(`t.fingerprint = ?`, q.Fingerprint)
	}
	if q.Container != "" {
		c.within(q.Container)
	}
	key, err := db.TenantKey(ctx, p.TenantID)
	if err != nil {
		return nil, err
	}
	const hasTerm = `t.selector IN (SELECT x.selector FROM token_terms x WHERE x.term = ?)`
	for name, value := range q.Metadata {
		term := key.MetadataTerm(p.TenantID, name, value)
		c.add(hasTerm, term[:])
	}
	if q.Data != nil {
		term := key.SearchTerm(p.TenantID, *q.Data)
		c.add(hasTerm, term[:])
	}
	c.anyOf(scopes)
	return c, nil
}

func anys[T any](values []T) []any {
	list := make([]any, 0, len(values))
	for _, v := range values {
		list = append(list, v)
	}
	return list
}

// within asks for containers that begin with prefix: a range, so that an index serves it.
func (c *conditions) within(prefix string) {
	c.add(`t.container >= ?`, []byte(prefix))
	if end := successor(prefix); end != nil {
		c.add(`t.container < ?`, end)
	}
}

// successor is the least text that is greater than all that begin with prefix, nil where there is none.
func successor(prefix string) []byte {
	for end := []byte(prefix); len(end) > 0; end = end[:len(end)-1] {
		if last := len(end) - 1; end[last] < 0xff {
			end[last]++
			return end
		}
	}
	return nil
}

// anyOf asks for tokens in any of the scopes.
func (c *conditions) anyOf(scopes []hallpass.Scope) {
	all := &conditions{}
	for _, s := range scopes {
		one := &conditions{}
		for _, condition := range s {
			one.meets(condition)
		}
		if len(one.clauses) == 0 { // all tokens
			return
		}
		all.add(`(`+strings.Join(one.clauses, ` AND `)+`)`, one.args...)
	}
	c.add(`(`+strings.Join(all.clauses, ` OR `)+`)`, all.args...)
}

func (c *conditions) meets(condition hallpass.Condition) {
	starts := condition.Operator == hallpass.OperatorStartsWith
	switch {
	case condition.Attribute == hallpass.AttributeContainer && starts:
		c.within(condition.Value)
	case condition.Attribute == hallpass.AttributeContainer:
		c.add(`t.container = ?`, []byte(condition.Value))
	case starts:
		c.add(`substr(t.id, 1, ?) = ?`, len([]rune(condition.Value)), condition.Value)
	default:
		c.add(`t.id = ?`, condition.Value)
	}
}
