package contract_test

import (
	"net/http"
	"sync"
	"testing"
)

func (tn *tenant) keys(t testing.TB, id string) []applicationKey {
	t.Helper()
	var keys []applicationKey
	tn.management.get(t, "/applications/"+id+"/keys").is(t, http.StatusOK).into(t, &keys)
	return keys
}

func (tn *tenant) newKey(t testing.TB, id string) applicationKey {
	t.Helper()
	var key applicationKey
	tn.management.post(t, "/applications/"+id+"/keys", nil).is(t, http.StatusCreated).into(t, &key)
	return key
}

func TestApplicationKeys(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("are shown once and good at once", func(t *testing.T) {
		t.Parallel()
		id := s.home.application(t, "private").id
		a := s.home.management.post(t, "/applications/"+id+"/keys", nil).is(t, http.StatusCreated)
		var key applicationKey
		a.into(t, &key)
		if !applicationKeyShape["private"].MatchString(key.Key) || !uuidV4.MatchString(key.ID) || key.Version != "1" ||
			key.TenantID != s.home.id || key.CreatedBy != s.home.management.id {
			t.Errorf("the key is %+v", key)
		}
		instant(t, key.CreatedAt)
		path := "/applications/" + id + "/keys/" + key.ID
		if a.header.Get("Location") != path {
			t.Errorf("Location is %q", a.header.Get("Location"))
		}
		keyCaller(s.url, id, key.Key).get(t, "/applications/key").is(t, http.StatusOK)
		var read applicationKey
		s.home.management.get(t, path).is(t, http.StatusOK).into(t, &read)
		key.Key = ""
		same(t, "the key read again", read, key)
	})
	t.Run("are listed oldest first, without their text", func(t *testing.T) {
		t.Parallel()
		made := s.home.newApplication(t, object{"name": "Page", "type": "public"})
		second, third := s.home.newKey(t, made.ID), s.home.newKey(t, made.ID)
		second.Key, third.Key = "", ""
		same(t, "the keys", s.home.keys(t, made.ID), list{made.hidden().Keys[0], second, third})
		same(t, "the application's keys", s.home.read(t, made.ID).Keys, list{made.hidden().Keys[0], second, third})
	})
	t.Run("are none where none was made", func(t *testing.T) {
		t.Parallel()
		made := s.home.newApplication(t, object{"name": "Keyless", "type": "public", "create_key": false})
		same(t, "the keys", s.home.keys(t, made.ID), list{})
	})
}

// TestApplicationKeyLimit promises that an application holds at most three keys.
func TestApplicationKeyLimit(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("one goes before another comes", func(t *testing.T) {
		t.Parallel()
		id := s.home.application(t, "public").id
		s.home.newKey(t, id)
		last := s.home.newKey(t, id)
		s.home.management.post(t, "/applications/"+id+"/keys", nil).is(t, http.StatusUnprocessableEntity).says(t, "three keys")
		s.home.management.delete(t, "/applications/"+id+"/keys/"+last.ID).is(t, http.StatusNoContent)
		s.home.newKey(t, id)
	})
	t.Run("however many ask at once", func(t *testing.T) {
		t.Parallel()
		id := s.home.application(t, "public").id
		statuses := make(chan int, 20)
		var all sync.WaitGroup
		for range cap(statuses) {
			all.Go(func() { statuses <- s.home.management.post(t, "/applications/"+id+"/keys", nil).status })
		}
		all.Wait()
		close(statuses)
		count := map[int]int{}
		for status := range statuses {
			count[status]++
		}
		if count[http.StatusCreated] != 2 || count[http.StatusUnprocessableEntity] != 18 || len(s.home.keys(t, id)) != 3 {
			t.Errorf("by status: %v", count)
		}
	})
}

func TestDeleteApplicationKey(t *testing.T) {
	t.Parallel()
	s := shared(t)
	t.Run("refuses that key from now on, and no other", func(t *testing.T) {
		t.Parallel()
		made := s.home.newApplication(t, object{"name": "Backend", "type": "private", "permissions": transactionPermissions})
		second := s.home.newKey(t, made.ID)
		old, kept := keyCaller(s.url, made.ID, made.Key), keyCaller(s.url, made.ID, second.Key)
		old.get(t, "/applications/key").is(t, http.StatusOK)
		path := "/applications/" + made.ID + "/keys/" + made.Keys[0].ID
		s.home.management.delete(t, path).is(t, http.StatusNoContent)
		old.get(t, "/applications/key").is(t, http.StatusUnauthorized)
		old.grant(t, nil).is(t, http.StatusUnauthorized)
		kept.get(t, "/applications/key").is(t, http.StatusOK)
		kept.grant(t, nil).is(t, http.StatusOK)
		s.home.management.get(t, path).is(t, http.StatusNotFound)
		s.home.management.delete(t, path).is(t, http.StatusNotFound)
	})
	t.Run("finds a key of its own application alone", func(t *testing.T) {
		t.Parallel()
		one, two := s.home.newApplication(t, object{"name": "One", "type": "public"}), s.home.application(t, "public")
		path := "/applications/" + two.id + "/keys/" + one.Keys[0].ID
		s.home.management.get(t, path).is(t, http.StatusNotFound)
		s.home.management.delete(t, path).is(t, http.StatusNotFound)
		s.home.management.get(t, "/applications/"+one.ID+"/keys/"+marked("x")).is(t, http.StatusNotFound)
		keyCaller(s.url, one.ID, one.Key).get(t, "/applications/key").is(t, http.StatusOK)
	})
}

func TestRegenerateApplicationKey(t *testing.T) {
	t.Parallel()
	s := shared(t)
	made := s.home.newApplication(t, object{"name": "Backend", "type": "private"})
	second := s.home.newKey(t, made.ID)
	var again application
	s.home.management.post(t, "/applications/"+made.ID+"/regenerate", nil).is(t, http.StatusOK).into(t, &again)
	if len(again.Keys) != 1 || again.Key != again.Keys[0].Key || !applicationKeyShape["private"].MatchString(again.Key) {
		t.Fatalf("it is %+v", again)
	}
	same(t, "everything but the keys", func() application { a := again; a.Key, a.Keys = "", nil; return a }(),
		func() application { a := made; a.Key, a.Keys = "", nil; return a }())
	for _, key := range []string{made.Key, second.Key} {
		keyCaller(s.url, made.ID, key).get(t, "/applications/key").is(t, http.StatusUnauthorized)
	}
	keyCaller(s.url, made.ID, again.Key).get(t, "/applications/key").is(t, http.StatusOK)
	same(t, "the application read again", s.home.read(t, made.ID), again.hidden())

	keyless := s.home.newApplication(t, object{"name": "Keyless", "type": "public", "create_key": false})
	s.home.management.post(t, "/applications/"+keyless.ID+"/regenerate", nil).is(t, http.StatusOK).into(t, &again)
	keyCaller(s.url, keyless.ID, again.Key).post(t, "/sessions", nil).is(t, http.StatusCreated)
}
