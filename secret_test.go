package hallpass_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallpass"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const secret = hallpass.Secret("key_test_us_pvt_VerySecret")
	type holder struct {
		Secret  hallpass.Secret
		Pointer *hallpass.Secret
		List    []hallpass.Secret
		Map     map[string]hallpass.Secret
		Any     any
	}
	own := secret
	minted := hallpass.MintedSession{Key: secret, Nonce: secret}
	key := hallpass.Key{Text: secret}
	everything := []any{
		secret, &own, key, &key, minted, &minted,
		holder{secret, &own, []hallpass.Secret{secret}, map[string]hallpass.Secret{"member": secret}, secret},
	}
	var out bytes.Buffer
	for _, v := range everything {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X % x %d %t %c %U %e %10s %-40v %.3s") {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v, fmt.Sprint(v), fmt.Errorf("wrapped: %w", errors.New(fmt.Sprint(v))))
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			log := slog.New(h).With("with", v)
			log.Info("message", "value", v, slog.Group("group", "value", v))
		}
	}
	for _, v := range []any{secret, &own, key, minted, everything[len(everything)-1]} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("JSON of %T: %v", v, err)
		}
		out.Write(b)
	}
	asXML, err := xml.Marshal(minted)
	if err != nil {
		t.Error(err)
	}
	out.Write(asXML)

	for _, leak := range []string{"VerySecret", fmt.Sprintf("%x", "VerySecret"), fmt.Sprintf("%X", "VerySecret")} {
		if i := strings.Index(out.String(), leak); i >= 0 {
			t.Errorf("the secret is shown: …%s…", out.String()[max(0, i-60):i+20])
		}
	}
	for verb, got := range map[string]string{
		"%v": fmt.Sprintf("%v", secret), "%+v": fmt.Sprintf("%+v", secret), "%#v": fmt.Sprintf("%#v", secret),
		"%s": fmt.Sprintf("%s", secret), "%q": fmt.Sprintf("%q", secret), "String": secret.String(), "GoString": secret.GoString(),
		"JSON": strings.Trim(mustJSON(t, secret), `"`), "slog": secret.LogValue().String(),
	} {
		wantSame(t, verb, got, hallpass.Redacted)
	}
	wantSame(t, "what is revealed", secret.Reveal(), "key_test_us_pvt_VerySecret")
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDigestMatchesItsVerifierAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := hallpass.Verifier(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "verifier"))
		if !v.Digest().Matches(v) {
			t.Fatal("a digest does not match its verifier")
		}
		other := v
		other[rapid.IntRange(0, 15).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if v.Digest().Matches(other) || bytes.Contains(digestBytes(v), v[:8]) {
			t.Fatal("a digest matches another verifier, or shows its own")
		}
	})
	wantSame(t, "SHA-256 of sixteen zero bytes", fmt.Sprintf("%x", digestBytes(hallpass.Verifier{})),
		"374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb")
}

func digestBytes(v hallpass.Verifier) []byte { d := v.Digest(); return d[:] }

func TestSelectorsGrowWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := &chance{rapid.Uint64().Draw(t, "seed")}
		earlier := time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, "milliseconds"))
		later := earlier.Add(time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "more")) * time.Millisecond)
		a, errA := hallpass.NewSelector(earlier, random)
		b, errB := hallpass.NewSelector(later, random)
		if errA != nil || errB != nil || a < 0 || a >= b {
			t.Fatalf("%d at %v, %d at %v; %v %v", a, earlier, b, later, errA, errB)
		}
		if int64(a)>>20 != earlier.UnixMilli() {
			t.Fatalf("selector %d does not tell %v", a, earlier)
		}
	})
	same := map[hallpass.Selector]bool{}
	random := &chance{1}
	for range 100 {
		s, err := hallpass.NewSelector(noon, random)
		if err != nil {
			t.Fatal(err)
		}
		same[s] = true
	}
	if len(same) < 70 {
		t.Errorf("a hundred selectors of one microsecond are only %d", len(same))
	}
}

func TestMintingFailsWithoutChance(t *testing.T) {
	t.Parallel()
	caller := &hallpass.Caller{Tenant: &hallpass.Tenant{}, Application: &hallpass.Application{}}
	for n := range 2 + 16 {
		if _, err := hallpass.MintKey("id", "key_", noon, bytesOf(n)); err == nil {
			t.Errorf("a key is minted of %d bytes", n)
		}
	}
	for n := range 2 + 16 + 16 {
		if _, err := hallpass.MintSession(caller, noon, bytesOf(n)); err == nil {
			t.Errorf("a session is minted of %d bytes", n)
		}
	}
	if _, err := hallpass.MintSession(caller, noon, bytesOf(34)); err != nil {
		t.Errorf("34 bytes are not enough: %v", err)
	}
	if _, err := hallpass.NewSelector(noon, io.LimitReader(nil, 0)); err == nil {
		t.Error("a selector is made of nothing")
	}
}

func TestKeysAndNoncesComeBackAsMinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := hallpass.Credential{
			Selector: hallpass.Selector(rapid.Int64Range(0, math.MaxInt64).Draw(t, "selector")),
			Verifier: hallpass.Verifier(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "verifier")),
		}
		got, ok := hallpass.ParseNonce(hallpass.Mint("", want.Selector, want.Verifier).Reveal())
		if !ok || got != want {
			t.Fatalf("nonce: got %+v, %v; want %+v", got, ok, want)
		}
		for prefix, kind := range map[string]hallpass.CredentialKind{
			"key_sess_": hallpass.SessionKey, "key_test_us_pub_": hallpass.ApplicationKey, "key_test_us_pvt_": hallpass.ApplicationKey,
			"key_test_us_mgt_": hallpass.ApplicationKey, "key_prod_us_pub_": hallpass.ApplicationKey, "key_": hallpass.ApplicationKey,
		} {
			want.Kind = kind
			got, ok := hallpass.ParseKey(hallpass.Mint(prefix, want.Selector, want.Verifier).Reveal())
			if !ok || got != want {
				t.Fatalf("%s: got %+v, %v; want %+v", prefix, got, ok, want)
			}
		}
	})
}

func TestParseKeyAndNonceRefuseAnythingElse(t *testing.T) {
	t.Parallel()
	nonce := hallpass.Mint("", 1<<60, verifierOf(1)).Reveal()
	negative := hallpass.Mint("", -1, verifierOf(1)).Reveal()
	for promise, text := range map[string]string{
		"nothing":                        "",
		"one character less":             nonce[:len(nonce)-1],
		"one character more":             nonce + "1",
		"a leading 1":                    "1" + nonce,
		"a letter outside the alphabet":  "0" + nonce[1:],
		"the letter l":                   nonce[:5] + "l" + nonce[6:],
		"a space in front":               " " + nonce,
		"a newline behind":               nonce + "\n",
		"a letter of two bytes":          nonce[:5] + "ä" + nonce[6:],
		"a zero byte":                    nonce[:5] + "\x00" + nonce[6:],
		"a selector below zero":          negative,
		"sixteen bytes, as the vendor's": "4J7SiRvfADwJ9ZqwviJJs8",
		"very much":                      strings.Repeat("z", 1<<16),
		"many leading ones":              strings.Repeat("1", 64),
	} {
		if c, ok := hallpass.ParseNonce(text); ok {
			t.Errorf("%s is read as nonce %+v", promise, c)
		}
		for _, prefix := range []string{"key_sess_", "key_test_us_pvt_"} {
			if c, ok := hallpass.ParseKey(prefix + text); ok {
				t.Errorf("%s after %s is read as key %+v", promise, prefix, c)
			}
		}
	}
	for promise, text := range map[string]string{
		"a bare nonce": nonce, "upper case": "KEY_TEST_US_PVT_" + nonce, "another word": "token_" + nonce, "no word": "_" + nonce, "a space in front": " key_sess_" + nonce,
	} {
		if c, ok := hallpass.ParseKey(text); ok {
			t.Errorf("%s is read as key %+v", promise, c)
		}
	}
	if _, ok := hallpass.ParseNonce("key_sess_" + nonce); ok {
		t.Error("a session key is read as a nonce")
	}
}

func TestKeyPrefixSaysWhoseKeyItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tenant      hallpass.TenantType
		application hallpass.ApplicationType
		want        string
	}{
		{hallpass.TestTenant, hallpass.Public, "key_test_us_pub_"},
		{hallpass.TestTenant, hallpass.Private, "key_test_us_pvt_"},
		{hallpass.TestTenant, hallpass.Management, "key_test_us_mgt_"},
		{hallpass.ProductionTenant, hallpass.Public, "key_prod_us_pub_"},
		{hallpass.ProductionTenant, hallpass.Private, "key_prod_us_pvt_"},
		{hallpass.ProductionTenant, hallpass.Management, "key_prod_us_mgt_"},
	} {
		wantSame(t, "prefix", hallpass.KeyPrefix(c.tenant, c.application), c.want)
	}
}

func TestMintKeyStoresADigestOfWhatItShows(t *testing.T) {
	t.Parallel()
	k, err := hallpass.MintKey("an id", "key_test_us_pvt_", noon, &chance{7})
	if err != nil {
		t.Fatal(err)
	}
	c, ok := hallpass.ParseKey(k.Text.Reveal())
	if !ok || c.Selector != k.Selector || !k.Digest.Matches(c.Verifier) || k.ID != "an id" || !k.CreatedAt.Equal(noon) {
		t.Errorf("got %+v of %+v", c, k)
	}
}

func FuzzParseKey(f *testing.F) {
	nonce := hallpass.Mint("", 1914234237<<20, verifierOf(9)).Reveal()
	for _, prefix := range []string{"", "key_sess_", "key_test_us_pub_", "key_", "key__", "token_"} {
		f.Add(prefix + nonce)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prefix := text[:strings.LastIndexByte(text, '_')+1]
		if c, ok := hallpass.ParseKey(text); ok {
			if c.Selector < 0 || hallpass.Mint(prefix, c.Selector, c.Verifier).Reveal() != text {
				t.Errorf("%q is read as %+v", text, c)
			}
			if strings.HasPrefix(text, "key_sess_") != (c.Kind == hallpass.SessionKey) || !strings.HasPrefix(text, "key_") {
				t.Errorf("%q is a key of kind %q", text, c.Kind)
			}
		}
		if c, ok := hallpass.ParseNonce(text); ok && (c.Selector < 0 || c.Kind != "" || hallpass.Mint("", c.Selector, c.Verifier).Reveal() != text) {
			t.Errorf("%q is read as nonce %+v", text, c)
		}
	})
}
