package contract_test

import (
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hallpass/contract"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for format, texts := range map[string]struct{ good, bad []string }{
		"uuid": {
			[]string{"5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11", "5D2B8A1E-7C34-4F19-9B62-0E8F3D4C7A11", "00000000-0000-0000-0000-000000000000"},
			[]string{"", "5d2b8a1e7c344f199b620e8f3d4c7a11", "{5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11}", "urn:uuid:5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11", "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a1g", "5d2b8a1e-7c34-4f19-9b620-e8f3d4c7a11", "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a1é"},
		},
		"uri": {
			[]string{"https://example.com", "https://example.com/a?b=c#d", "mailto:a@b.c", "urn:isbn:1", "http://[::1]:80/"},
			[]string{"", "/a", "example.com", "https:", "https://a b", "https://é", "http://[::1", "https://a/%zz", "https://a/\x00"},
		},
		"email": {
			[]string{"a@b.c", "first.last+tag@example.com"},
			[]string{"", "a", "@b", "a@", "A <a@b.c>", "a@b.c ", "a@b.c,d@e.f"},
		},
		"date-time": {
			[]string{"2030-01-09T20:14:55Z", "2030-01-09T20:14:55.213089+00:00", "2028-02-29T23:59:59-23:59"},
			[]string{"", "2030-01-09", "2030-01-09T20:14:55", "2030-02-29T00:00:00Z", "2030-01-09T24:00:00Z", "2030-01-09T20:14:60Z", "2030-01-09t20:14:55z", "2030-01-09 20:14:55Z", "2030-01-09T1:14:55.000Z", "2030-01-09T20:14:55,5Z", "2030-01-09T20:14:55.Z", "2030-01-09T20:14:55+24:00"},
		},
		"date": {
			[]string{"2030-01-09", "2028-02-29"},
			[]string{"", "2030-1-9", "2030-02-29", "2030-01-09T00:00:00Z", "20300109"},
		},
		"byte": {
			[]string{"", "AA==", "AAA=", "AAAA", "+/+/"},
			[]string{"A", "AA", "_-==", "AA==\n", "AA==AA=="},
		},
	} {
		for _, text := range texts.good {
			if !contract.HasFormat(format, text) {
				t.Errorf("%s: refuses %q", format, text)
			}
		}
		for _, text := range texts.bad {
			if contract.HasFormat(format, text) {
				t.Errorf("%s: accepts %q", format, text)
			}
		}
	}
}

// FuzzFormats holds the formats that kin-openapi has too to be no milder than its own.
func FuzzFormats(f *testing.F) {
	usual := map[string]*regexp.Regexp{
		"byte":      regexp.MustCompile(openapi3.FormatOfStringByte),
		"date":      regexp.MustCompile(openapi3.FormatOfStringDate),
		"date-time": regexp.MustCompile(openapi3.FormatOfStringDateTime),
		"email":     regexp.MustCompile(openapi3.FormatOfStringForEmail),
	}
	for _, seed := range []string{"AA==", "2030-01-09", "2030-01-09T20:14:55.213089+00:00", "2030-01-09T1:14:55.000Z", "2030-01-09T20:14:55,5Z", "a@b.c", "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for format, pattern := range usual {
			if contract.HasFormat(format, text) && !pattern.MatchString(text) {
				t.Errorf("%s: accepts %q", format, text)
			}
		}
	})
}
