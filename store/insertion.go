package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// insertion adds rows to a table. A row that the table has already is not added.
type insertion struct {
	columns int
	one     string    // adds one row
	several [3]string // add 8, 4 and 2 rows
}

// newInsertion returns an insertion of whole rows. Its statements of several rows are for SQLite, and for transactions that
// fail with them: OR FAIL saves SQLite a copy of each page, from which it would undo the statement alone, and parameters
// without names save it to look for the name of each among all others.
func newInsertion(table string, columns ...string) *insertion {
	into := ` INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES `
	const orNot = ` ON CONFLICT DO NOTHING`
	marks := make([]string, len(columns))
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	insertion := &insertion{columns: len(columns), one: `INSERT` + into + `(` + strings.Join(marks, ", ") + `)` + orNot}
	row := `(?` + strings.Repeat(", ?", len(columns)-1) + `)`
	for i := range insertion.several {
		insertion.several[i] = `INSERT OR FAIL` + into + row + strings.Repeat(", "+row, rowsOf(i)-1) + orNot
	}
	return insertion
}

// rowsOf is how many rows the i-th statement of several adds.
func rowsOf(i int) int { return 8 >> i }

// add adds one row and reports whether it was not there. In a group the row is held back, and reported as added: no write
// of the group may read it.
func (i *insertion) add(ctx context.Context, q querier, values ...any) (bool, error) {
	if g, ok := q.(*gathering); ok {
		g.hold(i, values)
		return true, nil
	}
	n, err := affected(q.ExecContext(ctx, i.one, values...))
	return n == 1, err
}

// gathering is what the writes of a group run on together. It holds back the rows that they add: one statement of many rows
// takes little more than half the time of as many statements.
type gathering struct {
	querier
	held [4]heldRows
}

type heldRows struct {
	*insertion
	values []any // row by row
}

// newGathering returns a gathering that adds rows in this order, for a term refers to its token.
func newGathering(q querier) *gathering {
	return &gathering{q, [...]heldRows{{insertion: sessionRows}, {insertion: tokenRows}, {insertion: termRows}, {insertion: logRows}}}
}

func (g *gathering) hold(i *insertion, values []any) {
	for n := range g.held {
		if h := &g.held[n]; h.insertion == i {
			h.values = append(h.values, values...)
		}
	}
}

// atOnce returns what q runs on, so that what is added to it is seen by the next statement.
func atOnce(q querier) querier {
	if g, ok := q.(*gathering); ok {
		return g.querier
	}
	return q
}

var errRowTaken = errors.New("one of the rows is there already")

// release adds the rows. It returns errRowTaken where one of them is there already.
func (g *gathering) release(ctx context.Context) error {
	for _, h := range g.held {
		for i, statement := range h.several {
			for rows := rowsOf(i); len(h.values) >= rows*h.columns; h.values = h.values[rows*h.columns:] {
				if err := g.insert(ctx, statement, int64(rows), h.values[:rows*h.columns]); err != nil {
					return err
				}
			}
		}
		if len(h.values) > 0 {
			if err := g.insert(ctx, h.one, 1, h.values); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *gathering) insert(ctx context.Context, statement string, rows int64, values []any) error {
	n, err := affected(g.ExecContext(ctx, statement, values...))
	if err == nil && n < rows {
		return errRowTaken
	}
	return err
}

// forget drops what is held, and keeps the room that it took.
func (g *gathering) forget() {
	for n := range g.held {
		h := &g.held[n]
		clear(h.values)
		h.values = h.values[:0]
	}
}
