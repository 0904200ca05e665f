package expression

import (
	"errors"

	"hallpass"
)

// kind names the kind of an error for comparison.
func kind(err error) string {
	var known *hallpass.Error
	switch {
	case !errors.As(err, &known):
		return "foreign"
	case known.Kind == hallpass.KindInvalid:
		return "invalid"
	case known.Kind == hallpass.KindInternal:
		return "internal"
	}
	return "other"
}
