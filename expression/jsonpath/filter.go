package jsonpath

import (
	"encoding/json"
	"unicode/utf8"
)

// logical is the part of a filter that is true or false of a node.
type logical interface {
	holds(w *walk, node any) (bool, error)
}

// operand is the part of a filter that has a value, or none (RFC 9535 calls that Nothing).
type operand interface {
	value(w *walk, node any) (value any, ok bool, err error)
}

type (
	either  []logical
	both    []logical
	not     struct{ inner logical }
	exists  struct{ query *query }
	compare struct {
		operator    string
		left, right operand
	}
	matches struct {
		text    operand
		pattern pattern
	}
)

func (e either) holds(w *walk, node any) (bool, error) {
	for _, part := range e {
		if ok, err := part.holds(w, node); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (b both) holds(w *walk, node any) (bool, error) {
	for _, part := range b {
		if ok, err := part.holds(w, node); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (n not) holds(w *walk, node any) (bool, error) {
	ok, err := n.inner.holds(w, node)
	return !ok, err
}

func (e exists) holds(w *walk, node any) (bool, error) {
	nodes, err := e.query.nodes(w, node)
	return len(nodes) > 0, err
}

func (m matches) holds(w *walk, node any) (bool, error) {
	value, _, err := m.text.value(w, node)
	text, ok := value.(string)
	if err != nil || !ok {
		return false, err
	}
	if err := w.spend(m.pattern.cost(len(text))); err != nil {
		return false, err
	}
	return m.pattern.regexp.MatchString(text), nil
}

func (c compare) holds(w *walk, node any) (bool, error) {
	left, leftOK, err := c.left.value(w, node)
	if err != nil {
		return false, err
	}
	right, rightOK, err := c.right.value(w, node)
	if err != nil {
		return false, err
	}
	same := leftOK == rightOK
	if leftOK && rightOK {
		if same, err = equal(w, left, right); err != nil {
			return false, err
		}
	}
	switch c.operator {
	case "==":
		return same, nil
	case "!=":
		return !same, nil
	case "<":
		return less(left, right), nil
	case "<=":
		return less(left, right) || same, nil
	case ">":
		return less(right, left), nil
	default: // >=
		return less(right, left) || same, nil
	}
}

type (
	literal  struct{ of any }
	singular struct{ query *query }
	lengthOf struct{ of operand }
	countOf  struct{ query *query }
	valueOf  struct{ query *query }
)

func (l literal) value(*walk, any) (any, bool, error) { return l.of, true, nil }

func (s singular) value(w *walk, node any) (any, bool, error) {
	nodes, err := s.query.nodes(w, node)
	if err != nil || len(nodes) == 0 {
		return nil, false, err
	}
	return nodes[0], true, nil
}

func (l lengthOf) value(w *walk, node any) (any, bool, error) {
	of, _, err := l.of.value(w, node)
	switch of := of.(type) {
	case string:
		return float64(utf8.RuneCountInString(of)), true, err
	case []any:
		return float64(len(of)), true, err
	case map[string]any:
		return float64(len(of)), true, err
	}
	return nil, false, err
}

func (c countOf) value(w *walk, node any) (any, bool, error) {
	nodes, err := c.query.nodes(w, node)
	return float64(len(nodes)), true, err
}

func (v valueOf) value(w *walk, node any) (any, bool, error) {
	nodes, err := v.query.nodes(w, node)
	if err != nil || len(nodes) != 1 {
		return nil, false, err
	}
	return nodes[0], true, nil
}

func less(a, b any) bool {
	if a, ok := a.(string); ok {
		b, ok := b.(string)
		return ok && a < b
	}
	x, ok := number(a)
	y, also := number(b)
	return ok && also && x < y
}

func equal(w *walk, a, b any) (bool, error) {
	if err := w.spend(1); err != nil {
		return false, err
	}
	switch a := a.(type) {
	case nil, bool, string:
		switch b.(type) {
		case nil, bool, string:
			return a == b, nil
		}
		return false, nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for i := range a {
			if same, err := equal(w, a[i], b[i]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false, nil
		}
		for key, member := range a {
			other, ok := b[key]
			if !ok {
				return false, nil
			}
			if same, err := equal(w, member, other); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	x, ok := number(a)
	y, also := number(b)
	return ok && also && x == y, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
