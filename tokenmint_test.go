package hallpass_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"hallpass"
)

// TestTokenIDsLeadBackToTheirSelectors promises that an id is a UUID of version 4 that only its own tenant's key opens.
func TestTokenIDsLeadBackToTheirSelectors(t *testing.T) {
	t.Parallel()
	ids := aKey.TokenIDs(aTenant)
	others := []*hallpass.TokenIDs{aKey.TokenIDs("another tenant"), (&hallpass.TenantKey{9}).TokenIDs(aTenant)}
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	rapid.Check(t, func(t *rapid.T) {
		selector := hallpass.Selector(rapid.Int64Range(0, 1<<62-1).Draw(t, "selector"))
		id := ids.ID(selector)
		if !form.MatchString(id) {
			t.Fatalf("got %s", id)
		}
		if got, ok := ids.Selector(id); !ok || got != selector {
			t.Fatalf("%s leads to %d, %v", id, got, ok)
		}
		for _, other := range others {
			if got, ok := other.Selector(id); ok {
				t.Fatalf("%s leads to %d of another", id, got)
			}
		}
		for _, spelling := range []string{strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + " ", id[1:]} {
			if _, ok := ids.Selector(spelling); ok && spelling != id {
				t.Fatalf("%s is taken for %s", spelling, id)
			}
		}
		bit := rapid.IntRange(0, 127).Draw(t, "bit")
		forged := uuid.MustParse(id)
		forged[bit/8] ^= 1 << (bit % 8)
		if _, ok := ids.Selector(forged.String()); ok {
			t.Fatalf("%s is taken with bit %d turned", id, bit)
		}
	})
}

func TestTokenIDsOfNobodyAreNotTaken(t *testing.T) {
	t.Parallel()
	ids := aKey.TokenIDs(aTenant)
	for range 1000 {
		if id := uuid.NewString(); isMade(ids, id) {
			t.Errorf("%s is taken", id)
		}
	}
	for _, id := range []string{"", "search", "00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000000", "01926b5c-1a2b-7c3d-8e4f-5a6b7c8d9e0f"} {
		wantSame(t, id, isMade(ids, id), false)
	}
}

func isMade(ids *hallpass.TokenIDs, id string) bool {
	_, made := ids.Selector(id)
	return made
}

// TestMintedTokenIDsAreNeverTheSame promises new ids even where chance gives the same each time.
func TestMintedTokenIDsAreNeverTheSame(t *testing.T) {
	t.Parallel()
	ids := aKey.TokenIDs(aTenant)
	mint := ids.Mint(noon, zeros{})
	seen := map[string]bool{}
	for range 2000 {
		id, err := mint()
		if err != nil || seen[id] {
			t.Fatalf("got %s, %v", id, err)
		}
		seen[id] = true
		selector, _ := ids.Selector(id)
		if late := selector.Time().Sub(noon); late < 0 || late > time.Second {
			t.Fatalf("made %v later", late)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func BenchmarkTokenIDs(b *testing.B) {
	ids := aKey.TokenIDs(aTenant)
	for i := 0; b.Loop(); i++ {
		if s, ok := ids.Selector(ids.ID(hallpass.Selector(i))); !ok || int(s) != i {
			b.Fatal(s)
		}
	}
}
