package expression

import (
	"io"
	"unicode"

	"hallpass"
)

// aliasFilters make a random value that looks like the one given, for token ids. null stays null. A value in which they
// would have nothing to randomize is refused rather than repeated: an id is not secret.
//
// Source: docs/expressions/filters, docs/expressions/aliasing.
var aliasFilters = map[string]filter{
	"alias_card":            {0, aliasCard},
	"alias_preserve_format": {0, aliasPreserveFormat},
	"alias_preserve_length": {0, aliasPreserveLength},
}

const (
	digits       = "0123456789"
	letters      = "abcdefghijklmnopqrstuvwxyz"
	alphanumeric = letters + digits
)

// aliasCard replaces the digits of a card number by random ones, keeping dashes, spaces and what is to be revealed.
func aliasCard(c *call) (any, error) {
	showBIN := c.argBool(0, "reveal_bin")
	showLast := c.argBool(1, "reveal_last4")
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	var at []int // where the digits are
	for i, r := range runes {
		switch {
		case r >= '0' && r <= '9':
			at = append(at, i)
		case r != ' ' && r != '-':
			return nil, c.refuseInput("its input is not a card number")
		}
	}
	first, last := 0, 0
	if showBIN {
		first = binLength(len(at))
	}
	if showLast {
		last = 4
	}
	if first+last >= len(at) {
		return nil, c.refuseInput("its input is too short")
	}
	return c.randomize(runes, at[first:len(at)-last], func(rune) string { return digits })
}

func aliasPreserveFormat(c *call) (any, error) {
	return c.alias(func(r rune) string {
		switch {
		case unicode.IsLetter(r):
			return letters
		case unicode.IsDigit(r):
			return digits
		}
		return ""
	})
}

func aliasPreserveLength(c *call) (any, error) {
	return c.alias(func(rune) string { return alphanumeric })
}

// alias randomizes every character that is not revealed, each by one of the alphabet that goes with it, if any.
func (c *call) alias(alphabet func(rune) string) (any, error) {
	first := c.argLength(0, "reveal_first_length", 0)
	last := c.argLength(1, "reveal_last_length", 0)
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	var at []int
	for i := first; i < len(runes)-last; i++ {
		if alphabet(runes[i]) != "" {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil, c.refuseInput("its input leaves nothing to randomize")
	}
	return c.randomize(runes, at, alphabet)
}

// randomize draws the characters at the given places anew, each with equal chance.
func (c *call) randomize(runes []rune, at []int, alphabet func(rune) string) (any, error) {
	c.grow(2 * len(at))
	if c.err != nil {
		return nil, c.err
	}
	c.engine.chance.Lock()
	defer c.engine.chance.Unlock()
	buffer := make([]byte, len(at))
	for len(at) > 0 {
		drawn := buffer[:len(at)]
		if _, err := io.ReadFull(c.engine.random, drawn); err != nil {
			return nil, &hallpass.Error{Kind: hallpass.KindInternal, Cause: err}
		}
		again := at[:0]
		for i, place := range at {
			set := alphabet(runes[place])
			n := len(set)
			if int(drawn[i]) >= 256-256%n { // would favour the first characters of the set
				again = append(again, place)
				continue
			}
			runes[place] = rune(set[int(drawn[i])%n])
		}
		at = again
	}
	return string(runes), nil
}
