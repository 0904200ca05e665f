package contract_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mr-tron/base58"
	"github.com/prometheus/common/expfmt"
)

// ledger remembers every secret that was handed out, and every refusal, so that they can be held against each other and
// against what the servers kept.
type ledger struct {
	mu       sync.Mutex
	kinds    map[string]string        // secret to its kind
	refusals map[string]*bytes.Buffer // by operation
	found    []string                 // where a secret was that may not be there
}

func newLedger() *ledger {
	return &ledger{kinds: map[string]string{}, refusals: map[string]*bytes.Buffer{}}
}

func (l *ledger) add(kind, secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[secret] = kind
}

func (l *ledger) refusal(operation string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusals[operation] == nil {
		l.refusals[operation] = &bytes.Buffer{}
	}
	l.refusals[operation].Write(body)
}

var words = regexp.MustCompile(`[\w-]+(\.[\w-]+)*`)

// redact puts the kind of a credential in the place of every credential in a text.
func (l *ledger) redact(text []byte) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return words.ReplaceAllFunc(text, func(word []byte) []byte {
		if kind := l.kinds[string(word)]; kind != "" && kind != plaintextKind {
			return []byte("[" + kind + "]")
		}
		return word
	})
}

// secretMembers are the members of answers that hold a secret.
var secretMembers = map[string]string{
	"session_key": "session key", "nonce": "nonce", "key": "application key", "access_token": "token", "token": "token",
}

// collect notes the secrets in an answer's body and returns how many there are.
func (l *ledger) collect(body []byte) int {
	count := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for name, value := range v {
				if text, ok := value.(string); ok && secretMembers[name] != "" {
					l.add(secretMembers[name], text)
					count++
				}
				walk(value)
			}
		}
	}
	walk(decoded(body))
	return count
}

// needles are the spellings under which each secret would be recognised, with its kind.
func (l *ledger) needles() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]string{}
	for secret, kind := range l.kinds {
		switch kind {
		case "token": // the claims are no secret, the signature makes them one
			signature := secret[strings.LastIndexByte(secret, '.')+1:]
			all[signature] = kind
			if raw, err := base64.RawURLEncoding.DecodeString(signature); err == nil {
				addSpellings(all, kind, raw)
			}
		case "signing secret", "data key":
			addSpellings(all, kind, []byte(secret))
		default:
			text := secret[strings.LastIndexByte(secret, '_')+1:]
			all[text] = kind
			if raw, err := base58.Decode(text); err == nil && len(raw) > 16 { // what stands before is the row's id
				addSpellings(all, kind, raw[len(raw)-16:])
			}
		}
	}
	return all
}

func addSpellings(all map[string]string, kind string, raw []byte) {
	for _, spelling := range []string{
		string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw), base58.Encode(raw),
	} {
		all[spelling] = kind
	}
}

// finder looks for many needles at once, by their first eight bytes.
type finder struct {
	begins  map[[8]byte][]string
	kinds   map[string]string
	letters [1 << 16]bool // the first two bytes that any needle has
}

func newFinder(needles map[string]string) *finder {
	f := &finder{begins: map[[8]byte][]string{}, kinds: needles}
	for needle := range needles {
		if len(needle) < 8 {
			continue
		}
		begin := [8]byte([]byte(needle))
		f.begins[begin] = append(f.begins[begin], needle)
		f.letters[int(needle[0])<<8|int(needle[1])] = true
	}
	return f
}

// find returns the kinds of secret that are in the text.
func (f *finder) find(text []byte) map[string]bool {
	found := map[string]bool{}
	for i := 0; i+8 <= len(text); i++ {
		if !f.letters[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, needle := range f.begins[[8]byte(text[i:])] {
			if bytes.HasPrefix(text[i:], []byte(needle)) {
				found[f.kinds[needle]] = true
			}
		}
	}
	return found
}

// leakCheck is what a report calls the check for leaks.
const leakCheck = "no secret was kept"

// leaks looks for every secret where none may be, and returns an error that says which kinds are where.
func (b *testbed) leaks() error {
	f := newFinder(b.secrets.needles())
	var errs []error
	look := func(where string, text []byte) (found bool) {
		if kinds := slices.Sorted(maps.Keys(f.find(text))); len(kinds) > 0 {
			err := fmt.Errorf("%s holds: %s", where, strings.Join(kinds, ", "))
			errs, b.secrets.found = append(errs, err), append(b.secrets.found, err.Error())
			return true
		}
		return false
	}
	for _, operation := range slices.Sorted(maps.Keys(b.secrets.refusals)) {
		if look(strings.TrimSpace("the body of a refusal of "+operation), b.secrets.refusals[operation].Bytes()) {
			b.record.accuse(leakCheck, operation)
		}
	}
	for _, own := range b.backends {
		look("the log", own.log.bytes())
		text, err := own.metrics()
		errs = append(errs, err)
		look("the metrics", text)
	}
	errs = append(errs, filepath.WalkDir(b.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		look("the database file *"+strings.TrimPrefix(filepath.Base(path), "hallpass"), text)
		return err
	}))
	return errors.Join(errs...)
}

// metrics is what a scrape of the backend's servers would show.
func (b *backend) metrics() ([]byte, error) {
	var text bytes.Buffer
	for _, registry := range b.registries {
		families, err := registry.Gather() // an error is a store that a test closed; the rest is gathered all the same
		if err != nil && len(families) == 0 {
			return nil, err
		}
		for _, family := range families {
			if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
				return nil, err
			}
		}
	}
	return text.Bytes(), nil
}

// TestRedact promises that no credential stands in what is printed, and that all else does.
func TestRedact(t *testing.T) {
	t.Parallel()
	l := newLedger()
	key, token := madeUpKey("key_test_us_pvt_"), vendorToken()
	l.add("application key", key)
	l.add("token", token)
	l.add(plaintextKind, "4242424242424242")
	text := `sessions_test.go:1: {"key":"` + key + `","url":"https://x/?access_token=` + token + `&a=b","number":"4242424242424242"} "` + key + `."`
	want := `sessions_test.go:1: {"key":"[application key]","url":"https://x/?access_token=[token]&a=b","number":"4242424242424242"} "[application key]."`
	if got := string(l.redact([]byte(text))); got != want {
		t.Errorf("it is %s", got)
	}
}
