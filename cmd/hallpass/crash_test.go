package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashRounds says how often the server is killed; five times where it is not set.
const crashRounds = "HALLPASS_TEST_CRASH_ROUNDS"

// TestNothingAcknowledgedIsLostWhenTheServerIsKilled puts a real process under load, kills it at a random moment, starts
// it again, and looks for everything that it had acknowledged.
func TestNothingAcknowledgedIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	if text := os.Getenv(crashRounds); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	c := newCrash(t)
	for round := range rounds {
		c.work(100*time.Millisecond + rand.N(600*time.Millisecond))
		stop := c.start()
		c.checkAnswers()
		stop()
		c.checkRows()
		if t.Failed() {
			t.Fatalf("in round %d", round+1)
		}
		c.acknowledged = acknowledged{}
	}
}

// crash is a database, what is needed to put a server on it under load, and what that server acknowledged.
type crash struct {
	t                   *testing.T
	path                string
	management, private string
	public              string
	access              string
	url                 string
	client              *http.Client

	mu sync.Mutex
	acknowledged
}

type acknowledged struct {
	sessions     []*ackSession
	keys         map[string]string // text to the id of its application
	transactions map[string]string // id to status
}

// ackSession is a session whose creation was acknowledged. Its authorization was perhaps asked for, and perhaps
// acknowledged.
type ackSession struct {
	key, nonce    string
	asked, spoken bool
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	path, made := initialised(t)
	c := &crash{t: t, path: path, management: made.ManagementKey, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 30 * time.Second}}
	stop := c.start()
	defer stop()
	application := func(body string) (id, key string) {
		a := wantAnswer(t, http.StatusCreated, "POST", c.url+"/applications", c.management, body)
		return a.member(t, "id"), a.member(t, "key")
	}
	_, c.public = application(`{"name":"Page","type":"public","permissions":["token:create"]}`)
	id, key := application(`{"name":"Backend","type":"private","permissions":["token:read","transaction:create","transaction:read","transaction:update"]}`)
	c.private = key
	c.access = strings.TrimSpace(carriedOut(t, "access-token", "--db", path, "--application", id))
	return c
}

// start starts a process that serves the database. kill ends it without warning.
func (c *crash) start() (kill func()) {
	c.t.Helper()
	program, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	command := exec.CommandContext(c.t.Context(), program, "serve", "--db", c.path, "--listen", "127.0.0.1:0", "--json")
	command.Env = append(os.Environ(), standIn+"=yes")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		c.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var printed struct{ URL string }
	if err == nil {
		err = json.Unmarshal([]byte(line), &printed)
	}
	if err != nil {
		c.t.Fatalf("it prints %q: %v", line, err)
	}
	c.url = printed.URL
	return func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		c.client.CloseIdleConnections()
	}
}

// work puts a server under load for a while and then kills it.
func (c *crash) work(duration time.Duration) {
	c.t.Helper()
	c.keys, c.transactions = map[string]string{}, map[string]string{}
	kill := c.start()
	var workers sync.WaitGroup
	for range 4 {
		for _, job := range []func() bool{c.useSession, c.useTransaction, c.useApplication} {
			workers.Go(func() {
				for job() {
				}
			})
		}
	}
	time.Sleep(duration) // it is the length of the load, not a wait for something
	kill()
	workers.Wait()
	c.t.Logf("after %v: %d sessions, %d keys, %d transactions", duration, len(c.sessions), len(c.keys), len(c.transactions))
}

// ask asks and reports false once the server is gone. An answer of another status fails the test.
func (c *crash) ask(status int, method, path, credential, body string) (answer, bool) {
	a, err := ask(c.client, method, c.url+path, credential, body)
	if err != nil {
		return a, false
	}
	if a.status != status {
		c.t.Errorf("%s %s: %d %s, want %d", method, path, a.status, a.body, status)
		return a, false
	}
	return a, true
}

// note remembers what was acknowledged.
func (c *crash) note(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
}

func text(a answer, member string) string {
	var members map[string]any
	_ = json.Unmarshal([]byte(a.body), &members)
	s, _ := members[member].(string)
	return s
}

const aGrant = `"permissions":["token:read","token:use"],"rules":[{"priority":1,"container":"/pci/","transform":"mask","permissions":["token:read"]}]`

func (c *crash) useSession() bool {
	a, ok := c.ask(http.StatusCreated, "POST", "/sessions", c.public, "")
	if !ok {
		return false
	}
	s := &ackSession{key: text(a, "session_key"), nonce: text(a, "nonce")}
	c.note(func() { c.sessions = append(c.sessions, s) })
	if rand.N(4) == 0 {
		return true // this one stays as it is
	}
	s.asked = true
	_, s.spoken = c.ask(http.StatusOK, "POST", "/sessions/authorize", c.private, `{"nonce":"`+s.nonce+`",`+aGrant+`}`)
	return s.spoken
}

func (c *crash) useTransaction() bool {
	a, ok := c.ask(http.StatusOK, "PUT", "/api/transaction/", c.access, newTransaction)
	if !ok {
		return false
	}
	id := text(a, "id")
	c.note(func() { c.transactions[id] = "new" })
	if a, ok = c.ask(http.StatusOK, "POST", "/api/transaction/"+id+"/token", c.access, ""); !ok {
		return false
	}
	c.note(func() { c.transactions[id] = "perhaps workflow_in_progress" })
	if _, ok = c.ask(http.StatusOK, "POST", "/api/transaction/"+id+"/session", text(a, "token"), ""); !ok {
		return false
	}
	c.note(func() { c.transactions[id] = "workflow_in_progress" })
	if rand.N(2) == 0 {
		return true
	}
	c.note(func() { c.transactions[id] = "perhaps cancelled" })
	if _, ok = c.ask(http.StatusOK, "PUT", "/api/transaction/"+id+"/event", c.access, `{"trigger":"transaction_cancelled"}`); ok {
		c.note(func() { c.transactions[id] = "cancelled" })
	}
	return ok
}

func (c *crash) useApplication() bool {
	a, ok := c.ask(http.StatusCreated, "POST", "/applications", c.management, `{"name":"New","type":"private","permissions":["token:read"]}`)
	if !ok {
		return false
	}
	id := text(a, "id")
	c.note(func() { c.keys[text(a, "key")] = id })
	if a, ok = c.ask(http.StatusCreated, "POST", "/applications/"+id+"/keys", c.management, ""); ok {
		c.note(func() { c.keys[text(a, "key")] = id })
	}
	return ok
}

// checkAnswers looks for all that was acknowledged, as a client does.
func (c *crash) checkAnswers() {
	for _, s := range c.sessions {
		a, err := ask(c.client, "GET", c.url+"/applications/key", s.key, "")
		granted := a.status == http.StatusOK && strings.Contains(a.body, `"token:use"`) && strings.Contains(a.body, `"/pci/"`)
		if err != nil || !granted && a.status != http.StatusForbidden || granted && !s.asked || !granted && s.spoken {
			c.t.Errorf("a session (asked %v, acknowledged %v): %d %s, %v", s.asked, s.spoken, a.status, a.body, err)
			continue
		}
		want := http.StatusOK
		if granted {
			want = http.StatusConflict
		}
		c.ask(want, "POST", "/sessions/authorize", c.private, `{"nonce":"`+s.nonce+`",`+aGrant+`}`)
	}
	for key, id := range c.keys {
		if a, ok := c.ask(http.StatusOK, "GET", "/applications/key", key, ""); ok && text(a, "id") != id {
			c.t.Errorf("the key of application %s is one of %s", id, a.body)
		}
	}
	before := map[string]string{"workflow_in_progress": "new", "cancelled": "workflow_in_progress"}
	for id, want := range c.transactions {
		a, ok := c.ask(http.StatusOK, "GET", "/api/transaction/"+id, c.access, "")
		want, perhaps := strings.CutPrefix(want, "perhaps ")
		if got := text(a, "status"); ok && got != want && (!perhaps || got != before[want]) {
			c.t.Errorf("transaction %s is %s, acknowledged %s (perhaps: %v)", id, got, want, perhaps)
		}
	}
}

// checkRows looks for what is half made, acknowledged or not.
func (c *crash) checkRows() {
	pool, err := sql.Open("sqlite", "file:"+c.path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	var health string
	if err := pool.QueryRowContext(c.t.Context(), `PRAGMA integrity_check`).Scan(&health); err != nil || health != "ok" {
		c.t.Errorf("the database is damaged: %s, %v", health, err)
	}
	for what, query := range map[string]string{
		"rows that refer to nothing":                  `SELECT COUNT(*) FROM pragma_foreign_key_check`,
		"sessions half authorized":                    `SELECT COUNT(*) FROM sessions WHERE (authorized_at IS NULL) <> (granted IS NULL) OR (authorized_at IS NULL) <> (authorized_by IS NULL)`,
		"sessions of no key":                          `SELECT COUNT(*) FROM sessions WHERE issuing_key NOT IN (SELECT selector FROM application_keys)`,
		"applications without a key":                  `SELECT COUNT(*) FROM applications WHERE id NOT IN (SELECT application_id FROM application_keys)`,
		"new transactions that have sessions":         `SELECT COUNT(*) FROM transactions WHERE status = 'new' AND id IN (SELECT transaction_id FROM transaction_sessions)`,
		"transactions in progress that have none":     `SELECT COUNT(*) FROM transactions WHERE status = 'workflow_in_progress' AND id NOT IN (SELECT transaction_id FROM transaction_sessions)`,
		"cancelled transactions without their moment": `SELECT COUNT(*) FROM transactions WHERE (status = 'cancelled') <> (ended_at IS NOT NULL)`,
		"signing secrets that are not one":            `SELECT COUNT(*) - 1 FROM signing_secrets WHERE state = 'active'`,
	} {
		var n int
		if err := pool.QueryRowContext(c.t.Context(), query).Scan(&n); err != nil || n != 0 {
			c.t.Error(fmt.Errorf("%s: %d, %w", what, n, err))
		}
	}
}
