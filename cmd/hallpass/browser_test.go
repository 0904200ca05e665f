package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	browserlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium is the browser of HALLPASS_TEST_BROWSER, or the one that is installed. Where there is none the test is skipped;
// scripts/with-chromium.sh installs it.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("HALLPASS_TEST_BROWSER"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium is installed; make browser-test installs it")
	return ""
}

// tab is a tab of a browser that has been nowhere yet. What its page complains of, and what it asks of other servers, fails
// the test.
type tab struct {
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string
}

func newTab(t *testing.T, url string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // chromium does not run as root otherwise
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	b := &tab{ctx: ctx, url: url}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser does not end: %v", err)
		}
		for _, complaint := range b.complaints {
			t.Error(complaint)
		}
	})
	return b
}

// hear takes down what is not in order: whatever the page writes to its console, breaches of its policy among it, and
// requests to another origin.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, argument := range e.Args {
			b.complaints = append(b.complaints, fmt.Sprintf("console.%s: %s %s", e.Type, argument.Value, argument.Description))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *browserlog.EventEntryAdded:
		b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
	case *network.EventRequestWillBeSent:
		if to := e.Request.URL; !strings.HasPrefix(to, b.url+"/") && !strings.HasPrefix(to, "data:") {
			b.complaints = append(b.complaints, "a request to "+to)
		}
	}
}

// does carries out what a reader does, each step as soon as the page lets it.
func (b *tab) does(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
		err := chromedp.Do(ctx, step)
		cancel()
		if err != nil {
			b.show(t)
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// waits waits until an expression of the page is true.
func (b *tab) waits(t *testing.T, expression string) {
	t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		b.show(t)
		t.Fatalf("%s: %v", expression, err)
	}
}

// show leaves a picture of the page where HALLPASS_TEST_PICTURES says.
func (b *tab) show(t *testing.T) {
	t.Helper()
	dir := os.Getenv("HALLPASS_TEST_PICTURES")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png"), picture, 0o600)
	}
	if err != nil {
		t.Log(err)
	}
}

// screens are those that the pages are read on.
var screens = map[string]struct {
	width, height int64
	scheme        string
}{
	"a desk": {1280, 900, "light"}, "a desk at night": {1280, 900, "dark"}, "a phone": {390, 844, "light"}, "a phone at night": {390, 844, "dark"},
}

// on opens a page on a screen.
func (b *tab) on(t *testing.T, screen, path string) {
	t.Helper()
	s := screens[screen]
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.does(t, chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(b.url+path))
}

func TestBrowserShowsTheFrontPage(t *testing.T) { // not parallel: a browser takes all that the machine has
	s := serving(t, "--dev")
	for screen := range screens {
		t.Run(screen, func(t *testing.T) {
			b := newTab(t, s.url)
			b.on(t, screen, "/")
			b.does(t, chromedp.WaitVisible(chromedp.CSS("h1")), chromedp.WaitVisible(chromedp.CSS(`a[href="/docs"]`)))
			b.waits(t, `document.documentElement.scrollWidth <= innerWidth`)
			b.waits(t, `[...document.images].every((image) => image.complete && image.naturalWidth > 0)`)
			b.show(t)
		})
	}
}

// operation is the part of the reference that shows an operation.
func operation(id, part string) chromedp.CSS {
	return chromedp.CSS("#operations-" + id + " " + part)
}

// tried carries out an operation that is open and waits for its answer.
func (b *tab) tried(t *testing.T, id string, status int) {
	t.Helper()
	b.does(t, chromedp.Click(operation(id, "button.execute")), chromedp.WaitVisible(operation(id, ".live-responses-table .response-col_status")))
	got, err := chromedp.Run(b.ctx, chromedp.Text(operation(id, ".live-responses-table .response .response-col_status")))
	if err != nil || strings.TrimSpace(got) != fmt.Sprint(status) {
		b.show(t)
		t.Fatalf("%s answers %q, %v", id, got, err)
	}
}

// TestBrowserTriesTheReference takes the way of a session through the page's own controls: it asks for a session, follows
// the answer's link to its authorization, and reads a token with the session's key.
func TestBrowserTriesTheReference(t *testing.T) { // not parallel: a browser takes all that the machine has
	s := serving(t, "--dev")
	for _, screen := range []string{"a desk", "a phone at night"} {
		t.Run(screen, func(t *testing.T) {
			b := newTab(t, s.url)
			b.on(t, screen, "/docs")
			b.does(t, chromedp.Click(operation("Sessions-createSession", "button.opblock-summary-control")))
			b.tried(t, "Sessions-createSession", http.StatusCreated)
			b.waits(t, `document.getElementById("key-session").value.startsWith("key_sess_")`)
			b.does(t, chromedp.Click(operation("Sessions-createSession", ".onward button")))
			b.tried(t, "Sessions-authorizeSession", http.StatusOK)
			b.does(t,
				chromedp.Click(operation("Tokens-getToken", "button.opblock-summary-control")),
				chromedp.Click(operation("Tokens-getToken", "button.caller:nth-of-type(2)")),
			)
			b.tried(t, "Tokens-getToken", http.StatusOK)
			b.waits(t, `document.querySelector("#operations-Tokens-getToken .curl-command").innerText.includes("BT-API-KEY: key_sess_")`)
			b.waits(t, `document.querySelector("#operations-Tokens-getToken .live-responses-table").innerText.includes("Ada")`)
			b.waits(t, `document.documentElement.scrollWidth <= innerWidth`)
			b.show(t)
		})
	}
}

// TestBrowserTriesTheReferenceInProduction promises that the page has no keys there, and takes the reader's.
func TestBrowserTriesTheReferenceInProduction(t *testing.T) { // not parallel: a browser takes all that the machine has
	path, made := initialised(t)
	s := serving(t, "--db", path)
	b := newTab(t, s.url)
	b.on(t, "a desk", "/docs#/Tenants/getTenant")
	b.does(t, chromedp.WaitVisible(chromedp.CSS("#key-management")))
	b.waits(t, `[...document.querySelectorAll(".keys input")].every((input) => input.value === "")`)
	b.does(t, chromedp.SendKeys(chromedp.CSS("#key-management"), made.ManagementKey))
	b.tried(t, "Tenants-getTenant", http.StatusOK)
	b.show(t)
}
