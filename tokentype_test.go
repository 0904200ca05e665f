package hallpass_test

import (
	"strings"
	"testing"

	"hallpass"
)

func TestTokenTypesHaveTheDocumentedDefaults(t *testing.T) {
	t.Parallel()
	const card = `{"number":"4242424242424242","expiration_month":12,"expiration_year":2031,"cvc":"123"}`
	for _, c := range []struct {
		kind, data, container string
		masked                string // the data under the mask transform
		fingerprinted         string // the text that is fingerprinted
		indexed               []string
	}{
		{"token", `"secret"`, "/general/high/", "null", "secret", nil},
		{"token", `{"b":1,"a":[true,null,"<"]}`, "/general/high/", "null", `{"a":[true,null,"<"],"b":1}`, nil},
		{
			"card", card, "/pci/high/",
			`{"expiration_month":12,"expiration_year":2031,"number":"XXXXXXXXXXXX4242"}`, "4242424242424242", nil,
		},
		{"card", `{"number":"4242424242424242"}`, "/pci/high/", `{"number":"XXXXXXXXXXXX4242"}`, "4242424242424242", nil},
		{
			"network_token", card, "/pci/high/",
			`{"expiration_month":12,"expiration_year":2031,"number":"XXXXXXXXXXXX4242"}`, "4242424242424242", nil,
		},
		{
			"bank", `{"routing_number":"021000021","account_number":"1234567890"}`, "/bank/high/",
			`{"account_number":"XXXXXX7890","routing_number":"021000021"}`, "1234567890|021000021", nil,
		},
		{"card_number", `"36227206271667"`, "/pci/high/", `"XXXXXXXXXX1667"`, "36227206271667", nil},
		{"us_bank_account_number", `"1234567890"`, "/bank/high/", `"XXXXXX7890"`, "1234567890", nil},
		{"us_bank_routing_number", `"021000021"`, "/bank/low/", `"XXXXX0021"`, "021000021", nil},
		{
			"social_security_number", `"123-45-6789"`, "/pii/high/", `"XXX-XX-6789"`, "123456789",
			[]string{"123-45-6789", "123456789", "6789"},
		},
		{"social_security_number", `"123456789"`, "/pii/high/", `"XXXXX6789"`, "123456789", []string{"123456789", "6789"}},
		{
			"employer_id_number", `"12-3456789"`, "/pii/high/", `"XX-XXX6789"`, "123456789",
			[]string{"12-3456789", "123456789", "6789"},
		},
	} {
		t.Run(c.kind+" "+c.data, func(t *testing.T) {
			t.Parallel()
			b := builder(hallpass.SettingFingerprintTokens, "true")
			d := mustBuild(t, b, `{"type":"`+c.kind+`","data":`+c.data+`}`)
			wantSame(t, "container", d.Container, c.container)
			view, err := d.View(hallpass.Mask, b.Evaluator)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, "masked data", jsonText(t, view.Data), c.masked)
			wantSame(t, "mask shown", view.Mask == nil && view.FingerprintExpression == "", true)
			wantSame(t, "fingerprint", d.Fingerprint, aKey.Fingerprint(aTenant, d.Type, c.fingerprinted))
			var terms []hallpass.SearchTerm
			for _, text := range c.indexed {
				terms = append(terms, aKey.SearchTerm(aTenant, text))
			}
			wantSame(t, "search terms", d.SearchTerms, terms)
		})
	}
}

func TestTokenDataIsCheckedByItsType(t *testing.T) {
	t.Parallel()
	const fine = "none"
	for _, c := range []struct{ name, kind, data, want string }{
		{"no data", "token", `null`, "map[data:[is required]]"},
		{"false is data", "token", `false`, fine},
		{"an empty text is data", "token", `""`, fine},
		{"a network token is not looked into", "network_token", `"anything"`, fine},
		{"not even where its mask could not bear it", "network_token", `{"number":{}}`, fine},

		{"a card with everything", "card", `{"number":"4242424242424242","expiration_month":4,"expiration_year":2031,"cvc":"1234"}`, fine},
		{"a card that is no object", "card", `"4242424242424242"`, "map[data:[must be an object]]"},
		{"a card without number", "card", `{"cvc":"123"}`, "map[data.number:[is required]]"},
		{"a card whose number is a number", "card", `{"number":4242424242424242}`, "map[data.number:[must be a string]]"},
		{"a card number with separators", "card", `{"number":"4242-4242-4242-4242"}`, "map[data.number:[must consist of digits, without separators]]"},
		{"a card number with a typing error", "card", `{"number":"4242424242424241"}`, "map[data.number:[is not a valid card number]]"},
		{"a card number of 12 digits", "card", `{"number":"676770000004"}`, "map[data.number:[is not a valid card number]]"},
		{"a card number of 11 digits", "card", `{"number":"42424242424"}`, "map[data.number:[must have 12 to 19 digits]]"},
		{"a card number of 20 digits", "card", `{"number":"42424242424242424242"}`, "map[data.number:[must have 12 to 19 digits]]"},
		{"digits of another script", "card", `{"number":"٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"}`, "map[data.number:[must consist of digits, without separators]]"},
		{"an expiration in strings", "card", `{"number":"4242424242424242","expiration_month":"04","expiration_year":"31"}`, fine},
		{"an expiration of nulls", "card", `{"number":"4242424242424242","expiration_month":null,"expiration_year":null,"cvc":null}`, fine},
		{"month 0", "card", `{"number":"4242424242424242","expiration_month":0}`, "map[data.expiration_month:[must be a number from 1 to 12]]"},
		{"month 13", "card", `{"number":"4242424242424242","expiration_month":13}`, "map[data.expiration_month:[must be a number from 1 to 12]]"},
		{"a month that is no number", "card", `{"number":"4242424242424242","expiration_month":"May"}`, "map[data.expiration_month:[must be a number from 1 to 12]]"},
		{"a month in halves", "card", `{"number":"4242424242424242","expiration_month":1.5}`, "map[data.expiration_month:[must be a number from 1 to 12]]"},
		{"a year of three digits", "card", `{"number":"4242424242424242","expiration_year":203}`, "map[data.expiration_year:[must be a year of four digits, or its last two]]"},
		{"a cvc that is a number", "card", `{"number":"4242424242424242","cvc":123}`, fine},
		{"a cvc of two digits", "card", `{"number":"4242424242424242","cvc":"12"}`, "map[data.cvc:[must be three or four digits]]"},
		{"a cvc of letters", "card", `{"number":"4242424242424242","cvc":"abc"}`, "map[data.cvc:[must be three or four digits]]"},
		{"a cvc that is an object", "card", `{"number":"4242424242424242","cvc":{}}`, "map[data.cvc:[must be three or four digits]]"},
		{"members of the client's own", "card", `{"number":"4242424242424242","holder":"Ann"}`, fine},

		{"a bank account", "bank", `{"routing_number":"021000021","account_number":"00001"}`, fine},
		{"a bank that is a list", "bank", `[]`, "map[data:[must be an object]]"},
		{"an empty bank", "bank", `{}`, "map[data.account_number:[is required] data.routing_number:[is required]]"},
		{"a routing number of 8 digits", "bank", `{"routing_number":"02100002","account_number":"1"}`, "map[data.routing_number:[must be 9 digits]]"},
		{"a routing number with a typing error", "bank", `{"routing_number":"021000022","account_number":"1"}`, "map[data.routing_number:[is not a valid routing number]]"},
		{"an account number of 18 digits", "bank", `{"routing_number":"021000021","account_number":"123456789012345678"}`, "map[data.account_number:[must be at most 17 digits]]"},
		{"an empty account number", "bank", `{"routing_number":"021000021","account_number":""}`, "map[data.account_number:[must be at most 17 digits]]"},

		{"a card number alone", "card_number", `"4242424242424242"`, fine},
		{"a card number alone of 12 digits", "card_number", `"424242424242"`, "map[data:[must have 13 to 19 digits]]"},
		{"a card number alone in an object", "card_number", `{"number":"4242424242424242"}`, "map[data:[must be a string]]"},
		{"an account of 2 digits", "us_bank_account_number", `"12"`, "map[data:[must be 3 to 17 digits]]"},
		{"an account of 3 digits", "us_bank_account_number", `"123"`, fine},
		{"a routing number alone", "us_bank_routing_number", `"021000021"`, fine},
		{"a wrong routing number alone", "us_bank_routing_number", `"021000020"`, "map[data:[is not a valid routing number]]"},
		{"an SSN without dashes", "social_security_number", `"123456789"`, fine},
		{"an SSN of 8 digits", "social_security_number", `"123-45-678"`, "map[data:[must be 9 digits, with dashes between them if any]]"},
		{"an SSN with a dash at its end", "social_security_number", `"123456789-"`, "map[data:[must be 9 digits, with dashes between them if any]]"},
		{"an EIN", "employer_id_number", `"12-3456789"`, fine},
		{"an EIN with spaces", "employer_id_number", `"12 3456789"`, "map[data:[must be 9 digits, with dashes between them if any]]"},
		{"a type that does not exist", "passport", `"x"`, "map[type:[is not a type of token]]"},
		{"no type", "", `"x"`, "map[type:[is required]]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := build(t, builder(), `{"type":"`+c.kind+`","data":`+c.data+`}`)
			wantSame(t, "refusal", refusalOf(err), c.want)
		})
	}
}

func TestTokenTypesAreAllNamed(t *testing.T) {
	t.Parallel()
	for _, d := range hallpass.TokenTypes() {
		wantSame(t, string(d.Name), d.Name.Valid() && hallpass.ValidContainer(d.Container), true)
	}
	wantSame(t, "number of types", len(hallpass.TokenTypes()), 9)
	wantSame(t, "an unknown type", hallpass.TokenType("passport").Valid(), false)
}

func FuzzTokenCard(f *testing.F) {
	for _, seed := range []string{
		`{"number":"4242424242424242","expiration_month":12,"expiration_year":2031,"cvc":123}`,
		`{"number":"4242424242424241","cvc":"secretly"}`, `{"number":{},"expiration_month":"x"}`, `[]`, `"n"`, `{"number":"0"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, ok := decoded(text)
		if !ok {
			t.Skip()
		}
		b := builder(hallpass.SettingFingerprintTokens, "true")
		d, err := b.Build(&hallpass.TokenRequest{Type: hallpass.TypeCard, Data: data})
		if err == nil {
			number := data.(map[string]any)["number"].(string)
			view, err := d.View(hallpass.Mask, b.Evaluator)
			if err != nil {
				t.Fatal(err)
			}
			if !hallpass.LuhnValid(number) || strings.Contains(jsonText(t, view), `"`+number+`"`) {
				t.Errorf("a card shows its number, or has none: %s", text)
			}
			return
		}
		refusal := theRefusal(t, err, hallpass.KindInvalid)
		for _, value := range leaves(data) {
			if len(value) > 6 && strings.Contains(refusalOf(refusal), value) {
				t.Errorf("a refusal holds a value: %v", refusal.Fields)
			}
		}
	})
}
