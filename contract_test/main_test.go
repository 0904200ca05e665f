// Package contract_test holds a server to openapi.yaml over plain HTTP, as a client would meet it.
//
// Every exchange is checked: requests that are meant to be good, and every response, against the document, with a
// validator that shares no code with the server's own. By default the suite starts the server itself, on a temporary
// database and with a clock that tests can move. With -url or CONTRACT_URL and its companions it speaks to any server that
// claims the contract, waits where it cannot move the clock, and skips, by name, what needs a hand on the server.
// docs/contract.md says how.
//
// When the whole suite has run, two more checks follow: that every documented (operation, status) was met, and that no
// secret that was handed out can be found again where it must not be. A report says how each operation came off.
package contract_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"hallpass"
	"hallpass/contract_test/report"
)

// testbed is what all tests share.
type testbed struct {
	contract  *validator
	record    *recorder
	secrets   *ledger
	http      *http.Client
	elsewhere *environment // nil where the suite starts its servers itself
	dir       string       // holds the databases of the suite's own servers

	mu       sync.Mutex
	backends []*backend
	resting  []*backend // stand still until another test takes them
	common   *service   // see shared
}

var bed *testbed

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "contract suite:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	setting, err := lookup(flag.CommandLine, os.Getenv)
	if err != nil {
		return 1, err
	}
	if bed, err = newTestbed(setting); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bed.dir)) }()
	reported := (bed.elsewhere != nil || setting("report") != "" || setting("junit") != "") && flag.Lookup("test.list").Value.String() == ""
	if !reported {
		return bed.checked(m.Run())
	}
	code, failures, err := bed.transcribe(m.Run)
	if err != nil {
		return code, err
	}
	code, err = bed.checked(code)
	return code, errors.Join(err, bed.publish(failures, setting))
}

// checked makes the checks that follow a run which was meant to meet everything.
func (b *testbed) checked(code int) (int, error) {
	if !whole() {
		return code, b.close()
	}
	return code, errors.Join(b.record.complete(b.contract, b.elsewhere != nil), b.leaks(), b.close())
}

func newTestbed(setting func(string) string) (*testbed, error) {
	contract, err := newValidator(hallpass.Contract.YAML)
	if err != nil {
		return nil, err
	}
	elsewhere, err := newEnvironment(setting)
	if err != nil {
		return nil, err
	}
	b := &testbed{
		contract: contract, record: newRecorder(), secrets: newLedger(), elsewhere: elsewhere,
		http: &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				MaxConnsPerHost: 300, MaxIdleConnsPerHost: 300, DisableCompression: true, ExpectContinueTimeout: time.Minute,
			},
		},
	}
	if elsewhere != nil {
		elsewhere.noteSecrets(b.secrets)
		if err := elsewhere.ask(b.http); err != nil {
			return nil, err
		}
		if err := manyAtOnce(); err != nil {
			return nil, err
		}
	}
	b.dir, err = os.MkdirTemp("", "contract-")
	return b, err
}

// manyAtOnce lets more tests run at once than there are cores, unless -parallel says how many: those that wait until
// something ends take no core.
func manyAtOnce() error {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if said {
		return nil
	}
	return flag.Set("test.parallel", "24")
}

// transcribe runs the tests and returns what those that failed said. Meanwhile no credential is printed.
func (b *testbed) transcribe(tests func() int) (code int, failures []report.Test, err error) {
	stdout := os.Stdout
	reader, writer, err := os.Pipe()
	if err != nil {
		return 1, nil, err
	}
	transcript := report.NewTranscript(stdout, b.secrets.redact)
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(transcript, reader)
		done <- err
	}()
	os.Stdout = writer
	code = tests()
	os.Stdout = stdout
	err = errors.Join(writer.Close(), <-done, reader.Close())
	return code, transcript.Failures(), err
}

// publish writes the report where it is wanted.
func (b *testbed) publish(failures []report.Test, setting func(string) string) error {
	if len(b.secrets.found) > 0 {
		failures = append(failures, report.Test{Name: leakCheck, Failed: true, Said: b.secrets.found})
	}
	r := b.record.report(b.contract, failures, b.elsewhere != nil)
	r.Server = "a server of the suite's own"
	if b.elsewhere != nil {
		r.Server = b.elsewhere.address.Redacted()
	}
	write := func(path string, to func(io.Writer) error) error {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		return errors.Join(to(file), file.Close())
	}
	var err error
	if path := setting("junit"); path != "" {
		err = write(path, r.WriteJUnit)
	}
	if path := setting("report"); path != "" {
		return errors.Join(err, write(path, r.WriteText))
	}
	if b.elsewhere != nil {
		err = errors.Join(err, r.WriteText(os.Stdout))
	}
	return err
}

// whole reports whether this run was meant to meet everything: no test was filtered out.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return flag.Lookup("test.failfast").Value.String() == "false"
}

func (b *testbed) close() error {
	b.http.CloseIdleConnections()
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	for _, own := range b.backends {
		err = errors.Join(err, own.db.Close())
	}
	return err
}
