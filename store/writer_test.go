package store_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// held holds the writer back in the commit of a write of its own until release is called, so that what is written
// meanwhile makes one group. Sizes are those of the groups from then on.
func (w *world) held() (sizes *[]int, release func()) {
	w.t.Helper()
	entered, hold := make(chan struct{}), make(chan struct{})
	sizes = new([]int)
	first := true
	w.ObserveGroups(func(size int) {
		if first {
			first = false
			close(entered)
			<-hold
			return
		}
		*sizes = append(*sizes, size)
	})
	go func() { _ = w.ForgetRequest(context.Background(), request("held")) }()
	<-entered
	return sizes, func() { close(hold) }
}

// waitFor waits until n writes are queued.
func (w *world) waitFor(n int) {
	for w.Waiting() < n {
		runtime.Gosched()
	}
}

// TestWritesThatWaitShareACommit creates sessions that lie apart, whose rows are added together, and sessions of one instant,
// whose entries of the log draw the same ids.
func TestWritesThatWaitShareACommit(t *testing.T) {
	for name, apart := range map[string]time.Duration{"apart": hallpass.Precision, "at one instant": 0} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, w *world) {
				a := w.newApplication(w.tenant, hallpass.Public)
				sizes, release := w.held()
				unseen := map[hallpass.Selector]*hallpass.Session{}
				failures := make(chan error, 100)
				for i := range cap(failures) {
					s := w.mintSession(a)
					s.CreatedAt = s.CreatedAt.Add(time.Duration(i) * apart)
					unseen[s.Selector] = s
					go func() { failures <- w.CreateSession(context.Background(), s) }()
				}
				w.waitFor(cap(failures))
				release()
				for range cap(failures) {
					w.must(<-failures)
				}
				w.must(w.Close()) // the last observation is made
				wantSame(t, "groups", *sizes, []int{64, 36})

				db := w.reopened()
				for selector, want := range unseen {
					got, _, err := db.Session(t.Context(), selector)
					w.must(err)
					wantSame(t, "session", got, want)
				}
				logs, _, err := db.Logs(t.Context(), w.tenant.ID, store.LogFilter{EntityType: hallpass.EntitySession, Limit: 1000})
				w.must(err)
				wantSame(t, "entries", len(logs), 100)
				for _, l := range logs {
					delete(unseen, selectorOf(t, l.EntityID))
				}
				wantSame(t, "sessions without an entry", len(unseen), 0)
			})
		})
	}
}

func selectorOf(t *testing.T, text string) hallpass.Selector {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return hallpass.Selector(n)
}

func TestAFailureInAGroupSpoilsNoOtherWrite(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		taken, spent, fresh := w.newSession(a), w.newSession(a), w.newSession(a)
		w.must(w.AuthorizeSession(t.Context(), authorized(spent)))
		tr, ended := w.newTransaction(w.tenant), w.newTransaction(w.tenant)
		started, err := w.StartTransactionSession(t.Context(), w.tenant.ID, hallpass.TransactionSession{ID: uuid.NewString(), TransactionID: tr.ID, Role: "a", LastRequestAt: noon}, "")
		w.must(err)
		_, err = w.EndTransaction(t.Context(), w.tenant.ID, ended.ID, hallpass.TransactionCompleted, "", noon)
		w.must(err)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		collision := w.mintSession(a)
		collision.Selector = taken.Selector
		key, fourth := w.newKey(a.ID), w.mintSession(a)
		newcomer := w.fullApplication()
		broken := w.fullApplication()
		broken.Keys = append(broken.Keys, w.newKey(broken.ID))
		var resumed *hallpass.TransactionSession

		_, release := w.held()
		type outcome struct {
			promise string
			err     error
			want    error // nil for success; errAny for any failure
		}
		var writes []func() outcome
		add := func(promise string, want error, do func() error) {
			writes = append(writes, func() outcome { return outcome{promise, do(), want} })
		}
		ctx := context.Background()
		add("a resumed session", nil, func() (err error) {
			resumed, err = w.StartTransactionSession(ctx, w.tenant.ID, hallpass.TransactionSession{
				ID: uuid.NewString(), TransactionID: tr.ID, Role: "a", LastRequestAt: noon,
			}, "")
			return err
		})
		add("a session", nil, func() error { return w.CreateSession(ctx, fourth) })
		add("a taken selector", hallpass.ErrSelectorTaken, func() error { return w.CreateSession(ctx, collision) })
		add("an authorization", nil, func() error { return w.AuthorizeSession(ctx, authorized(fresh)) })
		add("a spent nonce", hallpass.ErrNonceSpent, func() error { return w.AuthorizeSession(ctx, authorized(spent)) })
		add("an application", nil, func() error { return w.CreateApplication(ctx, newcomer) })
		add("an application with four keys", errAny, func() error { return w.CreateApplication(ctx, broken) })
		add("a key", nil, func() error { return w.CreateKey(ctx, w.tenant.ID, &key) })
		add("a transaction that is over", hallpass.ErrTransaction, func() error {
			_, err := w.EndTransaction(ctx, w.tenant.ID, ended.ID, hallpass.TransactionCancelled, "", noon)
			return err
		})
		add("a caller who has gone", context.Canceled, func() error { return w.CreateTenant(gone, &hallpass.Tenant{ID: "gone", Type: hallpass.TestTenant}) })
		add("a claim", nil, func() error { _, err := w.BeginRequest(ctx, request("one"), noon); return err })
		add("a rotation", nil, func() error { return w.RotateSigningSecret(ctx, secretOf('a')) })

		outcomes := make(chan outcome, len(writes))
		for i, write := range writes { // one after another, so that their order is theirs
			go func() { outcomes <- write() }()
			w.waitFor(i + 1)
		}
		release()
		for range writes {
			o := <-outcomes
			if errors.Is(o.want, errAny) {
				if o.err == nil {
					t.Errorf("%s succeeds", o.promise)
				}
				continue
			}
			wantIs(t, o.promise, o.err, o.want)
		}

		db := w.reopened() // what is on disk, not what is remembered
		for promise, want := range map[string]*hallpass.Session{
			"the new session": fourth, "the one whose selector was taken": taken, "the authorized one": authorized(fresh), "the one authorized before": authorized(spent),
		} {
			got, _, err := db.Session(t.Context(), want.Selector)
			w.must(err)
			wantSame(t, promise, got, want)
		}
		if resumed == nil || resumed.ID != started.ID || resumed.Version != 1 {
			t.Errorf("resumed %+v, started %+v", resumed, started)
		}
		got, err := db.Application(t.Context(), w.tenant.ID, newcomer.ID)
		w.must(err)
		wantSame(t, "the new application", got, newcomer)
		wantSame(t, "half an application", w.count(`SELECT COUNT(*) FROM applications WHERE id = $1`, broken.ID), 0)
		wantSame(t, "its keys", w.count(`SELECT COUNT(*) FROM application_keys WHERE application_id = $1`, broken.ID), 0)
		wantSame(t, "a tenant of nobody", w.count(`SELECT COUNT(*) FROM tenants WHERE id = 'gone'`), 0)
		active, _, err := db.SigningSecrets(t.Context())
		w.must(err)
		wantSame(t, "the signing secret", active, secretOf('a'))
		wantSame(t, "the claim", begin(t, db, request("one"), noon), "runs")
	})
}

var errAny = hallpass.Refuse(hallpass.KindInternal, "any")

func TestAWriteWhoseContextHasEndedDoesNotBegin(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := w.mintSession(a)
		wantIs(t, "create", w.CreateSession(ctx, s), context.Canceled)
		got, _, err := w.Session(t.Context(), s.Selector)
		if got != nil || err != nil {
			t.Errorf("it is stored: %v, %v", got, err)
		}
	})
}

func TestAWriteWhoseContextEndsWhileItWaitsDoesNotBegin(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		s := w.mintSession(w.newApplication(w.tenant, hallpass.Public))
		ctx, cancel := context.WithCancel(t.Context())
		_, release := w.held()
		failure := make(chan error)
		go func() { failure <- w.CreateSession(ctx, s) }()
		w.waitFor(1)
		cancel()
		release()
		wantIs(t, "create", <-failure, context.Canceled)
		got, _, err := w.Session(t.Context(), s.Selector)
		if got != nil || err != nil {
			t.Errorf("it is stored: %v, %v", got, err)
		}
	})
}

func TestCloseLetsQueuedWritesFinish(t *testing.T) {
	onSQLite(t, func(t *testing.T, w *world) {
		a := w.newApplication(w.tenant, hallpass.Public)
		_, release := w.held()
		failures := make(chan error, 100)
		for range cap(failures) {
			s := w.mintSession(a)
			go func() { failures <- w.CreateSession(context.Background(), s) }()
		}
		w.waitFor(cap(failures))
		closed := make(chan error)
		go func() { closed <- w.Close() }()
		release()
		for range cap(failures) {
			w.must(<-failures)
		}
		w.must(<-closed)
		live, _, err := w.reopened().CountSessions(t.Context(), noon)
		w.must(err)
		wantSame(t, "sessions", live, 100)
	})
}

func TestAClosedDatabaseAnswersWithAnError(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		a, ctx := w.newApplication(w.tenant, hallpass.Public), t.Context()
		w.must(w.Close())
		w.must(w.Close()) // once more does no harm
		_, listErr := w.TransactionSessions(ctx, "x")
		_, appErr := w.Application(ctx, w.tenant.ID, a.ID)
		_, keyErr := w.Holder(ctx, 1<<40)
		_, _, secretErr := w.SigningSecrets(ctx)
		_, beginErr := w.BeginRequest(ctx, request("one"), noon)
		for promise, err := range map[string]error{
			"create session": w.CreateSession(ctx, w.mintSession(a)), "update application": w.UpdateApplication(ctx, a), "read application": appErr,
			"create tenant": w.CreateTenant(ctx, w.tenant), "rotate": w.RotateSigningSecret(ctx, secretOf('a')), "list": listErr, "key": keyErr,
			"secrets": secretErr, "begin": beginErr, "ready": w.Ready(ctx),
		} {
			if err == nil {
				t.Errorf("%s succeeds", promise)
			}
		}
	})
}
