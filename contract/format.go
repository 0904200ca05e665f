package contract

import (
	"encoding/base64"
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// formats is what a string of each format must be. All but date, date-time and byte are left unchecked by kin-openapi;
// those three are held here to what the generated Go types read, which is less than their usual patterns allow.
// They reach kin-openapi with each visit, never through its process-wide tables.
var formats = map[string]func(string) bool{
	"uuid":      isUUID,
	"uri":       isURI,
	"email":     isEmail,
	"date-time": isDateTime,
	"date":      isDate,
	"byte":      isBase64,
}

var errFormat = errors.New("has another format")

// formatValidators is formats as kin-openapi takes them.
func formatValidators() openapi3.SchemaValidationOption {
	validators := map[string]openapi3.StringFormatValidator{}
	for name, holds := range formats {
		validators[name] = openapi3.NewCallbackValidator(func(text string) error {
			if !holds(text) {
				return errFormat
			}
			return nil
		})
	}
	return openapi3.WithStringFormatValidators(validators)
}

// isUUID accepts 8-4-4-4-12 hexadecimal digits of any case and any version.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// isURI accepts an absolute URI in the characters of RFC 3986.
func isURI(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	parsed, err := url.Parse(text)
	return err == nil && parsed.IsAbs() && (parsed.Host != "" || parsed.Path != "" || parsed.Opaque != "")
}

// isEmail accepts a bare address without display name or comment.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

// isDateTime accepts RFC 3339 with capital T and Z, on a day and at a second that exist. The package time alone is
// milder: it takes an hour of one digit, a comma before the fraction and an offset of 24 hours.
func isDateTime(text string) bool {
	if len(text) < len("2006-01-02T15:04:05Z") || text[13] != ':' || strings.IndexByte(text, ',') >= 0 {
		return false
	}
	if offset := text[len(text)-6:]; offset[0] != 'Z' && offset[3] == ':' && offset[1:3] > "23" {
		return false
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

// isDate accepts a day that exists.
func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// isBase64 accepts the standard alphabet with padding, and no line breaks.
func isBase64(text string) bool {
	if strings.ContainsAny(text, "\r\n") {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil
}
