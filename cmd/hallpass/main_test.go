package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets this binary stand in for hallpass itself, for the tests that must end a process.
func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" {
		main()
		return
	}
	for _, entry := range os.Environ() { // what the developer has set must not decide here
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "HALLPASS_") && !strings.HasPrefix(name, "HALLPASS_TEST_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

const standIn = "HALLPASS_TEST_STAND_IN"

// outcome is what a command did.
type outcome struct {
	code     int
	out, err string
}

// carryOut runs one command line to its end.
func carryOut(t *testing.T, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, environment{&out, &err, time.Now, rand.Reader})
	return outcome{code, out.String(), err.String()}
}

// carriedOut is carryOut for a command that is to succeed; it returns what was printed.
func carriedOut(t *testing.T, args ...string) string {
	t.Helper()
	o := carryOut(t, args...)
	if o.code != 0 || o.err != "" {
		t.Fatalf("hallpass %s: exit code %d, %s", strings.Join(args, " "), o.code, o.err)
	}
	return o.out
}

// wantRefusal checks that a command failed with one line that holds each of the words, and printed nothing else.
func wantRefusal(t *testing.T, o outcome, code int, words ...string) {
	t.Helper()
	if o.code != code || o.out != "" {
		t.Errorf("exit code %d and output %q; want code %d and none", o.code, o.out, code)
	}
	if !strings.HasPrefix(o.err, "hallpass: ") || strings.Count(o.err, "\n") != 1 || !strings.HasSuffix(o.err, "\n") {
		t.Errorf("not one line: %q", o.err)
	}
	for _, word := range words {
		if !strings.Contains(o.err, word) {
			t.Errorf("%q does not say %q", o.err, word)
		}
	}
}

// initialised makes a database and returns its path and what init printed of it.
func initialised(t *testing.T) (path string, made madeTenant) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "hallpass.db")
	if err := json.Unmarshal([]byte(carriedOut(t, "init", "--db", path, "--tenant", "Example", "--type", "test", "--json")), &made); err != nil {
		t.Fatal(err)
	}
	return path, made
}

// server is a hallpass serve that runs.
type server struct {
	url      string
	stop     context.CancelFunc // what SIGTERM does
	finished chan outcome
	out, err *watched
}

// serving starts a server on a free port of loopback and waits until it listens. It is stopped with the test, and its
// exit code must then be 0.
func serving(t *testing.T, args ...string) *server {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &server{stop: stop, finished: make(chan outcome, 1), out: newWatched(), err: newWatched()}
	args = append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
	go func() {
		code := run(ctx, args, environment{s.out, s.err, time.Now, rand.Reader})
		s.out.end()
		s.finished <- outcome{code, s.out.String(), s.err.String()}
	}()
	t.Cleanup(func() {
		if o := s.end(); o.code != 0 || strings.Contains(o.err, "hallpass: ") {
			t.Errorf("hallpass %s: exit code %d, %s", strings.Join(args, " "), o.code, o.err)
		}
	})
	s.url = s.out.await(t, regexp.MustCompile(`https?://127\.0\.0\.1:\d+`))
	return s
}

// end stops the server and returns what it did; it may be called again.
func (s *server) end() outcome {
	s.stop()
	o := <-s.finished
	s.finished <- o
	return o
}

// watched collects what is written and can be waited for.
type watched struct {
	mu    sync.Mutex
	more  *sync.Cond
	text  bytes.Buffer
	ended bool
}

func newWatched() *watched {
	w := &watched{}
	w.more = sync.NewCond(&w.mu)
	return w
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.more.Broadcast()
	return w.text.Write(b)
}

func (w *watched) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.more.Broadcast()
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits until the text matches and returns the match.
func (w *watched) await(t *testing.T, what *regexp.Regexp) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if match := what.FindString(w.text.String()); match != "" {
			return match
		}
		if w.ended {
			t.Fatalf("it ended without saying %v: %q", what, w.text.String())
		}
		w.more.Wait()
	}
}

// answer is what a server said.
type answer struct {
	status int
	body   string
}

func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	text, ok := members[name].(string)
	if !ok {
		t.Fatalf("no %s in %d %s", name, a.status, a.body)
	}
	return text
}

// ask sends a request with the credential, a key or a bearer token.
func ask(client *http.Client, method, url, credential, body string) (answer, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(credential, "key_") {
		r.Header.Set("BT-API-KEY", credential)
	} else {
		r.Header.Set("Authorization", "Bearer "+credential)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(b)}, err
}

// wantAnswer asks and checks the status.
func wantAnswer(t *testing.T, status int, method, url, credential, body string) answer {
	t.Helper()
	a, err := ask(http.DefaultClient, method, url, credential, body)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, url, a.status, a.body, status)
	}
	return a
}

func TestAnUnknownCommandLineIsRefusedInOneLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		promise string
		args    []string
		words   []string
	}{
		{"no command", nil, []string{"serve", "init"}},
		{"an unknown command", []string{"fly"}, []string{"fly"}},
		{"an unknown flag", []string{"serve", "--fly"}, []string{"--fly"}},
		{"a flag without its value", []string{"serve", "--listen"}, []string{"--listen"}},
		{"a missing flag", []string{"init", "--db", "x"}, []string{"--tenant"}},
		{"a missing argument", []string{"backup"}, []string{"file"}},
		{"a word too many", []string{"version", "now"}, []string{"now"}},
		{"a wrong word", []string{"init", "--db", "x", "--tenant", "x", "--type", "staging"}, []string{"--type", "test", "production"}},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, carryOut(t, c.args...), 2, c.words...)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out := carriedOut(t, "version"); !regexp.MustCompile(`^hallpass \S.*\n$`).MatchString(out) {
		t.Errorf("got %q", out)
	}
}

func TestEveryFlagHasATwinInTheEnvironmentAndHelpNamesIt(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"serve", "init", "tenant create", "access-token", "rotate-secret", "backup"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			help := carriedOut(t, append(strings.Fields(command), "--help")...)
			entries := regexp.MustCompile(`\n +(-h, )?--`).Split(help, -1)
			if len(entries) < 3 {
				t.Fatalf("help is %q", help)
			}
			for _, entry := range entries[1:] {
				name, _, _ := strings.Cut(strings.Fields(entry)[0], "=")
				if name != "help" && !strings.Contains(entry, "($HALLPASS_") {
					t.Errorf("--%s has no twin: %q", name, entry)
				}
			}
		})
	}
}
