// Package contract_test holds a server to openapi.yaml over plain HTTP, as a client would meet it.
//
// Every exchange is checked: requests that are meant to be good, and every response, against the document, with a
// validator that shares no code with the server's own. By default the suite starts the server itself, on a temporary
// database and with a clock that tests can move. With CONTRACT_URL and its companions in the environment it speaks to any
// server that claims the contract, and skips, by name, what needs a hand on the clock or on the server. docs/contract.md
// says how.
//
// When the whole suite has run, two more checks follow: that every documented (operation, status) was met, and that no
// secret that was handed out can be found again where it must not be.
package contract_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
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
	if bed, err = newTestbed(); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bed.dir)) }()
	code = m.Run()
	if !whole() {
		return code, bed.close()
	}
	return code, errors.Join(bed.record.complete(bed.contract, bed.elsewhere != nil), bed.leaks(), bed.close())
}

func newTestbed() (*testbed, error) {
	document, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		return nil, err
	}
	contract, err := newValidator(document)
	if err != nil {
		return nil, err
	}
	elsewhere, err := environmentFromOS()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "contract-")
	if err != nil {
		return nil, err
	}
	return &testbed{
		contract: contract, record: newRecorder(), secrets: newLedger(), elsewhere: elsewhere, dir: dir,
		http: &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				MaxConnsPerHost: 300, MaxIdleConnsPerHost: 300, DisableCompression: true, ExpectContinueTimeout: time.Minute,
			},
		},
	}, nil
}

// whole reports whether this run was meant to meet everything: no test was filtered out.
func whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return false
		}
	}
	return true
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

// environment says which server to speak to, and with which credentials.
type environment struct {
	url, public, private, management, access, transaction, origin string
}

// environmentFromOS returns nil where CONTRACT_URL is not set.
func environmentFromOS() (*environment, error) {
	e := &environment{url: os.Getenv("CONTRACT_URL"), origin: os.Getenv("CONTRACT_ORIGIN")}
	if e.url == "" {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	if e.origin == "" {
		e.origin = defaultOrigin
	}
	var err error
	for name, value := range map[string]*string{
		"CONTRACT_PUBLIC_KEY": &e.public, "CONTRACT_PRIVATE_KEY": &e.private, "CONTRACT_MANAGEMENT_KEY": &e.management,
		"CONTRACT_ACCESS_TOKEN": &e.access, "CONTRACT_TRANSACTION_ID": &e.transaction,
	} {
		if *value = os.Getenv(name); *value == "" {
			err = errors.Join(err, fmt.Errorf("CONTRACT_URL is set, but %s is not", name))
		}
	}
	return e, err
}
