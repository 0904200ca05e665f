package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallpass"
)

// backend makes a private application that may create transactions, and returns its id and key.
func backend(t *testing.T, s *server, managementKey string) (id, key string) {
	t.Helper()
	a := wantAnswer(t, http.StatusCreated, "POST", s.url+"/applications", managementKey,
		`{"name":"Backend","type":"private","permissions":["token:read","transaction:create","transaction:read","transaction:update"]}`)
	return a.member(t, "id"), a.member(t, "key")
}

const newTransaction = `{"expiry_period":1}`

func TestAccessToken(t *testing.T) {
	t.Parallel()
	path, made := initialised(t)
	s := serving(t, "--db", path)
	id, _ := backend(t, s, made.ManagementKey)

	before := time.Now().Unix()
	token := strings.TrimSuffix(carriedOut(t, "access-token", "--db", path, "--application", strings.ToUpper(id), "--ttl", "2h"), "\n")
	wantAnswer(t, http.StatusOK, "PUT", s.url+"/api/transaction/", token, newTransaction)

	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims hallpass.Claims
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.ClientID != id || !claims.HasScope("tenant_access") || claims.ExpiresAt < before+7200 || claims.ExpiresAt > time.Now().Unix()+7200 {
		t.Errorf("the claims are %s", payload)
	}

	t.Run("as JSON", func(t *testing.T) {
		var members map[string]string
		out := carriedOut(t, "access-token", "--db", path, "--application", id, "--json")
		if err := json.Unmarshal([]byte(out), &members); err != nil || len(members) != 1 {
			t.Fatalf("%v in %q", err, out)
		}
		wantAnswer(t, http.StatusOK, "PUT", s.url+"/api/transaction/", members["access_token"], newTransaction)
	})
	t.Run("has no scope for an application without transaction:create", func(t *testing.T) {
		token := strings.TrimSuffix(carriedOut(t, "access-token", "--db", path, "--application", made.ApplicationID), "\n")
		wantAnswer(t, http.StatusForbidden, "PUT", s.url+"/api/transaction/", token, newTransaction)
	})
	for promise, c := range map[string]struct {
		args  []string
		words []string
	}{
		"refuses an unknown application": {[]string{"--application", "d17e1890-1b49-41cf-88dd-d39b829087a2"}, []string{"no application of that id"}},
		"refuses no life":                {[]string{"--application", id, "--ttl", "0s"}, []string{"--ttl", "1s"}},
		"refuses a life past its secret": {[]string{"--application", id, "--ttl", "720h1s"}, []string{"--ttl", "720h"}},
	} {
		t.Run(promise, func(t *testing.T) {
			wantRefusal(t, carryOut(t, append([]string{"access-token", "--db", path}, c.args...)...), 1, c.words...)
		})
	}
}

func TestARunningServerFollowsARotation(t *testing.T) {
	t.Parallel()
	path, made := initialised(t)
	s := serving(t, "--db", path)
	id, _ := backend(t, s, made.ManagementKey)
	issue := func() string {
		return strings.TrimSuffix(carriedOut(t, "access-token", "--db", path, "--application", id), "\n")
	}
	use := func(status int, token string) {
		t.Helper()
		wantAnswer(t, status, "PUT", s.url+"/api/transaction/", token, newTransaction)
	}
	first := issue()
	use(http.StatusOK, first)

	if out := carriedOut(t, "rotate-secret", "--db", path); !strings.Contains(out, "stay good until they expire") {
		t.Errorf("it prints %q", out)
	}
	second := issue()
	use(http.StatusOK, second) // which shows that the server knows the new secret
	use(http.StatusOK, first)

	carriedOut(t, "rotate-secret", "--db", path)
	third := issue()
	use(http.StatusOK, third)
	use(http.StatusOK, second)
	use(http.StatusUnauthorized, first)
}

func TestBackupOfAServedDatabaseServes(t *testing.T) {
	t.Parallel()
	path, made := initialised(t)
	s := serving(t, "--db", path)
	_, key := backend(t, s, made.ManagementKey)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if out := carriedOut(t, "backup", "--db", path, copied); out != "" {
		t.Errorf("it prints %q", out)
	}
	wantMode(t, copied, 0o600)
	if _, err := os.Stat(copied + ".key"); !os.IsNotExist(err) {
		t.Errorf("the data key is copied too: %v", err)
	}
	again := serving(t, "--db", copied, "--data-key-file", path+".key")
	wantAnswer(t, http.StatusOK, "GET", again.url+"/applications/key", key, "")

	wantRefusal(t, carryOut(t, "backup", "--db", path, copied), 1, copied, "exists")
	wantRefusal(t, carryOut(t, "backup", "--db", path, filepath.Join(t.TempDir(), "no", "copy.db")), 1, "no such file")
}

func TestMaintenanceNeedsADatabase(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, command := range [][]string{{"rotate-secret"}, {"access-token", "--application", "x"}, {"backup", "x"}, {"tenant", "create", "x"}} {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, carryOut(t, command...), 1, "--db FILE")
			wantRefusal(t, carryOut(t, append(command, "--db", missing)...), 1, "not initialised", "hallpass init --db FILE --tenant NAME")
		})
	}
}
