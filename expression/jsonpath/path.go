package jsonpath

// Path is a parsed query. It is immutable and may be used by many goroutines at once.
type Path struct{ query query }

// Spend is told the cost of each piece of work before it is done (one per node touched, more for regular expressions
// and deep comparisons) and stops the selection by returning an error, which Select hands back as it is.
type Spend func(cost int) error

// Select returns the values the path selects in root, in no particular order, or an empty list when there are none.
// Its only errors are those of spend.
func (p *Path) Select(root any, spend Spend) ([]any, error) {
	return p.query.nodes(&walk{root: root, spend: spend}, root)
}

// walk is what one selection carries along.
type walk struct {
	root  any
	spend Spend
}

// query is $ or @ followed by segments.
type query struct {
	relative bool // starts at @, the node a filter looks at, rather than at the root
	segments []segment
}

// segment turns each node into the nodes its selectors pick, from the node alone or from all its descendants too.
type segment struct {
	descend   bool
	selectors []selector
}

// selector picks among the children of one node and appends what it picked to out.
type selector interface {
	pick(w *walk, node any, out []any) ([]any, error)
}

func (q *query) nodes(w *walk, current any) ([]any, error) {
	start := w.root
	if q.relative {
		start = current
	}
	nodes := []any{start}
	for i := range q.segments {
		var next []any
		var err error
		for _, node := range nodes {
			if next, err = q.segments[i].apply(w, node, next); err != nil {
				return nil, err
			}
		}
		nodes = next
	}
	return nodes, nil
}

// singular reports whether the query can select at most one node, which is what a comparison needs.
func (q *query) singular() bool {
	for _, s := range q.segments {
		if s.descend || len(s.selectors) != 1 {
			return false
		}
		switch s.selectors[0].(type) {
		case name, index:
		default:
			return false
		}
	}
	return true
}

func (s *segment) apply(w *walk, node any, out []any) ([]any, error) {
	var err error
	for _, sel := range s.selectors {
		if err = w.spend(1); err != nil {
			return nil, err
		}
		if out, err = sel.pick(w, node, out); err != nil {
			return nil, err
		}
	}
	if !s.descend {
		return out, nil
	}
	err = children(w, node, func(child any) error {
		out, err = s.apply(w, child, out)
		return err
	})
	return out, err
}

// children calls visit for every child of an array or object, paying for each.
func children(w *walk, node any, visit func(any) error) error {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if err := w.spend(1); err != nil {
				return err
			}
			if err := visit(child); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, child := range node {
			if err := w.spend(1); err != nil {
				return err
			}
			if err := visit(child); err != nil {
				return err
			}
		}
	}
	return nil
}
