package hallpass_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"hallpass"
)

func TestCardTokenBrand(t *testing.T) {
	t.Parallel()
	for number, brand := range map[string]string{
		"4242424242424242": "visa", "4000056655665556": "visa", "5555555555554444": "mastercard",
		"2221000000000009": "mastercard", "2720990000000007": "mastercard", "2721000000000000": "",
		"2220990000000000": "", "2200000000000004": "mir", "378282246310005": "american-express",
		"341111111111111": "american-express", "6011111111111117": "discover", "6445644564456445": "discover",
		"6500000000000002": "discover", "3056930009020004": "diners-club", "36227206271667": "diners-club",
		"3095000000000000": "diners-club", "3566002020360505": "jcb", "3527000000000000": "", "3590000000000000": "",
		"6200000000000005": "unionpay", "6277800000000000": "elo", "6062820000000000": "hipercard",
		"5066990000000000": "elo", "5067790000000000": "", "8171000000000000": "unionpay", "9999": "", "": "", "4": "visa",
	} {
		wantSame(t, number, hallpass.CardBrand(number), brand)
	}
}

func TestCardTokenDetails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, card, network, bank string }{
		{"a card number alone", `{"type":"card_number","data":"378282246310005"}`,
			`{"bin":"378282","last4":"0005","brand":"american-express"}`, "null", "null"},
		{"a card of no known brand", `{"type":"card","data":{"number":"9999999999999995"}}`,
			`{"bin":"999999","last4":"9995"}`, "null", "null"},
		{"a network token", `{"type":"network_token","data":{"number":"4242424242424242","expiration_month":1}}`,
			"null", `{"bin":"424242","last4":"4242","expiration_month":1,"brand":"visa"}`, "null"},
		{"a network token of some other form", `{"type":"network_token","data":["4242424242424242"]}`, "null", "null", "null"},
		{"a bank account", `{"type":"bank","data":{"routing_number":"021000021","account_number":"00001"}}`,
			"null", "null", `{"routing_number":"021000021","account_number_last4":"0001"}`},
		{"a short bank account", `{"type":"bank","data":{"routing_number":"021000021","account_number":"12"}}`,
			"null", "null", `{"routing_number":"021000021","account_number_last4":"12"}`},
		{"anything else", `{"type":"token","data":{"number":"4242424242424242"}}`, "null", "null", "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := builder()
			view, err := mustBuild(t, b, c.body).View(hallpass.Reveal, b.Evaluator)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, "card", jsonText(t, view.Card), c.card)
			wantSame(t, "network token", jsonText(t, view.NetworkToken), c.network)
			wantSame(t, "bank", jsonText(t, view.Bank), c.bank)
		})
	}
}

func TestCardTokenChecksumsNoticeEveryWrongDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []struct {
			number string
			valid  func(string) bool
		}{{"4242424242424242", hallpass.LuhnValid}, {"021000021", hallpass.ABAValid}} {
			at := rapid.IntRange(0, len(c.number)-1).Draw(t, "place")
			digit := rapid.IntRange(0, 9).Draw(t, "digit")
			changed := c.number[:at] + fmt.Sprint(digit) + c.number[at+1:]
			if c.valid(changed) != (changed == c.number) {
				t.Fatalf("%s", changed)
			}
		}
	})
	for _, text := range []string{"", "a", "4242 4242", "02100002", "0210000211"} {
		wantSame(t, text, hallpass.LuhnValid(text) || hallpass.ABAValid(text), false)
	}
}
