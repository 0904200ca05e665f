package contract_test

import (
	"net/http"
	"testing"
)

// tokenSamples are the samples of the operations on tokens and on the audit log, for the tests of all operations.
var tokenSamples = map[string]func(t testing.TB, s *service) sample{
	"createToken": func(_ testing.TB, s *service) sample {
		body := object{"type": "token", "data": plain("sample"), "metadata": object{"made": "by the suite"}}
		return sample{s.home.private, request{method: http.MethodPost, path: "/tokens", body: body}, 201}
	},
	"listTokens": func(_ testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodGet, path: "/tokens?metadata.made=by-nobody"}, 200}
	},
	"searchTokens": func(_ testing.TB, s *service) sample {
		body := object{"query": "metadata.made:by-nobody", "size": 1}
		return sample{s.home.private, request{method: http.MethodPost, path: "/tokens/search", body: body}, 200}
	},
	"getToken": func(t testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodGet, path: s.home.tokenPath(t)}, 200}
	},
	"updateToken": func(t testing.TB, s *service) sample {
		return sample{s.home.private, mergePatch(s.home.tokenPath(t), object{"metadata": object{"changed": "by the suite"}}), 200}
	},
	"deleteToken": func(t testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodDelete, path: s.home.tokenPath(t)}, 204}
	},
	"listTokensV2": func(_ testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodGet, path: "/v2/tokens?metadata.made=by-nobody"}, 200}
	},
	"searchTokensV2": func(_ testing.TB, s *service) sample {
		body := object{"query": "metadata.made:by-nobody", "size": 1}
		return sample{s.home.private, request{method: http.MethodPost, path: "/v2/tokens/search", body: body}, 200}
	},
	"tokenize": func(_ testing.TB, s *service) sample {
		return sample{s.home.private, request{method: http.MethodPost, path: "/tokenize", body: object{"name": plain("sample")}}, 200}
	},
	"detokenize": func(t testing.TB, s *service) sample {
		id := s.home.private.createToken(t, object{"type": "token", "data": plain("sample")}).ID
		return sample{s.home.private, request{method: http.MethodPost, path: "/detokenize", body: object{"name": "{{ " + id + " }}"}}, 200}
	},
	"listLogs": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/logs?entity_id=nobody"}, 200}
	},
	"listLogEntityTypes": func(_ testing.TB, s *service) sample {
		return sample{s.home.management, request{method: http.MethodGet, path: "/logs/entity-types"}, 200}
	},
}

var _ = addSamples(tokenSamples)

// addSamples adds the samples of operations that have none.
func addSamples(more map[string]func(t testing.TB, s *service) sample) (added int) {
	for id, make := range more {
		if samples[id] == nil {
			samples[id] = make
			added++
		}
	}
	return added
}

// tokenPath is the path of a token of its own.
func (tn *tenant) tokenPath(t testing.TB) string {
	t.Helper()
	return tokenPath(tn.private.createToken(t, object{"type": "token", "data": plain("sample")}).ID)
}
