package contract_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	sessionKeyShape = regexp.MustCompile(`^key_sess_[1-9A-HJ-NP-Za-km-z]{30,36}$`)
	nonceShape      = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{30,36}$`)
)

// authorize asks for the session's authorization with what is given, besides its nonce.
func (tn *tenant) authorize(t testing.TB, s session, grant object) *answer {
	t.Helper()
	body := object{"nonce": s.Nonce}
	for name, value := range grant {
		body[name] = value
	}
	return tn.private.post(t, "/sessions/authorize", body)
}

var reading = object{"permissions": list{"token:read"}}

// instant reads a moment in the spelling of the Sessions API.
func instant(t *testing.T, text string) time.Time {
	t.Helper()
	if !strings.HasSuffix(text, "+00:00") {
		t.Errorf("%s is not with offset +00:00", text)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCreateSession(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("shows a key and a nonce", func(t *testing.T) {
		t.Parallel()
		one, two := s.home.session(t), s.home.session(t)
		if !sessionKeyShape.MatchString(one.SessionKey) || !nonceShape.MatchString(one.Nonce) {
			t.Errorf("key %q and nonce %q have another shape", one.SessionKey, one.Nonce)
		}
		if one.SessionKey == two.SessionKey || one.Nonce == two.Nonce || strings.HasSuffix(one.SessionKey, one.Nonce) {
			t.Error("keys and nonces are not all different")
		}
	})
	t.Run("lasts three minutes", func(t *testing.T) {
		t.Parallel()
		before := s.now()
		ends := instant(t, s.home.session(t).ExpiresAt)
		if ends.Before(before.Add(3*time.Minute-slack(s))) || ends.After(s.now().Add(3*time.Minute+slack(s))) {
			t.Errorf("it ends at %s", ends)
		}
	})
	t.Run("is one for each call", func(t *testing.T) {
		t.Parallel()
		for name, r := range map[string]request{
			"a form without content":        {kind: "application/x-www-form-urlencoded"},
			"JSON without content":          {kind: "application/json"},
			"no content type":               {},
			"an empty object":               {body: "{}"},
			"null":                          {body: "null"},
			"what is no JSON at all":        {body: marked("x")},
			"a form":                        {body: "a=b", kind: "application/x-www-form-urlencoded"},
			"text":                          {body: "text", kind: "text/plain"},
			"bytes":                         {body: "\x00\xff", kind: "application/octet-stream"},
			"a body without a content type": {body: "{}", kind: "-"},
			"a content type that is none":   {body: "{}", kind: "json"},
			"members of its own":            {body: object{"expires_at": "2100-01-01", "permissions": list{"token:read"}}},
		} {
			r.method, r.path = http.MethodPost, "/sessions"
			a := s.home.public.send(t, r)
			if a.status != http.StatusCreated {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
	})
	t.Run("takes a public application without permissions", func(t *testing.T) {
		t.Parallel()
		for _, body := range []object{
			{"name": "Page", "type": "public"},
			{"name": "Page", "type": "public", "permissions": list{}},
			{"name": "Page", "type": "public", "permissions": nil, "rules": nil, "expires_at": nil, "create_key": nil},
		} {
			made := s.home.newApplication(t, body)
			keyCaller(s.url, made.ID, made.Key).post(t, "/sessions", nil).is(t, http.StatusCreated)
		}
	})
}

// slack is how far the suite may be wrong about the time at a server.
func slack(s *service) time.Duration {
	if s.own != nil {
		return time.Millisecond
	}
	return 2 * uncertainty
}

func TestSessionKey(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("can do nothing before it is authorized", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		made.caller.get(t, "/applications/key").is(t, http.StatusForbidden).says(t, "not authorized yet")
		s.home.authorize(t, made, reading).is(t, http.StatusOK)
		made.caller.get(t, "/applications/key").is(t, http.StatusOK)
	})
	t.Run("is refused while its authorization is", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		s.home.authorize(t, made, object{}).refuses(t, "permissions", "rules")
		made.caller.get(t, "/applications/key").is(t, http.StatusForbidden)
	})
	t.Run("is not its nonce", func(t *testing.T) {
		t.Parallel()
		made := s.home.authorized(t, "token:read")
		text := strings.TrimPrefix(made.SessionKey, "key_sess_")
		keyCaller(s.url, "", "key_sess_"+made.Nonce).get(t, "/applications/key").is(t, http.StatusUnauthorized)
		keyCaller(s.url, "", text).get(t, "/applications/key").is(t, http.StatusUnauthorized)
		fresh := s.home.session(t)
		fresh.Nonce = strings.TrimPrefix(fresh.SessionKey, "key_sess_")
		s.home.authorize(t, fresh, reading).is(t, http.StatusNotFound)
	})
	t.Run("of another session does not open this one", func(t *testing.T) {
		t.Parallel()
		one, two := s.home.authorized(t, "token:read"), s.home.session(t)
		one.caller.get(t, "/applications/key").is(t, http.StatusOK)
		two.caller.get(t, "/applications/key").is(t, http.StatusForbidden)
	})
}

func TestNonce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("authorizes once", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		if a := s.home.authorize(t, made, reading).is(t, http.StatusOK); len(a.body) > 0 {
			t.Errorf("the body is %q", a.body)
		}
		s.home.authorize(t, made, object{"permissions": list{"token:delete"}}).is(t, http.StatusConflict).says(t, "used")
		var held application
		made.caller.get(t, "/applications/key").is(t, http.StatusOK).into(t, &held)
		same(t, "what the session holds", held.Permissions, list{"token:read"})
	})
	t.Run("spent is spent for every application of the tenant", func(t *testing.T) {
		t.Parallel()
		made := s.home.authorized(t, "token:read")
		other := s.home.application(t, "private")
		other.post(t, "/sessions/authorize", object{"nonce": made.Nonce, "permissions": list{"token:read"}}).is(t, http.StatusConflict)
	})
	t.Run("is not spent by a refusal", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		s.home.authorize(t, made, object{"permissions": list{marked("x")}}).refuses(t, "permissions[0]")
		s.home.authorize(t, made, object{"permissions": list{"token:read"}, "expires_at": s.in(-time.Hour)}).refuses(t, "expires_at")
		s.home.public.post(t, "/sessions/authorize", object{"nonce": made.Nonce, "permissions": list{"token:read"}}).is(t, http.StatusForbidden)
		s.home.authorize(t, made, reading).is(t, http.StatusOK)
	})
	t.Run("that is wrong is not found", func(t *testing.T) {
		t.Parallel()
		good := s.home.session(t)
		answers := map[string]*answer{}
		for name, nonce := range map[string]string{
			"unknown": madeUpKey(""), "of no shape": marked("x"), "with another verifier": otherVerifier(t, good.Nonce),
			"a session key": good.SessionKey, "with a space": good.Nonce + " ", "of 200 letters": strings.Repeat("1", 200),
			"the vendor's example": "4J7SiRvfADwJ9ZqwviJJs8",
		} {
			answers[name] = s.home.authorize(t, session{Nonce: nonce}, reading)
		}
		alike(t, answers)
		answers["unknown"].is(t, http.StatusNotFound)
	})
	t.Run("of another tenant is as unknown as any", func(t *testing.T) {
		t.Parallel()
		foreign := s.foreign(t)
		theirs := foreign.session(t)
		spent := foreign.authorized(t, "token:read")
		alike(t, map[string]*answer{
			"foreign": s.home.authorize(t, theirs, reading), "foreign and spent": s.home.authorize(t, spent, reading),
			"unknown": s.home.authorize(t, session{Nonce: madeUpKey("")}, reading).is(t, http.StatusNotFound),
		})
		foreign.authorize(t, theirs, reading).is(t, http.StatusOK)
	})
}

// TestNonceRace promises that of any number of callers exactly one authorizes.
func TestNonceRace(t *testing.T) {
	t.Parallel()
	s := shared(t)
	const racers = 1000
	made := s.home.session(t)
	start := make(chan struct{})
	statuses := make(chan int, racers)
	var all sync.WaitGroup
	for range racers {
		all.Go(func() {
			<-start
			a := s.home.authorize(t, made, reading)
			statuses <- a.status
		})
	}
	close(start)
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusConflict] != racers-1 {
		t.Fatalf("%d callers, by status: %v", racers, count)
	}
}
