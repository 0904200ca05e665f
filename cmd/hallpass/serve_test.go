package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestServePrintsWhereItListens(t *testing.T) {
	t.Parallel()
	path, _ := initialised(t)
	s := serving(t, "--db", path)
	wantAnswer(t, http.StatusOK, "GET", s.url+"/healthz", "", "")
	wantAnswer(t, http.StatusOK, "GET", s.url+"/readyz", "", "")
	if out := s.end().out; out != "listening on "+s.url+"\n" {
		t.Errorf("it prints %q", out)
	}
	if _, err := ask(http.DefaultClient, "GET", s.url+"/healthz", "", ""); err == nil {
		t.Error("it answers after its end")
	}
}

func TestServePrintsOneLineOfJSON(t *testing.T) {
	t.Parallel()
	path, _ := initialised(t)
	s := serving(t, "--db", path, "--json")
	if out := s.end().out; out != `{"url":"`+s.url+`"}`+"\n" {
		t.Errorf("it prints %q", out)
	}
}

func TestServeRefuses(t *testing.T) {
	t.Parallel()
	good, _ := initialised(t)
	copied := func(key string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "hallpass.db")
		b, err := os.ReadFile(good)
		if err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
		if err == nil && mode != 0 {
			err = os.WriteFile(path+".key", []byte(key), mode)
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := os.ReadFile(good + ".key")
	if err != nil {
		t.Fatal(err)
	}
	readable, keyless, damaged := copied(string(key), 0o644), copied("", 0), copied("bm90IGEga2V5", 0o600)
	other := copied("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0o600)
	empty := filepath.Join(t.TempDir(), "empty.db")
	for _, name := range []string{empty, empty + ".key"} {
		content := []byte(nil)
		if name != empty {
			content = key
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })

	for _, c := range []struct {
		promise string
		args    string
		code    int
		words   []string
	}{
		{"no database", "", 1, []string{"--db FILE", "hallpass serve --dev"}},
		{"a database that is not there", "--db " + good + ".missing", 1, []string{"not initialised", "hallpass init --db FILE --tenant NAME"}},
		{"an empty file", "--db " + empty, 1, []string{"not initialised", "hallpass init --db FILE --tenant NAME"}},
		{"a key file that others may read", "--db " + readable, 1, []string{"chmod 600 " + readable + ".key"}},
		{"a key file that is not there", "--db " + keyless, 1, []string{keyless + ".key", "HALLPASS_DATA_KEY"}},
		{"a key file that holds no key", "--db " + damaged, 1, []string{damaged + ".key", "32 bytes in base64"}},
		{"another database's key", "--db " + other, 1, []string{"data key is not the one"}},
		{"a port in use", "--db " + good + " --listen " + taken.Addr().String(), 1, []string{"in use", "--listen"}},
		{"a port that is none", "--dev --listen 127.0.0.1:99999", 1, []string{"invalid port", "--listen"}},
		{"a development server with a database", "--dev --db " + good, 1, []string{"leave out --db"}},
		{"a development server for everybody", "--dev --listen 0.0.0.0:0", 1, []string{"loopback", "--dev-allow-remote"}},
		{"a development server on every address", "--dev --listen :0", 1, []string{"loopback", "--dev-allow-remote"}},
		{"a development server on a name", "--dev --listen example.com:80", 1, []string{"loopback", "--dev-allow-remote"}},
		{"a certificate without its key", "--dev --tls-cert x", 1, []string{"--tls-cert and --tls-key go together"}},
		{"a key without its certificate", "--dev --tls-key x", 1, []string{"--tls-cert and --tls-key go together"}},
		{"sessions that end at once", "--dev --session-max-ttl 1m", 1, []string{"--session-max-ttl", "3m"}},
		{"creation tokens that never begin", "--dev --creation-token-ttl 0s", 1, []string{"--creation-token-ttl", "1s"}},
		{"access tokens that outlive their secret", "--dev --access-token-ttl 721h", 1, []string{"--access-token-ttl", "720h"}},
		{"a rate that is none", "--dev --rate-limit often", 2, []string{"--rate-limit", "100/10s"}},
		{"a duration that is none", "--dev --read-timeout soon", 2, []string{"--read-timeout"}},
		{"a log level that is none", "--dev --log-level loud", 2, []string{"--log-level"}},
		{"a log format that is none", "--dev --log-format xml", 2, []string{"--log-format", "text", "json"}},
	} {
		t.Run(c.promise, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, carryOut(t, append([]string{"serve"}, strings.Fields(c.args)...)...), c.code, c.words...)
		})
	}
}

func TestServeRefusesABadCertificateInOneLine(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for promise, pair := range map[string][2]string{
		"files that are not there": {cert + ".missing", key + ".missing"}, "a text": {text, key}, "key and certificate swapped": {key, cert},
	} {
		t.Run(promise, func(t *testing.T) {
			t.Parallel()
			path, _ := initialised(t)
			o := carryOut(t, "serve", "--db", path, "--listen", "127.0.0.1:0", "--tls-cert", pair[0], "--tls-key", pair[1])
			if o.code != 1 || !strings.HasPrefix(o.err, "hallpass: ") || strings.Count(o.err, "\n") != 1 {
				t.Errorf("exit code %d and %q", o.code, o.err)
			}
		})
	}
}

// certificate makes a certificate for loopback and its key.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestServeSpeaksTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	pool := x509.NewCertPool()
	b, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(b) {
		t.Fatal(err)
	}
	s := serving(t, "--dev", "--tls-cert", cert, "--tls-key", key)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	if a, err := ask(client, "GET", s.url+"/healthz", "", ""); err != nil || a.status != http.StatusOK || !strings.HasPrefix(s.url, "https://") {
		t.Errorf("%s answers %+v, %v", s.url, a, err)
	}
}

func TestTheEndLetsARequestInFlightFinish(t *testing.T) {
	t.Parallel()
	s := serving(t, "--dev", "--json")
	seed := seedOf(t, s)
	nonce := wantAnswer(t, http.StatusCreated, "POST", s.url+"/sessions", seed.PublicKey, "").member(t, "nonce")
	body := `{"nonce":"` + nonce + `","permissions":["token:create"]}`
	address := strings.TrimPrefix(s.url, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	send(t, conn, fmt.Sprintf("POST /sessions/authorize HTTP/1.1\r\nHost: x\r\nBT-API-KEY: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", seed.PrivateKey, len(body)))
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") { // the body is being read
		t.Fatalf("it says %q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	send(t, conn, body[:10])
	s.stop()
	for { // until it takes no more connections
		other, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = other.Close()
	}
	select {
	case o := <-s.finished:
		t.Fatalf("it ended before the request did: %+v", o)
	default:
	}
	send(t, conn, body[10:])
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the request in flight gets %d", response.StatusCode)
	}
	if o := s.end(); o.code != 0 || o.err != "" {
		t.Errorf("exit code %d, %s", o.code, o.err)
	}
}

// send writes to a connection.
func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestARequestThatNeverEndsDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	out, errs := newWatched(), newWatched()
	finished := make(chan int)
	go func() {
		finished <- run(ctx, []string{"serve", "--dev", "--listen", "127.0.0.1:0", "--shutdown-timeout", "50ms"}, environment{out, errs, time.Now, rand.Reader})
	}()
	url := out.await(t, regexp.MustCompile(`http://127\.0\.0\.1:\d+`))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	send(t, conn, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stop()
	if code := <-finished; code != 1 || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("exit code %d and %q", code, errs.String())
	}
}
