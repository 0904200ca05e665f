package hallpass_test

import (
	"errors"
	"testing"
	"time"

	"hallpass"
)

func TestTransactionStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stored hallpass.TransactionStatus
		at     time.Time
		want   hallpass.TransactionStatus
		open   bool
	}{
		{"new", noon.Add(-time.Microsecond), "new", true},
		{"new", noon, "expired", false},
		{"workflow_in_progress", noon.Add(-time.Microsecond), "workflow_in_progress", true},
		{"workflow_in_progress", noon.Add(time.Hour), "expired", false},
		{"completed", noon.Add(-time.Hour), "completed", false},
		{"completed", noon.Add(time.Hour), "completed", false},
		{"cancelled", noon.Add(-time.Hour), "cancelled", false},
		{"cancelled", noon.Add(time.Hour), "cancelled", false},
		{"suspended", noon.Add(-time.Hour), "suspended", false},
	} {
		t.Run(string(c.stored)+" is "+string(c.want)+" at "+c.at.Format("15:04:05"), func(t *testing.T) {
			t.Parallel()
			tr := hallpass.Transaction{Status: c.stored, ExpiresAt: noon}
			wantSame(t, "status", tr.StatusAt(c.at), c.want)
			wantSame(t, "open", tr.Open(c.at), c.open)
			if err := tr.CheckOpen(c.at); (err == nil) != c.open || err != nil && !errors.Is(err, hallpass.ErrTransaction) {
				t.Errorf("CheckOpen says %v", err)
			}
		})
	}
}

func TestTransactionIsItsTenantsAlone(t *testing.T) {
	t.Parallel()
	var missing *hallpass.Transaction
	own := &hallpass.Transaction{TenantID: "tenant"}
	for promise, c := range map[string]struct{ got, want error }{
		"its own tenant may":       {own.CheckTenant("tenant"), nil},
		"another tenant may not":   {own.CheckTenant("another"), hallpass.ErrTransaction},
		"one that is not there":    {missing.CheckTenant("tenant"), hallpass.ErrTransaction},
		"nobody is not everybody ": {own.CheckTenant(""), hallpass.ErrTransaction},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", promise, c.got, c.want)
		}
	}
}

func TestCheckRole(t *testing.T) {
	t.Parallel()
	naming := &hallpass.Transaction{Roles: []string{"Borrower", "Lender"}}
	silent := &hallpass.Transaction{}
	for _, c := range []struct {
		promise     string
		transaction *hallpass.Transaction
		role        string
		ok          bool
	}{
		{"a named role is known", naming, "Lender", true},
		{"unknown is always known", naming, "unknown", true},
		{"another role is not", naming, "Witness", false},
		{"nor is another spelling", naming, "lender", false},
		{"nor the empty role", naming, "", false},
		{"where none is named, any is known", silent, "Witness", true},
	} {
		err := c.transaction.CheckRole(c.role)
		if c.ok {
			if err != nil {
				t.Errorf("%s: %v", c.promise, err)
			}
			continue
		}
		refusal := theRefusal(t, err, hallpass.KindInvalid)
		wantSame(t, c.promise, refusal.Fields, problems{"role": {"is not a role of the transaction"}})
		wantSame(t, c.promise, refusal.Detail, hallpass.ErrTransaction.Detail)
	}
}

func TestClaimsOfATransaction(t *testing.T) {
	t.Parallel()
	tr := &hallpass.Transaction{ID: "transaction", ExpiresAt: noon.Add(time.Hour)}
	for promise, c := range map[string]struct {
		now  time.Time
		want time.Time
	}{
		"they last as long as asked":              {noon, noon.Add(30 * time.Minute)},
		"but end with the transaction":            {noon.Add(45 * time.Minute), noon.Add(time.Hour)},
		"also when both would end at one instant": {noon.Add(30 * time.Minute), noon.Add(time.Hour)},
	} {
		got := tr.CreationClaims("Borrower", "client", "token", c.now, 30*time.Minute)
		wantSame(t, promise, got, hallpass.Claims{
			Session: &hallpass.SessionClaim{Role: "Borrower"}, Scope: []string{"session_creation_authorization_code"}, TransactionUUID: "transaction",
			ExpiresAt: c.want.Unix(), ID: "token", ClientID: "client",
		})
		if c.want.Unix() > tr.ExpiresAt.Unix() {
			t.Errorf("%s: the token outlives the transaction", promise)
		}
	}
	session := hallpass.TransactionSession{ID: "session", TransactionID: "transaction", Role: "Borrower"}
	wantSame(t, "a session's access", session.AccessClaims("client", "token", 12345), hallpass.Claims{
		Session: &hallpass.SessionClaim{Role: "Borrower"}, Scope: []string{"session_access"}, TransactionUUID: "transaction", ExpiresAt: 12345, ID: "token", ClientID: "client",
	})
}
