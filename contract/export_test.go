package contract

import "regexp"

// FormatValidators gives tests the formats that every schema visit has.
var FormatValidators = formatValidators

// Matcher is a pattern as shapes match it.
type Matcher = matcher

// CompilePattern compiles a pattern for shapes. It reports whether an automaton matches it.
func CompilePattern(pattern string) (compiled *Matcher, automatic bool, err error) {
	if compiled, err = compilePattern(pattern); err == nil {
		automatic = compiled.fast() != nil
	}
	return compiled, automatic, err
}

// SlowPattern compiles a pattern as kin-openapi does.
func SlowPattern(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(unicodeEscape.ReplaceAllString(pattern, `\x{$1}`))
}

// HasFormat says whether a text has a format.
func HasFormat(format, text string) bool { return formats[format](text) }
