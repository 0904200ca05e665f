package hallpass_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hallpass"
	"hallpass/expression"
)

const (
	aTenant  = "5d2b8a1e-7c34-4f19-9b62-0e8f3d4c7a11"
	anAuthor = "7a9c4e21-5b8d-4c36-9e0f-2d1b8a6c4e53"
)

// aKey is the key of the tenant of these tests.
var aKey = &hallpass.TenantKey{1, 2, 3}

// builder makes tokens at noon for a tenant with the given settings, name and value in turns.
func builder(settings ...string) *hallpass.TokenBuilder {
	tenant := &hallpass.Tenant{ID: aTenant, Settings: map[string]string{}}
	for i := 0; i < len(settings); i += 2 {
		tenant.Settings[settings[i]] = settings[i+1]
	}
	return &hallpass.TokenBuilder{
		Tenant: tenant, Key: aKey, Author: anAuthor, Now: noon, Evaluator: expression.New(&chance{1}),
		MintID: func() (string, error) { return aToken, nil },
	}
}

// jsonTree reads JSON as the server does.
func jsonTree(t testing.TB, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tree
}

func jsonObject(t testing.TB, text string) map[string]any {
	t.Helper()
	return jsonTree(t, text).(map[string]any)
}

// jsonText writes what the server would answer.
func jsonText(t testing.TB, v any) string {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// build makes the token that a request body asks for.
func build(t testing.TB, b *hallpass.TokenBuilder, body string) (*hallpass.TokenDraft, error) {
	t.Helper()
	r, err := hallpass.ParseTokenRequest(jsonObject(t, body))
	if err != nil {
		return nil, err
	}
	return b.Build(r)
}

// mustBuild is build for a request that must be good.
func mustBuild(t testing.TB, b *hallpass.TokenBuilder, body string) *hallpass.TokenDraft {
	t.Helper()
	d, err := build(t, b, body)
	if err != nil {
		t.Fatalf("%s: %v", body, refusalOf(err))
	}
	return d
}

// refusalOf writes the refusal's members and what is wrong with them, or the error's text.
func refusalOf(err error) string {
	if err == nil {
		return "none"
	}
	var refusal *hallpass.Error
	if errors.As(err, &refusal) && len(refusal.Fields) > 0 {
		return fmt.Sprint(refusal.Fields)
	}
	return err.Error()
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"type":"token","data":1,"expires_at":"2030-04-23T13:00:00Z"}`)
	for _, c := range []struct {
		at   time.Time
		want bool
	}{{noon, false}, {d.ExpiresAt.Add(-time.Microsecond), false}, {d.ExpiresAt, true}, {d.ExpiresAt.Add(time.Hour), true}} {
		wantSame(t, "expired at "+c.at.String(), d.Expired(c.at), c.want)
	}
	wantSame(t, "a token without expiry", (&hallpass.Token{}).Expired(noon), false)
}

func TestTokenExpiryKeepsItsOffset(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"8/26/2030 7:23:57 PM -07:00":       "2030-08-26T19:23:57-07:00",
		"2030-08-26T19:23:57-07:00":         "2030-08-26T19:23:57-07:00",
		"2030-08-26T19:23:57Z":              "2030-08-26T19:23:57+00:00",
		"2030-08-26T19:23:57.1234567+05:30": "2030-08-26T19:23:57.123456+05:30",
		"9/27/2030":                         "2030-09-27T00:00:00+00:00",
		"2030-09-27T01:02:03":               "2030-09-27T01:02:03+00:00",
	} {
		d := mustBuild(t, builder(), `{"type":"token","data":1,"expires_at":`+jsonText(t, given)+`}`)
		wantSame(t, given, hallpass.FormatExpiry(d.ExpiresAt), want)
		stored := hallpass.WithOffset(time.UnixMicro(d.ExpiresAt.UnixMicro()), hallpass.ExpiryOffset(d.ExpiresAt))
		wantSame(t, given+", stored", hallpass.FormatExpiry(stored), want)
	}
}

func TestTokenCVCIsGoneAfterAnHour(t *testing.T) {
	t.Parallel()
	d := mustBuild(t, builder(), `{"type":"card","data":{"number":"4242424242424242","cvc":"123"}}`)
	before, after := noon.Add(time.Hour-time.Microsecond), noon.Add(time.Hour)
	wantSame(t, "expired before the hour", d.CVCExpired(before), false)
	wantSame(t, "data before the hour", jsonText(t, d.At(before).Data), `{"cvc":"123","number":"4242424242424242"}`)
	wantSame(t, "expired after the hour", d.CVCExpired(after), true)
	wantSame(t, "data after the hour", jsonText(t, d.At(after).Data), `{"number":"4242424242424242"}`)
	wantSame(t, "the token itself", jsonText(t, d.Data), `{"cvc":"123","number":"4242424242424242"}`)
	wantSame(t, "expired once deleted", d.At(after).CVCExpired(after), false)
}

func TestTokenCVCOfOtherDataStays(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"type":"token","data":{"cvc":"123"}}`,
		`{"type":"card","data":{"number":"4242424242424242"}}`,
		`{"type":"card","data":{"number":"4242424242424242","cvc":null}}`,
	} {
		d := mustBuild(t, builder(), body)
		wantSame(t, body, d.CVCExpiresAt.IsZero() && !d.CVCExpired(noon.Add(48*time.Hour)), true)
	}
}

func TestTokenKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "key", *aKey)
	text, err := json.Marshal(aKey)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %s %x %#v %d", *aKey, aKey, *aKey, *aKey, aKey) + log.String() + string(text)
	if strings.Contains(printed, "0102") || strings.Contains(printed, "[1 2") || strings.Contains(printed, "AQID") ||
		strings.Contains(printed, "1,2,3") || !strings.Contains(printed, hallpass.Redacted) {
		t.Errorf("got %s", printed)
	}
}

func TestTokenDataIsNeverPrinted(t *testing.T) {
	t.Parallel()
	r := &hallpass.TokenRequest{Type: "token", Data: "hush"}
	d, err := builder().Build(r)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "request", *r, "token", d.Token, "draft", d)
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "request", r, "token", &d.Token, "draft", *d)
	printed := fmt.Sprintf("%v %+v %#v %v %+v %s %v", r, *r, d, *d, d.Token, &d.Token, []hallpass.Token{d.Token}) + log.String()
	if strings.Contains(printed, "hush") || !strings.Contains(printed, aToken) {
		t.Errorf("got %s", printed)
	}
}

// sameJSON reports whether two trees are the same JSON.
func sameJSON(a, b any) bool {
	first, err := json.Marshal(a)
	second, failure := json.Marshal(b)
	return err == nil && failure == nil && bytes.Equal(first, second)
}
