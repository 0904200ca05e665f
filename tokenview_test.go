package hallpass_test

import (
	"testing"
	"time"

	"hallpass"
)

// seen is what is to be seen of the token that a body makes, as JSON.
func seen(t *testing.T, transform hallpass.Transform, settings []string, body string) string {
	t.Helper()
	b := builder(settings...)
	view, err := mustBuild(t, b, body).View(transform, b.Evaluator)
	if err != nil {
		t.Fatal(err)
	}
	return jsonText(t, view)
}

func TestTokenViewHasTheMembersOfTheRealAnswer(t *testing.T) {
	t.Parallel()
	wantSame(t, "card", seen(t, hallpass.Mask, []string{hallpass.SettingFingerprintTokens, "true"},
		`{"type":"card","data":{"number":"4242424242424242","expiration_month":"04","expiration_year":31,"cvc":"123"},
		"expires_at":"8/26/2030 7:23:57 PM -07:00","metadata":{"a":"1"}}`),
		`{"id":"`+aToken+`","type":"card","tenant_id":"`+aTenant+`",`+
			`"data":{"expiration_month":"04","expiration_year":31,"number":"XXXXXXXXXXXX4242"},"metadata":{"a":"1"},`+
			`"enrichments":{"card_details":{"bin":"424242","last4":"4242"}},`+
			`"card":{"bin":"424242","last4":"4242","expiration_month":4,"expiration_year":2031,"brand":"visa"},`+
			`"created_by":"`+anAuthor+`","created_at":"2030-04-23T12:00:00.123456+00:00",`+
			`"fingerprint":"`+aKey.Fingerprint(aTenant, "card", "4242424242424242")+`",`+
			`"privacy":{"classification":"pci","impact_level":"high","restriction_policy":"mask"},"search_indexes":[],`+
			`"expires_at":"2030-08-26T19:23:57-07:00","containers":["/pci/high/"],"aliases":["`+aToken+`"]}`)
	wantSame(t, "token", seen(t, hallpass.Mask, nil, `{"id":"alias","type":"token","data":"secret","containers":["/a/low/"]}`),
		`{"id":"alias","type":"token","tenant_id":"`+aTenant+`","created_by":"`+anAuthor+`",`+
			`"created_at":"2030-04-23T12:00:00.123456+00:00",`+
			`"privacy":{"classification":"general","impact_level":"low","restriction_policy":"redact"},`+
			`"search_indexes":[],"containers":["/a/low/"],"aliases":["alias"]}`)
}

func TestTokenViewObeysTheTransform(t *testing.T) {
	t.Parallel()
	const token = `{"type":"token","data":{"name":{"first":"John","last":"Doe"},"ssn":"123-45-6789","n":7,"x":null}`
	for _, c := range []struct {
		name      string
		transform hallpass.Transform
		body      string
		data      string
	}{
		{"revealed", hallpass.Reveal, token + `}`, `{"n":7,"name":{"first":"John","last":"Doe"},"ssn":"123-45-6789","x":null}`},
		{"redacted", hallpass.Redact, token + `}`, `null`},
		{"masked without mask", hallpass.Mask, token + `}`, `null`},
		{"redacted with a mask", hallpass.Redact, token + `,"mask":"{{ data.n }}"}`, `null`},
		{"masked, what is left out is dropped", hallpass.Mask,
			token + `,"mask":{"name":{"last":"{{ data.name.last | slice: 0 }}."},"ssn":"{{ data.ssn | reveal_last: 4, '#' }}"}}`,
			`{"name":{"last":"D."},"ssn":"###-##-6789"}`},
		{"masked, what the data lacks is dropped", hallpass.Mask,
			token + `,"mask":{"n":"{{ data.n }}","y":"{{ data.y }}","l":["{{ data.y }}",true]}}`, `{"l":[null,true],"n":7}`},
		{"masked with a part of the data", hallpass.Mask, token + `,"mask":"{{ data }}"}`,
			`{"n":7,"name":{"first":"John","last":"Doe"},"ssn":"123-45-6789","x":null}`},
		{"masked with a constant", hallpass.Mask, token + `,"mask":false}`, `false`},
		{"an unknown transform", "everything", token + `}`, `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := builder()
			d := mustBuild(t, b, c.body)
			before := jsonText(t, d.Data)
			view, err := d.View(c.transform, b.Evaluator)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, "data", jsonText(t, view.Data), c.data)
			wantSame(t, "the token's data afterwards", jsonText(t, d.Data), before)
		})
	}
}

func TestTokenViewRedactedShowsNothingOfACard(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"type":"card","data":{"number":"4242424242424242","expiration_month":12}}`,
		`{"type":"bank","data":{"routing_number":"021000021","account_number":"1234567890"}}`,
	} {
		b := builder()
		view, err := mustBuild(t, b, body).View(hallpass.Redact, b.Evaluator)
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, body, view.Data == nil && view.Card == nil && view.Enrichments == nil && view.Bank == nil, true)
	}
}

func TestTokenViewShowsNothingWhereTheMaskNoLongerFits(t *testing.T) {
	t.Parallel()
	b := builder()
	d := mustBuild(t, b, `{"type":"card","data":{"number":"4242424242424242","cvc":"123"},"mask":"{{ data.cvc | to_base64 }}"}`)
	view, err := d.At(noon.Add(time.Hour)).View(hallpass.Mask, b.Evaluator)
	wantSame(t, "data is left out", err == nil && view.Data == nil, true)
}

func TestTokenViewOfADuplicate(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"type":"token","data":"a","fingerprint_expression":"{{ data }}","mask":"x","metadata":{"a":"b"}}`)
	wantSame(t, "without token:read", jsonText(t, d.RedactedView().WithExtras(true)),
		`{"id":"`+aToken+`","type":"token","tenant_id":"`+aTenant+`","fingerprint":"`+d.Fingerprint+
			`","containers":["/general/high/"],"_extras":{"deduplicated":true}}`)
	b := builder()
	view, err := d.View(hallpass.Reveal, b.Evaluator)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := view.WithExtras(false).Tree()
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "extras", jsonText(t, tree.(map[string]any)["_extras"]), `{"deduplicated":false}`)
	wantSame(t, "mask as it was given", jsonText(t, tree.(map[string]any)["mask"]), `"x"`)
}

func TestTokenViewAsATreeKeepsNumbers(t *testing.T) {
	t.Parallel()
	b := builder()
	view, err := mustBuild(t, b, `{"type":"token","data":{"n":12345678901234567890.10}}`).View(hallpass.Reveal, b.Evaluator)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := view.Tree()
	wantSame(t, "error", err, nil)
	wantSame(t, "data", jsonText(t, tree.(map[string]any)["data"]), `{"n":12345678901234567890.10}`)
}

func TestTokenViewOfATypeThatIsNoMore(t *testing.T) {
	t.Parallel()
	view, err := (&hallpass.Token{ID: "old", Type: "passport", Container: "/", Data: "x"}).View(hallpass.Mask, builder().Evaluator)
	wantSame(t, "shows nothing", err == nil && view.Data == nil, true)
	wantSame(t, "privacy", *view.Privacy, hallpass.Privacy{Classification: "general", ImpactLevel: "high", RestrictionPolicy: "redact"})
}
