package contract_test

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func matches(t testing.TB, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("%q is not like %s", text, pattern)
	}
}

// tokenKind is what a type of token promises.
type tokenKind struct {
	name      string
	data      any
	container string
	masked    any               // nil where masked data is left out
	indexes   list              // the search indexes
	found     []string          // by these texts
	equal     any               // other data with the same fingerprint
	different any               // data with another one
	wrong     map[string]wrongs // by the member that is blamed
}

// wrongs are pieces of data that a type does not take.
type wrongs []any

func tokenKinds() []tokenKind {
	number, ssn, ein := cardNumber(), nineDigits(), nineDigits()
	last := func(text string) string { return text[len(text)-4:] }
	dashed := list{"{{ data }}", "{{ data | replace: '-' }}", "{{ data | last4 }}"}
	plainly := func(text string) string { return strings.ReplaceAll(text, "-", "") }
	notNine := map[string]wrongs{"data": {"12345678", "1234567890", "12345678a", "123--45-6789", "-123456789", 123456789, object{"ssn": "123456789"}, list{}, true}}
	card := func(members object) object {
		whole := object{"number": number}
		maps.Copy(whole, members)
		return whole
	}
	return []tokenKind{
		{name: "token", data: object{"any": list{1, "x", nil, true}}, container: "/general/high/", equal: object{"any": list{1, "x", nil, true}}, different: object{"any": list{}}, wrong: map[string]wrongs{"data": {nil}}},
		{
			name: "card", data: card(object{"expiration_month": 12, "expiration_year": 2031}), container: "/pci/high/",
			masked: object{"number": strings.Repeat("X", 12) + last(number), "expiration_month": 12, "expiration_year": 2031},
			equal:  card(object{"cvc": "123"}), different: object{"number": cardNumber()},
			wrong: map[string]wrongs{
				"data": {number, list{}, 1}, "data.number": {object{}, card(object{"number": number[:11]}), card(object{"number": "4242 4242 4242 4242"}), card(object{"number": 4242424242424242}), card(object{"number": "4242424242424241"}), card(object{"number": ""})},
				"data.expiration_month": {card(object{"expiration_month": 0}), card(object{"expiration_month": 13}), card(object{"expiration_month": "x"}), card(object{"expiration_month": 1.5})},
				"data.expiration_year":  {card(object{"expiration_year": 123}), card(object{"expiration_year": 20310}), card(object{"expiration_year": true})},
				"data.cvc":              {card(object{"cvc": "12"}), card(object{"cvc": "12345"}), card(object{"cvc": "12a"}), card(object{"cvc": 12})},
			},
		},
		{
			name: "network_token", data: card(object{"expiration_month": 1}), container: "/pci/high/",
			masked: object{"number": strings.Repeat("X", 12) + last(number), "expiration_month": 1}, equal: card(object{}), different: object{"number": cardNumber()},
		},
		{
			name: "bank", data: object{"routing_number": "021000021", "account_number": "00001"}, container: "/bank/high/",
			masked: object{"routing_number": "021000021", "account_number": "X0001"},
			equal:  object{"routing_number": "021000021", "account_number": "00001", "owner": "x"}, different: object{"routing_number": "021000021", "account_number": "00002"},
			wrong: map[string]wrongs{
				"data": {"021000021", nil}, "data.routing_number": {object{"account_number": "1"}, object{"account_number": "1", "routing_number": "021000022"}, object{"account_number": "1", "routing_number": 21000021}},
				"data.account_number": {object{"routing_number": "021000021"}, object{"routing_number": "021000021", "account_number": "123456789012345678"}, object{"routing_number": "021000021", "account_number": "1-2"}},
			},
		},
		{
			name: "card_number", data: number, container: "/pci/high/", masked: strings.Repeat("X", 12) + last(number), equal: number, different: cardNumber(),
			wrong: map[string]wrongs{"data": {number[:12], number + "0000", "4242424242424241", "4242-4242-4242-4242", 4242424242424242, object{"number": number}, ""}},
		},
		{
			name: "us_bank_account_number", data: "1234567890", container: "/bank/high/", masked: "XXXXXX7890", equal: "1234567890", different: "1234567891",
			wrong: map[string]wrongs{"data": {"12", "123456789012345678", "12345a", 12345, object{}}},
		},
		{
			name: "us_bank_routing_number", data: "021000021", container: "/bank/low/", masked: "XXXXX0021", equal: "021000021", different: "011000015",
			wrong: map[string]wrongs{"data": {"021000022", "02100002", "0210000211", 21000021, "x"}},
		},
		{
			name: "social_security_number", data: ssn, container: "/pii/high/", masked: "XXX-XX-" + last(ssn), indexes: dashed,
			found: []string{ssn, plainly(ssn), last(ssn)}, equal: plainly(ssn), different: nineDigits(), wrong: notNine,
		},
		{
			name: "employer_id_number", data: plainly(ein)[:2] + "-" + plainly(ein)[2:], container: "/pii/high/", masked: "XX-XXX" + last(ein), indexes: dashed,
			found: []string{plainly(ein), last(ein)}, equal: plainly(ein), different: nineDigits(), wrong: notNine,
		},
	}
}

// TestTokenTypes promises of each type where its tokens go, what is shown of them, and what they are found by.
func TestTokenTypes(t *testing.T) {
	tn := tenantWith(t, object{"fingerprint_tokens": "true"})
	all := tn.ruled(t, "private", within(1, "/", "reveal", tokenPermissions...))
	fingerprints := map[string]string{}
	for _, kind := range tokenKinds() {
		body := object{"type": kind.name, "data": kind.data}
		masked, made := tn.private.createToken(t, body), all.createToken(t, body)
		fingerprints[made.Fingerprint] += kind.name + " "
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			same(t, "masked data", masked.Data, kind.masked)
			same(t, "data", made.Data, kind.data)
			same(t, "containers", made.Containers, list{kind.container})
			same(t, "search indexes", made.SearchIndexes, append(list{}, kind.indexes...))
			same(t, "mask", made.Mask, nil)
			matches(t, made.Fingerprint, `^[1-9A-HJ-NP-Za-km-z]{43,44}$`)
			same(t, "the fingerprint of the same", masked.Fingerprint, made.Fingerprint)
			same(t, "the fingerprint of equal data", all.createToken(t, object{"type": kind.name, "data": kind.equal}).Fingerprint, made.Fingerprint)
			if other := all.createToken(t, object{"type": kind.name, "data": kind.different}).Fingerprint; other == made.Fingerprint {
				t.Error("other data has the same fingerprint")
			}
			for _, text := range kind.found {
				found := all.search(t, "/v2/tokens/search", object{"query": `data:"` + text + `"`, "size": 100}).ids()
				same(t, "found", contains(found, masked.ID, made.ID), true)
			}
			same(t, "listed by type", contains(all.tokens(t, "/v2/tokens", map[string][]string{"type": {kind.name}}).ids(), made.ID), true)
		})
	}
	for fingerprint, types := range fingerprints {
		if strings.Count(types, " ") > 1 {
			t.Errorf("%shave the fingerprint %s", types, fingerprint)
		}
	}
}

func contains(ids []string, wanted ...string) bool {
	for _, id := range wanted {
		if !strings.Contains(" "+strings.Join(ids, " ")+" ", " "+id+" ") {
			return false
		}
	}
	return true
}

// TestTokenTypesRefuse promises 400, about the very member, for data that its type does not take.
func TestTokenTypesRefuse(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for _, kind := range tokenKinds() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for member, all := range kind.wrong {
				for _, data := range all {
					v.spoilt(t, http.MethodPost, "/tokens", object{"type": kind.name, "data": data, "containers": list{v.container}}).refuses(t, member)
				}
			}
		})
	}
	for name, body := range map[string]object{
		"unknown": {"type": marked("type"), "data": 1}, "missing": {"data": 1}, "empty": {"type": "", "data": 1}, "in capitals": {"type": "TOKEN", "data": 1},
	} {
		t.Run("a type that is "+name, func(t *testing.T) {
			t.Parallel()
			v.post(t, "/tokens", body).refuses(t, "type")
		})
	}
}

// TestCardsAsClientsSendThem promises that the looser spellings of a card are taken, and kept as they are.
func TestCardsAsClientsSendThem(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	for name, members := range map[string]object{
		"only a number": {}, "texts for numbers": {"expiration_month": "01", "expiration_year": "2031"}, "a short year": {"expiration_year": 31},
		"a cvc that is a number": {"cvc": 123}, "a cvc of four digits": {"cvc": "1234"}, "nulls": {"expiration_month": nil, "cvc": nil}, "more members": {"holder": object{"name": plain("holder")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := object{"number": cardNumber()}
			maps.Copy(data, members)
			same(t, "data", v.create(t, object{"type": "card", "data": data}).Data, data)
		})
	}
}

// TestCardDetails promises what may be known of a card or account wherever its mask may be seen, and nothing where it may not.
func TestCardDetails(t *testing.T) {
	t.Parallel()
	v := shared(t).home.vault(t)
	number := cardNumber()
	last4 := number[12:]
	redacted := v.home.ruled(t, "private", within(1, v.container, "redact", "token:read"))
	for name, c := range map[string]struct {
		kind   string
		data   any
		member string
		want   object
	}{
		"of a card":                     {"card", object{"number": number, "expiration_month": 3, "expiration_year": "31", "cvc": "987"}, "card", object{"bin": number[:6], "last4": last4, "expiration_month": 3, "expiration_year": 2031, "brand": "visa"}},
		"of a card without expiration":  {"card", object{"number": number}, "card", object{"bin": number[:6], "last4": last4, "brand": "visa"}},
		"of a card of an unknown brand": {"card", object{"number": "9999999999999995"}, "card", object{"bin": "999999", "last4": "9995"}},
		"of a number":                   {"card_number", number, "card", object{"bin": number[:6], "last4": last4, "brand": "visa"}},
		"of a network token":            {"network_token", object{"number": number, "expiration_month": 3}, "network_token", object{"bin": number[:6], "last4": last4, "expiration_month": 3, "brand": "visa"}},
		"of a bank account":             {"bank", object{"routing_number": "021000021", "account_number": "000001234"}, "bank", object{"routing_number": "021000021", "account_number_last4": "1234"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := v.create(t, object{"type": c.kind, "data": c.data})
			for what, reader := range map[string]caller{"revealed": v.caller, "masked": v.home.private} {
				read := reader.get(t, tokenPath(made.ID)).is(t, http.StatusOK).object(t)
				same(t, "details, "+what, read[c.member], c.want)
				if c.member == "card" {
					same(t, "enrichments, "+what, read["enrichments"], object{"card_details": object{"bin": c.want["bin"], "last4": c.want["last4"]}})
				}
			}
			read := redacted.get(t, tokenPath(made.ID)).is(t, http.StatusOK).object(t)
			for _, member := range []string{"data", "card", "bank", "network_token", "enrichments"} {
				if _, shown := read[member]; shown {
					t.Errorf("redacted, and %s is shown", member)
				}
			}
		})
	}
}
