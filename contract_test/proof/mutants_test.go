package proof_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// mutant is a way to be wrong.
type mutant struct {
	wrong     string                   // in the words of docs/contract.md
	operation string                   // the id of the operation that is wrong; empty for what is outside of the contract
	caught    string                   // the test that has to notice
	spoil     func(x *exchange) *reply // answers the operation, and those that it also has to see
	also      []string
}

// on spoils the replies with a status, or all where that is 0.
func on(status int, spoil func(x *exchange, a *reply)) func(*exchange) *reply {
	return func(x *exchange) *reply {
		a := x.forward()
		if status == 0 || a.status == status {
			spoil(x, a)
		}
		return a
	}
}

// status answers one status in place of another.
func status(from, to int) func(*exchange) *reply {
	return on(from, func(_ *exchange, a *reply) { a.become(to) })
}

// member spoils the JSON object of the replies with a status.
func member(status int, spoil func(body map[string]any)) func(*exchange) *reply {
	return on(status, func(_ *exchange, a *reply) {
		if body := a.object(); body != nil {
			spoil(body)
			a.set(body)
		}
	})
}

// without leaves a member out.
func without(status int, name string) func(*exchange) *reply {
	return member(status, func(body map[string]any) { delete(body, name) })
}

// with puts a member in.
func with(status int, name string, value any) func(*exchange) *reply {
	return member(status, func(body map[string]any) { body[name] = value })
}

// header puts another value into a header, or takes it away where that is empty.
func header(status int, name, value string) func(*exchange) *reply {
	return on(status, func(_ *exchange, a *reply) {
		if a.header.Del(name); value != "" {
			a.header.Set(name, value)
		}
	})
}

// asking changes the request before it is sent on.
func asking(change func(x *exchange)) func(*exchange) *reply {
	return func(x *exchange) *reply {
		change(x)
		return x.forward()
	}
}

// body changes the JSON object that is sent.
func body(change func(body map[string]any)) func(*exchange) *reply {
	return asking(func(x *exchange) {
		if sent := objectOf(x.read()); sent != nil {
			change(sent)
			text, _ := json.Marshal(sent)
			x.write(text)
		}
	})
}

// query changes the query that is sent.
func query(change func(url.Values)) func(*exchange) *reply {
	return asking(func(x *exchange) {
		values := x.request.URL.Query()
		change(values)
		x.request.URL.RawQuery = values.Encode()
	})
}

// instead sends a refused request again as somebody who may.
func instead(refusal int, who func(w *world) string, when func(x *exchange) bool) func(*exchange) *reply {
	return func(x *exchange) *reply {
		sent := x.read()
		a := x.forward()
		if a.status == refusal && when(x) {
			x.write(sent)
			a = x.as(who(x.world))
		}
		return a
	}
}

// lasting answers a refused request with what it was answered before, as long as it is refused for being over.
func lasting(name func(x *exchange) string, refusal int, over func(x *exchange, before *reply) bool) func(*exchange) *reply {
	return func(x *exchange) *reply {
		a := x.forward()
		if a.status == http.StatusOK {
			x.keep(name(x), a)
		} else if before := x.recall(name(x)); a.status == refusal && before != nil && over(x, before) {
			return before
		}
		return a
	}
}

// again answers an idempotency key with what it was answered before with that status, whoever asks.
func again(status int) func(*exchange) *reply {
	return func(x *exchange) *reply {
		key := x.request.Header.Get("BT-IDEMPOTENCY-KEY")
		if before := x.recall(key); key != "" && before != nil {
			return before
		}
		a := x.forward()
		if a.status == status {
			x.keep(key, a)
		}
		return a
	}
}

func byKey(x *exchange) string  { return x.key() }
func byPath(x *exchange) string { return strings.ToLower(x.request.URL.Path) }

func inSession(x *exchange) bool { return strings.HasPrefix(x.key(), "key_sess_") }
func always(*exchange) bool      { return true }

// ended reports whether what a reply tells of was to end, and has.
func ended(a *reply) bool {
	text, _ := a.object()["expires_at"].(string)
	end, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && !time.Now().Before(end)
}

func goodPrivate(w *world) string    { return w.settings["private_key"] }
func goodManagement(w *world) string { return w.settings["management_key"] }
func goodAccess(w *world) string     { return w.settings["access_token"] }

// mutants are what the suite has to catch.
var mutants = slices.Concat(wrongStatuses, wrongMembers, wrongHeaders, leaks, wrongBehaviour, wrongLists, wrongGrants)

var wrongStatuses = []*mutant{
	{wrong: "200 for 201, which is not documented", operation: "createSession", caught: "TestSamples/createSession", spoil: status(201, 200)},
	{wrong: "200 for 204, which is not documented", operation: "deleteApplicationKey", caught: "TestSamples/deleteApplicationKey", spoil: status(204, 200)},
	{wrong: "204 for 200, which is not documented", operation: "getHealth", caught: "TestHealth//healthz", spoil: status(200, 204)},
	{wrong: "404 for 400, which is not documented", operation: "getTransaction", caught: "TestUnreachableTransactions/reading_one", spoil: status(400, 404)},
	{wrong: "409 for an unknown nonce, in place of 404", operation: "authorizeSession", caught: "TestNonce/that_is_wrong_is_not_found", spoil: status(404, 409)},
	{wrong: "403 for an unknown token, in place of 404", operation: "getToken", caught: "TestDeleteToken", spoil: status(404, 403)},
	{wrong: "400 for an id that is taken, in place of 409", operation: "createToken", caught: "TestTokenIDIsTaken", spoil: status(409, 400)},
	{wrong: "409 for a fourth key, in place of 422", operation: "createApplicationKey", caught: "TestApplicationKeyLimit/one_goes_before_another_comes", spoil: status(422, 409)},
	{wrong: "400 for a wrong content type, in place of 415", operation: "updateToken", caught: "TestUpdateTokenReadsMergePatches", spoil: status(415, 400)},
	{wrong: "400 for a body too large, in place of 413", operation: "createTransaction", caught: "TestBodyOverTheLimit/createTransaction", spoil: status(413, 400)},
	{wrong: "403 for no credential, in place of 401", operation: "listTokens", caught: "TestCredentials/listTokens", spoil: status(401, 403)},
	{wrong: "401 for a kind of caller that may not, in place of 403", operation: "tokenize", caught: "TestCallers/tokenize", spoil: status(403, 401)},
	{wrong: "500 for a query that cannot be parsed", operation: "listLogs", caught: "TestMalformedQuery/listLogs", spoil: func(x *exchange) *reply {
		a := x.forward()
		if strings.Contains(x.request.URL.RawQuery, "%zz") && a.status == 400 {
			a.become(500)
		}
		return a
	}},
	{wrong: "a redirect from the trailing slash", operation: "createSession", caught: "TestTrailingSlash/createSession", spoil: func(x *exchange) *reply {
		if path, had := strings.CutSuffix(x.request.URL.Path, "/"); had {
			return &reply{status: http.StatusPermanentRedirect, header: http.Header{"Location": {path}}}
		}
		return x.forward()
	}},
	{wrong: "no HEAD", operation: "listApplications", caught: "TestHead/listApplications", spoil: func(x *exchange) *reply {
		a := x.forward()
		if x.request.Method == http.MethodHead {
			a.status = http.StatusMethodNotAllowed
		}
		return a
	}},
	{wrong: "200 for a path that the contract does not have", caught: "TestUnknownPath", spoil: on(404, func(_ *exchange, a *reply) { a.status = 200 })},
	{wrong: "404 for a method that a path does not have, in place of 405", caught: "TestMethods//sessions", spoil: status(405, 404)},
}

var wrongMembers = []*mutant{
	{wrong: "a required member is missing", operation: "createSession", caught: "TestSamples/createSession", spoil: without(201, "nonce")},
	{wrong: "a required object is missing", operation: "listApplications", caught: "TestSamples/listApplications", spoil: without(200, "pagination")},
	{wrong: "a moment is a number", operation: "createSession", caught: "TestSamples/createSession", spoil: with(201, "expires_at", 1924977600)},
	{wrong: "a number is text", operation: "createAccessToken", caught: "TestSamples/createAccessToken", spoil: with(200, "expires_in", "3600")},
	{wrong: "a list is an object", operation: "getApplication", caught: "TestSamples/getApplication", spoil: with(200, "permissions", map[string]any{})},
	{wrong: "a status that no transaction has", operation: "getTransaction", caught: "TestTransactionEvents/transaction_cancelled_ends_it", spoil: with(200, "status", "running")},
	{wrong: "null for what is absent", operation: "getToken", caught: "TestTokenOmitsWhatIsAbsent", spoil: with(200, "mask", nil)},
	{wrong: "a member more than the token and its role", operation: "createSessionCreationToken", caught: "TestSessionCreationToken/is_answered_with_its_role_and_nothing_else", spoil: with(200, "expires_in", 1800)},
	{wrong: "an instant with Z in place of an offset", operation: "createSession", caught: "TestCreateSession/lasts_three_minutes", spoil: member(201, func(body map[string]any) {
		text, _ := body["expires_at"].(string)
		body["expires_at"] = strings.Replace(text, "+00:00", "Z", 1)
	})},
	{wrong: "a session of an hour", operation: "createSession", caught: "TestCreateSession/lasts_three_minutes", spoil: with(201, "expires_at", time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05+00:00"))},
	{wrong: "a session key of another shape", operation: "createSession", caught: "TestCreateSession/shows_a_key_and_a_nonce", spoil: member(201, func(body map[string]any) {
		text, _ := body["session_key"].(string)
		body["session_key"] = strings.TrimPrefix(text, "key_")
	})},
	{wrong: "a refusal without detail", operation: "getApplication", caught: "TestCredentials/getApplication", spoil: without(401, "detail")},
	{wrong: "a refusal that names another status", operation: "authorizeSession", caught: "TestNonce/authorizes_once", spoil: with(409, "status", 400)},
	{wrong: "a refusal that blames another member", operation: "createApplication", caught: "TestApplicationRefusals/creating:_an_empty_name", spoil: with(400, "errors", map[string]any{"body": []string{"is wrong"}})},
	{wrong: "a refusal that blames nothing", operation: "createToken", caught: "TestTokenMembersOfNoUse", spoil: without(400, "errors")},
	{wrong: "an OAuth refusal without its error code", operation: "createAccessToken", caught: "TestAccessTokenClients/credentials_that_are_not_those_of_one_application,_all_alike", spoil: without(401, "error")},
	{wrong: "a permission listed twice", operation: "listPermissions", caught: "TestListPermissions/names_every_permission_once,_with_who_may_hold_it", spoil: on(200, func(_ *exchange, a *reply) {
		var all []any
		if json.Unmarshal(a.body, &all) == nil && len(all) > 0 {
			a.set(append(all, all[0]))
		}
	})},
	{wrong: "a key's text shown again", operation: "getApplicationKey", caught: "TestApplicationKeys/are_shown_once_and_good_at_once", also: []string{"createApplicationKey"}, spoil: func(x *exchange) *reply {
		a := x.forward()
		made := a.object()
		if id, _ := made["id"].(string); a.status == 201 {
			x.keep(id, a)
		} else if before := x.recall(id); a.status == 200 && before != nil {
			made["key"] = before.object()["key"]
			a.set(made)
		}
		return a
	}},
	{wrong: "two documents that differ", operation: "getContractJSON", caught: "TestContractDocument/is_the_same_in_both_renditions", spoil: on(200, func(_ *exchange, a *reply) {
		a.set(bytes.Replace(a.body, []byte("createSession"), []byte("makeSession"), 1))
	})},
	{wrong: "an entry under another actor", operation: "listLogs", caught: "TestLogsOfTokens", spoil: member(200, func(body map[string]any) {
		entries, _ := body["data"].([]any)
		for _, entry := range entries {
			entry.(map[string]any)["actor_id"] = "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53"
		}
	})},
}

var wrongHeaders = []*mutant{
	{wrong: "another Content-Type", operation: "getApplication", caught: "TestSamples/getApplication", spoil: header(200, "Content-Type", "text/html")},
	{wrong: "a refusal as application/problem+json", operation: "searchTokens", caught: "TestCredentials/searchTokens", spoil: header(401, "Content-Type", "application/problem+json")},
	{wrong: "no Location", operation: "createApplication", caught: "TestCreateApplication/says_where_it_is", spoil: header(201, "Location", "")},
	{wrong: "a Location where nothing is", operation: "createToken", caught: "TestCreateToken", spoil: header(201, "Location", "/tokens/elsewhere")},
	{wrong: "a secret that caches may keep", operation: "createSession", caught: "TestSamples/createSession", spoil: header(201, "Cache-Control", "")},
	{wrong: "an access token that caches may keep", operation: "createAccessToken", caught: "TestAccessToken/is_never_kept_by_a_cache", spoil: header(200, "Cache-Control", "max-age=60")},
	{wrong: "no BT-TRACE-ID", operation: "authorizeSession", caught: "TestSamples/authorizeSession", spoil: header(0, "BT-TRACE-ID", "")},
	{wrong: "a BT-TRACE-ID that is not the one sent", operation: "getToken", caught: "TestTrace/getToken", spoil: header(0, "BT-TRACE-ID", "0b1d7f52-6e4c-4a83-b9f0-5c2e8d7a1b36")},
	{wrong: "no X-Content-Type-Options", operation: "getTenant", caught: "TestSamples/getTenant", spoil: header(0, "X-Content-Type-Options", "")},
	{wrong: "no Vary", operation: "createSessionCreationToken", caught: "TestSessionCreationToken/is_answered_with_its_role_and_nothing_else", spoil: header(200, "Vary", "")},
	{wrong: "no CORS on refusals", operation: "createSession", caught: "TestCORS/createSession", spoil: header(401, "Access-Control-Allow-Origin", "")},
	{wrong: "CORS with credentials", operation: "getToken", caught: "TestCORS/getToken", spoil: header(200, "Access-Control-Allow-Credentials", "true")},
	{wrong: "no header exposed by CORS", operation: "createToken", caught: "TestCORS/createToken", spoil: header(201, "Access-Control-Expose-Headers", "")},
	{wrong: "a preflight without PATCH", caught: "TestCORS/updateToken", spoil: on(204, func(_ *exchange, a *reply) {
		if a.header.Get("Access-Control-Allow-Methods") == http.MethodPatch {
			a.header.Set("Access-Control-Allow-Methods", "GET, POST")
		}
	})},
	{wrong: "a preflight that allows no header", caught: "TestCORS/createSession", spoil: header(204, "Access-Control-Allow-Headers", "")},
	{wrong: "405 without Allow", caught: "TestMethods//sessions", spoil: header(405, "Allow", "")},
	{wrong: "OPTIONS with half of Allow", caught: "TestMethods//applications/{id}", spoil: on(204, func(_ *exchange, a *reply) {
		first, _, _ := strings.Cut(a.header.Get("Allow"), ", ")
		a.header.Set("Allow", first)
	})},
	{wrong: "no ETag", operation: "getContractJSON", caught: "TestDocuments//openapi.json", spoil: header(0, "ETag", "")},
	{wrong: "sent again to who has it", operation: "getContractYAML", caught: "TestDocuments//openapi.yaml", spoil: asking(func(x *exchange) {
		x.request.Header.Del("If-None-Match")
	})},
	{wrong: "401 without WWW-Authenticate", operation: "getTransaction", caught: "TestBearerCredentials/getTransaction", spoil: header(401, "WWW-Authenticate", "")},
	{wrong: "401 with another scheme", operation: "createAccessToken", caught: "TestAccessTokenClients/credentials_that_are_not_those_of_one_application,_all_alike", spoil: header(401, "WWW-Authenticate", "Bearer")},
	{wrong: "a body on 204, announced", operation: "deleteToken", caught: "TestNoBody/deleteToken", spoil: on(204, func(_ *exchange, a *reply) {
		a.bare = true
		a.set([]byte(`{"deleted":true}`))
	})},
	{wrong: "a body on 204, unannounced", operation: "deleteApplication", caught: "TestNoBody/deleteApplication", spoil: on(204, func(_ *exchange, a *reply) {
		a.bare = true
		a.set([]byte(`{"deleted":true}`))
		a.header.Del("Content-Length")
	})},
	{wrong: "a body after HEAD", operation: "getReadiness", caught: "TestNoBody/getReadiness", spoil: func(x *exchange) *reply {
		a := x.forward()
		if x.request.Method == http.MethodHead {
			a.bare = true
			a.body = []byte(`{"status":"ok"}`)
		}
		return a
	}},
	{wrong: "a body where none is documented", operation: "authorizeSession", caught: "TestSamples/authorizeSession", spoil: on(200, func(_ *exchange, a *reply) { a.set([]byte("{}")) })},
}

// told puts a text into the detail of a refusal.
func told(status int, what func(x *exchange) string) func(*exchange) *reply {
	return on(status, func(x *exchange, a *reply) {
		if problem := a.object(); problem != nil && what(x) != "" {
			problem["detail"] = "It is about " + what(x) + "."
			a.set(problem)
		}
	})
}

var leaks = []*mutant{
	{wrong: "a refusal that repeats the caller's key", operation: "listLogs", caught: "TestCallers/listLogs", spoil: told(403, byKey)},
	{wrong: "a refusal that repeats the bearer token", operation: "createTransaction", caught: "TestBearerCallers/createTransaction", spoil: told(403, byKey)},
	{wrong: "a refusal that repeats a nonce", operation: "authorizeSession", caught: "no secret was kept", spoil: told(409, func(x *exchange) string {
		nonce, _ := objectOf(x.sent.Bytes())["nonce"].(string)
		return nonce
	})},
	{wrong: "a refusal that repeats a client's secret", operation: "createAccessToken", caught: "no secret was kept", spoil: told(400, func(x *exchange) string {
		form, _ := url.ParseQuery(x.sent.String())
		return form.Get("client_secret")
	})},
	{wrong: "a refusal that repeats the data", operation: "createToken", caught: "no secret was kept", spoil: told(400, func(x *exchange) string {
		text, _ := objectOf(x.sent.Bytes())["data"].(string)
		return text
	})},
	{wrong: "a refusal that repeats the value that was sent", operation: "createApplication", caught: "TestApplicationRefusals/creating:_an_unknown_permission", spoil: told(400, func(x *exchange) string { return x.sent.String() })},
	{wrong: "a refusal that repeats the query", operation: "listTokens", caught: "TestMalformedQuery/listTokens", spoil: told(400, func(x *exchange) string { return x.request.URL.RawQuery })},
	{wrong: "404 that repeats the path", caught: "TestUnknownPath", spoil: told(404, byPath)},
	{wrong: "data in the audit log", operation: "listLogs", caught: "TestLogsOfTokens", also: []string{"createToken"}, spoil: func(x *exchange) *reply {
		a := x.forward()
		made := a.object()
		if x.operation == "createToken" {
			id, _ := made["id"].(string)
			x.keep(id, &reply{header: http.Header{}, body: x.sent.Bytes()})
			return a
		}
		entries, _ := made["data"].([]any)
		for _, one := range entries {
			entry := one.(map[string]any)
			if id, _ := entry["entity_id"].(string); x.recall(id) != nil {
				entry["message"] = string(x.recall(id).body)
			}
		}
		a.set(made)
		return a
	}},
}

var wrongBehaviour = []*mutant{
	{wrong: "a spent nonce authorizes again", operation: "authorizeSession", caught: "TestNonce/authorizes_once", spoil: on(409, func(_ *exchange, a *reply) {
		a.status = 200
		a.set([]byte{})
	})},
	{wrong: "two callers that race both authorize", operation: "authorizeSession", caught: "TestNonceRace", spoil: func(x *exchange) *reply {
		nonce, _ := objectOf(x.read())["nonce"].(string)
		x.mu.Lock()
		x.waiting[nonce]++
		x.mu.Unlock()
		a := x.forward()
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.waiting[nonce]--; a.status == 409 && x.waiting[nonce] > 100 && x.texts[nonce] == "" {
			x.texts[nonce] = "again"
			a.status = 200
			a.set([]byte{})
		}
		return a
	}},
	{wrong: "a session that is good before it is authorized", operation: "getApplicationByKey", caught: "TestSessionKey/can_do_nothing_before_it_is_authorized", spoil: instead(403, goodPrivate, inSession)},
	{wrong: "a session that goes on after its end", operation: "getApplicationByKey", caught: "TestSessionEnds", spoil: lasting(byKey, 401, func(x *exchange, before *reply) bool {
		return inSession(x) && ended(before)
	})},
	{wrong: "a session that outlives its application", operation: "getApplicationByKey", caught: "TestSessionEndsWithItsMaker/when_the_application_is_deleted", spoil: lasting(byKey, 401, func(x *exchange, before *reply) bool {
		return inSession(x) && !ended(before)
	})},
	{wrong: "an application's key that is good after its end", operation: "getApplicationByKey", caught: "TestApplicationEnds", spoil: lasting(byKey, 401, func(x *exchange, before *reply) bool {
		return !inSession(x) && ended(before)
	})},
	{wrong: "a deleted key that is good", operation: "getApplicationByKey", caught: "TestDeleteApplicationKey/refuses_that_key_from_now_on,_and_no_other", spoil: lasting(byKey, 401, func(x *exchange, before *reply) bool {
		return !inSession(x) && !ended(before)
	})},
	{wrong: "a token that is there after its end", operation: "getToken", caught: "TestTokenExpires/before_the_sweep", spoil: lasting(byPath, 404, func(_ *exchange, before *reply) bool { return ended(before) })},
	{wrong: "a token that is listed after its end", operation: "listTokensV2", caught: "TestTokenExpires/before_the_sweep", also: []string{"createToken"}, spoil: func(x *exchange) *reply {
		a := x.forward()
		made := a.object()
		if x.operation == "createToken" {
			if in, _ := made["containers"].([]any); made["expires_at"] != nil && len(in) == 1 {
				x.keep(in[0].(string), a)
			}
			return a
		}
		if before := x.recall(x.request.URL.Query().Get("container")); a.status == 200 && before != nil && ended(before) {
			made["data"] = append(made["data"].([]any), before.object())
			a.set(made)
		}
		return a
	}},
	{wrong: "a deleted token that is there", operation: "getToken", caught: "TestDeleteToken", also: []string{"createToken"}, spoil: func(x *exchange) *reply {
		a := x.forward()
		if a.status == 201 && a.object()["expires_at"] == nil {
			x.keep("/tokens/"+a.object()["id"].(string), a)
		} else if before := x.recall(x.request.URL.Path); a.status == 404 && before != nil {
			before.status = 200
			return before
		}
		return a
	}},
	{wrong: "a transaction that issues tokens after its end", operation: "createSessionCreationToken", caught: "TestTransactionExpires", also: []string{"createTransaction"}, spoil: func(x *exchange) *reply {
		a := x.forward()
		if x.operation == "createTransaction" && a.status == 200 {
			x.keep(a.object()["id"].(string), &reply{status: 200, header: a.header, body: []byte(`{"expires_at":"` + a.object()["expiry_timestamp"].(string) + `"}`)})
		} else if a.status == 200 {
			x.keep("issued", a)
		} else if made := x.recall(x.params["transaction_id"]); a.status == 400 && made != nil && ended(made) {
			return x.recall("issued")
		}
		return a
	}},
	{wrong: "a transaction that starts sessions after it was cancelled", operation: "startTransactionSession", caught: "TestTransactionSessionRefusals/there_is_none_after_transaction_cancelled", spoil: lasting(byPath, 400, func(*exchange, *reply) bool { return true })},
	{wrong: "a creation token that is good after its end", operation: "startTransactionSession", caught: "TestTransactionExpires", spoil: lasting(func(*exchange) string { return "started" }, 401, func(x *exchange, _ *reply) bool {
		end := x.claims().Exp
		return end > 0 && end <= time.Now().Unix()
	})},
	{wrong: "an event that ends a transaction twice", operation: "applyTransactionEvent", caught: "TestTransactionEvents/transaction_cancelled_ends_it", spoil: lasting(byPath, 400, func(*exchange, *reply) bool { return true })},
	{wrong: "an idempotency key is ignored", operation: "createSession", caught: "TestIdempotency/createSession", spoil: asking(func(x *exchange) { x.request.Header.Del("BT-IDEMPOTENCY-KEY") })},
	{wrong: "an idempotency key is anybody's", operation: "createSession", caught: "TestIdempotencyScope/another_application_is_another_caller", spoil: again(201)},
	{wrong: "a refusal is told again to its idempotency key", operation: "authorizeSession", caught: "TestIdempotencyOfFailures", spoil: again(400)},
	{wrong: "a request runs twice at once under one idempotency key", operation: "createApplication", caught: "TestSameRequestUnderWay/createApplication", spoil: func(x *exchange) *reply {
		key := x.request.Header.Get("BT-IDEMPOTENCY-KEY")
		x.mu.Lock()
		if x.waiting[key]++; x.waiting[key] > 1 {
			x.request.Header.Del("BT-IDEMPOTENCY-KEY")
		}
		x.mu.Unlock()
		defer func() {
			x.mu.Lock()
			x.waiting[key]--
			x.mu.Unlock()
		}()
		return x.forward()
	}},
	{wrong: "a change that is answered and not kept", operation: "updateApplication", caught: "TestUpdateApplication", spoil: func(x *exchange) *reply {
		before := x.aside(http.MethodGet, x.request.URL.Path, nil).object()
		a := x.forward()
		if a.status == 200 {
			x.aside(http.MethodPut, x.request.URL.Path, map[string]any{"name": before["name"], "permissions": before["permissions"], "rules": before["rules"]})
		}
		return a
	}},
	{wrong: "settings that are answered and not kept", operation: "updateTenant", caught: "TestUpdateTenant/replaces_the_settings_that_are_given", spoil: func(x *exchange) *reply {
		settings := x.aside(http.MethodGet, "/tenants/self", nil).object()["settings"]
		a := x.forward()
		if a.status == 200 {
			x.aside(http.MethodPut, "/tenants/self", map[string]any{"name": a.object()["name"], "settings": settings})
		}
		return a
	}},
	{wrong: "metadata that is replaced, not merged", operation: "updateToken", caught: "TestUpdateToken/a_member_of_metadata", spoil: func(x *exchange) *reply {
		sent := x.read()
		if given, _ := objectOf(sent)["metadata"].(map[string]any); given != nil {
			x.aside(http.MethodPatch, x.request.URL.Path, map[string]any{"metadata": nil})
		}
		x.write(sent)
		return x.forward()
	}},
	{wrong: "a twin where there may be one token", operation: "createToken", caught: "TestDeduplicationRaces", spoil: body(func(body map[string]any) {
		if body["deduplicate_token"] == true {
			body["deduplicate_token"] = false
		}
	})},
	{wrong: "a member that the contract does not know is taken", operation: "createApplication", caught: "TestMembersOfBodies/createApplication/unknown_member_not_known", spoil: body(func(body map[string]any) { delete(body, "unknown_member") })},
	{wrong: "a member twice is taken", operation: "createToken", caught: "TestTextOfBodies/createToken/a_member_twice", spoil: body(func(map[string]any) {})},
	{wrong: "a size that is too large is taken", operation: "listApplications", caught: "TestParameters/size_above_a_hundred", spoil: query(func(values url.Values) {
		if values.Get("size") == "101" {
			values.Set("size", "100")
		}
	})},
	{wrong: "a resumed session that begins anew", operation: "startTransactionSession", caught: "TestStartTransactionSession/starts_the_session_of_the_token's_role,_then_resumes_it", spoil: with(200, "version", 0)},
}

// page changes the list in a page, which is empty where there is none.
func page(change func(x *exchange, body map[string]any, data []any) []any) func(*exchange) *reply {
	return on(200, func(x *exchange, a *reply) {
		body := a.object()
		if data, is := body["data"].([]any); is {
			body["data"] = change(x, body, data)
			a.set(body)
		}
	})
}

var wrongLists = []*mutant{
	{wrong: "a page repeats an item", operation: "listTokensV2", caught: "TestTokensByCursor", spoil: page(func(x *exchange, body map[string]any, data []any) []any {
		pagination := body["pagination"].(map[string]any)
		if before := x.recall(x.request.URL.Query().Get("start")); before != nil && len(data) > 0 {
			data = append([]any{before.object()}, data...)
			pagination["page_size"] = len(data)
		}
		if next, _ := pagination["next"].(string); next != "" && len(data) > 0 {
			last, _ := json.Marshal(data[len(data)-1])
			x.keep(next, &reply{header: http.Header{}, body: last})
		}
		return data
	})},
	{wrong: "a page loses an item", operation: "listApplications", caught: "TestPages/the_second", spoil: page(func(x *exchange, _ map[string]any, data []any) []any {
		if x.request.URL.Query().Get("page") == "2" && len(data) > 1 {
			return data[1:]
		}
		return data
	})},
	{wrong: "a page without end", operation: "searchTokensV2", caught: "TestTokensByCursor", spoil: page(func(x *exchange, body map[string]any, data []any) []any {
		if pagination := body["pagination"].(map[string]any); pagination["next"] != nil {
			x.keep("next", &reply{header: http.Header{}, body: []byte(pagination["next"].(string))})
		} else if next := x.recall("next"); next != nil {
			pagination["next"] = string(next.body)
		}
		return data
	})},
	{wrong: "a list of applications without end", operation: "listApplications", caught: "TestPages/page_by_page_meets_each_once", spoil: page(func(x *exchange, body map[string]any, data []any) []any {
		body["pagination"].(map[string]any)["after"] = "2"
		return data
	})},
	{wrong: "a count that is off by one", operation: "listLogs", caught: "TestListLogsByPage/the_first_page", spoil: page(func(_ *exchange, body map[string]any, data []any) []any {
		pagination := body["pagination"].(map[string]any)
		count, _ := pagination["total_items"].(json.Number).Int64()
		pagination["total_items"] = count + 1
		return data
	})},
	{wrong: "oldest first", operation: "listTokens", caught: "TestListTokens/everything_in_a_container", spoil: page(func(_ *exchange, _ map[string]any, data []any) []any {
		slices.Reverse(data)
		return data
	})},
	{wrong: "a filter by type that is ignored", operation: "listTokens", caught: "TestListTokens/one_type_in_a_container", spoil: query(func(values url.Values) { values.Del("type") })},
	{wrong: "a filter by moment that is ignored", operation: "listLogs", caught: "TestListLogs/before_a_moment", spoil: query(func(values url.Values) { values.Del("end_date") })},
	{wrong: "a search in all containers", operation: "searchTokens", caught: "TestSearchTokens/data_in_another_container", spoil: body(func(body map[string]any) {
		if text, is := body["query"].(string); is && strings.HasPrefix(text, "data:") {
			body["query"], _, _ = strings.Cut(text, " AND container:")
		}
	})},
	{wrong: "a search by the beginning of a word", operation: "searchTokensV2", caught: "TestTokenSearchIndexes", also: []string{"createToken"}, spoil: func(x *exchange) *reply {
		if x.operation == "createToken" {
			a := x.forward()
			if data, _ := objectOf(x.sent.Bytes())["data"].(map[string]any); data != nil {
				if email, _ := data["email"].(string); len(email) > 8 {
					x.keep(email[:8], &reply{header: http.Header{}, body: []byte(email)})
				}
			}
			return a
		}
		sent := objectOf(x.read())
		if text, is := sent["query"].(string); is {
			word := strings.Trim(strings.TrimPrefix(text, "data:"), `"`)
			if whole := x.recall(word); whole != nil {
				sent["query"] = `data:"` + string(whole.body) + `"`
				text, _ := json.Marshal(sent)
				x.write(text)
			}
		}
		return x.forward()
	}},
	{wrong: "a list with what no rule covers", operation: "listTokensV2", caught: "TestTokenConditions", spoil: func(x *exchange) *reply {
		if inSession(x) {
			return x.as(goodPrivate(x.world))
		}
		return x.forward()
	}},
}

// plaintext puts into a token the data that it was created with.
func plaintext(x *exchange) *reply {
	a := x.forward()
	token := a.object()
	id, _ := token["id"].(string)
	if x.operation == "createToken" {
		x.keep(id, &reply{header: http.Header{}, body: x.sent.Bytes()})
	} else if made := x.recall(id); a.status == 200 && token != nil && made != nil {
		token["data"] = made.object()["data"]
		a.set(token)
	}
	return a
}

var wrongGrants = []*mutant{
	{wrong: "a session reads tokens that no rule of it covers", operation: "getToken", caught: "TestSessionGuide", spoil: instead(403, goodPrivate, inSession)},
	{wrong: "a session writes without the permission", operation: "createToken", caught: "TestPermissionsOfCallers/createToken", spoil: instead(403, goodPrivate, inSession)},
	{wrong: "a session deletes without the permission", operation: "deleteToken", caught: "TestPermissionsOfCallers/deleteToken", spoil: instead(403, goodPrivate, inSession)},
	{wrong: "a reader of the mask sees the data", operation: "getToken", caught: "TestTokenTransforms/read_mask", also: []string{"createToken"}, spoil: plaintext},
	{wrong: "a permission that nobody asks for", operation: "listApplications", caught: "TestPermissionsOfCallers/listApplications", spoil: instead(403, goodManagement, always)},
	{wrong: "a kind of caller that may not", operation: "authorizeSession", caught: "TestCallers/authorizeSession", spoil: instead(403, goodPrivate, always)},
	{wrong: "a grant beyond what strict_session_grants allows", operation: "authorizeSession", caught: "TestStrictSessionGrants/a_permission_that_it_does_not", spoil: on(403, func(x *exchange, a *reply) {
		if strings.Contains(x.key(), "_pvt_") {
			a.status = 200
			a.set([]byte{})
		}
	})},
	{wrong: "a bearer token that another signed", operation: "getTransaction", caught: "TestForgedTokens/access_token_with_another_secret", spoil: instead(401, goodAccess, func(x *exchange) bool { return x.claims().Exp > time.Now().Unix() })},
	{wrong: "a creation token in place of an access token", operation: "getTransaction", caught: "TestTransactionSessionRefusals/a_creation_token_is_no_access_token", spoil: instead(403, goodAccess, func(x *exchange) bool {
		return slices.Contains(x.claims().Scope, "session_creation_authorization_code")
	})},
	{wrong: "the scope for who may not have it", operation: "createAccessToken", caught: "TestAccessTokenWithoutScope/for_a_public_application", spoil: func(x *exchange) *reply {
		form, err := url.ParseQuery(string(x.read()))
		a := x.forward()
		if err == nil && a.status == 200 && a.object()["scope"] == "" {
			form.Set("client_id", x.world.settings["private_id"])
			form.Set("client_secret", x.world.settings["private_key"])
			x.write([]byte(form.Encode()))
			return x.forward()
		}
		return a
	}},
	{wrong: "another tenant's token", operation: "getToken", caught: "TestForeignTokens", spoil: instead(404, func(w *world) string { return w.settings["other_private_key"] }, always)},
	{wrong: "another tenant's application", operation: "getApplication", caught: "TestForeignApplications/get", spoil: instead(404, func(w *world) string { return w.settings["other_management_key"] }, always)},
	{wrong: "another tenant's nonce", operation: "authorizeSession", caught: "TestNonce/of_another_tenant_is_as_unknown_as_any", spoil: instead(404, func(w *world) string { return w.settings["other_private_key"] }, always)},
}
