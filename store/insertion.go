package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// insertion adds rows to a table that no write reads. A row that the table has already is not added.
type insertion struct {
	columns    int
	statements [4]string // of 1, 2, 4 and 8 rows
}

func newInsertion(table string, columns ...string) *insertion {
	i := &insertion{columns: len(columns)}
	var rows []string
	for size := range i.statements {
		for row := len(rows); row < 1<<size; row++ {
			marks := make([]string, len(columns))
			for column := range columns {
				marks[column] = "$" + strconv.Itoa(row*len(columns)+column+1)
			}
			rows = append(rows, "("+strings.Join(marks, ", ")+")")
		}
		i.statements[size] = `INSERT INTO ` + table + ` (` + strings.Join(columns, ", ") + `) VALUES ` + strings.Join(rows, ", ") + ` ON CONFLICT DO NOTHING`
	}
	return i
}

// add adds one row and reports whether it was not there.
func (i *insertion) add(ctx context.Context, q querier, values ...any) (bool, error) {
	if g, ok := q.(*gathering); ok {
		g.hold(i, values)
		return true, nil
	}
	n, err := affected(q.ExecContext(ctx, i.statements[0], values...))
	return n == 1, err
}

// gathering is what the writes of a group run on together. It holds back the rows that they add: one statement of many rows
// takes little more than half the time of as many statements.
type gathering struct {
	querier
	held []heldRows
}

type heldRows struct {
	*insertion
	values []any // row by row
}

func (g *gathering) hold(i *insertion, values []any) {
	for n := range g.held {
		if h := &g.held[n]; h.insertion == i {
			h.values = append(h.values, values...)
			return
		}
	}
	g.held = append(g.held, heldRows{i, values})
}

var errRowTaken = errors.New("one of the rows is there already")

// release adds the rows. It returns errRowTaken where one of them is there already.
func (g *gathering) release(ctx context.Context) error {
	for _, h := range g.held {
		for size := len(h.statements) - 1; size >= 0; size-- {
			for rows := 1 << size; len(h.values) >= rows*h.columns; h.values = h.values[rows*h.columns:] {
				n, err := affected(g.ExecContext(ctx, h.statements[size], h.values[:rows*h.columns]...))
				if err != nil {
					return err
				}
				if n < int64(rows) {
					return errRowTaken
				}
			}
		}
	}
	return nil
}

// forget drops what is held, and keeps the room that it took.
func (g *gathering) forget() {
	for n := range g.held {
		h := &g.held[n]
		clear(h.values)
		h.values = h.values[:0]
	}
}
