package contract_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func (c caller) start(t testing.TB, id string) transactionSession {
	t.Helper()
	var started transactionSession
	a := c.post(t, "/api/transaction/"+id+"/session", nil).is(t, http.StatusOK)
	a.into(t, &started)
	return started
}

func TestStartTransactionSession(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("starts the session of the token's role, then resumes it", func(t *testing.T) {
		t.Parallel()
		id := s.home.newTransaction(t, object{"tokens": list{object{"role": "Borrower"}, object{"role": "Agent"}}}).ID
		one := s.home.creation(t, id, "Borrower")
		first := one.start(t, id)
		if !uuidV4.MatchString(first.ID) || first.Role != "Borrower" || first.Version != 0 || stamp(t, first.Created).After(stamp(t, first.LastRequest)) {
			t.Errorf("it is %+v", first)
		}
		again := one.start(t, id)
		other := s.home.creation(t, id, "Borrower").start(t, id)
		if again.ID != first.ID || again.Version != 1 || again.Created != first.Created || other.ID != first.ID || other.Version != 2 {
			t.Errorf("resumed it is %+v, then %+v", again, other)
		}
		if agent := s.home.creation(t, id, "Agent").start(t, id); agent.ID == first.ID || agent.Version != 0 || agent.Role != "Agent" {
			t.Errorf("another role's is %+v", agent)
		}
		now := s.home.transactionAt(t, id)
		if now.Status != "workflow_in_progress" || now.Version != 4 || now.LastSession == "" {
			t.Errorf("the transaction is %+v", now)
		}
		if len(now.Events) != 3 || now.Events[1].Trigger != "session_started" || now.Events[1].Role != "Borrower" || now.Events[2].Role != "Agent" {
			t.Errorf("its events are %+v", now.Events)
		}
	})
	t.Run("answers a token for the session, and for nothing else", func(t *testing.T) {
		t.Parallel()
		id := s.home.newTransaction(t, object{}).ID
		creation := s.home.creation(t, id, "Borrower")
		token := creation.start(t, id).Token
		header, _, _ := parts(t, token)
		redeemed, p := payloadOf(t, creation.token()), payloadOf(t, token)
		want := payload{Scope: []string{"session_access"}, TransactionUUID: id, Exp: p.Exp, Jti: p.Jti, ClientID: redeemed.ClientID}
		want.Session.Role = "Borrower"
		same(t, "the payload", p, want)
		if string(header) != hs384 || p.Jti == redeemed.Jti || !uuidV4.MatchString(p.Jti) || p.Exp > redeemed.Exp {
			t.Errorf("the token is %s %+v", header, p)
		}
		if s.own != nil && !verifies(token, s.secret(t)) {
			t.Error("the signature is not that of HMAC-SHA-384 under the signing secret")
		}
		c := bearerCaller(s.url, token)
		c.get(t, "/api/transaction/"+id).is(t, http.StatusForbidden)
		c.post(t, "/api/transaction/"+id+"/session", nil).is(t, http.StatusForbidden)
		c.post(t, "/api/transaction/"+id+"/token", nil).is(t, http.StatusForbidden)
	})
	t.Run("keeps the browser's name, as far as it is text", func(t *testing.T) {
		t.Parallel()
		c := s.home.creation(t, s.home.transaction, "Browser")
		r := request{method: http.MethodPost, path: "/api/transaction/" + s.home.transaction + "/session"}
		for sent, want := range map[string]string{
			"Mozilla/5.0 (X11)": "Mozilla/5.0 (X11)", strings.Repeat("é", 600): strings.Repeat("é", 512), "a\xffb": "ab",
		} {
			var started transactionSession
			c.send(t, r.with("User-Agent", sent)).is(t, http.StatusOK).into(t, &started)
			if started.UserAgent != want {
				t.Errorf("user_agent is %q", started.UserAgent)
			}
		}
	})
	t.Run("takes any body, and the id in capitals", func(t *testing.T) {
		t.Parallel()
		c := s.home.creation(t, s.home.transaction, "Any body")
		for _, r := range []request{{}, {body: "{}"}, {body: marked("x"), kind: "text/plain"}, {body: "a=b", kind: "-"}} {
			r.method, r.path = http.MethodPost, "/api/transaction/"+strings.ToUpper(s.home.transaction)+"/session"
			c.send(t, r).is(t, http.StatusOK)
		}
	})
}

func TestTransactionSessionRefusals(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("a creation token opens its own transaction only", func(t *testing.T) {
		t.Parallel()
		one, two := s.home.newTransaction(t, object{}).ID, s.home.newTransaction(t, object{}).ID
		c := s.home.creation(t, one, "unknown")
		c.post(t, "/api/transaction/"+two+"/session", nil).is(t, http.StatusForbidden)
		c.post(t, "/api/transaction/7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e00/session", nil).is(t, http.StatusForbidden)
		if now := s.home.transactionAt(t, two); now.Status != "new" {
			t.Errorf("the other transaction is %s", now.Status)
		}
		c.start(t, one)
	})
	t.Run("a creation token is no access token", func(t *testing.T) {
		t.Parallel()
		id := s.home.newTransaction(t, object{}).ID
		c := s.home.creation(t, id, "unknown")
		for _, a := range []*answer{
			c.get(t, "/api/transaction/"+id), c.put(t, "/api/transaction/", object{}), c.post(t, "/api/transaction/"+id+"/token", nil),
			c.put(t, "/api/transaction/"+id+"/event", object{"trigger": "transaction_cancelled"}),
		} {
			a.is(t, http.StatusForbidden).says(t, "The token does not grant transaction creation rights.")
		}
	})
	t.Run("an access token is no creation token", func(t *testing.T) {
		t.Parallel()
		s.home.access.post(t, "/api/transaction/"+s.home.transaction+"/session", nil).is(t, http.StatusForbidden)
	})
	t.Run("another tenant is refused", func(t *testing.T) {
		t.Parallel()
		c := s.home.creation(t, s.home.transaction, "unknown")
		r := request{method: http.MethodPost, path: "/api/transaction/" + s.home.transaction + "/session"}
		c.send(t, r.with("X-Tenant", s.home.id)).is(t, http.StatusOK)
		c.send(t, r.with("X-Tenant", "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a00")).is(t, http.StatusForbidden)
	})
	for _, trigger := range []string{"transaction_cancelled", "transaction_completed"} {
		t.Run("there is none after "+trigger, func(t *testing.T) {
			t.Parallel()
			id := s.home.newTransaction(t, object{}).ID
			started, waiting := s.home.creation(t, id, "A"), s.home.creation(t, id, "B")
			started.start(t, id)
			s.home.end(t, id, trigger).is(t, http.StatusOK)
			for _, c := range []caller{started, waiting} {
				c.post(t, "/api/transaction/"+id+"/session", nil).is(t, http.StatusBadRequest).says(t, "The transaction data is invalid.")
			}
		})
	}
	t.Run("it ends with the application that issued its token", func(t *testing.T) {
		t.Parallel()
		tn := *s.home
		tn.private = tn.application(t, "private", transactionPermissions...)
		tn.access = tn.private.accessToken(t)
		id := tn.newTransaction(t, object{}).ID
		c := tn.creation(t, id, "unknown")
		c.start(t, id)
		tn.management.delete(t, "/applications/"+tn.private.id).is(t, http.StatusNoContent)
		c.post(t, "/api/transaction/"+id+"/session", nil).is(t, http.StatusUnauthorized)
		if now := s.home.transactionAt(t, id); now.Status != "workflow_in_progress" { // the transaction is the tenant's
			t.Errorf("the transaction is %s", now.Status)
		}
	})
}

func TestResumedSessionTellsTheTime(t *testing.T) {
	t.Parallel()
	s := timed(t)
	id := s.home.newTransaction(t, object{}).ID
	c := s.home.creation(t, id, "unknown")
	first := c.start(t, id)
	s.pass(time.Second)
	again := c.start(t, id)
	if passed := stamp(t, again.LastRequest).Sub(stamp(t, first.LastRequest)); again.Created != first.Created || passed < time.Second || s.own != nil && passed > time.Second {
		t.Errorf("first %+v, then %+v", first, again)
	}
	if now := s.home.transactionAt(t, id); now.LastSession != again.LastRequest {
		t.Errorf("last_session_event is %s", now.LastSession)
	}
}
