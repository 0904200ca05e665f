package store_test

import (
	"strconv"
	"testing"
	"time"

	"hallpass"
	"hallpass/store"
)

// logged is the log of the tenant, newest first, as entity and operation.
func (w *world) logged(tenant *hallpass.Tenant, f store.LogFilter) (lines []string, total int) {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 100
	}
	list, total, err := w.Logs(w.t.Context(), tenant.ID, f)
	w.must(err)
	lines = []string{}
	for i := range list {
		lines = append(lines, list[i].EntityID+" "+list[i].Operation)
	}
	return lines, total
}

func (w *world) note(at time.Time, tenant *hallpass.Tenant, entityType, id, operation string) {
	w.t.Helper()
	w.must(w.Record(w.t.Context(), at, hallpass.Log{TenantID: tenant.ID, ActorID: anAuthor, EntityType: entityType, EntityID: id, Operation: operation}))
}

func TestLogs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		second := w.newTenant("Second")
		w.note(noon, w.tenant, "token", "a", "create")
		w.note(noon.Add(time.Millisecond), w.tenant, "session", "a", "authorize")
		w.note(noon.Add(time.Second), w.tenant, "token", "b", "read")
		w.note(noon.Add(time.Second), second, "token", "a", "delete")
		w.note(noon.Add(time.Hour), w.tenant, "token", "a", "update")
		for name, c := range map[string]struct {
			filter store.LogFilter
			want   []string
			total  int
		}{
			"everything":                     {store.LogFilter{}, []string{"a update", "b read", "a authorize", "a create"}, 4},
			"of one type":                    {store.LogFilter{EntityType: "token"}, []string{"a update", "b read", "a create"}, 3},
			"of one id":                      {store.LogFilter{EntityID: "a"}, []string{"a update", "a authorize", "a create"}, 3},
			"of one token":                   {store.LogFilter{EntityID: "a", EntityType: "token"}, []string{"a update", "a create"}, 2},
			"from a moment on":               {store.LogFilter{From: noon.Add(time.Millisecond)}, []string{"a update", "b read", "a authorize"}, 3},
			"until a moment":                 {store.LogFilter{Until: noon.Add(time.Second)}, []string{"a authorize", "a create"}, 2},
			"between moments":                {store.LogFilter{From: noon.Add(time.Millisecond), Until: noon.Add(time.Hour)}, []string{"b read", "a authorize"}, 2},
			"a page":                         {store.LogFilter{Limit: 2}, []string{"a update", "b read"}, 4},
			"the next page":                  {store.LogFilter{Limit: 2, Offset: 2}, []string{"a authorize", "a create"}, 4},
			"past the end":                   {store.LogFilter{Limit: 2, Offset: 4}, []string{}, 4},
			"of an id that would be SQL":     {store.LogFilter{EntityID: "' OR 1=1 --"}, []string{}, 0},
			"of a moment long before and on": {store.LogFilter{From: time.Unix(0, 0)}, []string{"a update", "b read", "a authorize", "a create"}, 4},
		} {
			lines, total := w.logged(w.tenant, c.filter)
			wantSame(t, name, lines, c.want)
			wantSame(t, name+", total", total, c.total)
		}
		lines, _ := w.logged(second, store.LogFilter{})
		wantSame(t, "the other tenant's", lines, []string{"a delete"})
	})
}

func TestLogEntryIsReadAsItWasWritten(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		want := hallpass.Log{TenantID: w.tenant.ID, ActorID: anAuthor, EntityType: "token", EntityID: "any id: ключ", Operation: "read"}
		w.must(w.Record(t.Context(), noon, want, hallpass.Log{TenantID: w.tenant.ID, EntityType: "tenant", EntityID: "nobody's", Operation: "create"}))
		list, _, err := w.Logs(t.Context(), w.tenant.ID, store.LogFilter{Limit: 10, EntityType: "token"})
		w.must(err)
		want.ID = list[0].ID
		wantSame(t, "the entry", list, []hallpass.Log{want})
		wantSame(t, "when", list[0].CreatedAt(), noon)
		list, _, err = w.Logs(t.Context(), w.tenant.ID, store.LogFilter{Limit: 10, EntityType: "tenant"})
		w.must(err)
		wantSame(t, "the actor of the operator's own", list[0].ActorID, "")
	})
}

func TestLogsAreAllWrittenInOneMillisecond(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		inParallel(40, func(i int) {
			for j := range 25 {
				w.note(noon, w.tenant, "token", strconv.Itoa(i*25+j), "read")
			}
		})
		_, total := w.logged(w.tenant, store.LogFilter{EntityType: "token"})
		wantSame(t, "entries", total, 1000)
	})
}

func TestSweepDeletesOldLogs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		at := noon.Truncate(time.Millisecond)
		for i := range 500 {
			w.note(at.Add(-time.Duration(i)*time.Millisecond), w.tenant, "token", strconv.Itoa(i), "read")
		}
		swept, err := w.Sweep(t.Context(), at.Add(time.Hour-100*time.Millisecond), time.Hour)
		w.must(err)
		wantSame(t, "swept", swept, 500-101)
		lines, total := w.logged(w.tenant, store.LogFilter{EntityType: "token", Limit: 1, Offset: 100})
		wantSame(t, "left", total, 101)
		wantSame(t, "the oldest left", lines, []string{"100 read"})
	})
}
