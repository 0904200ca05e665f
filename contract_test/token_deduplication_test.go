package contract_test

import (
	"maps"
	"net/http"
	"sync"
	"testing"
)

// TestTokenFingerprints promises a fingerprint where one is asked for: equal for equal values of one type, and no other.
func TestTokenFingerprints(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	value := plain("value")
	same(t, "without being asked for", v.create(t, object{"data": value}).Fingerprint, "")
	first := v.create(t, object{"data": object{"name": value, "more": 1}, "fingerprint_expression": "{{ data.name }}"})
	matches(t, first.Fingerprint, `^[1-9A-HJ-NP-Za-km-z]{43,44}$`)
	same(t, "the expression", first.FingerprintExpression, "{{ data.name }}")
	same(t, "of the same value", v.create(t, object{"data": value, "fingerprint_expression": "{{ data }}"}).Fingerprint, first.Fingerprint)
	same(t, "of metadata with the same value", v.create(t, object{"data": 1, "metadata": object{"name": value}, "fingerprint_expression": "{{ metadata.name }}"}).Fingerprint, first.Fingerprint)
	for name, other := range map[string]object{
		"another value": {"data": value + " ", "fingerprint_expression": "{{ data }}"}, "another type": {"type": "network_token", "data": object{"name": value}, "fingerprint_expression": "{{ data.name }}"},
		"nothing": {"data": value, "fingerprint_expression": "{{ data.absent }}"},
	} {
		if got := v.create(t, other).Fingerprint; got == first.Fingerprint || (got == "") != (name == "nothing") {
			t.Errorf("the fingerprint of %s is %q", name, got)
		}
	}
	t.Run("not another tenant's", func(t *testing.T) {
		theirs := shared(t).foreign(t).vault(t)
		if got := theirs.create(t, object{"data": value, "fingerprint_expression": "{{ data }}"}).Fingerprint; got == first.Fingerprint {
			t.Error("two tenants have one fingerprint")
		}
	})
}

// TestDeduplicateTokens promises that a token with the same fingerprint is answered in place of a second one, by the
// tenant's setting or by the request's word, which goes before it.
func TestDeduplicateTokens(t *testing.T) {
	t.Run("always", func(t *testing.T) {
		v := tenantWith(t, object{"deduplicate_tokens": "true"}).vault(t)
		for name, c := range map[string]struct {
			body object
			once bool
		}{
			"by the tenant's setting":          {object{}, true},
			"not by the request":               {object{"deduplicate_token": false}, false},
			"a null leaves it to the tenant":   {object{"deduplicate_token": nil}, true},
			"by an expression of its own":      {object{"fingerprint_expression": "{{ data.name }}"}, true},
			"not where that yields nothing":    {object{"fingerprint_expression": "{{ data.absent }}"}, false},
			"whatever container it is said in": {object{"containers": list{v.container + "deeper/"}}, true},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				v.twice(t, c.body, c.once)
			})
		}
		t.Run("not another type", func(t *testing.T) {
			t.Parallel()
			number := cardNumber()
			card, bare := v.create(t, object{"type": "card", "data": object{"number": number}}), v.create(t, object{"type": "card_number", "data": number})
			same(t, "deduplicated", bare.Extras.Deduplicated, false)
			same(t, "the card again", v.create(t, object{"type": "card", "data": object{"number": number, "expiration_month": 1}}).ID, card.ID)
		})
	})
	t.Run("never", func(t *testing.T) {
		v := tenantWith(t, object{"deduplicate_tokens": "false"}).vault(t)
		v.twice(t, object{}, false)
		v.twice(t, object{"deduplicate_token": true}, true)
	})
}

// twice creates a token twice, and ends the test unless the second is the first where there may be only one.
func (v *vault) twice(t *testing.T, members object, once bool) {
	t.Helper()
	body := object{"type": "token", "data": object{"name": plain("name")}, "metadata": object{"turn": "first"}, "containers": list{v.container}}
	maps.Copy(body, members)
	first := v.createToken(t, body)
	body["metadata"], body["id"] = object{"turn": "second"}, "second "+fresh()
	a := v.post(t, "/tokens", body).is(t, http.StatusCreated)
	var second tokenAnswer
	a.into(t, &second)
	same(t, "deduplicated", []bool{first.Extras.Deduplicated, second.Extras.Deduplicated}, []bool{false, once})
	same(t, "the same id", second.ID == first.ID, once)
	if once {
		same(t, "the metadata stays", second.Metadata, object{"turn": "first"})
		same(t, "the data", second.Data, first.Data)
		same(t, "Location", a.header.Get("Location"), tokenPath(first.ID))
		same(t, "modified_at", v.readToken(t, first.ID).ModifiedAt, "")
	}
}

// TestDeduplicatedTokenIsRedacted promises that who may not read a token learns no more than that it is there.
func TestDeduplicatedTokenIsRedacted(t *testing.T) {
	v := tenantWith(t, object{"deduplicate_tokens": "true"}).vault(t)
	body := object{"type": "card", "data": object{"number": cardNumber()}, "metadata": object{"secret": "yes"}, "search_indexes": list{"{{ data.number }}"}, "containers": list{v.container}}
	first := v.createToken(t, body)
	want := object{"id": first.ID, "type": "card", "tenant_id": v.home.id, "fingerprint": first.Fingerprint, "containers": list{v.container}, "_extras": object{"deduplicated": true}}
	delete(body, "metadata")
	for name, c := range map[string]caller{
		"a public application": v.home.public, "a creator only": v.home.application(t, "private", "token:create"),
		"a reader of another container": v.home.ruled(t, "private", within(1, v.container, "reveal", "token:create"), within(2, "/other/", "reveal", "token:read")),
	} {
		same(t, name, c.post(t, "/tokens", body).is(t, http.StatusCreated).object(t), want)
		same(t, name+", tokenizing", c.post(t, "/tokenize", list{body}).is(t, http.StatusOK).value(t), list{want})
	}
	masked := v.home.private.post(t, "/tokens", body).is(t, http.StatusCreated).object(t)
	same(t, "the metadata for a reader", masked["metadata"], object{"secret": "yes"})
	revealed := v.createToken(t, body)
	same(t, "the data for a reader of all", revealed.Data, first.Data)
}

// TestDeduplicationUpdates promises that with update_existing the token takes over data and metadata, if the caller may
// update it.
func TestDeduplicationUpdates(t *testing.T) {
	v := tenantWith(t, object{"deduplicate_tokens": "true", "token_deduplication_behavior": "update_existing"}).vault(t)
	number := cardNumber()
	first := v.create(t, object{"type": "card", "data": object{"number": number, "expiration_month": 1}, "metadata": object{"turn": "first", "more": "yes"}})
	second := v.create(t, object{"type": "card", "data": object{"number": number, "expiration_year": 2031}, "metadata": object{"turn": "second"}, "mask": "ignored"})
	same(t, "deduplicated", second.Extras.Deduplicated, true)
	same(t, "id", second.ID, first.ID)
	for what, read := range map[string]tokenAnswer{"answered": second, "read": v.readToken(t, first.ID)} {
		same(t, "data "+what, read.Data, object{"number": number, "expiration_year": 2031})
		same(t, "metadata "+what, read.Metadata, object{"turn": "second"})
		same(t, "mask "+what, read.Mask, nil)
		same(t, "fingerprint "+what, read.Fingerprint, first.Fingerprint)
		same(t, "who changed it", read.ModifiedBy, v.id)
	}
	body := object{"type": "card", "data": object{"number": number}, "containers": list{v.container}}
	v.home.ruled(t, "private", within(1, v.container, "reveal", "token:create", "token:read")).post(t, "/tokens", body).is(t, http.StatusForbidden)
	same(t, "data after a refusal", v.readToken(t, first.ID).Data, second.Data)
}

// TestDeduplicateOnUpdate promises 409 for a patch that would make two tokens of one fingerprint where there may be one.
func TestDeduplicateOnUpdate(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	value := plain("value")
	v.create(t, object{"data": value, "deduplicate_token": true})
	other := v.secret(t)
	v.patch(t, tokenPath(other.ID), object{"data": value, "deduplicate_token": true}).is(t, http.StatusConflict)
	same(t, "data", v.readToken(t, other.ID).Data, other.Data)
	v.updateToken(t, other.ID, object{"data": value, "deduplicate_token": false})
	v.updateToken(t, v.create(t, object{"data": plain("own"), "deduplicate_token": true}).ID, object{"deduplicate_token": true})
}

// TestDeduplicationRaces promises one token, however many ask for it at once.
func TestDeduplicationRaces(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	body := object{"type": "token", "data": plain("wanted"), "deduplicate_token": true, "containers": list{v.container}}
	made := make([]tokenAnswer, 16)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() { v.post(t, "/tokens", body).into(t, &made[i]) })
	}
	wg.Wait()
	first := 0
	for _, m := range made {
		same(t, "id", m.ID, made[0].ID)
		if !m.Extras.Deduplicated {
			first++
		}
	}
	same(t, "how many made it", first, 1)
	same(t, "listed", v.tokens(t, "/v2/tokens", map[string][]string{"container": {v.container}}).ids(), list{made[0].ID})
}

// TestTokenIDRaces promises that of many creations with one id exactly one has it.
func TestTokenIDRaces(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	id := "wanted " + fresh()
	statuses := make([]int, 16)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = v.post(t, "/tokens", object{"id": id, "type": "token", "data": i, "containers": list{v.container}}).status
		})
	}
	wg.Wait()
	won := -1
	for i, status := range statuses {
		if status == http.StatusCreated && won < 0 {
			won = i
		} else if status != http.StatusConflict {
			t.Errorf("creation %d is answered %d", i, status)
		}
	}
	same(t, "data", v.readToken(t, id).Data, won)
}
