package expression

import (
	"maps"
	"slices"
)

// run is one call of the engine: what it may still spend.
type run struct {
	engine      *Engine
	work        int // MaxWork and down
	output      int // bytes the result may still grow by
	expressions int // evaluated so far
	checking    bool
}

func (e *Engine) run(output int) *run { return &run{engine: e, work: MaxWork, output: output} }

// spend pays for work before it is done.
func (r *run) spend(cost int) error {
	if cost > r.work {
		return refuse(tooMuchWork)
	}
	r.work -= cost
	return nil
}

// count notes that one more expression is about to be evaluated.
func (r *run) count() error {
	if r.expressions++; r.expressions > MaxExpressions {
		return refuse(tooMany)
	}
	return nil
}

// tree returns a copy of a JSON tree in which every string is replaced by what text makes of it, members in the order of
// their names.
func (r *run) tree(node any, depth int, text func(string) (any, error)) (any, error) {
	if depth > MaxDepth {
		return nil, refuse(tooDeep)
	}
	switch node := node.(type) {
	case string:
		result, err := text(node)
		if err != nil {
			return nil, err
		}
		return result, r.emit(result)
	case []any:
		copied := make([]any, len(node))
		for i, item := range node {
			var err error
			if copied[i], err = r.tree(item, depth+1, text); err != nil {
				return nil, err
			}
		}
		return copied, nil
	case map[string]any:
		copied := make(map[string]any, len(node))
		keys := slices.AppendSeq(make([]string, 0, len(node)), maps.Keys(node))
		slices.Sort(keys)
		for _, key := range keys {
			var err error
			if copied[key], err = r.tree(node[key], depth+1, text); err != nil {
				return nil, err
			}
		}
		return copied, nil
	default:
		return plain(node)
	}
}

// emit pays for a value that becomes part of the result.
func (r *run) emit(v any) error {
	left, err := measure(v, r.output, 0)
	r.output = left
	return err
}

// measure returns what is left of a number of bytes after v has been written as JSON, give or take quotes and escapes.
func measure(v any, left, depth int) (int, error) {
	if depth > maxDataDepth {
		return 0, refuse(tooDeep)
	}
	left -= weight(v)
	var err error
	switch v := v.(type) {
	case []any:
		for i := 0; i < len(v) && left >= 0 && err == nil; i++ {
			left, err = measure(v[i], left, depth+1)
		}
	case map[string]any:
		for key, member := range v {
			if left -= len(key) + 4; left < 0 || err != nil {
				break
			}
			left, err = measure(member, left, depth+1)
		}
	}
	if err == nil && left < 0 {
		err = refuse(tooLarge)
	}
	return left, err
}

// weight is the size of a value in bytes, not looking into objects and arrays.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	case []any:
		return 2 + len(v)
	default:
		return 2
	}
}
