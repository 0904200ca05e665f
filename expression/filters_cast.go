package expression

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// castFilters turn a value into another type or length. null stays null.
//
// Source: docs/expressions/filters.
var castFilters = map[string]filter{
	"to_boolean": {0, toBoolean},
	"to_number":  {0, toNumber},
	"to_string":  {0, toString},
	"pad_left":   {2, pad(func(text, padding string) string { return padding + text })},
	"pad_right":  {2, pad(func(text, padding string) string { return text + padding })},
	"card_exp":   {1, cardExpiration},
}

func toBoolean(c *call) (any, error) {
	switch in := c.in.(type) {
	case nil, bool:
		return in, nil
	case string, json.Number:
		text, _ := textOf(in)
		switch strings.ToLower(strings.Trim(text, whitespace)) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	}
	return nil, c.refuseInput("its input is not a boolean")
}

// toNumber reads decimal text and keeps its digits; zeros that JSON does not allow in front go.
func toNumber(c *call) (any, error) {
	switch in := c.in.(type) {
	case nil, json.Number:
		return in, nil
	case string:
		text := strings.TrimPrefix(strings.Trim(in, whitespace), "+")
		text, negative := strings.CutPrefix(text, "-")
		for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
			text = text[1:]
		}
		var n json.Number
		if text == "" || text[0] < '0' || text[0] > '9' || json.Unmarshal([]byte(text), &n) != nil {
			break
		}
		if negative {
			n = "-" + n
		}
		return n, nil
	}
	return nil, c.refuseInput("its input is not a number")
}

func toString(c *call) (any, error) {
	text := c.text()
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	return text, nil
}

// pad makes a filter that adds padding up to a length in characters.
func pad(add func(text, padding string) string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		length := c.argLength(0, "length", 0)
		char := c.argRune(1, "pad_char", ' ')
		c.grow(length)
		text := c.text()
		if c.err != nil || c.in == nil {
			return nil, c.err
		}
		missing := max(0, length-utf8.RuneCountInString(text))
		return add(text, strings.Repeat(string(char), missing)), nil
	}
}

// expirationFormats are the formats of card_exp, M for the month and Y for the year.
var expirationFormats = []string{"MM", "YYYY", "MMYY", "MM/YY", "MM/YYYY", "YYYY-MM", "YYYY/MM", "MM-YYYY", "MM_YYYY"}

// cardExpiration formats the members expiration_month and expiration_year of a card; null when one of them is missing.
func cardExpiration(c *call) (any, error) {
	format := c.argText(0, "date_expression", "")
	if !slices.Contains(expirationFormats, format) {
		c.keep(c.refuse("date_expression must be one of " + strings.Join(expirationFormats, ", ")))
	}
	if c.err != nil || c.in == nil {
		return nil, c.err
	}
	card, ok := c.in.(map[string]any)
	if !ok {
		return nil, c.refuseInput("its input is not a card")
	}
	if card["expiration_month"] == nil || card["expiration_year"] == nil {
		return nil, nil
	}
	month, ok := wholeNumber(card["expiration_month"])
	year, also := wholeNumber(card["expiration_year"])
	if !ok || !also || month < 1 || month > 12 || year < 0 || year > 9999 {
		return nil, c.refuseInput("its input has no valid expiration")
	}
	if year < 100 {
		year += 2000
	}
	long := strconv.Itoa(10000 + year)[1:]
	short := strconv.Itoa(100 + month)[1:]
	return strings.NewReplacer("MM", short, "YYYY", long, "YY", long[2:]).Replace(format), nil
}
