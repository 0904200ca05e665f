package contract_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// entry is one line of the audit log.
type entry struct {
	ID         string `json:"id"`
	TenantID   string `json:"tenant_id"`
	ActorID    string `json:"actor_id"`
	ActorType  string `json:"actor_type"`
	EntityType string `json:"entity_type"`
	EntityID   string `json:"entity_id"`
	Operation  string `json:"operation"`
	Message    string `json:"message"`
	CreatedAt  string `json:"created_at"`
}

type logPage struct {
	Pagination struct {
		TotalItems int    `json:"total_items"`
		PageNumber int    `json:"page_number"`
		PageSize   int    `json:"page_size"`
		TotalPages int    `json:"total_pages"`
		Next       string `json:"next"`
	} `json:"pagination"`
	Data []entry `json:"data"`
}

// logs is a page of the audit log.
func (tn *tenant) logs(t testing.TB, query url.Values) (p logPage) {
	t.Helper()
	tn.management.get(t, "/logs?"+query.Encode()).is(t, http.StatusOK).into(t, &p)
	return p
}

// told says who did what, newest first.
func (p logPage) told() []string {
	lines := []string{}
	for _, e := range p.Data {
		lines = append(lines, e.Operation+" "+e.EntityID+" by "+e.ActorID)
	}
	return lines
}

// oneByOne lets time pass before each step, so that the log has an order.
func (s *service) oneByOne(steps ...func()) {
	for _, step := range steps {
		s.pass(5 * time.Millisecond)
		step()
	}
}

func about(id string) url.Values { return url.Values{"entity_id": {id}} }

// TestLogsOfEverythingElse promises an entry for what is done to applications, keys, sessions, tenants and transactions.
func TestLogsOfEverythingElse(t *testing.T) {
	t.Parallel()
	s := timed(t)
	application, transaction := s.home.newApplication(t, object{"name": "Watched", "type": "public"}), s.home.newTransaction(t, object{})
	one, key := "/applications/"+application.ID, "/applications/"+application.ID+"/keys/"+application.Keys[0].ID
	self, began := s.home.self(t), s.now()
	tn := *s.home // with applications of the test's own, of which nobody else leaves a trace
	tn.management = tn.application(t, "management", "application:create", "application:read", "application:update", "application:delete", "tenant:update", "log:read")
	tn.public, tn.private = tn.application(t, "public"), tn.application(t, "private", transactionPermissions...)
	tn.access = tn.private.accessToken(t)
	var made session
	for _, step := range []struct {
		name, entity, operation, message string
		id                               string // empty where it is not told
		by                               caller
		do                               func()
	}{
		{"an application is read", "application", "read", "Application retrieved", application.ID, tn.management, func() { tn.management.get(t, one).is(t, 200) }},
		{"it is changed", "application", "update", "Application updated", application.ID, tn.management, func() { tn.management.put(t, one, object{"name": "Renamed"}).is(t, 200) }},
		{"a key is read", "application_key", "read", "Application Key retrieved", application.Keys[0].ID, tn.management, func() { tn.management.get(t, key).is(t, 200) }},
		{"a key is made", "application_key", "create", "Application Key created", "", tn.management, func() { tn.newKey(t, application.ID) }},
		{"a key is deleted", "application_key", "delete", "Application Key deleted", application.Keys[0].ID, tn.management, func() { tn.management.delete(t, key).is(t, 204) }},
		{"an application is deleted", "application", "delete", "Application deleted", application.ID, tn.management, func() { tn.management.delete(t, one).is(t, 204) }},
		{"a session is made", "session", "create", "Session created", "", tn.public, func() { made = tn.session(t) }},
		{"it is authorized", "session", "authorize", "Session authorized", "", tn.private, func() { tn.authorize(t, made, reading).is(t, 200) }},
		{"the tenant is changed", "tenant", "update", "Tenant updated", tn.id, tn.management, func() { tn.management.put(t, "/tenants/self", object{"name": self.Name}).is(t, 200) }},
		{"a transaction is made", "transaction", "create", "Transaction created", "", tn.private, func() { tn.newTransaction(t, object{}) }},
		{"a transaction is read", "transaction", "read", "Transaction retrieved", transaction.ID, tn.private, func() { tn.transactionAt(t, transaction.ID) }},
		{"a token for it is issued", "transaction", "authorize", "Transaction authorized", transaction.ID, tn.private, func() { tn.creation(t, transaction.ID, "unknown") }},
		{"a transaction is cancelled", "transaction", "update", "Transaction updated", transaction.ID, tn.private, func() { tn.end(t, transaction.ID, "transaction_cancelled").is(t, 200) }},
	} {
		step.do()
		query := url.Values{"entity_type": {step.entity}, "start_date": {began.Add(-time.Minute).Format(time.RFC3339Nano)}, "size": {"5000"}}
		var entries []entry
		for _, e := range tn.logs(t, query).Data {
			if e.ActorID == step.by.id && e.Operation == step.operation {
				entries = append(entries, e)
			}
		}
		if len(entries) != 1 {
			t.Errorf("%s: there are %d entries", step.name, len(entries))
			continue
		}
		got := entries[0]
		same(t, step.name, []string{got.Message, got.ActorType, got.TenantID}, []string{step.message, "application", tn.id})
		if step.id != "" && got.EntityID != step.id || got.EntityID == "" {
			t.Errorf("%s: the entry is about %q, not %q", step.name, got.EntityID, step.id)
		}
	}
}

// TestListLogs promises what each filter leaves.
func TestListLogs(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	var token tokenAnswer
	read := func() { v.readToken(t, token.ID) }
	s.oneByOne(func() { token = v.secret(t) }, read, read, read)
	entries := s.home.logs(t, about(token.ID)).Data
	same(t, "the log of a token", logPage{Data: entries}.told(), list{"read " + token.ID + " by " + v.id, "read " + token.ID + " by " + v.id, "read " + token.ID + " by " + v.id, "create " + token.ID + " by " + v.id})
	at := func(i int) time.Time { return instant(t, entries[i].CreatedAt) }
	iso := func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000Z07:00") }
	west := time.FixedZone("", -7*3600)
	for name, c := range map[string]struct {
		query url.Values
		want  []entry
	}{
		"its type":                   {url.Values{"entity_type": {"token"}}, entries},
		"a type that is not its":     {url.Values{"entity_type": {"session"}}, nil},
		"no type":                    {url.Values{"entity_type": {"TOKEN"}}, nil},
		"from a moment on":           {url.Values{"start_date": {iso(at(2))}}, entries[:3]},
		"from a moment in the west":  {url.Values{"start_date": {iso(at(2).In(west))}}, entries[:3]},
		"before a moment":            {url.Values{"end_date": {iso(at(2))}}, entries[3:]},
		"between two moments":        {url.Values{"start_date": {iso(at(2))}, "end_date": {iso(at(0))}}, entries[1:3]},
		"between one and the same":   {url.Values{"start_date": {iso(at(0))}, "end_date": {iso(at(0))}}, nil},
		"of the day after tomorrow":  {url.Values{"start_date": {s.now().Add(48 * time.Hour).UTC().Format(time.DateOnly)}}, nil},
		"before the day before last": {url.Values{"end_date": {s.now().Add(-24 * time.Hour).UTC().Format(time.DateOnly)}}, nil},
		"of dates left empty":        {url.Values{"start_date": {""}, "end_date": {""}}, entries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.query.Set("entity_id", token.ID)
			same(t, "the log", s.home.logs(t, c.query).Data, append([]entry{}, c.want...))
		})
	}
	t.Run("nobody", func(t *testing.T) {
		t.Parallel()
		same(t, "the log", s.home.logs(t, about("unknown")).told(), list{})
	})
	t.Run("never another tenant's", func(t *testing.T) {
		t.Parallel()
		same(t, "the log", s.foreign(t).logs(t, about(token.ID)).told(), list{})
	})
}

// TestListLogsByDay promises that a date is the beginning of its day, and what a type leaves of a whole log.
func TestListLogsByDay(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	v := s.home.vault(t)
	s.own.clock.set(s.now().Truncate(24 * time.Hour).Add(36 * time.Hour)) // noon
	var a, b tokenAnswer
	s.oneByOne(func() { a = v.secret(t) }, func() { b = v.secret(t) })
	s.own.clock.move(20 * time.Hour)
	s.oneByOne(func() { v.readToken(t, a.ID) }, func() { v.readToken(t, b.ID) })
	today := s.now().Format(time.DateOnly)
	first, second, third, fourth := "create "+a.ID+" by "+v.id, "create "+b.ID+" by "+v.id, "read "+a.ID+" by "+v.id, "read "+b.ID+" by "+v.id
	for name, c := range map[string]struct {
		query url.Values
		want  list
	}{
		"of tokens":       {url.Values{}, list{fourth, third, second, first}},
		"of today":        {url.Values{"start_date": {today}}, list{fourth, third}},
		"until yesterday": {url.Values{"end_date": {today}}, list{second, first}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.query.Set("entity_type", "token")
			same(t, "the log", s.home.logs(t, c.query).told(), c.want)
		})
	}
}

// TestListLogsByPage promises pages by number and by start, and nothing past the end.
func TestListLogsByPage(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	token := v.secret(t)
	for range 4 {
		s.oneByOne(func() { v.readToken(t, token.ID) })
	}
	ids := []string{}
	for _, e := range s.home.logs(t, about(token.ID)).Data {
		ids = append(ids, e.ID)
	}
	same(t, "how many", len(ids), 5)
	for name, c := range map[string]struct {
		query                         []string
		from, to, number, size, pages int
		next                          string
	}{
		"the first page": {[]string{"page", "1", "size", "2"}, 0, 2, 1, 2, 3, "2"}, "the last": {[]string{"page", "3", "size", "2"}, 4, 5, 3, 2, 3, ""}, "past the end": {[]string{"page", "4", "size", "2"}, 5, 5, 4, 2, 3, ""},
		"from where a page ended": {[]string{"start", "2", "size", "2"}, 2, 4, 2, 2, 3, "4"}, "all": {[]string{"size", "5000"}, 0, 5, 1, 5000, 1, ""}, "none": {[]string{"size", "0"}, 0, 0, 1, 0, 0, ""},
		"the default": {nil, 0, 5, 1, 20, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query := about(token.ID)
			for i := 0; i < len(c.query); i += 2 {
				query.Set(c.query[i], c.query[i+1])
			}
			p, met := s.home.logs(t, query), []string{}
			for _, e := range p.Data {
				met = append(met, e.ID)
			}
			same(t, "entries", met, ids[c.from:c.to])
			same(t, "pagination", p.Pagination, object{"total_items": 5, "page_number": c.number, "page_size": c.size, "total_pages": c.pages, "next": c.next})
		})
	}
	t.Run("the end has no next", func(t *testing.T) {
		t.Parallel()
		pagination := s.home.management.get(t, "/logs?entity_id="+token.ID).object(t)["pagination"].(object)
		if _, there := pagination["next"]; there {
			t.Error("next is there")
		}
	})
}

// TestListLogsRefuses promises 400, about the parameter, and 403 without log:read.
func TestListLogsRefuses(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for query, member := range map[string]string{
		"start_date=" + marked("x"): "start_date", "end_date=" + marked("x"): "end_date", "start_date=2090-02-30": "start_date", "size=5001": "size", "page=0": "page", "start=" + marked("x"): "start",
		"entity_type=" + strings.Repeat("x", 51): "entity_type", "entity_id=" + strings.Repeat("x", 401): "entity_id", "start_date=" + strings.Repeat("2", 41): "start_date",
	} {
		t.Run(member+" "+strconv.Itoa(len(query)), func(t *testing.T) {
			t.Parallel()
			s.home.management.spoilt(t, http.MethodGet, "/logs?"+query, nil).refuses(t, member)
		})
	}
	without := s.home.application(t, "management", "application:read", "tenant:read")
	for name, c := range map[string]caller{"management without log:read": without, "private": s.home.private, "public": s.home.public, "a session": s.home.authorized(t, tokenPermissions...).caller} {
		for _, path := range []string{"/logs", "/logs/entity-types"} {
			if a := c.get(t, path); a.status != http.StatusForbidden {
				t.Errorf("%s: %s is answered %d", name, path, a.status)
			}
		}
	}
}

// TestLogRetention promises that entries are kept for a day, and then swept.
func TestLogRetention(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	v := s.home.vault(t)
	s.own.clock.set(s.now().Truncate(time.Millisecond))
	token := v.secret(t)
	s.own.clock.move(24 * time.Hour)
	s.own.housekeep(t)
	same(t, "after a day", len(s.home.logs(t, about(token.ID)).Data), 1)
	v.readToken(t, token.ID)
	s.own.clock.move(time.Millisecond)
	s.own.housekeep(t)
	same(t, "after a little more", s.home.logs(t, about(token.ID)).told(), list{"read " + token.ID + " by " + v.id})
}

// TestListLogEntityTypes promises each type once, with a name to show, and that entries have no other.
func TestListLogEntityTypes(t *testing.T) {
	t.Parallel()
	s := shared(t)
	var types []struct {
		DisplayName string `json:"display_name"`
		Value       string `json:"value"`
	}
	s.home.management.get(t, "/logs/entity-types").is(t, http.StatusOK).into(t, &types)
	values := []string{}
	for _, one := range types {
		if one.DisplayName == "" {
			t.Errorf("%s has no name to show", one.Value)
		}
		values = append(values, one.Value)
	}
	same(t, "the types", values, list{"application", "application_key", "session", "tenant", "token", "transaction"})
	for _, e := range s.home.logs(t, url.Values{"size": {"5000"}}).Data {
		if !slices.Contains(values, e.EntityType) {
			t.Errorf("an entry is about a %s", e.EntityType)
		}
	}
}
