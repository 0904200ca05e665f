package contract_test

import (
	"net/http"
	"net/url"
	"testing"
)

// sample is a request that its operation answers with success, from a caller that may send it.
type sample struct {
	caller  caller
	request request
	status  int
}

// samples makes, for each operation of the contract, a sample on a service. Each time it is a fresh one: what a sample
// spends or deletes is its own.
var samples = map[string]func(t testing.TB, s *service) sample{
	"createSession": func(_ testing.TB, s *service) sample {
		return sample{s.home.public, request{method: http.MethodPost, path: "/sessions"}, 201}
	},
	"authorizeSession": func(t testing.TB, s *service) sample {
		body := object{"nonce": s.home.session(t).Nonce, "permissions": list{"token:read"}}
		return sample{s.home.private, request{method: http.MethodPost, path: "/sessions/authorize", body: body}, 200}
	},
	"listApplications": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/applications"}, 200}
	},
	"createApplication": func(t testing.TB, s *service) sample {
		body := object{"name": "Made for " + t.Name(), "type": "public", "create_key": false}
		return sample{s.home.management, request{method: http.MethodPost, path: "/applications", body: body}, 201}
	},
	"getApplicationByKey": func(_ testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodGet, path: "/applications/key"}, 200}
	},
	"getApplication": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/applications/" + s.home.public.id}, 200}
	},
	"updateApplication": func(t testing.TB, s *service) sample {
		path := "/applications/" + s.home.application(t, "public").id
		return sample{s.home.management, request{method: http.MethodPut, path: path, body: object{"name": "Renamed"}}, 200}
	},
	"deleteApplication": func(t testing.TB, s *service) sample {
		path := "/applications/" + s.home.application(t, "public").id
		return sample{s.home.management, request{method: http.MethodDelete, path: path}, 204}
	},
	"regenerateApplicationKey": func(t testing.TB, s *service) sample {
		path := "/applications/" + s.home.application(t, "public").id + "/regenerate"
		return sample{s.home.management, request{method: http.MethodPost, path: path}, 200}
	},
	"listApplicationKeys": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/applications/" + s.home.public.id + "/keys"}, 200}
	},
	"createApplicationKey": func(t testing.TB, s *service) sample {
		path := "/applications/" + s.home.application(t, "public").id + "/keys"
		return sample{s.home.management, request{method: http.MethodPost, path: path}, 201}
	},
	"getApplicationKey": func(t testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: s.home.keyPath(t)}, 200}
	},
	"deleteApplicationKey": func(t testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodDelete, path: s.home.keyPath(t)}, 204}
	},
	"listPermissions": func(_ testing.TB, s *service) sample {
		return sample{s.home.public, request{method: http.MethodGet, path: "/permissions"}, 200}
	},
	"getTenant": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/tenants/self"}, 200}
	},
	"updateTenant": func(t testing.TB, s *service) sample {
		var now tenantAnswer
		s.home.management.get(t, "/tenants/self").is(t, 200).into(t, &now)
		return sample{s.home.management, request{method: http.MethodPut, path: "/tenants/self", body: object{"name": now.Name}}, 200}
	},
	"createTransaction": func(_ testing.TB, s *service) sample {
		body := object{"language": "english", "tokens": list{object{"role": "Borrower"}}}
		return sample{s.home.access, request{method: http.MethodPut, path: "/api/transaction/", body: body}, 200}
	},
	"getTransaction": func(_ testing.TB, s *service) sample {
		return sample{s.home.access, request{method: http.MethodGet, path: "/api/transaction/" + s.home.transaction}, 200}
	},
	"applyTransactionEvent": func(t testing.TB, s *service) sample {
		path := "/api/transaction/" + s.home.newTransaction(t, object{}).ID + "/event"
		return sample{s.home.access, request{method: http.MethodPut, path: path, body: object{"trigger": "transaction_cancelled"}}, 200}
	},
	"createSessionCreationToken": func(_ testing.TB, s *service) sample {
		path := "/api/transaction/" + s.home.transaction + "/token"
		return sample{s.home.access, request{method: http.MethodPost, path: path, body: object{"role": "unknown"}}, 200}
	},
	"startTransactionSession": func(t testing.TB, s *service) sample {
		path := "/api/transaction/" + s.home.transaction + "/session"
		return sample{s.home.creation(t, s.home.transaction, "unknown"), request{method: http.MethodPost, path: path}, 200}
	},
	"createAccessToken": func(_ testing.TB, s *service) sample {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {s.home.private.id}, "client_secret": {s.home.private.credential},
		}
		return sample{s.nobody(), tokenRequest(form), 200}
	},
	"getHealth":               serviceSample("/healthz"),
	"getReadiness":            serviceSample("/readyz"),
	"getContractYAML":         serviceSample("/openapi.yaml"),
	"getContractJSON":         serviceSample("/openapi.json"),
	"getContractDereferenced": serviceSample("/openapi.dereferenced.json"),
	"getAPICatalog":           serviceSample("/.well-known/api-catalog"),
	"getFrontPage":            serviceSample("/"),
	"getReference":            serviceSample("/docs"),
	"getPageAsset":            serviceSample("/docs/front.css"),
}

func serviceSample(path string) func(testing.TB, *service) sample {
	return func(_ testing.TB, s *service) sample {
		return sample{s.nobody(), request{method: http.MethodGet, path: path}, 200}
	}
}

// keyPath is the path of a key of an application of its own.
func (tn *tenant) keyPath(t testing.TB) string {
	t.Helper()
	made := tn.newApplication(t, object{"name": "Made for " + t.Name(), "type": "public"})
	return "/applications/" + made.ID + "/keys/" + made.Keys[0].ID
}

// each runs a test for every operation that the test is about, with a sample of it.
func each(t *testing.T, s *service, about func(*operation) bool, test func(t *testing.T, op *operation, one sample)) {
	t.Helper()
	ran := false
	for _, op := range bed.contract.operations {
		if !about(op) {
			continue
		}
		ran = true
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			make := samples[op.id]
			if make == nil {
				t.Fatalf("%s %s is in the contract, but the suite has no sample of it", op.method, op.template)
			}
			test(t, op, make(t, s))
		})
	}
	if !ran {
		t.Fatal("the contract has no such operation")
	}
}

// every operation is what most generic tests are about.
func every(*operation) bool { return true }

// documenting are the operations that document a status.
func documenting(status int) func(*operation) bool {
	return func(op *operation) bool { return op.documents(status) }
}

// TestSamples promises that every operation has a request that it answers as it should; other tests spoil that request.
func TestSamples(t *testing.T) {
	t.Parallel()
	each(t, shared(t), every, func(t *testing.T, _ *operation, one sample) {
		one.caller.send(t, one.request).is(t, one.status)
	})
}
