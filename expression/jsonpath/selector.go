package jsonpath

type (
	name     string
	index    int
	wildcard struct{}
	// slice is [start:end:step]; nil bounds take the default that the sign of step implies.
	slice struct {
		start, end *int
		step       int
	}
	filter struct{ test logical }
)

func (n name) pick(_ *walk, node any, out []any) ([]any, error) {
	if object, ok := node.(map[string]any); ok {
		if child, ok := object[string(n)]; ok {
			return append(out, child), nil
		}
	}
	return out, nil
}

func (i index) pick(_ *walk, node any, out []any) ([]any, error) {
	array, ok := node.([]any)
	if !ok {
		return out, nil
	}
	at := int(i)
	if at < 0 {
		at += len(array)
	}
	if at < 0 || at >= len(array) {
		return out, nil
	}
	return append(out, array[at]), nil
}

func (wildcard) pick(w *walk, node any, out []any) ([]any, error) {
	err := children(w, node, func(child any) error {
		out = append(out, child)
		return nil
	})
	return out, err
}

func (s slice) pick(w *walk, node any, out []any) ([]any, error) {
	array, ok := node.([]any)
	if !ok || s.step == 0 {
		return out, nil
	}
	lower, upper := s.bounds(len(array))
	for i := lower; s.step > 0 && i < upper; i += s.step {
		if err := w.spend(1); err != nil {
			return nil, err
		}
		out = append(out, array[i])
	}
	for i := upper; s.step < 0 && i > lower; i += s.step {
		if err := w.spend(1); err != nil {
			return nil, err
		}
		out = append(out, array[i])
	}
	return out, nil
}

// bounds is the normalisation of RFC 9535, section 2.3.4.2.2.
func (s slice) bounds(length int) (lower, upper int) {
	normal := func(i *int, otherwise int) int {
		switch {
		case i == nil:
			return otherwise
		case *i < 0:
			return *i + length
		default:
			return *i
		}
	}
	if s.step > 0 {
		return clamp(normal(s.start, 0), 0, length), clamp(normal(s.end, length), 0, length)
	}
	return clamp(normal(s.end, -1), -1, length-1), clamp(normal(s.start, length-1), -1, length-1)
}

func clamp(i, low, high int) int { return max(low, min(i, high)) }

func (f filter) pick(w *walk, node any, out []any) ([]any, error) {
	err := children(w, node, func(child any) error {
		ok, err := f.test.holds(w, child)
		if ok {
			out = append(out, child)
		}
		return err
	})
	return out, err
}
