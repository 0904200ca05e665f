// Package sdk_test replays what client libraries write to the wire where their packages cannot be installed by a test, and
// reads the answers as strictly as they do. It needs the address and keys of a server: run scripts/sdk-test.sh.
package sdk_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A library is how one client library writes a request, and the order in which it writes members.
type library struct {
	post       func(host, key, path, body string) string
	permission string // a body with permissions, of a nonce
	rule       string // a body with a rule, of a nonce and a token's id
}

var goLegacy = library{
	post: func(host, key, path, body string) string {
		contentType := ""
		if body != "" {
			contentType = "Content-Type: application/json\r\n"
			body += "\n"
		}
		return "POST " + path + " HTTP/1.1\r\n" +
			"Host: " + host + "\r\n" +
			"User-Agent: OpenAPI-Generator/1.0.0/go\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n", len(body)) +
			"Accept: application/json\r\n" +
			"BT-API-KEY: " + key + "\r\n" +
			contentType +
			"Accept-Encoding: gzip\r\n" +
			"\r\n" + body
	},
	permission: `{"nonce":"%s","permissions":["token:create","token:read"]}`,
	rule: `{"nonce":"%s","rules":[{"conditions":[{"attribute":"id","operator":"equals","value":"%s"}],` +
		`"description":"one token","permissions":["token:read"],"priority":1,"transform":"reveal"}]}`,
}

var csharp = library{
	post: func(host, key, path, body string) string {
		contentType := ""
		if body != "" {
			contentType = "Content-Type: application/json; charset=utf-8\r\n"
		}
		return "POST " + path + " HTTP/1.1\r\n" +
			"Host: " + host + "\r\n" +
			"BT-API-KEY: " + key + "\r\n" +
			"User-Agent: BasisTheory.net/5.0.0\r\n" +
			`BT-CLIENT-USER-AGENT: {"client":"BasisTheory.net","client_version":"5.0.0","os_version":"Unix 6.1.0","runtime_version":".NET 8.0.0"}` + "\r\n" +
			contentType +
			fmt.Sprintf("Content-Length: %d\r\n", len(body)) +
			"\r\n" + body
	},
	permission: `{"nonce":"%s","permissions":["token:create","token:read"]}`,
	rule: `{"nonce":"%s","rules":[{"description":"one token","priority":1,"transform":"reveal",` +
		`"conditions":[{"attribute":"id","operator":"equals","value":"%s"}],"permissions":["token:read"]}]}`,
}

var java = library{
	post: func(host, key, path, body string) string {
		contentType := "Content-Type: application/json\r\n"
		accept := "Accept: application/json\r\n"
		types := contentType + accept
		if body != "" { // a body brings its type, which moves behind what was set before
			types = accept + contentType
		}
		return "POST " + path + " HTTP/1.1\r\n" +
			"User-Agent: dev.basis-theory:basis-theory-java-sdk/0.0.1\r\n" +
			"X-Fern-Language: JAVA\r\n" +
			"BT-API-KEY: " + key + "\r\n" +
			"X-Fern-SDK-Name: com.basis-theory.fern:api-sdk\r\n" +
			"X-Fern-SDK-Version: 0.0.1\r\n" +
			types +
			fmt.Sprintf("Content-Length: %d\r\n", len(body)) +
			"Host: " + host + "\r\n" +
			"Connection: Keep-Alive\r\n" +
			"Accept-Encoding: gzip\r\n" +
			"\r\n" + body
	},
	permission: `{"nonce":"%s","permissions":["token:create","token:read"]}`,
	rule: `{"nonce":"%s","rules":[{"description":"one token","priority":1,"transform":"reveal",` +
		`"conditions":[{"attribute":"id","operator":"equals","value":"%s"}],"permissions":["token:read"]}]}`,
}

func TestGoLegacy(t *testing.T) { replay(t, goLegacy) }
func TestCSharp(t *testing.T)   { replay(t, csharp) }
func TestJava(t *testing.T)     { replay(t, java) }

// createSessionResponse is what the libraries read from an answer to POST /sessions.
type createSessionResponse struct {
	SessionKey *string    `json:"session_key"`
	Nonce      *string    `json:"nonce"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// problemDetails is what they read from an error; errors comes with 400.
type problemDetails struct {
	Type     *string             `json:"type"`
	Title    *string             `json:"title"`
	Status   *int32              `json:"status"`
	Detail   *string             `json:"detail"`
	Instance *string             `json:"instance"`
	Errors   map[string][]string `json:"errors"`
}

// jsonType is what the Go library demands of the type of every body; it refuses application/problem+json.
var jsonType = regexp.MustCompile(`(?i:(?:application|text)/(?:vnd\.[^;]+\+)?(?:merge-patch\+)?json)`)

// A client is a library's one connection to the server.
type client struct {
	library
	host string
	conn net.Conn
	in   *bufio.Reader
}

func connect(t *testing.T, l library) *client {
	t.Helper()
	at := os.Getenv("HALLPASS_URL")
	if at == "" {
		t.Skip("HALLPASS_URL is not set")
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &client{library: l, host: u.Host, conn: conn, in: bufio.NewReader(conn)}
}

// send writes bytes, and reads an answer of one status into a value; into nil, the answer must be empty.
func (c *client) send(t *testing.T, request string, status int, into any) {
	t.Helper()
	if _, err := io.WriteString(c.conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	switch {
	case err != nil:
		t.Fatal(err)
	case answer.StatusCode != status:
		t.Fatalf("status %d, want %d: %s", answer.StatusCode, status, body)
	case into == nil:
		if len(body) != 0 {
			t.Fatalf("a body of %d bytes, want none", len(body))
		}
		return
	case !jsonType.MatchString(answer.Header.Get("Content-Type")):
		t.Fatalf("undefined response type %q", answer.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatal(err)
	}
}

func (c *client) fails(t *testing.T, request string, status int) {
	t.Helper()
	var problem problemDetails
	c.send(t, request, status, &problem)
	if problem.Title == nil || problem.Detail == nil || problem.Status == nil || int(*problem.Status) != status {
		t.Errorf("status %d without title, detail or status", status)
	}
	if status == http.StatusBadRequest && len(problem.Errors) == 0 {
		t.Error("a validation error without errors")
	}
}

func (c *client) create(key string) string { return c.post(c.host, key, "/sessions", "") }

func (c *client) authorize(key, body string, values ...any) string {
	return c.post(c.host, key, "/sessions/authorize", fmt.Sprintf(body, values...))
}

// read is GET /tokens/{id} as the library writes its other requests.
func (c *client) read(key, id string) string {
	get := "GET " + strings.TrimPrefix(c.post(c.host, key, "/tokens/"+id, ""), "POST ")
	get = strings.Replace(get, "Content-Length: 0\r\n", "", 1)
	return get
}

func (c *client) session(t *testing.T) (key, nonce string) {
	t.Helper()
	var created createSessionResponse
	c.send(t, c.create(os.Getenv("HALLPASS_PUBLIC_KEY")), http.StatusCreated, &created)
	if created.SessionKey == nil || created.Nonce == nil || created.ExpiresAt == nil {
		t.Fatal("a session without key, nonce or end")
	}
	if left := time.Until(*created.ExpiresAt); left <= 0 || left > 3*time.Minute {
		t.Errorf("a session of %v, want three minutes", left)
	}
	return *created.SessionKey, *created.Nonce
}

func (c *client) token(t *testing.T, data string) string {
	t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	body := `{"data":"` + data + `","mask":"{{ data | reveal_last: 4 }}","type":"token"}`
	c.send(t, c.post(c.host, os.Getenv("HALLPASS_PRIVATE_KEY"), "/tokens", body), http.StatusCreated, &made)
	return made.ID
}

func (c *client) reads(t *testing.T, key, id, want string) {
	t.Helper()
	var token struct {
		Data string `json:"data"`
	}
	c.send(t, c.read(key, id), http.StatusOK, &token)
	if token.Data != want {
		t.Errorf("read %q, want %q", token.Data, want)
	}
}

// replay goes through the life of sessions as the library would, over one connection.
func replay(t *testing.T, l library) {
	c := connect(t, l)
	public, private := os.Getenv("HALLPASS_PUBLIC_KEY"), os.Getenv("HALLPASS_PRIVATE_KEY")
	wanted, other := c.token(t, "Ada Lovelace"), c.token(t, "another")

	t.Run("permissions", func(t *testing.T) {
		key, nonce := c.session(t)
		c.fails(t, c.read(key, wanted), http.StatusForbidden)
		c.send(t, c.authorize(private, c.permission, nonce), http.StatusOK, nil)
		c.reads(t, key, wanted, "XXXXXXXXlace")
	})
	t.Run("rules", func(t *testing.T) {
		key, nonce := c.session(t)
		c.send(t, c.authorize(private, c.rule, nonce, wanted), http.StatusOK, nil)
		c.reads(t, key, wanted, "Ada Lovelace")
		c.fails(t, c.read(key, other), http.StatusForbidden)
	})
	t.Run("errors", func(t *testing.T) {
		_, nonce := c.session(t)
		c.fails(t, c.create("key_N88mVGsp3sCXkykyN2EFED"), http.StatusUnauthorized)
		c.fails(t, c.create(private), http.StatusForbidden)
		c.fails(t, c.authorize(public, c.permission, nonce), http.StatusForbidden)
		c.fails(t, c.authorize(private, c.permission, "4J7SiRvfADwJ9ZqwviJJs8"), http.StatusNotFound)
		c.fails(t, c.authorize(private, `{"nonce":"%s"}`, nonce), http.StatusBadRequest)
		c.send(t, c.authorize(private, c.permission, nonce), http.StatusOK, nil)
		c.fails(t, c.authorize(private, c.permission, nonce), http.StatusConflict)
		c.fails(t, c.read(private, "4a2d6c1e-0f3b-4e8d-9b57-6c1a8e2f7d90"), http.StatusNotFound)
	})
}
