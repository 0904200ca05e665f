package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// seedOf is what a development server printed with --json.
func seedOf(t *testing.T, s *server) (seed developmentSeed) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.out.String()), &seed); err != nil {
		t.Fatal(err)
	}
	return seed
}

func TestTheDevelopmentServerPrintsTheSameKeysOnEveryStart(t *testing.T) {
	t.Parallel()
	var starts [2]map[string]string
	for i := range starts {
		s := serving(t, "--dev", "--json")
		out := s.out.String()
		if err := json.Unmarshal([]byte(out), &starts[i]); err != nil || strings.Count(out, "\n") != 1 {
			t.Fatalf("%v in %q", err, out)
		}
		want := []string{"access_token", "management_key", "private_key", "public_key", "transaction_id", "url"}
		if names := slices.Sorted(maps.Keys(starts[i])); !slices.Equal(names, want) {
			t.Errorf("it prints %v, want %v", names, want)
		}
		if starts[i]["url"] != s.url {
			t.Errorf("it listens on %s and prints %s", s.url, starts[i]["url"])
		}
	}
	for _, name := range []string{"public_key", "private_key", "management_key", "transaction_id"} {
		if starts[0][name] != starts[1][name] {
			t.Errorf("%s is %s and then %s", name, starts[0][name], starts[1][name])
		}
	}
	for name, prefix := range map[string]string{"public_key": "key_test_us_pub_", "private_key": "key_test_us_pvt_", "management_key": "key_test_us_mgt_"} {
		if !strings.HasPrefix(starts[0][name], prefix) {
			t.Errorf("%s is %s", name, starts[0][name])
		}
	}
}

func TestTheDevelopmentSeedIsAlive(t *testing.T) {
	t.Parallel()
	s := serving(t, "--dev", "--json")
	seed := seedOf(t, s)
	for key, kind := range map[string]string{seed.PublicKey: "public", seed.PrivateKey: "private", seed.ManagementKey: "management"} {
		if got := wantAnswer(t, http.StatusOK, "GET", s.url+"/applications/key", key, "").member(t, "type"); got != kind {
			t.Errorf("the %s key is one of a %s application", kind, got)
		}
	}
	if got := wantAnswer(t, http.StatusOK, "GET", s.url+"/api/transaction/"+seed.TransactionID, seed.AccessToken, "").member(t, "status"); got != "new" {
		t.Errorf("the transaction is %s", got)
	}
}

func TestThePagesHaveTheKeysOfADevelopmentServerAlone(t *testing.T) {
	t.Parallel()
	page := func(url string) (string, http.Header) {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", url, response.StatusCode, err)
		}
		return string(body), response.Header
	}
	const hint = "development server"
	dev := serving(t, "--dev", "--json")
	seed := seedOf(t, dev)
	body, header := page(dev.url + "/docs")
	for _, key := range []string{seed.PublicKey, seed.PrivateKey, seed.ManagementKey, seed.AccessToken} {
		if !strings.Contains(body, key) {
			t.Errorf("the reference lacks %s", key)
		}
	}
	if header.Get("Cache-Control") != "no-store" {
		t.Errorf("with its keys it is kept: %s", header.Get("Cache-Control"))
	}
	if front, _ := page(dev.url + "/"); !strings.Contains(front, hint) || strings.Contains(front, "key_test") {
		t.Error("the front page does not say where the keys are, or has them")
	}
	path, _ := initialised(t)
	production := serving(t, "--db", path)
	for _, path := range []string{"/", "/docs"} {
		if body, _ := page(production.url + path); strings.Contains(body, hint) || strings.Contains(body, "key_") || strings.Contains(body, "data-") {
			t.Errorf("in production %s is %s", path, body)
		}
	}
}

func TestTheDevelopmentDatabaseGoesWithTheServer(t *testing.T) { // not parallel: it sets the environment
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s := serving(t, "--dev")
	if made, err := filepath.Glob(filepath.Join(dir, "*", "hallpass.db")); err != nil || len(made) != 1 {
		t.Errorf("while it runs there is %v, %v", made, err)
	}
	s.end()
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

func TestFlagsHaveTwinsInTheEnvironment(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("HALLPASS_DEV", "true")
	t.Setenv("HALLPASS_JSON", "true")
	t.Setenv("HALLPASS_LOG_LEVEL", "debug")
	t.Setenv("HALLPASS_LOG_FORMAT", "json")
	t.Setenv("HALLPASS_CORS_ORIGIN", "https://a.example,https://b.example")
	t.Setenv("HALLPASS_LISTEN", "127.0.0.1:1") // the flag that serving gives goes before it
	s := serving(t)
	seed := seedOf(t, s)
	for origin, allowed := range map[string]string{"https://a.example": "https://a.example", "https://b.example": "https://b.example", "https://c.example": ""} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/applications/key", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		r.Header.Set("BT-API-KEY", seed.PublicKey)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != allowed {
			t.Errorf("%s is answered with %q", origin, got)
		}
	}
	log := s.err.await(t, regexp.MustCompile(`(?m)^\{.*"level":"DEBUG".*"getApplicationByKey".*\}$`))
	if strings.Contains(s.err.String(), seed.PublicKey) || !json.Valid([]byte(log)) {
		t.Errorf("the log says %s", s.err.String())
	}
}

// TestTheWalkRunsAsPasted pastes what the development server prints into a shell, and compares the statuses that curl
// reports with those that the printed comments announce; a line that announces none gets 200.
func TestTheWalkRunsAsPasted(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is missing")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is missing")
	}
	s := serving(t, "--dev")
	end := regexp.MustCompile(`The contract: \S+`)
	s.out.await(t, end)
	printed := s.out.String()
	_, pasted, found := strings.Cut(printed, "Paste into another shell.")
	if !found {
		t.Fatalf("it prints %q", printed)
	}
	var script strings.Builder
	var announced []string
	for line := range strings.Lines(pasted) {
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		script.WriteString(line)
		if strings.Contains(line, "curl -sSi ") {
			status := "200"
			if match := regexp.MustCompile(`# (\d{3}): `).FindStringSubmatch(line); match != nil {
				status = match[1]
			}
			announced = append(announced, status)
		}
	}
	if len(announced) < 6 {
		t.Fatalf("the walk is %q", script.String())
	}
	command := exec.CommandContext(t.Context(), bash, "--noprofile", "--norc")
	command.Stdin = strings.NewReader(script.String())
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "no_proxy=*"}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got []string
	for _, match := range regexp.MustCompile(`(?m)^HTTP/1\.1 (\d{3}) `).FindAllStringSubmatch(string(out), -1) {
		got = append(got, match[1])
	}
	if !slices.Equal(got, announced) {
		t.Errorf("the statuses are %v, announced %v:\n%s", got, announced, out)
	}
	if strings.Contains(string(out), "curl:") {
		t.Errorf("curl complains:\n%s", out)
	}
}
