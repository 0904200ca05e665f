package expression

import (
	"errors"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"

	"hallpass"
)

// program is a parsed expression with the names of the filters it uses.
type program struct {
	expression expressions.Expression
	filters    []string
}

// program parses an expression, or finds it parsed.
func (e *Engine) program(source string) (*program, error) {
	if p, ok := e.programs.Get(source); ok {
		return p, nil
	}
	text, filters, err := prepare(source)
	if err != nil {
		return nil, err
	}
	for _, name := range filters {
		if _, ok := filterNamed(name); !ok {
			return nil, unknownFilter(name)
		}
	}
	p := &program{filters: filters}
	err = guard(func() (err error) {
		p.expression, err = expressions.Parse(text)
		return err
	})
	if err != nil {
		return nil, refuse(unreadable)
	}
	if len(source) <= cacheable {
		e.programs.Add(source, p)
	}
	return p, nil
}

// evaluate computes one expression over bound variables.
func (r *run) evaluate(source string, bound map[string]any) (any, error) {
	p, err := r.engine.program(source)
	if err != nil {
		return nil, err
	}
	// The library keeps filters by name in a configuration. One made here, of the few filters that this expression
	// uses, is what ties them to this run and its budget.
	config := expressions.NewConfig()
	for _, name := range p.filters {
		config.AddFilter(name, r.filter(name))
	}
	var result any
	err = guard(func() (err error) {
		result, err = p.expression.Evaluate(expressions.NewContext(bound, config))
		return err
	})
	if err == nil {
		result, err = plain(result)
	}
	if err != nil {
		return nil, classify(err)
	}
	if bytes, ok := result.([]byte); ok { // an hmac that nothing encoded
		return textOf(bytes)
	}
	return result, nil
}

// filter returns the function that the library calls for one filter: any value in, any arguments.
func (r *run) filter(name string) any {
	f, _ := filterNamed(name)
	return func(in any, args ...any) (values.Value, error) {
		result, err := r.apply(name, f, in, args)
		return value{result}, err
	}
}

// guard is the border with the library, which panics on some inputs: literals too long for a number, for one. It is the
// only place that recovers.
func guard(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse(unreadable)
		}
	}()
	return do()
}

// classify turns whatever came out of the library into an error of ours. The library's own messages quote values, so
// nothing of them is kept.
func classify(err error) error {
	var wrapped expressions.FilterError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var known *hallpass.Error
	if errors.As(err, &known) {
		return known
	}
	return refuse(unreadable)
}
