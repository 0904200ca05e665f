// Package proof_test holds the contract suite to its word: that a server which keeps the contract passes, and that one which
// breaks it in any of many ways does not, and is told which operation is wrong.
//
// The servers are hallpass in processes of their own; a proxy before each makes it wrong in one way. The suite is compiled
// once and run as its users run it, from a directory that holds nothing of this repository. make proof runs all of it;
// plain go test only checks that docs/contract.md lists what is proved.
package proof_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"hallpass"
	"hallpass/contract_test/report"
)

var (
	prove  = flag.Bool("prove", false, "run the suite against servers that are right and servers that are wrong; takes some minutes")
	update = flag.Bool("update", false, "write the table of docs/contract.md anew")
	whole  = flag.Bool("whole", false, "run all of the suite against each mutant, not every eighth; to the others it is one test that has to notice")
	only   = flag.String("only", "", "prove only the mutants that have this in what is wrong with them or in their operation")
)

const document = "../../docs/contract.md"

// world is what every run needs: the programs, and a database with two tenants.
type world struct {
	dir      string
	routes   routers.Router    // of the contract
	settings map[string]string // by their names in the JSON that hallpass serve --dev --json prints, and some more
}

// path is a file of the world.
func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// newWorld compiles the programs and makes the database.
func newWorld(t *testing.T) *world {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(hallpass.Contract.YAML)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil // the paths are matched wherever the server is
	w := &world{dir: t.TempDir(), settings: map[string]string{}}
	if w.routes, err = gorillamux.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	for program, arguments := range map[string][]string{"hallpass": {"build", "./cmd/hallpass"}, "suite": {"test", "-c", "./contract_test"}} {
		command := exec.CommandContext(t.Context(), "go", append([]string{arguments[0], "-o", w.path(program)}, arguments[1:]...)...)
		command.Dir = "../.."
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	t.Run("furnish", w.furnish) // ends with the server that it needs, so that the database can be copied
	return w
}

// run runs a command of hallpass on the database and returns the JSON that it prints.
func (w *world) run(t *testing.T, arguments ...string) map[string]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), w.path("hallpass"), append(arguments, "--json", "--db", w.path("hallpass.db"))...)
	text, err := command.Output()
	var printed map[string]string
	if err = errors.Join(err, json.Unmarshal(text, &printed)); err != nil {
		t.Fatal(err)
	}
	return printed
}

// furnish makes two tenants, and of each what the suite or a mutant needs.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	w.settings["management_key"] = w.run(t, "init", "--tenant", "Proof", "--type", "test")["management_key"]
	w.settings["other_management_key"] = w.run(t, "tenant", "create", "Other", "--type", "test")["management_key"]
	address := w.serve(t, "--db", w.path("hallpass.db"))["url"]
	send := func(method, path, header, credential, kind string, body io.Reader) map[string]any {
		r, err := http.NewRequestWithContext(t.Context(), method, address+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if header != "" {
			r.Header.Set(header, credential)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var answer map[string]any
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode > 299 {
			t.Fatalf("%s %s is answered %d: %v", method, path, response.StatusCode, err)
		}
		return answer
	}
	application := func(management, kind, grant string) (id, key string) {
		body := `{"name":"Proof","type":"` + kind + `",` + grant + `}`
		made := send(http.MethodPost, "/applications", "BT-API-KEY", management, "application/json", strings.NewReader(body))
		return made["id"].(string), made["key"].(string)
	}
	const tokens, transactions = `"token:create","token:read","token:update","token:delete","token:search","token:use"`, `"transaction:create","transaction:read","transaction:update"`
	_, w.settings["public_key"] = application(w.settings["management_key"], "public", `"permissions":["token:create"]`)
	w.settings["private_id"], w.settings["private_key"] = application(w.settings["management_key"], "private", `"permissions":[`+tokens+`,`+transactions+`]`)
	_, w.settings["other_private_key"] = application(w.settings["other_management_key"], "private", `"rules":[{"priority":1,"container":"/","transform":"reveal","permissions":[`+tokens+`]}]`)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {w.settings["private_id"]}, "client_secret": {w.settings["private_key"]}}
	granted := send(http.MethodPost, "/oauth2/token", "", "", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	w.settings["access_token"] = granted["access_token"].(string)
	made := send(http.MethodPut, "/api/transaction/", "Authorization", "Bearer "+w.settings["access_token"], "application/json", strings.NewReader("{}"))
	w.settings["transaction_id"] = made["id"].(string)
}

// serve runs hallpass until the test ends and returns the JSON that it prints once it listens.
func (w *world) serve(t *testing.T, arguments ...string) map[string]string {
	t.Helper()
	command := exec.Command(w.path("hallpass"), append([]string{"serve", "--json", "--listen", "127.0.0.1:0", "--log-level", "error"}, arguments...)...)
	var log bytes.Buffer
	command.Stderr = &log
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the server logged:\n%s", log.String())
		}
	})
	line, _ := bufio.NewReader(stdout).ReadBytes('\n')
	var printed map[string]string
	if err := json.Unmarshal(line, &printed); err != nil {
		t.Fatalf("the server printed %q: %v", line, err)
	}
	return printed
}

// server runs a server on a copy of the database.
func (w *world) server(t *testing.T) (address string) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "hallpass.db")
	for _, suffix := range []string{"", ".key"} {
		text, err := os.ReadFile(w.path("hallpass.db" + suffix))
		if err == nil {
			err = os.WriteFile(db+suffix, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return w.serve(t, "--db", db, "--cors-origin", "*")["url"]
}

// findings are what the suite has to say of a server.
type findings struct {
	code    int
	printed string
	report  report.Suites
}

// suite runs the suite, or one test of it, with what a development server would print.
func (w *world) suite(t *testing.T, settings map[string]string, test string) findings {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(settings)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "dev.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-dev-json=dev.json", "-junit=junit.xml", "-test.timeout=2m"}
	if test != "" {
		arguments = append(arguments, "-test.run=^"+test+"$")
	}
	command := exec.CommandContext(t.Context(), w.path("suite"), arguments...)
	command.Dir = dir
	command.WaitDelay = time.Second
	printed, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	found := findings{code: command.ProcessState.ExitCode(), printed: string(printed)}
	if text, err = os.ReadFile(filepath.Join(dir, "junit.xml")); err == nil {
		err = xml.Unmarshal(text, &found.report)
	}
	if err != nil {
		t.Fatalf("there is no report: %v\n%s", err, printed)
	}
	for name, secret := range settings {
		if strings.HasSuffix(name, "_key") && (strings.Contains(found.printed, secret) || bytes.Contains(text, []byte(secret))) {
			t.Errorf("the suite prints the %s", name)
		}
	}
	return found
}

// failed are the cases that failed, by operation; what is about none stands under "contract".
func (f findings) failed() map[string][]string {
	all := map[string][]string{}
	for _, suite := range f.report.Suites {
		for _, c := range suite.Cases {
			if c.Failure != nil {
				operation := c.Classname[strings.LastIndexByte(c.Classname, '.')+1:]
				all[operation] = append(all[operation], c.Name)
			}
		}
	}
	return all
}

// skipped are the reasons for which something was skipped.
func (f findings) skipped() []string {
	var all []string
	for _, suite := range f.report.Suites {
		for _, c := range suite.Cases {
			if c.Skipped != nil {
				all = append(all, strings.TrimPrefix(c.Skipped.Message, "needs "))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestProof promises that the suite passes a server that keeps the contract, and catches each mutant by the test that is
// named for it, and says which operation is wrong.
func TestProof(t *testing.T) {
	if !*prove {
		t.Skip("this runs the suite some hundred times; make proof does")
	}
	w := newWorld(t)
	t.Run("right", func(t *testing.T) {
		t.Run("a development server", func(t *testing.T) {
			w.passes(t, w.serve(t, "--dev"))
		})
		t.Run("a server with two tenants, behind the proxy", func(t *testing.T) {
			w.passes(t, w.at(newProxy(t, w, w.server(t), nil).server.URL))
		})
	})
	if t.Failed() {
		t.Fatal("what the suite says of mutants means nothing while it does not pass a server that is right")
	}
	table := &table{}
	t.Run("wrong", func(t *testing.T) {
		for i, m := range mutants {
			if !strings.Contains(m.wrong+" "+m.operation, *only) {
				continue
			}
			t.Run(m.operation+" "+m.wrong, func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				test, _, _ := strings.Cut(m.caught, "/")
				if *whole || i%8 == 0 || !strings.HasPrefix(test, "Test") { // what looks for leaks does so when everything has run
					test = ""
				}
				found := w.suite(t, w.at(newProxy(t, w, w.server(t), m).server.URL), test)
				table.add(m, found.failed(), time.Since(began))
				m.judge(t, found)
			})
		}
	})
	table.print(t)
}

// at are the settings for a server at another address.
func (w *world) at(address string) map[string]string {
	settings := map[string]string{"url": address}
	for name, value := range w.settings {
		settings[name] = value
	}
	return settings
}

// passes fails the test unless the suite passes a server, and docs/contract.md says why it skipped what it did.
func (w *world) passes(t *testing.T, settings map[string]string) {
	t.Helper()
	found := w.suite(t, settings, "")
	if found.code != 0 || len(found.failed()) > 0 {
		t.Fatalf("the suite ends with %d:\n%s", found.code, found.printed)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, needs := range found.skipped() {
		if !bytes.Contains(text, []byte("**"+needs+"**")) {
			t.Errorf("%s does not say what needs %s", document, needs)
		}
	}
}

// judge holds what failed against what has to.
func (m *mutant) judge(t *testing.T, found findings) {
	t.Helper()
	failed := found.failed()
	if len(failed) == 0 || found.code != 1 {
		t.Fatalf("nobody noticed: the suite ends with %d", found.code)
	}
	if m.operation != "" && len(failed[m.operation]) == 0 {
		t.Errorf("the report does not blame %s, but %v", m.operation, failed)
	}
	for _, cases := range failed {
		if slices.ContainsFunc(cases, func(name string) bool { return name == m.caught || strings.HasPrefix(name, m.caught+"/") }) {
			return
		}
	}
	t.Errorf("%s did not notice, but %v", m.caught, failed)
}

// table tells who caught what.
type table struct {
	mu    sync.Mutex
	lines []string
}

func (l *table) add(m *mutant, failed map[string][]string, took time.Duration) {
	tests := map[string]bool{}
	for _, cases := range failed {
		for _, name := range cases {
			tests[name] = true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%-28s %-62s %-70s and %3d more, %4.1fs", m.operation, m.wrong, m.caught, max(0, len(tests)-1), took.Seconds()))
}

func (l *table) print(t *testing.T) {
	slices.Sort(l.lines)
	t.Logf("%d mutants:\n%s", len(l.lines), strings.Join(l.lines, "\n"))
}

const (
	tableBegins = "<!-- what the suite catches: go test ./contract_test/proof -update -->\n"
	tableEnds   = "<!-- end -->\n"
)

// TestTable promises that docs/contract.md lists the mutants, and no other.
func TestTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	listed, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", document)
	}
	want := "| what is wrong | where | caught by |\n|---|---|---|\n"
	for _, m := range mutants {
		operation := "`" + m.operation + "`"
		if m.operation == "" {
			operation = "any path"
		}
		want += "| " + m.wrong + " | " + operation + " | `" + m.caught + "` |\n"
	}
	if *update {
		if err := os.WriteFile(document, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed != want {
		t.Errorf("%s does not list what is proved; run: go test ./contract_test/proof -update", document)
	}
}
