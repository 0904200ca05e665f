package main

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const uuidPattern = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %v, want %v", path, got, want)
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hallpass.db")
	out := carriedOut(t, "init", "--db", path, "--tenant", "Example")
	shape := `^tenant +` + uuidPattern + `\nmanagement key +(key_prod_us_mgt_\w+) +\(shown this once\)\ndata key +` + regexp.QuoteMeta(path+".key") + ` +\(.*\)\n$`
	match := regexp.MustCompile(shape).FindStringSubmatch(out)
	if match == nil {
		t.Fatalf("it prints %q", out)
	}
	wantMode(t, path, 0o600)
	wantMode(t, path+".key", 0o600)

	t.Run("makes a key that is good", func(t *testing.T) {
		s := serving(t, "--db", path)
		a := wantAnswer(t, http.StatusOK, "GET", s.url+"/applications/key", match[1], "")
		if a.member(t, "type") != "management" {
			t.Errorf("it is the key of %s", a.body)
		}
		wantAnswer(t, http.StatusOK, "GET", s.url+"/tenants/self", match[1], "")
	})
	t.Run("refuses a database that exists", func(t *testing.T) {
		before, err := os.ReadFile(path + ".key")
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, carryOut(t, "init", "--db", path, "--tenant", "Example"), 1, "exists", "hallpass tenant create NAME --db "+path)
		if after, err := os.ReadFile(path + ".key"); err != nil || string(after) != string(before) {
			t.Errorf("the data key has changed: %v", err)
		}
	})
}

func TestInitAsJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hallpass.db")
	out := carriedOut(t, "init", "--db", path, "--tenant", "Example", "--type", "test", "--json")
	var members map[string]string
	if err := json.Unmarshal([]byte(out), &members); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v in %q", err, out)
	}
	if names := slices.Sorted(maps.Keys(members)); !slices.Equal(names, []string{"application_id", "data_key_file", "management_key", "tenant_id"}) {
		t.Errorf("it has %v", names)
	}
	if !strings.HasPrefix(members["management_key"], "key_test_us_mgt_") || members["data_key_file"] != path+".key" {
		t.Errorf("it prints %v", members)
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	occupied := filepath.Join(dir, "occupied.db")
	if err := os.WriteFile(occupied+".key", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		promise string
		args    []string
		words   []string
	}{
		{"no database", []string{"init", "--tenant", "x"}, []string{"--db FILE"}},
		{"a key file that exists", []string{"init", "--db", occupied, "--tenant", "x"}, []string{occupied + ".key", "exists"}},
		{"a directory that does not", []string{"init", "--db", filepath.Join(dir, "no", "x.db"), "--tenant", "x"}, []string{"no such file"}},
		{"PostgreSQL without a data key", []string{"init", "--db", "postgres://127.0.0.1:1/x", "--tenant", "x"}, []string{"HALLPASS_DATA_KEY", "--data-key-file"}},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, carryOut(t, c.args...), 1, c.words...)
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(occupied); !os.IsNotExist(err) {
			t.Errorf("a database was made without its key: %v", err)
		}
	})
}

func TestTheDataKeyMayComeFromTheEnvironment(t *testing.T) { // not parallel: it sets the environment
	t.Setenv(dataKeyVariable, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))
	path, made := initialised(t)
	if made.DataKeyFile != "" {
		t.Errorf("it names a key file %s", made.DataKeyFile)
	}
	if _, err := os.Stat(path + ".key"); !os.IsNotExist(err) {
		t.Errorf("a key file was made: %v", err)
	}
	carriedOut(t, "tenant", "create", "Second", "--db", path)

	t.Setenv(dataKeyVariable, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32))))
	wantRefusal(t, carryOut(t, "tenant", "create", "Third", "--db", path), 1, "data key is not the one")
	t.Setenv(dataKeyVariable, "short")
	wantRefusal(t, carryOut(t, "tenant", "create", "Third", "--db", path), 1, dataKeyVariable, "32 bytes in base64")
}

func TestTenantCreate(t *testing.T) {
	t.Parallel()
	path, first := initialised(t)
	s := serving(t, "--db", path) // beside a server that runs
	var second madeTenant
	if err := json.Unmarshal([]byte(carriedOut(t, "tenant", "create", "Second", "--db", path, "--json")), &second); err != nil {
		t.Fatal(err)
	}
	if second.TenantID == first.TenantID || !strings.HasPrefix(second.ManagementKey, "key_prod_us_mgt_") || second.DataKeyFile != "" {
		t.Errorf("it prints %+v", second)
	}
	for key, name := range map[string]string{first.ManagementKey: "Example", second.ManagementKey: "Second"} {
		if got := wantAnswer(t, http.StatusOK, "GET", s.url+"/tenants/self", key, "").member(t, "name"); got != name {
			t.Errorf("the tenant is %q, want %q", got, name)
		}
	}
	out := carriedOut(t, "tenant", "create", "Third", "--db", path, "--type", "test")
	if !regexp.MustCompile(`^tenant +` + uuidPattern + `\nmanagement key +key_test_us_mgt_\w+ +\(shown this once\)\n$`).MatchString(out) {
		t.Errorf("it prints %q", out)
	}
	wantRefusal(t, carryOut(t, "tenant", "create", "", "--db", path), 1, "1 to 200 bytes")
	wantRefusal(t, carryOut(t, "tenant", "create", strings.Repeat("x", 201), "--db", path), 1, "1 to 200 bytes")
	wantRefusal(t, carryOut(t, "tenant", "create", "x"), 1, "--db FILE")
	wantRefusal(t, carryOut(t, "tenant", "create", "x", "--db", path+".missing"), 1, "not initialised", "hallpass init --db")
}
