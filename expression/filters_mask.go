package expression

import "strings"

// maskFilters hide a value or show the part of it that is no secret. null stays null.
//
// Source: docs/expressions/filters.
var maskFilters = map[string]filter{
	"reveal_last": {1, revealLast},
	"reveal":      {0, reveal},
	"card_mask":   {0, cardMask},
	"card_bin":    {0, cardBIN},
	"last4":       {0, last4},
}

// revealLast masks all but the last characters, except dashes. A value no longer than that is shown whole.
func revealLast(c *call) (any, error) {
	length := c.argLength(0, "length", 0)
	char := c.argRune(1, "mask_char", 'X')
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	return mask(runes, char, "-", func(i int) bool { return i >= len(runes)-length }), nil
}

// reveal masks what lies between the first and the last characters, except those to preserve. What would not hide
// anything is masked whole.
func reveal(c *call) (any, error) {
	first := c.argLength(0, "reveal_first", 0)
	last := c.argLength(1, "reveal_last", 0)
	char := c.argRune(2, "mask_char", 'X')
	preserve := c.argPreserve(3, "preserve_chars")
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	masked := mask(runes, char, preserve, func(i int) bool { return i < first || i >= len(runes)-last })
	if first+last >= len(runes) || masked == text {
		return strings.Repeat(string(char), len(runes)), nil
	}
	return masked, nil
}

// cardMask shows the BIN and the last four digits as told, counting without the characters to preserve. What would not
// hide anything is masked whole.
func cardMask(c *call) (any, error) {
	showBIN := c.argBool(0, "reveal_bin")
	showLast := c.argBool(1, "reveal_last4")
	char := c.argRune(2, "mask_char", 'X')
	preserve := c.argPreserve(3, "preserve_char")
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	total := 0
	for _, r := range runes {
		if !strings.ContainsRune(preserve, r) {
			total++
		}
	}
	digit := -1
	masked := mask(runes, char, preserve, func(int) bool {
		digit++
		return showBIN && digit < binLength(total) || showLast && digit >= total-4
	})
	if masked == text {
		return strings.Repeat(string(char), len(runes)), nil
	}
	return masked, nil
}

// mask replaces every character that is neither to be preserved nor shown. show is asked in order, and only about
// characters that are not preserved.
func mask(runes []rune, char rune, preserve string, show func(i int) bool) string {
	masked := make([]rune, len(runes))
	for i, r := range runes {
		if !strings.ContainsRune(preserve, r) && !show(i) {
			r = char
		}
		masked[i] = r
	}
	return string(masked)
}

// binLength is how many digits identify the issuer of a card.
func binLength(digits int) int {
	if digits < 16 {
		return 6
	}
	return 8
}

func cardBIN(c *call) (any, error) {
	separator := c.argText(0, "separator_char", "")
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	if separator != "" {
		text = strings.ReplaceAll(text, separator, "")
	}
	runes := []rune(text)
	return string(runes[:min(len(runes), binLength(len(runes)))]), nil
}

func last4(c *call) (any, error) {
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	runes := []rune(text)
	return string(runes[max(0, len(runes)-4):]), nil
}
