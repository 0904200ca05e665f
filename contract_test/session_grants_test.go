package contract_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// held is what an authorized session may do, as GET /applications/key tells.
func (s session) holds(t *testing.T) application {
	t.Helper()
	var held application
	s.caller.get(t, "/applications/key").is(t, http.StatusOK).into(t, &held)
	return held
}

// rule is a good rule with some members changed; a member changed to absent is left out.
func rule(changes object) object {
	made := object{"priority": 1, "container": "/pci/", "permissions": list{"token:read"}, "transform": "reveal"}
	for name, value := range changes {
		if made[name] = value; value == absent {
			delete(made, name)
		}
	}
	return made
}

// withRule grants one such rule.
func withRule(changes object) object { return object{"rules": list{rule(changes)}} }

const absent = "\x00"

func onID(id string) list {
	return list{object{"attribute": "id", "operator": "equals", "value": id}}
}

func TestAuthorizeSession(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for name, grant := range map[string]object{
		"one permission":           {"permissions": list{"token:read"}},
		"every token permission":   {"permissions": tokenPermissions},
		"permissions, no rules":    {"permissions": list{"token:use"}, "rules": nil, "expires_at": nil},
		"rules, no permissions":    {"permissions": list{}, "rules": list{rule(nil)}},
		"a rule with conditions":   {"rules": list{rule(object{"container": absent, "conditions": onID("c06d0789-0a38-40be-b7cc-c28a718f76f1")})}},
		"a rule with a container":  {"rules": list{rule(object{"container": "/"})}},
		"a rule without transform": {"rules": list{rule(object{"transform": absent, "description": "Free text"})}},
		"both":                     {"permissions": list{"token:create"}, "rules": list{rule(nil), rule(object{"priority": 2, "transform": "mask"})}},
		"every condition": {"rules": list{rule(object{"container": absent, "conditions": list{
			object{"attribute": "id", "operator": "starts_with", "value": "a"}, object{"attribute": "container", "operator": "equals", "value": "/pci/"},
			object{"attribute": "container", "operator": "starts_with", "value": "/p"},
		}})}},
		"priorities with gaps":          {"rules": list{rule(object{"priority": 7}), rule(object{"priority": 2147483647}), rule(object{"priority": 9})}},
		"nulls in a rule":               {"rules": list{rule(object{"description": nil, "transform": nil, "conditions": nil})}},
		"a container and no conditions": {"rules": list{rule(object{"conditions": list{}})}},
	} {
		t.Run("grants "+name, func(t *testing.T) {
			t.Parallel()
			made := s.home.session(t)
			s.home.authorize(t, made, grant).is(t, http.StatusOK)
			held := made.holds(t)
			granted, _ := grant["rules"].(list)
			if len(held.Rules) != len(granted) {
				t.Errorf("it holds %d rules, not %d", len(held.Rules), len(granted))
			}
			if permissions := grant["permissions"]; permissions != nil {
				same(t, "permissions", held.Permissions, permissions)
			}
		})
	}
	t.Run("keeps rules as they are given, by priority", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		last := rule(object{"priority": 20, "description": "Second", "container": "/PCI/High/", "permissions": list{"token:use", "token:read"}})
		first := rule(object{"priority": 3, "container": absent, "transform": absent, "conditions": onID("A-b_1")})
		s.home.authorize(t, made, object{"rules": list{last, first}}).is(t, http.StatusOK)
		last["container"] = "/pci/high/"
		same(t, "rules", made.holds(t).Rules, list{first, last})
	})
	t.Run("may grant more than the authorizing application holds", func(t *testing.T) {
		t.Parallel()
		tn := *s.home
		tn.private = tn.application(t, "private")
		same(t, "permissions", tn.authorized(t, "token:read", "token:delete").holds(t).Permissions, list{"token:read", "token:delete"})
	})
	t.Run("takes a nonce and nothing else but what it knows", func(t *testing.T) {
		t.Parallel()
		made := s.home.session(t)
		body := object{"nonce": made.Nonce, "permissions": list{"token:read"}, "session_key": marked("x")}
		s.home.private.send(t, request{method: http.MethodPost, path: "/sessions/authorize", body: body, broken: true}).refuses(t, "session_key")
	})
}

func TestAuthorizeSessionRefuses(t *testing.T) {
	t.Parallel()
	s := shared(t)
	condition := func(attribute, operator, value any) list {
		return list{object{"attribute": attribute, "operator": operator, "value": value}}
	}
	conditions := func(c list) object { return withRule(object{"container": absent, "conditions": c}) }
	many := func(n int, of any) list {
		var all list
		for range n {
			all = append(all, of)
		}
		return all
	}
	for name, c := range map[string]struct {
		grant   object
		members []string
	}{
		"nothing":                            {object{}, []string{"permissions", "rules"}},
		"nothing, in empty lists":            {object{"permissions": list{}, "rules": list{}}, []string{"permissions", "rules"}},
		"nothing, in nulls":                  {object{"permissions": nil, "rules": nil}, []string{"permissions", "rules"}},
		"a permission that is none":          {object{"permissions": list{"token:read", marked("x")}}, []string{"permissions[1]"}},
		"one in capitals":                    {object{"permissions": list{"TOKEN:READ"}}, []string{"permissions[0]"}},
		"one with a star":                    {object{"permissions": list{"token:*"}}, []string{"permissions[0]"}},
		"management's permissions":           {object{"permissions": list{"log:read", "tenant:update"}}, []string{"permissions[0]", "permissions[1]"}},
		"a transaction permission":           {object{"permissions": list{"transaction:create"}}, []string{"permissions[0]"}},
		"proxy:invoke":                       {object{"permissions": list{"proxy:invoke"}}, []string{"permissions[0]"}},
		"too many permissions":               {object{"permissions": many(51, "token:read")}, []string{"permissions"}},
		"a rule without priority":            {withRule(object{"priority": absent}), []string{"rules[0].priority"}},
		"a null priority":                    {withRule(object{"priority": nil}), []string{"rules[0].priority"}},
		"priority zero":                      {withRule(object{"priority": 0}), []string{"rules[0].priority"}},
		"a negative priority":                {withRule(object{"priority": -1}), []string{"rules[0].priority"}},
		"one priority twice":                 {object{"rules": list{rule(nil), rule(nil)}}, []string{"rules[1].priority"}},
		"container and conditions":           {withRule(object{"conditions": onID("x")}), []string{"rules[0]"}},
		"no container, no condition":         {object{"rules": list{rule(nil), rule(object{"priority": 2, "container": absent})}}, []string{"rules[1]"}},
		"no container, conditions empty":     {withRule(object{"container": absent, "conditions": list{}}), []string{"rules[0]"}},
		"a container without slashes":        {withRule(object{"container": marked("pci")}), []string{"rules[0].container"}},
		"a container with an empty part":     {withRule(object{"container": "/pci//high/"}), []string{"rules[0].container"}},
		"a container without its last slash": {withRule(object{"container": "/pci"}), []string{"rules[0].container"}},
		"a container of odd letters":         {withRule(object{"container": "/pci/a b/"}), []string{"rules[0].container"}},
		"an unknown transform":               {withRule(object{"transform": marked("x")}), []string{"rules[0].transform"}},
		"a transform in capitals":            {withRule(object{"transform": "Reveal"}), []string{"rules[0].transform"}},
		"a rule without permissions":         {withRule(object{"permissions": absent}), []string{"rules[0].permissions"}},
		"null permissions in a rule":         {withRule(object{"permissions": nil}), []string{"rules[0].permissions"}},
		"no permissions in a rule":           {withRule(object{"permissions": list{}}), []string{"rules[0].permissions"}},
		"an unknown one in a rule":           {withRule(object{"permissions": list{"token:read", marked("x")}}), []string{"rules[0].permissions[1]"}},
		"management's in a rule":             {withRule(object{"permissions": list{"log:read"}}), []string{"rules[0].permissions[0]"}},
		"an unknown attribute":               {conditions(condition(marked("type"), "equals", "x")), []string{"rules[0].conditions[0].attribute"}},
		"an unknown operator":                {conditions(condition("id", marked("ends_with"), "x")), []string{"rules[0].conditions[0].operator"}},
		"an empty value":                     {conditions(condition("id", "equals", "")), []string{"rules[0].conditions[0].value"}},
		"a value that is null":               {conditions(condition("id", "equals", nil)), []string{"rules[0].conditions[0].value"}},
		"a second condition":                 {conditions(append(onID("x"), condition("id", "is", "x")...)), []string{"rules[0].conditions[1].operator"}},
		"a rule that is null":                {object{"rules": list{rule(nil), nil}}, []string{"rules[1]"}},
		"a good list, a bad rule":            {object{"permissions": tokenPermissions, "rules": list{rule(object{"priority": 0})}}, []string{"rules[0].priority"}},
		"a good rule, a bad list":            {object{"permissions": list{marked("x")}, "rules": list{rule(nil)}}, []string{"permissions[0]"}},
		"a bad rule after good ones": {object{"rules": append(many(1, rule(nil)), rule(object{"priority": 1, "transform": absent, "permissions": list{}}))},
			[]string{"rules[1].priority", "rules[1].permissions"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := s.home.session(t)
			body := object{"nonce": made.Nonce}
			for member, value := range c.grant {
				body[member] = value
			}
			r := request{method: http.MethodPost, path: "/sessions/authorize", body: body, broken: true}
			s.home.private.send(t, r).refuses(t, c.members...)
			s.home.authorize(t, made, reading).is(t, http.StatusOK)
		})
	}
}

func TestSessionExpiry(t *testing.T) {
	t.Parallel()
	s := shared(t)
	end := s.now().UTC().Truncate(time.Minute).Add(2 * time.Hour)
	midnight := s.now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	west, east := end.In(time.FixedZone("", -7*3600)), end.In(time.FixedZone("", 5*3600+1800))
	for name, c := range map[string]struct {
		text string
		want time.Time
	}{
		"UTC":                       {end.Format("2006-01-02T15:04:05Z"), end},
		"milliseconds":              {end.Format("2006-01-02T15:04:05") + ".250Z", end.Add(250 * time.Millisecond)},
		"seven digits of a second":  {end.Format("2006-01-02T15:04:05") + ".1234567+00:00", end.Add(123456 * time.Microsecond)},
		"an offset to the west":     {west.Format("2006-01-02T15:04:05-07:00"), end},
		"an offset to the east":     {east.Format("2006-01-02T15:04:05-07:00"), end},
		"an offset without a colon": {west.Format("2006-01-02T15:04:05-0700"), end},
		"no offset":                 {end.Format("2006-01-02T15:04:05"), end},
		"no offset, with fractions": {end.Format("2006-01-02T15:04:05") + ".5", end.Add(500 * time.Millisecond)},
		"no seconds":                {end.Format("2006-01-02T15:04Z"), end},
		"a space for the T":         {end.Format("2006-01-02 15:04:05"), end},
		"a date alone":              {midnight.Format("2006-01-02"), midnight},
		"the form of the samples":   {west.Format("1/2/2006 3:04:05 PM -07:00"), end},
		"that form without offset":  {end.Format("1/2/2006 3:04:05 PM"), end},
		"that form, a date alone":   {midnight.Format("1/2/2006"), midnight},
	} {
		t.Run("reads "+name, func(t *testing.T) {
			t.Parallel()
			if !c.want.After(s.now()) {
				t.Skip("midnight was a moment ago")
			}
			made := s.home.session(t)
			s.home.authorize(t, made, object{"permissions": list{"token:read"}, "expires_at": c.text}).is(t, http.StatusOK)
			if got := instant(t, made.holds(t).ExpiresAt); !got.Equal(c.want) {
				t.Errorf("%s is read as %s", c.text, got)
			}
		})
	}
	for name, text := range map[string]string{
		"empty": "", "no date": marked("x"), "a number": "1924977600", "a time alone": "20:14:55Z", "a thirteenth month": "2030-13-01T00:00:00Z",
		"the thirtieth of February": "2030-02-30T00:00:00Z", "a twenty-fifth hour": "2030-01-01T25:00:00Z", "a period": "PT3M",
		"the past": "2020-01-09T20:14:55Z", "the beginning": "0001-01-01T00:00:00Z", "the end": "9999-12-31T23:59:59Z",
		"beyond the calendar": "10000-01-01T00:00:00Z", "two dates": "2030-01-01 2030-01-02", "a date with spaces within": "2030 - 01 - 01",
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			made := s.home.session(t)
			a := s.home.authorize(t, made, object{"permissions": list{"token:read"}, "expires_at": text})
			a.refuses(t, "expires_at")
			if text != "" && strings.Contains(string(a.body), text) {
				t.Error("the value is repeated")
			}
		})
	}
}

// TestSessionExpiryBounds promises an end in the future, and at most 24 hours after the session was made.
func TestSessionExpiryBounds(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for name, c := range map[string]struct {
		after  time.Duration
		status int
	}{
		"what is over": {-time.Minute, http.StatusBadRequest}, "what is to come": {time.Minute, http.StatusOK},
		"nearly 24 hours": {24*time.Hour - time.Minute, http.StatusOK}, "more than 24 hours": {24*time.Hour + time.Minute, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := s.home.session(t)
			a := s.home.authorize(t, made, object{"permissions": list{"token:read"}, "expires_at": s.in(c.after)})
			if a.is(t, c.status); c.status == http.StatusBadRequest {
				a.refuses(t, "expires_at")
			}
		})
	}
}

// TestSessionExpiryInstants promises the same to the microsecond.
func TestSessionExpiryInstants(t *testing.T) {
	t.Parallel()
	s := alone(t, needsClock)
	created := s.now()
	at := func(d time.Duration) object {
		return object{"permissions": list{"token:read"}, "expires_at": created.Add(d).Format(time.RFC3339Nano)}
	}
	first, second := s.home.session(t), s.home.session(t)
	s.own.clock.move(time.Minute)
	s.home.authorize(t, first, at(time.Minute)).refuses(t, "expires_at") // now is not the future
	s.home.authorize(t, first, at(24*time.Hour+time.Microsecond)).refuses(t, "expires_at")
	s.home.authorize(t, first, at(24*time.Hour)).is(t, http.StatusOK) // counted from the creation
	s.home.authorize(t, second, at(time.Minute+time.Microsecond)).is(t, http.StatusOK)
	second.holds(t)
	s.own.clock.move(time.Microsecond)
	second.caller.get(t, "/applications/key").is(t, http.StatusUnauthorized)
	first.holds(t)
}

// TestStrictSessionGrants changes a setting that other tests live by, so it runs alone.
func TestStrictSessionGrants(t *testing.T) {
	s := shared(t)
	tn := *s.home
	body := object{"name": "Backend", "type": "private", "permissions": list{"token:create", "token:use"}, "rules": list{
		rule(object{"container": "/pci/", "transform": "mask", "permissions": list{"token:read"}}),
	}}
	made := tn.newApplication(t, body)
	tn.private = keyCaller(s.url, made.ID, made.Key)
	s.home.withSettings(t, object{"strict_session_grants": "true"})

	for name, c := range map[string]struct {
		grant object
		want  int
	}{
		"what it holds":                 {object{"permissions": list{"token:create", "token:use"}}, http.StatusOK},
		"a permission that it does not": {object{"permissions": list{"token:delete"}}, http.StatusForbidden},
		"one that it holds in a part":   {object{"permissions": list{"token:read"}}, http.StatusForbidden},
		"its own rule":                  {withRule(object{"transform": "mask"}), http.StatusOK},
		"a part of its rule":            {withRule(object{"transform": "redact", "container": "/pci/high/"}), http.StatusOK},
		"more of the data":              {withRule(object{"transform": "reveal"}), http.StatusForbidden},
		"another container":             {withRule(object{"transform": "mask", "container": "/pii/"}), http.StatusForbidden},
		"a container around its own":    {withRule(object{"transform": "mask", "container": "/"}), http.StatusForbidden},
		"a token of any container":      {withRule(object{"transform": "mask", "container": absent, "conditions": onID("x")}), http.StatusForbidden},
		"what it holds, and one thing more": {
			object{"permissions": list{"token:use"}, "rules": list{rule(object{"permissions": list{"token:delete"}})}}, http.StatusForbidden,
		},
	} {
		t.Run(strings.ReplaceAll(name, ",", ""), func(t *testing.T) {
			session := tn.session(t)
			tn.authorize(t, session, c.grant).is(t, c.want)
			if c.want == http.StatusForbidden {
				s.home.authorize(t, session, reading).is(t, http.StatusOK) // the nonce is not spent
			}
		})
	}
	t.Run("nothing is checked when the setting is off", func(t *testing.T) {
		s.home.withSettings(t, object{"strict_session_grants": "false"})
		tn.authorized(t, "token:delete")
	})
}
