package contract_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestLogsOfTokens promises an entry for everything that is done to a token, with who did it and without its data.
func TestLogsOfTokens(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	session := s.home.authorized(t, "token:read").caller
	secret, metadata := plain("secret"), plain("metadata")
	var token, met tokenAnswer
	s.oneByOne(
		func() {
			token = v.create(t, object{"data": secret, "metadata": object{"name": metadata}, "deduplicate_token": true})
		},
		func() { v.readToken(t, token.ID) },
		func() { session.readToken(t, token.ID) },
		func() { v.updateToken(t, token.ID, object{"metadata": object{"more": metadata}}) },
		func() { v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}}) },
		func() { v.search(t, "/tokens/search", object{"query": "container:" + v.container}) },
		func() {
			v.post(t, "/detokenize", list{"{{ " + token.ID + " }}", "{{ " + token.ID + " }}"}).is(t, http.StatusOK)
		},
		func() { met = v.create(t, object{"data": secret, "deduplicate_token": true}) },
		func() { v.delete(t, tokenPath(token.ID)).is(t, http.StatusNoContent) },
	)
	same(t, "the token that was met", met.ID, token.ID)
	p := s.home.logs(t, about(token.ID))
	by := func(operation string, c caller) string { return operation + " " + token.ID + " by " + c.id }
	same(t, "the log", p.told(), list{
		by("delete", v.caller), by("read", v.caller), by("read", v.caller), by("read", v.caller), by("read", v.caller), by("update", v.caller),
		by("read", s.home.public), by("read", v.caller), by("create", v.caller),
	})
	newest := p.Data[0]
	same(t, "the newest entry", newest, entry{
		ID: newest.ID, TenantID: s.home.id, ActorID: v.id, ActorType: "application", EntityType: "token", EntityID: token.ID,
		Operation: "delete", Message: "Token deleted", CreatedAt: newest.CreatedAt,
	})
	if at := instant(t, newest.CreatedAt); at.Before(s.now().Add(-slack(s)-time.Second)) || at.After(s.now().Add(slack(s))) {
		t.Errorf("it was deleted at %s", at)
	}
	messages := map[string]bool{}
	for _, e := range p.Data {
		messages[e.Message] = true
	}
	same(t, "messages", messages, object{"Token created": true, "Token retrieved": true, "Token updated": true, "Token deleted": true})
	text := string(s.home.management.get(t, "/logs?size=5000").is(t, http.StatusOK).body)
	if strings.Contains(text, secret) || strings.Contains(text, metadata) {
		t.Error("the log holds data")
	}
}

// TestLogsOfWhatWasRefused promises that what did not take place is not in the log.
func TestLogsOfWhatWasRefused(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	token, left := v.secret(t), fresh()
	began := s.now()
	entries := func() int {
		query := url.Values{"entity_type": {"token"}, "start_date": {began.Add(-time.Minute).Format(time.RFC3339Nano)}, "size": {"5000"}}
		count := 0
		for _, e := range s.home.logs(t, query).Data {
			if e.ActorID == v.id || e.EntityID == token.ID {
				count++
			}
		}
		return count
	}
	before := entries()
	s.home.vault(t).get(t, tokenPath(token.ID)).is(t, http.StatusForbidden)
	v.get(t, tokenPath(left)).is(t, http.StatusNotFound)
	v.post(t, "/tokens", object{"id": token.ID, "type": "token", "data": 1, "containers": list{v.container}}).is(t, http.StatusConflict)
	v.patch(t, tokenPath(token.ID), object{"data": nil}).is(t, http.StatusBadRequest)
	v.post(t, "/tokenize", list{object{"type": "token", "data": 1, "containers": list{v.container}}, object{"type": "token", "data": 1}}).is(t, http.StatusForbidden)
	v.post(t, "/detokenize", list{"{{ " + token.ID + " }}", "{{ unknown }}"}).is(t, http.StatusBadRequest)
	v.tokens(t, "/v2/tokens", url.Values{"size": {"0"}})
	same(t, "how many there are", entries(), before)
	same(t, "of what never was", s.home.logs(t, about(left)).told(), list{})
}
