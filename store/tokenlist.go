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
	every, err := db.conditions(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if p.After != nil {
		every.add(`(t.container < ? OR (t.container = ? AND t.selector < ?))`, []byte(p.After.Container), []byte(p.After.Container), int64(p.After.Selector))
	}
	var found []*StoredToken
	for _, scope := range p.Scopes {
		c := every.clone()
		c.allOf(scope)
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
	c, err := db.conditions(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	c.anyOf(p.Scopes)
	var total int
	from, args := c.from()
	err = db.reads.QueryRowContext(db.read(ctx), `SELECT COUNT(*)`+from, args...).Scan(&total)
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
	from, args := c.from()
	rows, err := db.pool.QueryContext(db.read(ctx), `SELECT `+tokenColumns+from+tail, args...)
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
	tenantID string
	ids      *hallpass.TokenIDs
	found    string // a query that finds the selectors of all that can meet them; empty for the tenant's tokens
	foundBy  []any
	clauses  []string
	args     []any
}

// clone returns conditions that can be added to apart.
func (c *conditions) clone() *conditions {
	other := *c
	other.clauses, other.args = slices.Clone(c.clauses), slices.Clone(c.args)
	return &other
}

func (c *conditions) add(clause string, args ...any) {
	c.clauses = append(c.clauses, clause)
	c.args = append(c.args, args...)
}

// among asks for tokens whose selectors a query finds. The first such query is read first, and then each token that it has
// found: SQLite, which joins in the order of CROSS JOIN, would otherwise walk all of the tenant's tokens by container.
func (c *conditions) among(query string, args ...any) {
	if c.found == "" {
		c.found, c.foundBy = query, args
		return
	}
	c.add(`t.selector IN (`+query+`)`, args...)
}

// from returns where the tokens come from that meet the conditions.
func (c *conditions) from() (text string, args []any) {
	where := ` WHERE ` + strings.Join(c.clauses, ` AND `)
	if c.found == "" {
		text = ` FROM tokens t` + where
	} else {
		text = ` FROM (` + c.found + `) f CROSS JOIN tokens t` + where + ` AND t.selector = f.selector`
	}
	return numbered(text), slices.Concat(c.foundBy, c.args)
}

// numbered returns a statement with $1, $2 in place of the marks. It holds no mark within a literal.
func numbered(statement string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(statement, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// conditions are what a token must meet to be on the page, whatever the scopes.
func (db *DB) conditions(ctx context.Context, p TokenPage) (*conditions, error) {
	keys, err := db.tenantKeysOf(ctx, p.TenantID)
	if err != nil {
		return nil, err
	}
	key, c := &keys.digest, &conditions{tenantID: p.TenantID, ids: keys.ids}
	c.add(`t.tenant_id = ?`, p.TenantID)
	c.add(`(t.expires_at IS NULL OR t.expires_at > ?)`, micros(p.Now))
	q := p.Query
	if len(q.IDs) > 0 {
		c.oneOf(q.IDs)
	}
	if q.Type != "" {
		c.add(`t.type = ?`, string(q.Type))
	}
	if q.Fingerprint != "" {
		if err := db.narrow(ctx, c, `tokens x WHERE x.tenant_id = ? AND x.fingerprint = ?`, p.TenantID, q.Fingerprint); err != nil {
			return nil, err
		}
	}
	if q.Container != "" {
		c.within(q.Container)
	}
	var terms []hallpass.SearchTerm
	for name, value := range q.Metadata {
		terms = append(terms, key.MetadataTerm(p.TenantID, name, value))
	}
	if q.Data != nil {
		terms = append(terms, key.SearchTerm(p.TenantID, *q.Data))
	}
	for _, term := range terms {
		if err := db.narrow(ctx, c, `token_terms x WHERE x.term = ?`, term[:]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// many is how many tokens must be found for it to be better to walk all in order and ask of each whether it is one of them:
// a page of a hundred then passes as many in a tenant of some hundred thousand.
const many = 5_000

// narrow asks for tokens whose selector is that of a row x.
func (db *DB) narrow(ctx context.Context, c *conditions, from string, args ...any) error {
	query := `SELECT x.selector FROM ` + from
	count := numbered(`SELECT COUNT(*) FROM (` + query + ` LIMIT ` + strconv.Itoa(db.many) + `) f`)
	var n int
	if err := db.reads.QueryRowContext(db.read(ctx), count, args...).Scan(&n); err != nil {
		return err
	}
	if n < db.many {
		c.among(query, args...)
	} else {
		c.add(`EXISTS (SELECT 1 FROM `+from+` AND x.selector = t.selector)`, args...)
	}
	return nil
}

// oneOf asks for tokens that have one of the ids.
func (c *conditions) oneOf(ids []string) {
	args := []any{c.tenantID}
	var selectors []any
	for _, id := range ids {
		args = append(args, id)
		if selector, made := c.ids.Selector(id); made {
			selectors = append(selectors, int64(selector))
		}
	}
	in := func(n int) string { return ` IN (NULL` + strings.Repeat(`, ?`, n) + `)` } // IN () is not of PostgreSQL
	c.among(`SELECT n.selector FROM tokens n WHERE n.tenant_id = ? AND n.named AND n.id`+in(len(args)-1)+
		` UNION ALL SELECT m.selector FROM tokens m WHERE NOT m.named AND m.selector`+in(len(selectors)), append(args, selectors...)...)
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
	if len(scopes) == 1 {
		c.allOf(scopes[0])
		return
	}
	var clauses []string
	var args []any
	for _, s := range scopes {
		if len(s) == 0 { // all tokens
			return
		}
		one := &conditions{tenantID: c.tenantID, ids: c.ids}
		one.allOf(s)
		if one.found != "" {
			one.add(`t.selector IN (`+one.found+`)`, one.foundBy...)
		}
		clauses = append(clauses, `(`+strings.Join(one.clauses, ` AND `)+`)`)
		args = append(args, one.args...)
	}
	c.add(`(`+strings.Join(clauses, ` OR `)+`)`, args...)
}

func (c *conditions) allOf(s hallpass.Scope) {
	for _, condition := range s {
		c.meets(condition)
	}
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
		c.oneOf([]string{condition.Value})
	}
}
