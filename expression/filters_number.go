package expression

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/osteele/tuesday"
)

// numberFilters are Liquid's filters of numbers, and date. Whole numbers stay whole; what is no number counts as zero.
//
// Source: shopify.github.io/liquid/filters.
var numberFilters = map[string]filter{
	"abs":      {0, abs},
	"ceil":     {0, rounding(math.Ceil)},
	"floor":    {0, rounding(math.Floor)},
	"round":    {0, round},
	"at_least": {1, func(c *call) (any, error) { return c.choose(func(n, limit float64) bool { return n >= limit }) }},
	"at_most":  {1, func(c *call) (any, error) { return c.choose(func(n, limit float64) bool { return n <= limit }) }},
	"plus": {1, func(c *call) (any, error) {
		return c.combine((*big.Int).Add, func(a, b float64) float64 { return a + b })
	}},
	"minus": {1, func(c *call) (any, error) {
		return c.combine((*big.Int).Sub, func(a, b float64) float64 { return a - b })
	}},
	"times": {1, func(c *call) (any, error) {
		return c.combine((*big.Int).Mul, func(a, b float64) float64 { return a * b })
	}},
	"divided_by": {1, func(c *call) (any, error) { return c.divide(floorDiv, func(a, b float64) float64 { return a / b }) }},
	"modulo":     {1, func(c *call) (any, error) { return c.divide(floorMod, modulo) }},
	"date":       {1, date},
}

// numeric is a number as Liquid computes with it: whole when it is written so, of any size up to 40 digits.
type numeric struct {
	text  json.Number
	whole *big.Int
	float float64
}

const maxDigits = 40

func toNumeric(v any) numeric {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = strings.Trim(v, whitespace)
	}
	float, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(float, 0) || math.IsNaN(float) {
		return numeric{"0", new(big.Int), 0}
	}
	if len(text) <= maxDigits {
		if whole, ok := new(big.Int).SetString(text, 10); ok {
			return numeric{json.Number(whole.String()), whole, float}
		}
	}
	return numeric{"", nil, float}
}

// result is the number as a value.
func (n numeric) result() (any, error) {
	if n.whole != nil {
		return n.text, nil
	}
	return decimal(n.float)
}

func abs(c *call) (any, error) {
	n := toNumeric(c.in)
	if n.whole != nil {
		return json.Number(n.whole.Abs(n.whole).String()), nil
	}
	return decimal(math.Abs(n.float))
}

// rounding makes a filter that gives a whole number.
func rounding(to func(float64) float64) func(*call) (any, error) {
	return func(c *call) (any, error) {
		n := toNumeric(c.in)
		if n.whole != nil {
			return n.text, nil
		}
		whole, _ := big.NewFloat(to(n.float)).Int(nil)
		if text := whole.String(); len(text) <= maxDigits {
			return json.Number(text), nil
		}
		return nil, c.refuseInput(outOfRange)
	}
}

func (c *call) choose(fits func(n, limit float64) bool) (any, error) {
	n, limit := toNumeric(c.in), toNumeric(c.args[0])
	if fits(n.float, limit.float) {
		return n.result()
	}
	return limit.result()
}

func (c *call) combine(whole func(z, a, b *big.Int) *big.Int, float func(a, b float64) float64) (any, error) {
	a, b := toNumeric(c.in), toNumeric(c.args[0])
	if a.whole == nil || b.whole == nil {
		return decimal(float(a.float, b.float))
	}
	text := whole(new(big.Int), a.whole, b.whole).String()
	if len(text) > maxDigits {
		return nil, c.refuseInput(outOfRange)
	}
	return json.Number(text), nil
}

// divide is combine for a divisor that must not be zero. Whole numbers are rounded down, as Ruby does.
func (c *call) divide(whole func(z, a, b *big.Int) *big.Int, float func(a, b float64) float64) (any, error) {
	if toNumeric(c.args[0]).float == 0 {
		return nil, c.refuse("division by zero")
	}
	return c.combine(whole, float)
}

func floorDiv(z, a, b *big.Int) *big.Int {
	if b.Sign() < 0 { // Div of package big leaves a positive remainder
		a, b = new(big.Int).Neg(a), new(big.Int).Neg(b)
	}
	return z.Div(a, b)
}

func floorMod(z, a, b *big.Int) *big.Int {
	if z.Mod(a, b); b.Sign() < 0 && z.Sign() != 0 {
		z.Add(z, b)
	}
	return z
}

func modulo(a, b float64) float64 { return a - b*math.Floor(a/b) }

func round(c *call) (any, error) {
	places := c.argInt(0, "decimals", 0)
	if c.err != nil {
		return nil, c.err
	}
	if places <= 0 {
		return rounding(math.Round)(c)
	}
	n := toNumeric(c.in)
	if n.whole != nil {
		return n.text, nil
	}
	scale := math.Pow10(min(places, 15))
	if scaled := n.float * scale; !math.IsInf(scaled, 0) {
		return decimal(math.Round(scaled) / scale)
	}
	return decimal(n.float)
}

var dateLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05",
	"2006-01-02 15:04", "2006-01-02", "2006/01/02", "01/02/2006", time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC,
	"January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006",
}

// date formats a point in time with strftime, in its own zone or else in UTC. What is no date comes back as it is, as in
// Liquid; the names of the present ("now", "today") are refused, for an expression has no clock.
func date(c *call) (any, error) {
	format := c.argText(0, "format", "")
	if len(format) > 256 || wide(format) {
		c.keep(c.refuse("format is too long"))
	}
	text := strings.Trim(c.text(), whitespace)
	if c.err != nil {
		return nil, c.err
	}
	if lower := strings.ToLower(text); lower == "now" || lower == "today" {
		return nil, c.refuse("there is no clock to read")
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > -1e11 && seconds < 1e11 {
		return tuesday.Strftime(format, time.Unix(seconds, 0).UTC())
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil && format != "" {
			return tuesday.Strftime(format, t)
		}
	}
	return c.in, nil
}

// wide reports whether a format asks for a padding of three digits or more.
func wide(format string) bool {
	run := 0
	for _, r := range format {
		if r < '0' || r > '9' {
			run = 0
		} else if run++; run > 2 {
			return true
		}
	}
	return false
}
