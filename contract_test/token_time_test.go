package contract_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// TestTokenExpiry promises that every known spelling of a moment is read, and written back with the offset it came with.
func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for given, want := range map[string]string{
		"2090-08-26T19:23:57-07:00":     "2090-08-26T19:23:57-07:00",
		"2090-04-23T13:24:28Z":          "2090-04-23T13:24:28+00:00",
		"2090-04-23T13:24:28+00:00":     "2090-04-23T13:24:28+00:00",
		"2090-04-23T13:24:28.1234567Z":  "2090-04-23T13:24:28.123456+00:00",
		"2090-04-23T13:24:28.120+05:30": "2090-04-23T13:24:28.12+05:30",
		"2090-04-23T13:24:28":           "2090-04-23T13:24:28+00:00",
		"8/26/2090 7:23:57 PM -07:00":   "2090-08-26T19:23:57-07:00",
		"9/27/2090":                     "2090-09-27T00:00:00+00:00",
		"2090-09-27":                    "2090-09-27T00:00:00+00:00",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, object{"data": plain("data"), "expires_at": given})
			same(t, "expires_at", made.ExpiresAt, want)
			same(t, "expires_at read", v.readToken(t, made.ID).ExpiresAt, want)
			updated := v.updateToken(t, v.secret(t).ID, object{"expires_at": given})
			same(t, "expires_at after a patch", updated.ExpiresAt, want)
		})
	}
	for name, given := range map[string]string{
		"past": "2020-01-01T00:00:00Z", "no date": marked("tomorrow"), "empty": "", "a number": "1900000000", "no day of the calendar": "2090-02-30T00:00:00Z", "too far off": "12090-01-01T00:00:00Z",
	} {
		t.Run("refuses one that is "+name, func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokens", object{"type": "token", "data": plain("data"), "containers": list{v.container}, "expires_at": given}).refuses(t, "expires_at")
			v.patch(t, tokenPath(v.secret(t).ID), object{"expires_at": given}).refuses(t, "expires_at")
		})
	}
}

// TestTokenExpires promises that a token is gone at the very moment, whenever it is swept.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	end, id := s.end(), "appointment "+fresh()
	body := object{"id": id, "data": plain("data"), "search_indexes": list{"{{ data }}"}, "expires_at": end.Format(time.RFC3339Nano)}
	made, stays := v.create(t, body), v.secret(t)
	s.before(end, func() { v.readToken(t, made.ID) })
	s.reach(end)
	for _, when := range []string{"before the sweep", "after the sweep"} {
		t.Run(when, func(t *testing.T) {
			v.isGone(t, made.ID)
			same(t, "listed", v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}}).ids(), list{stays.ID})
			same(t, "found", v.search(t, "/tokens/search", object{"query": "data:" + made.Data.(string)}).ids(), list{})
		})
		s.sweep(t)
	}
	v.readToken(t, stays.ID)
}

// TestTokenIDOfTheExpired promises that an expired token holds neither its id nor its fingerprint.
func TestTokenIDOfTheExpired(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	end, id := s.end(), "appointment "+fresh()
	body := object{"id": id, "data": plain("data"), "deduplicate_token": true, "expires_at": end.Format(time.RFC3339Nano)}
	first := v.create(t, body)
	s.reach(end)
	delete(body, "expires_at")
	second := v.create(t, body)
	if second.Extras.Deduplicated || second.ID != first.ID || second.CreatedAt == first.CreatedAt {
		t.Errorf("the second is %+v", second)
	}
	s.sweep(t)
	same(t, "the second", v.readToken(t, second.ID).Data, first.Data)
}

// TestTokenExpiryChanges promises that a patch moves the end of a token, and that null takes it away.
func TestTokenExpiryChanges(t *testing.T) {
	t.Parallel()
	s := timed(t)
	v := s.home.vault(t)
	end := s.end()
	at := func(moment time.Time) string { return moment.Format(time.RFC3339Nano) }
	ending := object{"data": 1, "expires_at": at(end)}
	later, never := v.create(t, ending), v.create(t, ending)
	sooner, atAll := v.create(t, object{"data": 1, "expires_at": at(end.Add(time.Hour))}), v.create(t, object{"data": 1})
	v.updateToken(t, later.ID, object{"expires_at": at(end.Add(time.Hour))})
	if updated := v.updateToken(t, never.ID, object{"expires_at": nil}); updated.ExpiresAt != "" {
		t.Errorf("expires_at is %q", updated.ExpiresAt)
	}
	v.updateToken(t, sooner.ID, object{"expires_at": at(end)})
	v.updateToken(t, atAll.ID, object{"expires_at": at(end)})
	s.before(end, func() {
		for _, made := range []tokenAnswer{later, never, sooner, atAll} {
			v.readToken(t, made.ID)
		}
	})
	s.reach(end)
	s.sweep(t)
	v.readToken(t, later.ID)
	v.readToken(t, never.ID)
	v.get(t, tokenPath(sooner.ID)).is(t, http.StatusNotFound)
	v.get(t, tokenPath(atAll.ID)).is(t, http.StatusNotFound)
}

// TestTokenCVC promises that the cvc of a card is gone an hour after it was written, and nothing else with it.
func TestTokenCVC(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	v := s.home.vault(t)
	card := object{"number": cardNumber(), "expiration_month": 12, "cvc": "987"}
	body := object{"type": "card", "data": card, "mask": object{"cvc": "{{ data.cvc }}", "number": "{{ data.number | last4 }}"}, "fingerprint_expression": "{{ data.number }}"}
	made, renewed, touched := v.create(t, body), v.create(t, body), v.create(t, body)
	same(t, "data", made.Data, card)
	s.own.clock.move(time.Hour - time.Microsecond)
	same(t, "data within the hour", v.readToken(t, made.ID).Data, card)
	v.updateToken(t, renewed.ID, object{"data": object{"cvc": "123"}})
	v.updateToken(t, touched.ID, object{"metadata": object{"touched": "yes"}})
	s.own.clock.move(time.Microsecond)

	rest := object{"number": card["number"], "expiration_month": 12}
	for _, when := range []string{"before the sweep", "after the sweep"} {
		t.Run(when, func(t *testing.T) {
			for _, id := range []string{made.ID, touched.ID} {
				read := v.readToken(t, id)
				same(t, "data", read.Data, rest)
				same(t, "fingerprint", read.Fingerprint, made.Fingerprint)
				same(t, "modified_by", read.ModifiedBy != "", id == touched.ID)
				same(t, "masked data", s.home.private.readToken(t, id).Data, object{"number": card["number"].(string)[12:]})
				a := v.post(t, "/detokenize", object{"card": "{{ " + id + " }}"}).is(t, http.StatusOK)
				same(t, "data detokenized", a.object(t)["card"], rest)
			}
			for _, listed := range v.tokens(t, "/v2/tokens", url.Values{"container": {v.container}}).Data {
				if data, _ := listed.Data.(object); listed.ID != renewed.ID && data["cvc"] != nil {
					t.Error("the list shows a cvc")
				}
			}
			same(t, "the new cvc", v.readToken(t, renewed.ID).Data.(object)["cvc"], "123")
		})
		s.sweep(t)
	}
	same(t, "data after a patch", v.updateToken(t, made.ID, object{"data": object{"expiration_month": 1}}).Data, object{"number": card["number"], "expiration_month": 1})
	s.own.clock.move(time.Hour)
	same(t, "data in the end", v.readToken(t, renewed.ID).Data, rest)
}
