package expression

import "hallpass"

// The problems that no single filter has.
const (
	unreadable  = "it cannot be read"
	tooLarge    = "its result is too large"
	tooMuchWork = "it takes too much work"
	tooMany     = "there are too many expressions"
	tooDeep     = "it is nested too deeply"
	outOfRange  = "a number is out of range"
	noOperators = "operators are not part of the language"
	noRanges    = "ranges are not part of the language"
)

// refuse returns the invalid error for one problem. What goes into it is our words and names of filters, never a value.
func refuse(problem string) *hallpass.Error {
	return hallpass.Refuse(hallpass.KindInvalid, "The expression is invalid: "+problem)
}

func unknownFilter(name string) *hallpass.Error {
	if name == "" || len(name) > 40 {
		return refuse(unreadable)
	}
	return refuse("there is no filter " + name)
}

// inputError marks a refusal that is about the value a filter was given rather than about its arguments.
type inputError struct{ error }
