package hallpass

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// What the data of a type must look like. None of the sentences holds a value.
const (
	problemRequired = "is required"
	problemText     = "must be a string"
	problemObject   = "must be an object"
	problemLuhn     = "is not a valid card number"
	problemABA      = "is not a valid routing number"
)

func checkAnything(*Fields, string, any) {}

// checkText returns the check of a type whose data is a text of which problem says what is wrong, or nothing.
func checkText(problem func(text string) string) func(f *Fields, path string, data any) {
	return func(f *Fields, path string, data any) {
		text, ok := data.(string)
		if !ok {
			f.Add(path, problemText)
		} else if wrong := problem(text); wrong != "" {
			f.Add(path, wrong)
		}
	}
}

// checkCard checks a card object: its number is any that is Luhn-valid, on test tenants too; month and year may be
// numbers or strings of digits and the cvc a number, because clients are known to send them so. Members that the
// documentation does not name are kept.
func checkCard(f *Fields, path string, data any) {
	card, ok := data.(map[string]any)
	if !ok {
		f.Add(path, problemObject)
		return
	}
	checkMember(f, path, card, "number", problemPAN)
	if month, given := card["expiration_month"]; given && month != nil {
		if n, ok := wholeNumber(month); !ok || n < 1 || n > 12 {
			f.Add(member(path, "expiration_month"), "must be a number from 1 to 12")
		}
	}
	if year, given := card["expiration_year"]; given && year != nil {
		if n, ok := wholeNumber(year); !ok || !plausibleYear(n) {
			f.Add(member(path, "expiration_year"), "must be a year of four digits, or its last two")
		}
	}
	if cvc, given := card["cvc"]; given && cvc != nil && !cvcPattern.MatchString(digitsOf(cvc)) {
		f.Add(member(path, "cvc"), "must be three or four digits")
	}
}

var cvcPattern = regexp.MustCompile(`^[0-9]{3,4}$`)

func plausibleYear(n int) bool { return n >= 0 && n <= 99 || n >= 1000 && n <= 9999 }

// checkBank checks a bank object. Numbers are strings, for leading zeros count.
func checkBank(f *Fields, path string, data any) {
	bank, ok := data.(map[string]any)
	if !ok {
		f.Add(path, problemObject)
		return
	}
	checkMember(f, path, bank, "routing_number", problemRouting)
	checkMember(f, path, bank, "account_number", problemAccount)
}

// checkMember checks a required member that is text.
func checkMember(f *Fields, path string, object map[string]any, name string, problem func(string) string) {
	if object[name] == nil {
		f.Add(member(path, name), problemRequired)
		return
	}
	checkText(problem)(f, member(path, name), object[name])
}

// The problems of a text, each empty where there is none.

// shortestPAN is the fewest digits that card numbers in issue have. The card object names no length, card_number does.
const shortestPAN = 12

func problemPAN(text string) string {
	switch {
	case !onlyDigits(text):
		return "must consist of digits, without separators"
	case len(text) < shortestPAN || len(text) > 19:
		return "must have 12 to 19 digits"
	case !LuhnValid(text):
		return problemLuhn
	}
	return ""
}

func problemCardNumber(text string) string {
	if onlyDigits(text) && len(text) < 13 {
		return "must have 13 to 19 digits"
	}
	return problemPAN(text)
}

func problemAccount(text string) string {
	if !onlyDigits(text) || len(text) > 17 {
		return "must be at most 17 digits"
	}
	return ""
}

func problemUSAccount(text string) string {
	if !onlyDigits(text) || len(text) < 3 || len(text) > 17 {
		return "must be 3 to 17 digits"
	}
	return ""
}

func problemRouting(text string) string {
	switch {
	case !onlyDigits(text) || len(text) != 9:
		return "must be 9 digits"
	case !ABAValid(text):
		return problemABA
	}
	return ""
}

func problemNineDigits(text string) string {
	if !nineDigits.MatchString(text) {
		return "must be 9 digits, with dashes between them if any"
	}
	return ""
}

var nineDigits = regexp.MustCompile(`^[0-9](?:-?[0-9]){8}$`)

// onlyDigits reports whether the text is one or more of the ten ASCII digits.
func onlyDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// ABAValid reports whether nine digits carry the checksum of an ABA routing number.
func ABAValid(digits string) bool {
	if len(digits) != 9 || !onlyDigits(digits) {
		return false
	}
	sum := 0
	for i, weight := range []int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += weight * int(digits[i]-'0')
	}
	return sum%10 == 0
}

// digitsOf returns a text or number as it was written, or nothing.
func digitsOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// wholeNumber reads a JSON number, or a string, of one to four digits.
func wholeNumber(v any) (int, bool) {
	text := digitsOf(v)
	if !onlyDigits(text) || len(text) > 4 {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// member returns the path of a member of the thing at path.
func member(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
