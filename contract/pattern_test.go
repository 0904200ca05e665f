package contract_test

import (
	"testing"

	"hallpass/contract"
)

var patterns = []string{
	`^[1-9A-HJ-NP-Za-km-z]+$`, `^key_sess_[0-9a-z]{4,50}$`, `^(redact|mask|reveal)$`, `^/([A-Za-z0-9_-]+/)*$`, `^.+$`, `^[\x20-\x7E]*$`,
	`^[0-9]{4}-[0-9]{2}T\.[0-9]{3}Z$`, `^[a-z]+(?::[a-z]+){1,2}$`, ``, `^`, `$`, `^$`, `a`, `a$`, `^a`, `a|^b$`, `(?i)k`, `^é\u00E9?$`,
	`(a|ab)(c|bcd)`, `^(?:a*)*$`, `a{0}`, `[^a]$`, `^\d+\s\w$`, `x*`, `(^a|b$)+`, `$^`, `(?s).`, `[a-c]+b`,
}

func TestPatternsAreAutomatic(t *testing.T) {
	t.Parallel()
	for _, pattern := range patterns {
		if _, automatic, err := contract.CompilePattern(pattern); err != nil || !automatic {
			t.Errorf("%s: %v %v", pattern, automatic, err)
		}
	}
	for _, pattern := range []string{`\bword\b`, `(?m)^a$`, `^.{300}$`} {
		if _, automatic, err := contract.CompilePattern(pattern); err != nil || automatic {
			t.Errorf("%s: %v %v", pattern, automatic, err)
		}
	}
	if _, _, err := contract.CompilePattern(`(`); err == nil {
		t.Error("compiled")
	}
}

// FuzzPattern holds the automaton to the verdict of regexp.
func FuzzPattern(f *testing.F) {
	for _, pattern := range patterns {
		for _, text := range []string{"", "a", "b", "ab", "abcd", "k", "K", "é", "key_sess_0a1b", "mask", "/a/b/", "2030-01T.123Z", "a\nb", "token:read:x"} {
			f.Add(pattern, text)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		want, err := contract.SlowPattern(pattern)
		if err != nil || len(pattern) > 100 {
			t.Skip("not a pattern")
		}
		got, _, err := contract.CompilePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got.MatchString(text) != want.MatchString(text) {
			t.Errorf("pattern %q, text %q: regexp says %v", pattern, text, want.MatchString(text))
		}
	})
}
