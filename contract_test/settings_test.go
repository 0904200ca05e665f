package contract_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// settings say which server to speak to, with which credentials, and where to leave the report. Each is a flag, given
// after -args, and a variable named alike; a flag wins over its variable.
var settings = map[string]string{
	"url":                  "address of the server under test; without it the suite starts one of its own",
	"public-key":           "key of a public application",
	"private-key":          "key of a private application with every token and every transaction permission",
	"management-key":       "key of a management application with every permission of its type",
	"access-token":         "access token of that private application, good for the length of a run",
	"transaction-id":       "transaction that is new, names no roles, and stays open",
	"other-management-key": "key of a management application of a second tenant; without it tenants are not held apart",
	"origin":               "origin that browsers may call from (default " + defaultOrigin + ")",
	"dev-json":             "file with what hallpass serve --dev --json prints, in place of url, keys, token and transaction",
	"report":               "file for the report as text; without it, and with a url, the report is printed",
	"junit":                "file for the report as JUnit XML",
}

var _ = define(flag.CommandLine)

// define adds the suite's flags to a set.
func define(flags *flag.FlagSet) *flag.FlagSet {
	for name, usage := range settings {
		flags.String(name, "", usage+" ["+variable(name)+"]")
	}
	return flags
}

// variable is the environment variable that stands in for a flag.
func variable(name string) string {
	return "CONTRACT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// lookup returns how to look a setting up: its flag, or the member of -dev-json that is named alike, or its variable.
func lookup(flags *flag.FlagSet, getenv func(string) string) (func(name string) string, error) {
	given := map[string]string{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = f.Value.String() })
	byFlagOrVariable := func(name string) string {
		if value, is := given[name]; is {
			return value
		}
		return getenv(variable(name))
	}
	path := byFlagOrVariable("dev-json")
	if path == "" {
		return byFlagOrVariable, nil
	}
	printed, err := readDevJSON(path)
	return func(name string) string {
		if value, is := given[name]; is {
			return value
		}
		return cmp.Or(printed[strings.ReplaceAll(name, "-", "_")], getenv(variable(name)))
	}, err
}

// readDevJSON reads what a development server printed. It waits a while for one that has just been started.
func readDevJSON(path string) (map[string]string, error) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("-dev-json cannot be read; go test runs in %s, so give the whole path: %w", must(os.Getwd()), err)
		}
		var printed map[string]string
		if json.Unmarshal(text, &printed) == nil && printed["url"] != "" {
			return printed, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("-dev-json: %s does not hold what hallpass serve --dev --json prints", filepath.Base(path))
		}
	}
}

// environment is somebody else's server, and what there is to test it by.
type environment struct {
	url, public, private, management, access, transaction, origin, other string

	address *url.URL // the url, parsed

	// What asking the server says.
	ahead time.Duration      // how far its clock is ahead of the suite's
	owner map[string]ownerOf // of each key
}

// ownerOf is the application that a key belongs to.
type ownerOf struct {
	ID       string `json:"id"`
	TenantID string `json:"tenant_id"`
	Type     string `json:"type"`
}

// newEnvironment returns nil where no url is set.
func newEnvironment(setting func(string) string) (*environment, error) {
	e := &environment{
		url: strings.TrimSuffix(setting("url"), "/"), origin: cmp.Or(setting("origin"), defaultOrigin),
		other: setting("other-management-key"), owner: map[string]ownerOf{},
	}
	if e.url == "" {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	var err error
	if e.address, err = url.Parse(e.url); err != nil || e.address.Host == "" || e.address.Scheme != "http" && e.address.Scheme != "https" {
		return nil, errors.New("-url (CONTRACT_URL) is no address of HTTP")
	}
	var missing []string
	for name, value := range map[string]*string{
		"public-key": &e.public, "private-key": &e.private, "management-key": &e.management, "access-token": &e.access, "transaction-id": &e.transaction,
	} {
		if *value = setting(name); *value == "" {
			missing = append(missing, "-"+name+" ("+variable(name)+")")
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, errors.New("a server is named, but not " + strings.Join(missing, ", "))
	}
	return e, nil
}

// noteSecrets tells a ledger what may not be printed.
func (e *environment) noteSecrets(secrets *ledger) {
	for _, key := range []string{e.public, e.private, e.management, e.other} {
		if key != "" {
			secrets.add("application key", key)
		}
	}
	secrets.add("token", e.access)
}

// ask asks the server whether it is there and takes the credentials, so that a mistake in them is told once, and not by
// every test.
func (e *environment) ask(client *http.Client) error {
	for _, key := range []struct{ name, kind, text string }{
		{"public-key", "public", e.public}, {"private-key", "private", e.private}, {"management-key", "management", e.management}, {"other-management-key", "management", e.other},
	} {
		if key.text == "" {
			continue
		}
		body, err := e.get(client, key.name, "/applications/key", "BT-API-KEY", key.text)
		if err != nil {
			return err
		}
		var owner ownerOf
		_ = json.Unmarshal(body, &owner) // what is wrong with the body is for the tests to say
		if owner.Type != "" && owner.Type != key.kind {
			return fmt.Errorf("-%s is the key of a %s application", key.name, owner.Type)
		}
		e.owner[key.text] = owner
	}
	if mine, other := e.owner[e.management].TenantID, e.owner[e.other].TenantID; mine != "" && mine == other {
		return errors.New("-other-management-key is of the same tenant as the other keys")
	}
	_, err := e.get(client, "access-token", "/api/transaction/"+e.transaction, "Authorization", "Bearer "+e.access)
	return err
}

// get reads something with a credential. From each answer it learns more precisely what time it is there.
func (e *environment) get(client *http.Client, name, path, header, credential string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, e.url+path, nil)
	if err != nil {
		return nil, errors.New("-url (CONTRACT_URL) is no address of HTTP")
	}
	r.Header.Set(header, credential)
	sent := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the server does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil { // it tells the second and not its fraction
		e.ahead = date.Add(500 * time.Millisecond).Sub(sent.Add(time.Since(sent) / 2))
	}
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
		return nil, fmt.Errorf("-%s is refused: GET %s is answered %d", name, strings.TrimSuffix(path, e.transaction), response.StatusCode)
	}
	return io.ReadAll(response.Body)
}

// TestSettings promises where a setting comes from, and one clear line, without a key in it, for what is missing.
func TestSettings(t *testing.T) {
	t.Parallel()
	printed := `{"url":"http://dev","public_key":"dev-1","private_key":"dev-2","management_key":"dev-3","access_token":"dev-4","transaction_id":"dev-5"}` + "\n"
	dev := filepath.Join(t.TempDir(), "dev.json")
	if err := os.WriteFile(dev, []byte(printed), 0o600); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"CONTRACT_URL": "https://variable/", "CONTRACT_PUBLIC_KEY": "secret-1", "CONTRACT_PRIVATE_KEY": "secret-2", "CONTRACT_MANAGEMENT_KEY": "secret-3",
		"CONTRACT_ACCESS_TOKEN": "secret-4", "CONTRACT_TRANSACTION_ID": "secret-5",
	}
	at := func(url, keys, origin, other string) *environment {
		return &environment{
			url: url, public: keys + "1", private: keys + "2", management: keys + "3", access: keys + "4", transaction: keys + "5", origin: origin, other: other,
		}
	}
	with := func(name, value string) map[string]string {
		changed := maps.Clone(all)
		changed[name] = value
		return changed
	}
	for name, c := range map[string]struct {
		args      []string
		variables map[string]string
		want      *environment
		err       string
	}{
		"nothing":               {nil, nil, nil, ""},
		"variables":             {nil, all, at("https://variable", "secret-", defaultOrigin, ""), ""},
		"a flag wins":           {[]string{"-url=http://flag", "-origin=https://page", "-other-management-key=6"}, all, at("http://flag", "secret-", "https://page", "6"), ""},
		"an empty flag wins":    {[]string{"-url="}, all, nil, ""},
		"a development server":  {[]string{"-dev-json=" + dev}, all, at("http://dev", "dev-", defaultOrigin, ""), ""},
		"one, and a flag":       {[]string{"-url=http://proxy", "-dev-json=" + dev}, nil, at("http://proxy", "dev-", defaultOrigin, ""), ""},
		"one, by variable":      {nil, map[string]string{"CONTRACT_DEV_JSON": dev}, at("http://dev", "dev-", defaultOrigin, ""), ""},
		"no file":               {[]string{"-dev-json=absent.json"}, all, nil, "-dev-json cannot be read"},
		"a key is missing":      {nil, with("CONTRACT_PRIVATE_KEY", ""), nil, "a server is named, but not -private-key (CONTRACT_PRIVATE_KEY)"},
		"everything is missing": {[]string{"-url=https://flag"}, nil, nil, "a server is named, but not -access-token (CONTRACT_ACCESS_TOKEN), -management-key (CONTRACT_MANAGEMENT_KEY), -private-key (CONTRACT_PRIVATE_KEY), -public-key (CONTRACT_PUBLIC_KEY), -transaction-id (CONTRACT_TRANSACTION_ID)"},
		"no address":            {nil, with("CONTRACT_URL", "localhost:8080"), nil, "-url (CONTRACT_URL) is no address of HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := define(flag.NewFlagSet("suite", flag.ContinueOnError))
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			var got *environment
			setting, err := lookup(flags, func(name string) string { return c.variables[name] })
			if err == nil {
				got, err = newEnvironment(setting)
			}
			if err != nil || c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) || strings.Contains(err.Error(), "secret-") || strings.Contains(err.Error(), "\n") {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if got != nil {
				got.owner, got.address = nil, nil
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("it is %+v, not %+v", got, c.want)
			}
		})
	}
}
