package expression

import "errors"

// filter is one entry of the tables of filters.
type filter struct {
	least int // arguments that must be there; more than a filter knows are ignored, as Liquid does
	apply func(*call) (any, error)
}

// call is one application of a filter: its input, its arguments, and the run that pays.
//
// What reads or pays keeps the first refusal in err instead of returning it; from then on every text reads as empty and
// nothing is paid. So a filter reads its arguments, then its input, and pays; then it returns err if there is one, before
// it makes anything of what it read.
type call struct {
	*run
	name string
	in   any
	args []any
	err  error
}

// tables are the filters of the vendor, then those of Liquid.
var tables = []map[string]filter{
	maskFilters, aliasFilters, castFilters, codeFilters, textFilters, editFilters, numberFilters, listFilters,
}

// filterNamed finds a filter among the vendor's and the standard ones.
func filterNamed(name string) (filter, bool) {
	for _, table := range tables {
		if f, ok := table[name]; ok {
			return f, true
		}
	}
	return filter{}, false
}

// apply runs one filter and accounts for it.
func (r *run) apply(name string, f filter, in any, args []any) (any, error) {
	c := &call{run: r, name: name, in: in, args: args}
	cost := 64 + weight(in)
	for _, arg := range args {
		cost += weight(arg)
	}
	if err := r.spend(cost); err != nil {
		return nil, err
	}
	if len(args) < f.least {
		return nil, c.refuse("an argument is missing")
	}
	result, err := f.apply(c)
	if err != nil {
		return nil, c.forgive(err)
	}
	if text, ok := result.(string); ok && len(text) > MaxOutput {
		return nil, refuse(tooLarge)
	}
	return result, nil
}

// refuse says what is wrong with the arguments of a filter.
func (c *call) refuse(problem string) error { return refuse("filter " + c.name + ": " + problem) }

// refuseInput says what is wrong with the value a filter was given.
func (c *call) refuseInput(problem string) error { return inputError{c.refuse(problem)} }

// forgive drops a refusal that depends on values which are not there while an expression is merely checked.
func (c *call) forgive(err error) error {
	var input inputError
	unknown := errors.As(err, &input)
	if unknown {
		err = input.error
	}
	for _, arg := range c.args {
		unknown = unknown || arg == nil
	}
	if c.checking && unknown {
		return nil
	}
	return err
}

// keep notes a refusal, unless there is one.
func (c *call) keep(err error) {
	if c.err == nil {
		c.err = err
	}
}

// pay spends, unless there is a refusal.
func (c *call) pay(cost int) {
	if c.err == nil {
		c.err = c.spend(cost)
	}
}

// grow pays for a text of n bytes before it is made.
func (c *call) grow(n int) {
	if n > MaxOutput || n < 0 {
		c.keep(refuse(tooLarge))
	}
	c.pay(n)
}
