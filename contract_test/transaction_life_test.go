package contract_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTransactionEvents(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for trigger, status := range map[string]string{"transaction_cancelled": "cancelled", "transaction_completed": "completed"} {
		t.Run(trigger+" ends it", func(t *testing.T) {
			t.Parallel()
			made := s.home.newTransaction(t, object{})
			var ended transaction
			s.home.end(t, strings.ToUpper(made.ID), trigger).is(t, http.StatusOK).into(t, &ended)
			if ended.Status != status || ended.ID != made.ID || ended.Version != made.Version+1 || len(ended.Tokens) != 0 {
				t.Errorf("it is %+v", ended)
			}
			if last := ended.Events[len(ended.Events)-1]; last.Trigger != trigger || stamp(t, last.Timestamp).Before(stamp(t, made.Created)) {
				t.Errorf("the last event is %+v", last)
			}
			if (ended.Completed != "") != (status == "completed") {
				t.Errorf("completed is %q", ended.Completed)
			}
			same(t, "the transaction read again", s.home.transactionAt(t, made.ID), ended)
			for _, again := range []string{"transaction_cancelled", "transaction_completed"} {
				s.home.end(t, made.ID, again).is(t, http.StatusBadRequest).says(t, "The transaction data is invalid.")
			}
			same(t, "the transaction after all", s.home.transactionAt(t, made.ID), ended)
		})
	}
	t.Run("other events are refused", func(t *testing.T) {
		t.Parallel()
		for _, trigger := range []any{"transaction_created", "", marked("x"), nil, 1} {
			r := request{method: http.MethodPut, path: "/api/transaction/" + s.home.transaction + "/event", body: object{"trigger": trigger}, broken: true}
			s.home.access.send(t, r).refuses(t, "trigger")
		}
	})
}

// TestTransactionExpires promises that a transaction is over when it was said to be, and its tokens with it.
func TestTransactionExpires(t *testing.T) {
	t.Parallel()
	s := timed(t)
	end := s.end()
	made := s.home.newTransaction(t, object{"expiry_timestamp": end.Format("2006-01-02T15:04:05.000Z")})
	if exp := payloadOf(t, made.Tokens[0].Token).Exp; exp > end.Unix() {
		t.Errorf("its token ends %s later", time.Unix(exp, 0).Sub(end))
	}
	bearerCaller(s.url, made.Tokens[0].Token).start(t, made.ID)
	s.before(end, func() {
		if got := s.home.transactionAt(t, made.ID).Status; got != "workflow_in_progress" {
			t.Errorf("a moment before its end it is %s", got)
		}
		s.home.creation(t, made.ID, "unknown")
	})
	s.reach(end)
	expired := s.home.transactionAt(t, made.ID)
	if expired.Status != "expired" || len(expired.Tokens) != 0 {
		t.Errorf("at its end it is %+v", expired)
	}
	s.home.end(t, made.ID, "transaction_cancelled").is(t, http.StatusBadRequest)
	s.home.access.post(t, "/api/transaction/"+made.ID+"/token", nil).is(t, http.StatusBadRequest)
	bearerCaller(s.url, made.Tokens[0].Token).post(t, "/api/transaction/"+made.ID+"/session", nil).is(t, http.StatusUnauthorized)
}

// TestUnreachableTransactions promises that a transaction which is unknown, another tenant's or over is refused alike.
func TestUnreachableTransactions(t *testing.T) {
	t.Parallel()
	s := shared(t)
	over := map[string]string{"unknown": "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e00"}
	for name, trigger := range map[string]string{"cancelled": "transaction_cancelled", "completed": "transaction_completed"} {
		over[name] = s.home.newTransaction(t, object{}).ID
		s.home.end(t, over[name], trigger).is(t, http.StatusOK)
	}
	if s.hasForeign() {
		over["foreign"] = s.foreign(t).transaction
	}
	for name, c := range map[string]struct {
		send    func(t *testing.T, id string) *answer
		allOver bool // also those of our own that are over
	}{
		"reading one": {func(t *testing.T, id string) *answer { return s.home.access.get(t, "/api/transaction/"+id) }, false},
		"ending one":  {func(t *testing.T, id string) *answer { return s.home.end(t, id, "transaction_cancelled") }, true},
		"a token for one": {func(t *testing.T, id string) *answer {
			return s.home.access.post(t, "/api/transaction/"+id+"/token", nil)
		}, true},
		"a role's token too": {func(t *testing.T, id string) *answer {
			return s.home.access.post(t, "/api/transaction/"+id+"/token", object{"role": "R"})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]*answer{}
			for kind, id := range over {
				if c.allOver || kind == "unknown" || kind == "foreign" {
					answers[kind] = c.send(t, id)
				}
			}
			alike(t, answers)
			answers["unknown"].is(t, http.StatusBadRequest).says(t, "The transaction data is invalid.")
		})
	}
}
