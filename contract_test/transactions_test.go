package contract_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hallpass/handlers"
)

// stamp reads a moment in the spelling of the transaction routes.
func stamp(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (tn *tenant) transactionAt(t testing.TB, id string) transaction {
	t.Helper()
	var read transaction
	a := tn.access.get(t, "/api/transaction/"+id).is(t, http.StatusOK)
	a.into(t, &read)
	if a.header.Get("Vary") == "" {
		t.Error("Vary is missing")
	}
	return read
}

// end applies an event to a transaction.
func (tn *tenant) end(t testing.TB, id, trigger string) *answer {
	t.Helper()
	return tn.access.put(t, "/api/transaction/"+id+"/event", object{"trigger": trigger})
}

// fullTransaction is a request with every member that there is.
var fullTransaction = object{
	"workflow_id": "80b601c9-f102-4761-9eaa-90ba8fcb58b6", "brand_id": "onespan", "urlSetKey": "default", "language": "english",
	"opaque_id": "WorkflowExternalMitAtPwd=1234", "disable_notifications": true, "disable_recording": false,
	"configuration": object{
		"consent": object{"type": "explicit", "deep": object{"er": list{1, "two", nil}}},
		"redirects": list{
			object{"id": "REDIRECT_DOCID_PASS", "url": "https://shop.example/done?transaction={{transactionId}}&role={{userRole}}"},
			object{"id": "REDIRECT_SESSION_TIMEOUT", "url": "https://shop.example/late"},
		},
	},
	"users": list{
		object{
			"role": "Borrower", "title": "Ms", "first_name": "Ada", "middle_name": "King", "last_name": "Lovelace", "birth_surname": "Byron",
			"company": "Analytical Engines", "email": "ada@shop.example", "phone_number": "+15550111", "dob": "1985-12-10T00:00:00.000Z",
			"groups": list{"visible"}, "bank": object{"name": "First Bank", "number": 12},
			"address": object{"country_code": "GB", "city": "London", "flat_or_appartment_number": "3", "post_code": "SW1Y 4LE"}, //nolint:misspell // the vendor's spelling
		},
		object{"role": "Witness", "first_name": "Ünal"},
	},
	"documents": list{object{
		"id": "agreement_1", "version": 1, "title": "Loan agreement", "description": "The agreement to sign",
		"document_template_id": "80b601c9-f102-4761-9eaa-90ba8fcb58b6", "content": "sfs://agreements/1", "groups": list{"visible"},
	}},
}

func TestCreateTransaction(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("keeps what it is given", func(t *testing.T) {
		t.Parallel()
		body := maps.Clone(fullTransaction)
		body["tokens"], body["tenant_id"] = list{object{"role": "Borrower"}, object{"role": "Agent"}}, strings.ToUpper(s.home.id)
		a := s.home.access.put(t, "/api/transaction/", body).is(t, http.StatusOK)
		for _, answered := range []object{a.object(t), s.home.access.get(t, "/api/transaction/"+a.object(t)["id"].(string)).object(t)} {
			for member, want := range fullTransaction {
				same(t, member, answered[member], want)
			}
			same(t, "tenant_id", answered["tenant_id"], s.home.id)
		}
	})
	t.Run("is new, and good for ninety days", func(t *testing.T) {
		t.Parallel()
		before := s.now()
		made := s.home.newTransaction(t, object{})
		created, expires := stamp(t, made.Created), stamp(t, made.ExpiryTimestamp)
		if made.Status != "new" || made.Version != 0 || made.TenantID != s.home.id || !uuidV4.MatchString(made.ID) {
			t.Errorf("it is %+v", made)
		}
		if created.Before(before.Add(-slack(s))) || expires.Sub(created) != 90*24*time.Hour || made.ExpiryPeriod != 90 {
			t.Errorf("created %s, expires %s, period %d", created, expires, made.ExpiryPeriod)
		}
		if len(made.Events) != 1 || made.Events[0].Trigger != "transaction_created" || made.Events[0].Timestamp != made.Created {
			t.Errorf("events are %+v", made.Events)
		}
	})
	t.Run("issues a token for each role in tokens, with its accessUrl", func(t *testing.T) {
		t.Parallel()
		made := s.home.newTransaction(t, object{"brand_id": "my-brand", "tokens": list{object{"role": "A"}, object{"role": "B b"}, object{"role": "A"}}})
		if len(made.Tokens) != 2 || made.Tokens[0].Role != "A" || made.Tokens[1].Role != "B b" {
			t.Fatalf("tokens are %+v", made.Tokens)
		}
		for _, token := range made.Tokens {
			checkAccessURL(t, made.ID, "my-brand", token)
			if role := payloadOf(t, token.Token).Session.Role; role != token.Role {
				t.Errorf("the token is for %q, not %q", role, token.Role)
			}
			bearerCaller(s.url, token.Token).post(t, "/api/transaction/"+made.ID+"/session", nil).is(t, http.StatusOK)
		}
	})
	t.Run("issues one for the unknown role where none is named", func(t *testing.T) {
		t.Parallel()
		for _, body := range []object{{}, {"tokens": list{}}, {"users": list{object{"role": "Borrower"}}}} {
			made := s.home.newTransaction(t, body)
			if len(made.Tokens) != 1 || made.Tokens[0].Role != "unknown" {
				t.Fatalf("tokens are %+v", made.Tokens)
			}
			checkAccessURL(t, made.ID, "default", made.Tokens[0])
		}
	})
	t.Run("takes a period or a moment of expiry", func(t *testing.T) {
		t.Parallel()
		made := s.home.newTransaction(t, object{"expiry_period": 1})
		if stamp(t, made.ExpiryTimestamp).Sub(stamp(t, made.Created)) != 24*time.Hour || made.ExpiryPeriod != 1 {
			t.Errorf("it is %+v", made)
		}
		moment := s.now().UTC().Add(36 * time.Hour).Format("2006-01-02T15:04:05.000Z")
		made = s.home.newTransaction(t, object{"expiry_period": 3650, "expiry_timestamp": moment})
		if made.ExpiryTimestamp != moment || made.ExpiryPeriod != 1 {
			t.Errorf("it is %+v", made)
		}
	})
}

func checkAccessURL(t *testing.T, id, brand string, token token) {
	t.Helper()
	want := fmt.Sprintf(`^https?://[^/?#]+(/[^?#]*)?/%s/#/esign/%s\?access_token=%s$`, brand, id, regexp.QuoteMeta(token.Token))
	if !regexp.MustCompile(want).MatchString(token.AccessURL) {
		t.Errorf("accessUrl is %s", token.AccessURL)
	}
	if token.Version != 0 {
		t.Errorf("version is %d", token.Version)
	}
}

// TestAccessURL promises that an accessUrl begins with the address that was called, or the one that is configured.
func TestAccessURL(t *testing.T) {
	t.Parallel()
	skipElsewhere(t, needsConfiguration)
	s := shared(t)
	const public = "https://id.example/onboarding/"
	configured := s.own.serve(t, func(c *handlers.Config) { c.PublicURL = public }, nil)
	for address, begin := range map[string]string{s.url: s.url + "/", configured: public} {
		var made transaction
		s.home.access.at(address).put(t, "/api/transaction/", object{"brand_id": "b"}).is(t, http.StatusOK).into(t, &made)
		if !strings.HasPrefix(made.Tokens[0].AccessURL, begin+"b/#/esign/"+made.ID) {
			t.Errorf("accessUrl is %s", made.Tokens[0].AccessURL)
		}
	}
}

func TestCreateTransactionRefuses(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for name, c := range map[string]struct {
		body   object
		member string
	}{
		"another tenant's id":           {object{"tenant_id": "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a00"}, "tenant_id"},
		"a moment in the past":          {object{"expiry_timestamp": "2020-04-23T18:25:43.511Z"}, "expiry_timestamp"},
		"this very moment":              {object{"expiry_timestamp": s.now().UTC().Add(-slack(s)).Format("2006-01-02T15:04:05.000Z")}, "expiry_timestamp"},
		"a moment without milliseconds": {object{"expiry_timestamp": "2090-04-23T18:25:43Z"}, "expiry_timestamp"},
		"a moment with an offset":       {object{"expiry_timestamp": "2090-04-23T18:25:43.511+00:00"}, "expiry_timestamp"},
		"a day that is on no calendar":  {object{"expiry_timestamp": "2090-02-30T18:25:43.511Z"}, "expiry_timestamp"},
		"a period of no days":           {object{"expiry_period": 0}, "expiry_period"},
		"a period of eleven years":      {object{"expiry_period": 3651}, "expiry_period"},
		"a brand with a slash":          {object{"brand_id": "../" + marked("x")}, "brand_id"},
		"a token without role":          {object{"tokens": list{object{}}}, "tokens[0].role"},
		"a role of 33 letters":          {object{"tokens": list{object{"role": strings.Repeat("r", 33)}}}, "tokens[0].role"},
		"a birth at noon":               {object{"users": list{object{"dob": "1985-12-10T12:00:00.000Z"}}}, "users[0].dob"},
		"a redirect without URL":        {object{"configuration": object{"redirects": list{object{"id": "x"}}}}, "configuration.redirects[0].url"},
		"a document with an odd id":     {object{"documents": list{object{"id": marked("a b")}}}, "documents[0].id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := s.home.access.send(t, request{method: http.MethodPut, path: "/api/transaction/", body: c.body, broken: true})
			a.refuses(t, c.member)
			a.says(t, "The transaction data is invalid.")
		})
	}
}

func TestGetTransaction(t *testing.T) {
	t.Parallel()
	s := shared(t)
	made := s.home.newTransaction(t, object{"tokens": list{object{"role": "Borrower"}}})
	path := "/api/transaction/" + made.ID
	t.Run("lists tokens by role, without the token", func(t *testing.T) {
		t.Parallel()
		a := s.home.access.get(t, path).is(t, http.StatusOK)
		same(t, "tokens", a.object(t)["tokens"], list{object{"role": "Borrower", "version": 0}})
		if strings.Contains(string(a.body), "access_token") {
			t.Error("it shows an accessUrl")
		}
	})
	t.Run("lists verifications where they are asked for", func(t *testing.T) {
		t.Parallel()
		for query, listed := range map[string]bool{"": false, "?withVerifications=false": false, "?withVerifications=true": true} {
			var read transaction
			s.home.access.get(t, path+query).is(t, http.StatusOK).into(t, &read)
			if (read.Verifications != nil) != listed {
				t.Errorf("%s: verifications are %v", query, read.Verifications)
			}
		}
	})
	t.Run("takes the id in any case and answers it in lower case", func(t *testing.T) {
		t.Parallel()
		var read transaction
		s.home.access.get(t, "/api/transaction/"+strings.ToUpper(made.ID)).is(t, http.StatusOK).into(t, &read)
		if read.ID != made.ID {
			t.Errorf("the id is %s", read.ID)
		}
	})
	t.Run("takes the tenant's id in a header, and no other", func(t *testing.T) {
		t.Parallel()
		r := request{method: http.MethodGet, path: path}
		for _, id := range []string{s.home.id, strings.ToUpper(s.home.id), ""} {
			s.home.access.send(t, r.with("X-Tenant", id)).is(t, http.StatusOK)
		}
		for _, id := range []string{"5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a00", marked("x"), "dealflo"} {
			s.home.access.send(t, r.with("X-Tenant", id)).is(t, http.StatusForbidden)
		}
	})
}
