package hallpass_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass"
)

func TestFormatInstant(t *testing.T) {
	t.Parallel()
	at := func(nanoseconds int) time.Time { return time.Date(2030, 8, 26, 19, 23, 57, nanoseconds, time.UTC) }
	for _, c := range []struct {
		promise string
		at      time.Time
		want    string
	}{
		{"whole seconds have no fraction", at(0), "2030-08-26T19:23:57+00:00"},
		{"six digits are written", at(670571000), "2030-08-26T19:23:57.670571+00:00"},
		{"of seven, six are", at(538102900), "2030-08-26T19:23:57.538102+00:00"},
		{"trailing zeros are trimmed", at(500000000), "2030-08-26T19:23:57.5+00:00"},
		{"leading ones are kept", at(10000), "2030-08-26T19:23:57.00001+00:00"},
		{"another zone is turned to UTC", at(0).In(time.FixedZone("", -7*3600)), "2030-08-26T19:23:57+00:00"},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "instant", hallpass.FormatInstant(c.at), c.want)
		})
	}
}

func TestTransactionInstants(t *testing.T) {
	t.Parallel()
	wantSame(t, "milliseconds, cut off", hallpass.FormatTransactionInstant(noon), "2030-04-23T12:00:00.123Z")
	wantSame(t, "always three digits", hallpass.FormatTransactionInstant(noon.Truncate(time.Second)), "2030-04-23T12:00:00.000Z")
	wantSame(t, "in UTC", hallpass.FormatTransactionInstant(noon.In(time.FixedZone("", 3600))), "2030-04-23T12:00:00.123Z")

	got, ok := hallpass.ParseTransactionInstant("2030-04-23T12:00:00.123Z")
	if want := noon.Truncate(time.Millisecond); !ok || !got.Equal(want) {
		t.Errorf("got %v, %v; want %v", got, ok, want)
	}
	for _, text := range []string{
		"", "2030-04-23", "2030-04-23T12:00:00Z", "2030-04-23T12:00:00.12Z", "2030-04-23T12:00:00.1234Z", "2030-04-23 12:00:00.123Z",
		"2030-04-23T12:00:00.123+00:00", "2030-02-30T12:00:00.123Z", "2030-13-01T12:00:00.123Z", "2030-04-23T24:00:00.123Z", "2030-04-23T12:00:00.123z",
	} {
		if got, ok := hallpass.ParseTransactionInstant(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestParseExpiryReadsEverySpelling(t *testing.T) {
	t.Parallel()
	utc := func(hour, minute, second, nanosecond int) time.Time {
		return time.Date(2030, 8, 27, hour, minute, second, nanosecond, time.UTC)
	}
	for _, c := range []struct {
		text string
		want time.Time
	}{
		{"2030-08-27T02:23:57Z", utc(2, 23, 57, 0)},
		{"2030-08-27t02:23:57z", utc(2, 23, 57, 0)},
		{"2030-08-27T02:23:57.5Z", utc(2, 23, 57, 5e8)},
		{"2030-08-27T02:23:57.1234567+00:00", utc(2, 23, 57, 123456000)},
		{"2030-08-26T19:23:57-07:00", utc(2, 23, 57, 0)},
		{"2030-08-26T19:23:57-0700", utc(2, 23, 57, 0)},
		{"2030-08-27T02:23:57.123456789", utc(2, 23, 57, 123456000)},
		{"2030-08-27T02:23:57", utc(2, 23, 57, 0)},
		{"2030-08-27T02:23Z", utc(2, 23, 0, 0)},
		{"2030-08-27T02:23", utc(2, 23, 0, 0)},
		{"2030-08-27 02:23:57Z", utc(2, 23, 57, 0)},
		{"2030-08-27 02:23:57", utc(2, 23, 57, 0)},
		{"2030-08-27", utc(0, 0, 0, 0)},
		{"8/26/2030 7:23:57 PM -07:00", utc(2, 23, 57, 0)},
		{"8/26/2030 7:23:57 pm -07:00", utc(2, 23, 57, 0)},
		{"08/27/2030 02:23:57 AM +00:00", utc(2, 23, 57, 0)},
		{"8/27/2030 2:23:57 AM", utc(2, 23, 57, 0)},
		{"8/27/2030", utc(0, 0, 0, 0)},
		{"  2030-08-27T02:23:57Z ", utc(2, 23, 57, 0)},
		{"9999-12-31T23:59:59Z", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		got, ok := hallpass.ParseExpiry(c.text)
		if !ok || !got.Equal(c.want) {
			t.Errorf("%q: got %v, %v; want %v", c.text, got, ok, c.want)
		}
	}
	kept, _ := hallpass.ParseExpiry("8/26/2030 7:23:57 PM -07:00")
	wantSame(t, "the offset given", kept.Format(time.RFC3339), "2030-08-26T19:23:57-07:00")
}

func TestParseExpiryRefusesAnythingElse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "now", "tomorrow", "1914234237", "2030", "2030-08", "2030-W35-1", "2030-240", "20300827T022357Z", "2030-02-30", "2030-13-01",
		"13/1/2030", "26/8/2030", "8/32/2030", "8/26/30", "8/26/2030 19:23:57 PM -07:00", "8/26/2030 7:23:57", "8-26-2030", "26.8.2030",
		"2030-08-27T24:00:00Z", "2030-08-27T02:60:00Z", "2030-08-27T02:23:57Z and more", "2030-08-27T02:23:57Z\x00", "-2030-08-27",
		"9999-12-31T23:59:59-07:00", "10000-01-01T00:00:00Z", "+2030-08-27T02:23:57Z", "0000-01-01T00:00:00Z",
		"2030-08-27T02:23:57." + strings.Repeat("0", 40) + "Z",
	} {
		if got, ok := hallpass.ParseExpiry(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestParseExpiryReadsWhatFormatInstantWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 253402300799999999).Draw(t, "microseconds")).UTC()
		if got, ok := hallpass.ParseExpiry(hallpass.FormatInstant(at)); !ok || !got.Equal(at) {
			t.Fatalf("%s is read as %v, %v", hallpass.FormatInstant(at), got, ok)
		}
		back, ok := hallpass.ParseTransactionInstant(hallpass.FormatTransactionInstant(at))
		if !ok || !back.Equal(at.Truncate(time.Millisecond)) {
			t.Fatalf("%s is read as %v, %v", hallpass.FormatTransactionInstant(at), back, ok)
		}
	})
}

func TestCheckExpiry(t *testing.T) {
	t.Parallel()
	at, err := hallpass.CheckExpiry(nil, noon)
	if err != nil || !at.IsZero() {
		t.Errorf("absent is read as %v, %v; want never", at, err)
	}
	at, err = hallpass.CheckExpiry(ptr("2030-04-23T12:00:00.123457Z"), noon)
	if err != nil || !at.Equal(noon.Add(time.Microsecond)) {
		t.Errorf("the next instant is read as %v, %v", at, err)
	}
	for text, problem := range map[string]string{
		"soon":                              "must be an ISO 8601 date and time",
		"":                                  "must be an ISO 8601 date and time",
		hallpass.FormatInstant(noon):        "must be in the future",
		"2020-01-01":                        "must be in the future",
		"2030-04-23T12:00:00.1234569+00:00": "must be in the future", // less than a microsecond ahead
	} {
		_, err := hallpass.CheckExpiry(&text, noon)
		wantSame(t, "the refusal of "+text, theRefusal(t, err, hallpass.KindInvalid).Fields, problems{"expires_at": {problem}})
	}
}

func FuzzParseExpiry(f *testing.F) {
	for _, text := range []string{"2030-08-27T02:23:57Z", "8/26/2030 7:23:57 PM -07:00", "9/27/2030", "2030-08-27", "2030-08-27 02:23:57.1+01:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := hallpass.ParseExpiry(text)
		if !ok {
			return
		}
		if at.UTC().Year() > 9999 || !at.Equal(at.Truncate(hallpass.Precision)) {
			t.Errorf("%q is read as %v", text, at)
		}
		again, ok := hallpass.ParseExpiry(hallpass.FormatInstant(at))
		if at.UTC().Year() >= 1 && (!ok || !again.Equal(at)) {
			t.Errorf("%q is read as %v, and what is written of it as %v, %v", text, at, again, ok)
		}
	})
}
