package expression

import (
	"math"
	"strings"

	"github.com/osteele/liquid/expressions"
)

// program is a parsed expression: a value, and the filters that it runs through.
type program struct {
	operand operand
	steps   []step
}

// operand is a value as the library reads it, or a program in parentheses.
type operand struct {
	value expressions.Expression
	inner *program
}

// step is one filter and its arguments.
type step struct {
	name string
	filter
	args []operand
}

// program parses an expression, or finds it parsed.
func (e *Engine) program(source string) (*program, error) {
	if p, ok := e.programs.Get(source); ok {
		return p, nil
	}
	if err := legible(source); err != nil {
		return nil, err
	}
	p, err := parseProgram(source)
	if err != nil {
		return nil, err
	}
	if len(source) <= cacheable {
		e.programs.Add(source, p)
	}
	return p, nil
}

// parseProgram reads a value and its filters. A first filter that follows a comma where a bar should be is forgiven
// ({{ data.number, reveal_last: 4 }}): masks like that are in use.
func parseProgram(source string) (*program, error) {
	pieces := divide(source, "|,", 2)
	p := &program{}
	if len(pieces) == 2 {
		for _, text := range divide(pieces[1], "|", math.MaxInt) {
			s, err := parseStep(text)
			if err != nil {
				return nil, err
			}
			p.steps = append(p.steps, s)
		}
	}
	var err error
	p.operand, err = parseOperand(pieces[0])
	return p, err
}

func parseStep(text string) (s step, err error) {
	pieces := divide(text, ":", 2)
	s.name = identifier(pieces[0])
	var known bool
	if s.filter, known = filterNamed(s.name); !known {
		return s, unknownFilter(s.name)
	}
	if strings.Trim(pieces[0], whitespace) != s.name {
		return s, refuse(unreadable)
	}
	if len(pieces) == 1 {
		return s, nil
	}
	for _, arg := range divide(pieces[1], ",", math.MaxInt) {
		parsed, err := parseOperand(arg)
		if err != nil {
			return s, err
		}
		s.args = append(s.args, parsed)
	}
	return s, nil
}

func parseOperand(text string) (o operand, err error) {
	text = strings.Trim(text, whitespace)
	if inner, ok := strings.CutPrefix(text, "("); ok && strings.HasSuffix(inner, ")") {
		o.inner, err = parseProgram(strings.TrimSuffix(inner, ")"))
		return o, err
	}
	err = guard(func() (err error) {
		o.value, err = expressions.Parse(text)
		return err
	})
	return o, err
}

// evaluate computes one expression over bound variables.
func (r *run) evaluate(source string, bound expressions.Context) (any, error) {
	p, err := r.engine.program(source)
	if err != nil {
		return nil, err
	}
	result, err := r.pipe(p, bound)
	if err != nil {
		return nil, err
	}
	if bytes, ok := result.([]byte); ok { // an hmac that nothing encoded
		return textOf(bytes)
	}
	return result, nil
}

// pipe has the program's value run through its filters.
func (r *run) pipe(p *program, bound expressions.Context) (any, error) {
	result, err := r.value(p.operand, bound)
	for i := 0; i < len(p.steps) && err == nil; i++ {
		s := &p.steps[i]
		args := make([]any, len(s.args))
		for j := 0; j < len(args) && err == nil; j++ {
			args[j], err = r.value(s.args[j], bound)
		}
		if err == nil {
			result, err = r.apply(s.name, s.filter, result, args)
		}
	}
	return result, err
}

func (r *run) value(o operand, bound expressions.Context) (result any, err error) {
	if o.inner != nil {
		return r.pipe(o.inner, bound)
	}
	err = guard(func() (err error) {
		result, err = o.value.Evaluate(bound)
		return err
	})
	if err != nil {
		return nil, err
	}
	return plain(result)
}

// guard is the border with the library, which panics on some inputs: literals too long for a number, for one. It is the
// only place that recovers. The library's own messages quote values, so nothing of them is kept.
func guard(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse(unreadable)
		}
	}()
	if do() != nil {
		return refuse(unreadable)
	}
	return nil
}
