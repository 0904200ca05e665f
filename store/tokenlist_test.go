package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass"
	"hallpass/store"
)

// The small world of these tests: containers and ids of which some are the beginning of others, or are wildcards to SQL.
var (
	someContainers = []string{"/", "/a/", "/a/b/", "/a/b/c/", "/ab/", "/a_b/", "/a-/", "/b/", "/b/a/", "/z/"}
	someIDs        = []string{"100", "1000", "10%", "1_0", "abc", "ABC", "abcd", "ключ 1", "ключ 2", "\U0001F511\U0001F511\U0001F511", "zzz"}
	someBeginnings = []string{"1", "10", "100", "10%", "%", "_", "1_", "a", "A", "abc", "к", "ключ ", "\U0001F511", "x", "\U0010FFFF"}
)

// plantWorld stores a token of every id, and more with ids of ours, in all of the containers.
func (w *world) plantWorld() (all []hallpass.Token) {
	w.t.Helper()
	for i := range 40 {
		d := w.draftAt(noon.Add(time.Duration(i)*time.Millisecond), w.tenant, `{"type": "token", "data": `+strconv.Itoa(i%3)+`, "containers": ["`+someContainers[(i*7)%len(someContainers)]+`"],
			"metadata": {"third": "`+strconv.Itoa(i%3)+`", "half": "`+strconv.Itoa(i%2)+`"}, "search_indexes": ["{{ data }}"], "fingerprint_expression": "{{ data }}"}`)
		if i < len(someIDs) {
			d.ID = someIDs[i]
		}
		if i%5 == 0 {
			d.Type = hallpass.TypeNetworkToken
		}
		created, err := w.create(d)
		w.must(err)
		all = append(all, created[0].Token)
	}
	return all
}

func drawCondition(t *rapid.T, ids []string) hallpass.Condition {
	c := hallpass.Condition{
		Attribute: rapid.SampledFrom([]string{"id", "container"}).Draw(t, "attribute"), Operator: rapid.SampledFrom([]string{"equals", "starts_with"}).Draw(t, "operator"),
	}
	values := append(slices.Clone(someContainers), "/a", "/b", "/A/", "/%", "/_/")
	if c.Attribute == "id" {
		values = append(slices.Clone(ids), someBeginnings...)
	}
	c.Value = rapid.SampledFrom(values).Draw(t, "value")
	return c
}

func drawGrant(t *rapid.T, ids []string) hallpass.Grant {
	condition := rapid.Custom(func(t *rapid.T) hallpass.Condition { return drawCondition(t, ids) })
	operations := rapid.SampledFrom([]hallpass.Permission{hallpass.TokenRead, hallpass.TokenSearch})
	var rules []hallpass.Rule
	for _, priority := range rapid.SliceOfNDistinct(rapid.Int32Range(1, 9), 0, 4, rapid.ID).Draw(t, "priorities") {
		r := hallpass.Rule{Priority: priority, Permissions: []hallpass.Permission{operations.Draw(t, "operation")}}
		if rapid.Bool().Draw(t, "by conditions") {
			r.Conditions = rapid.SliceOfN(condition, 1, 3).Draw(t, "conditions")
		} else {
			r.Container = rapid.SampledFrom(someContainers).Draw(t, "container")
		}
		rules = append(rules, r)
	}
	var permissions []hallpass.Permission
	if rapid.IntRange(0, 9).Draw(t, "holds all") == 0 {
		permissions = append(permissions, operations.Draw(t, "permission"))
	}
	return hallpass.NewGrant(permissions, rules)
}

// drawQuery draws a query and what it asks of a token, said plainly.
func drawQuery(t *rapid.T, all []hallpass.Token) (q hallpass.TokenQuery, meets func(*hallpass.Token) bool) {
	var asked []func(*hallpass.Token) bool
	if rapid.Bool().Draw(t, "within a container") {
		q.Container = rapid.SampledFrom(someContainers).Draw(t, "container")
		asked = append(asked, func(t *hallpass.Token) bool { return strings.HasPrefix(t.Container, q.Container) })
	}
	third := strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "third"))
	switch rapid.IntRange(0, 6).Draw(t, "term") {
	case 0:
		q.Type = rapid.SampledFrom([]hallpass.TokenType{hallpass.TypeToken, hallpass.TypeNetworkToken, hallpass.TypeCard}).Draw(t, "type")
		asked = append(asked, func(t *hallpass.Token) bool { return t.Type == q.Type })
	case 1:
		q.Metadata = map[string]string{"third": third, "half": "1"}
		asked = append(asked, func(t *hallpass.Token) bool { return t.Metadata["third"] == third && t.Metadata["half"] == "1" })
	case 2:
		q.Data = &third
		asked = append(asked, func(t *hallpass.Token) bool { return fmt.Sprint(t.Data) == third })
	case 3:
		q.IDs = rapid.SliceOfN(rapid.SampledFrom(idsOf(all)), 1, 4).Draw(t, "ids")
		asked = append(asked, func(t *hallpass.Token) bool { return slices.Contains(q.IDs, t.ID) })
	case 4:
		q.Fingerprint = rapid.SampledFrom(all).Draw(t, "token").Fingerprint
		asked = append(asked, func(t *hallpass.Token) bool { return t.Fingerprint == q.Fingerprint })
	}
	return q, func(t *hallpass.Token) bool {
		return !slices.ContainsFunc(asked, func(meets func(*hallpass.Token) bool) bool { return !meets(t) })
	}
}

// walked are all tokens that the pages hold, in order of containers.
func walked(t *rapid.T, db *store.DB, p store.TokenPage) (ids []string) {
	for pages := 0; ; pages++ {
		list, next, err := db.TokensByContainer(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > p.Limit || next != nil && len(list) != p.Limit || pages > 100 {
			t.Fatalf("page %d holds %d of at most %d, and whether there is a next is %v", pages, len(list), p.Limit, next != nil)
		}
		for _, token := range list {
			ids = append(ids, token.ID)
		}
		if next == nil {
			return ids
		}
		p.After = next
	}
}

// TestTokenListsAreWhatDecideAllows promises that, however rules overlap, both lists hold each token once that the grant
// allows and the query asks for, and no other, in their order and whatever the size of their pages.
func TestTokenListsAreWhatDecideAllows(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		all := w.plantWorld()
		ids := idsOf(all)
		slices.Reverse(all) // newest first
		rapid.Check(t, func(t *rapid.T) {
			w.CallMany(rapid.IntRange(1, 30).Draw(t, "many"))
			grant, limit := drawGrant(t, ids), rapid.IntRange(1, 12).Draw(t, "limit")
			query, meets := drawQuery(t, all)
			var want []hallpass.Token
			for i := range all {
				if meets(&all[i]) && hallpass.Decide(grant, hallpass.TokenRead, all[i].ID, all[i].Container).Allowed() {
					want = append(want, all[i])
				}
			}
			p := store.TokenPage{TenantID: w.tenant.ID, Scopes: hallpass.Reach(grant, hallpass.TokenRead), Query: query, Now: noon, Limit: limit}
			p.Offset = rapid.IntRange(0, 10).Draw(t, "offset")
			list, total, err := w.TokensByCreation(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, token := range list {
				got = append(got, token.ID)
			}
			page := want[min(p.Offset, len(want)):min(p.Offset+limit, len(want))]
			if total != len(want) || !slices.Equal(got, idsOf(page)) {
				t.Fatalf("by creation: %q of %d, not %q of %d", got, total, idsOf(page), len(want))
			}
			slices.SortStableFunc(want, func(a, b hallpass.Token) int { return cmp.Compare(b.Container, a.Container) })
			if got := walked(t, w.DB, p); !slices.Equal(got, idsOf(want)) {
				t.Fatalf("by container: %q, not %q", got, idsOf(want))
			}
		})
	})
}

func idsOf(tokens []hallpass.Token) (ids []string) {
	for i := range tokens {
		ids = append(ids, tokens[i].ID)
	}
	return ids
}

// TestTokenListsHoldWholeTokens promises that what is listed is what is read.
func TestTokenListsHoldWholeTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		made := w.newToken(w.tenant, fullToken)
		p := store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Now: noon, Limit: 1}
		w.everySight(func(sight string, db *store.DB) {
			byContainer, next, err := db.TokensByContainer(t.Context(), p)
			w.must(err)
			byCreation, total, err := db.TokensByCreation(t.Context(), p)
			w.must(err)
			wantSame(t, "by container, "+sight, byContainer[0].Token, made)
			wantSame(t, "by creation, "+sight, byCreation[0].Token, made)
			wantSame(t, "whether there is a next page", next != nil, false)
			wantSame(t, "how many there are", total, 1)
		})
	})
}

// TestTokenListsLeaveOutTheExpired promises that lists and their counts hold none that has expired.
func TestTokenListsLeaveOutTheExpired(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.newToken(w.tenant, `{"id": "ends", "type": "token", "data": 1, "expires_at": "2031-01-01T00:00:00Z"}`)
		w.newToken(w.tenant, `{"id": "stays", "type": "token", "data": 1}`)
		end := time.Date(2031, time.January, 1, 0, 0, 0, 0, time.UTC)
		for at, want := range map[time.Time]int{end.Add(-time.Microsecond): 2, end: 1} {
			p := store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Now: at, Limit: 10}
			byContainer, _, err := w.TokensByContainer(t.Context(), p)
			w.must(err)
			byCreation, total, err := w.TokensByCreation(t.Context(), p)
			w.must(err)
			wantSame(t, "tokens at "+at.String(), []int{len(byContainer), len(byCreation), total}, []int{want, want, want})
		}
	})
}

// TestTokenListsNewestFirst promises the order of creation to the microsecond, which is how precise created_at is.
func TestTokenListsNewestFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var want []string
		for i := range 20 {
			d := w.draftAt(noon.Truncate(time.Millisecond).Add(time.Duration(i)*time.Microsecond), w.tenant, `{"type": "token", "data": 1}`)
			_, err := w.create(d)
			w.must(err)
			want = slices.Insert(want, 0, d.ID)
		}
		p := store.TokenPage{TenantID: w.tenant.ID, Scopes: []hallpass.Scope{{}}, Now: noon, Limit: 20}
		for name, list := range map[string]func() []*store.StoredToken{
			"by creation": func() []*store.StoredToken {
				list, _, err := w.TokensByCreation(t.Context(), p)
				w.must(err)
				return list
			},
			"by container": func() []*store.StoredToken {
				list, _, err := w.TokensByContainer(t.Context(), p)
				w.must(err)
				return list
			},
		} {
			var got []string
			for _, token := range list() {
				got = append(got, token.ID)
			}
			wantSame(t, name, got, want)
		}
	})
}
