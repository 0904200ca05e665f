package contract_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func (tn *tenant) list(t *testing.T, query url.Values) page {
	t.Helper()
	var p page
	tn.management.get(t, "/applications?"+query.Encode()).is(t, http.StatusOK).into(t, &p)
	return p
}

func idsOf(p page) []string {
	ids := []string{}
	for _, a := range p.Data {
		ids = append(ids, a.ID)
	}
	return ids
}

// five makes five applications, alternately public and private, and returns their ids, newest first, and the query that
// lists them alone.
func (tn *tenant) five(t *testing.T) (ids []string, ours func(more ...string) url.Values) {
	t.Helper()
	for i := range 5 {
		kind := []string{"public", "private"}[i%2]
		made := tn.newApplication(t, object{"name": "Number " + strconv.Itoa(i), "type": kind})
		ids = append([]string{made.ID}, ids...)
	}
	return ids, func(more ...string) url.Values {
		query := url.Values{"id": ids}
		for i := 0; i < len(more); i += 2 {
			query.Add(more[i], more[i+1])
		}
		return query
	}
}

func TestListApplications(t *testing.T) {
	t.Parallel()
	s := shared(t)
	ids, ours := s.home.five(t)
	t.Run("newest first, with their keys but not the text of them", func(t *testing.T) {
		t.Parallel()
		p := s.home.list(t, ours())
		same(t, "ids", idsOf(p), ids)
		same(t, "pagination", p.Pagination, object{"total_items": 5, "page_number": 1, "page_size": 20, "total_pages": 1, "after": ""})
		for _, a := range p.Data {
			if a.Key != "" || len(a.Keys) != 1 || a.Keys[0].Key != "" {
				t.Errorf("keys are %+v", a.Keys)
			}
			same(t, "the application in the list", a, s.home.read(t, a.ID))
		}
	})
	t.Run("of one type", func(t *testing.T) {
		t.Parallel()
		same(t, "private", idsOf(s.home.list(t, ours("type", "private"))), []string{ids[1], ids[3]})
		same(t, "both", idsOf(s.home.list(t, ours("type", "private", "type", "public"))), ids)
		same(t, "an unknown type", idsOf(s.home.list(t, ours("type", "proxy"))), list{})
	})
	t.Run("of one id, in any case", func(t *testing.T) {
		t.Parallel()
		same(t, "one", idsOf(s.home.list(t, url.Values{"id": {strings.ToUpper(ids[2])}})), ids[2:3])
		same(t, "unknown ones", idsOf(s.home.list(t, url.Values{"id": {marked("x"), "' OR 1=1 --"}})), list{})
	})
	t.Run("never of another tenant", func(t *testing.T) {
		t.Parallel()
		foreign := s.foreign(t)
		same(t, "ours, asked for by them", idsOf(foreign.list(t, ours())), list{})
		theirs := foreign.list(t, url.Values{"size": {"100"}})
		same(t, "theirs", contains(idsOf(theirs), foreign.management.id, foreign.private.id, foreign.public.id), true)
		for _, a := range theirs.Data {
			same(t, "whose it is", a.TenantID, foreign.id)
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := shared(t)
	ids, ours := s.home.five(t)
	for name, c := range map[string]struct {
		query               []string
		from, to            int
		number, size, pages int
		after               string
	}{
		"the first page":          {[]string{"page", "1", "size", "2"}, 0, 2, 1, 2, 3, "2"},
		"the second":              {[]string{"page", "2", "size", "2"}, 2, 4, 2, 2, 3, "4"},
		"the last":                {[]string{"page", "3", "size", "2"}, 4, 5, 3, 2, 3, ""},
		"one past the end":        {[]string{"page", "4", "size", "2"}, 5, 5, 4, 2, 3, ""},
		"far past the end":        {[]string{"page", "1000000", "size", "100"}, 5, 5, 1000000, 100, 1, ""},
		"from where a page ended": {[]string{"start", "2", "size", "2"}, 2, 4, 2, 2, 3, "4"},
		"start before page":       {[]string{"start", "4", "page", "1", "size", "2"}, 4, 5, 3, 2, 3, ""},
		"an empty start":          {[]string{"start", "", "size", "3"}, 0, 3, 1, 3, 2, "3"},
		"no applications at all":  {[]string{"size", "0"}, 0, 0, 1, 0, 0, ""},
		"exactly all":             {[]string{"size", "5"}, 0, 5, 1, 5, 1, ""},
		"the largest page":        {[]string{"size", "100"}, 0, 5, 1, 100, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := s.home.list(t, ours(c.query...))
			same(t, "ids", idsOf(p), ids[c.from:c.to])
			same(t, "pagination", p.Pagination, object{
				"total_items": 5, "page_number": c.number, "page_size": c.size, "total_pages": c.pages, "after": c.after,
			})
		})
	}
	t.Run("page by page meets each once", func(t *testing.T) {
		t.Parallel()
		var met []string
		query := ours("size", "2")
		for range len(ids) {
			p := s.home.list(t, query)
			met = append(met, idsOf(p)...)
			if p.Pagination.After == "" {
				break
			}
			query.Set("start", p.Pagination.After)
		}
		same(t, "ids", met, ids)
	})
}

// TestForeignApplications promises that another tenant's application is as unknown as any.
func TestForeignApplications(t *testing.T) {
	t.Parallel()
	s := shared(t)
	theirs := s.foreign(t)
	var keys []applicationKey
	theirs.management.get(t, "/applications/"+theirs.public.id+"/keys").is(t, http.StatusOK).into(t, &keys)
	for name, send := range map[string]func(t *testing.T, id string) *answer{
		"get": func(t *testing.T, id string) *answer { return s.home.management.get(t, "/applications/"+id) },
		"update": func(t *testing.T, id string) *answer {
			return s.home.management.put(t, "/applications/"+id, object{"name": "Taken"})
		},
		"delete": func(t *testing.T, id string) *answer { return s.home.management.delete(t, "/applications/"+id) },
		"regenerate": func(t *testing.T, id string) *answer {
			return s.home.management.post(t, "/applications/"+id+"/regenerate", nil)
		},
		"list keys": func(t *testing.T, id string) *answer { return s.home.management.get(t, "/applications/"+id+"/keys") },
		"new key": func(t *testing.T, id string) *answer {
			return s.home.management.post(t, "/applications/"+id+"/keys", nil)
		},
		"get key": func(t *testing.T, id string) *answer {
			return s.home.management.get(t, "/applications/"+id+"/keys/"+keys[0].ID)
		},
		"delete key": func(t *testing.T, id string) *answer {
			return s.home.management.delete(t, "/applications/"+id+"/keys/"+keys[0].ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]*answer{
				"foreign": send(t, theirs.public.id), "unknown": send(t, "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e00"), "no id at all": send(t, marked("x")),
			}
			alike(t, answers)
			answers["foreign"].is(t, http.StatusNotFound)
		})
	}
	theirs.public.post(t, "/sessions", nil).is(t, http.StatusCreated) // nothing has happened to it
	s.home.management.delete(t, "/applications/"+s.home.public.id+"/keys/"+keys[0].ID).is(t, http.StatusNotFound)
}
