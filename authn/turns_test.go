package authn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/authn"
)

func turnsRequest(name, password string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth(name, password)
	return r
}

// turnsReason is why a request was refused.
func turnsReason(err error) authn.Reason {
	if e, ok := errors.AsType[*authn.Error](err); ok {
		return e.Reason
	}
	if err == nil {
		return authn.Accepted
	}
	return authn.Reason(err.Error())
}

// Of those who ask at once, so many are served, so many wait, and the rest are told
// to come back.
func TestBasicTurns(t *testing.T) {
	for _, tt := range []struct{ hashes, waiting, wait int }{{1, 2, 2}, {2, 1, 1}, {1, -1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			var atOnce, most atomic.Int64
			var waiting func() int
			next := make(chan bool)
			auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
				Basic: authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}, Hashes: tt.hashes, Waiting: tt.waiting},
				Compare: func(_, _ string, _ func() bool) bool {
					most.Store(max(most.Load(), atOnce.Add(1)))
					defer atOnce.Add(-1)
					return <-next
				},
				Waiting: &waiting,
			}}})
			if err != nil {
				t.Fatal(err)
			}
			results := make(chan error, 100)
			ask := func() {
				go func() {
					_, err := auth.Verify(turnsRequest("ana", "password"))
					results <- err
				}()
				synctest.Wait()
			}
			for range tt.hashes + tt.wait {
				ask()
			}
			if len(results) != 0 || waiting() != tt.wait {
				t.Fatalf("%d answers, %d wait", len(results), waiting())
			}
			for range 2 {
				if ask(); len(results) != 1 || turnsReason(<-results) != authn.UsersUnavailable {
					t.Error("one too many does not get 503 at once")
				}
			}
			for range tt.hashes + tt.wait {
				next <- true
				synctest.Wait()
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			if ask(); waiting() != 0 {
				t.Errorf("%d wait", waiting())
			}
			next <- true
			if err := <-results; err != nil {
				t.Errorf("after the flood: %v", err)
			}
			if got := int(most.Load()); got != tt.hashes {
				t.Errorf("%d hashes at once, want %d", got, tt.hashes)
			}
		})
	}
}

// A refusal for want of a turn is a 503 that says when to come back.
func TestBasicTurns503(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan bool)
		s := newBasicService(t, authn.Options{RetryAfter: 7 * time.Second, Schemes: []authn.Scheme{authn.WatchedBasic{
			Basic:   authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}, Hashes: 1, Waiting: -1},
			Compare: func(_, _ string, _ func() bool) bool { return <-next },
		}}})
		done := make(chan bool)
		go func() {
			_, _ = s.auth.Verify(turnsRequest("ana", "password"))
			close(done)
		}()
		synctest.Wait()
		for _, line := range []string{basicLine("ana", "password"), basicLine("carol", "password"), basicLine("ana", "\x00")} {
			w, reason := s.send(line)
			if w.Code != 503 || reason != authn.UsersUnavailable || w.Header().Get("Retry-After") != "7" {
				t.Errorf("%s: %d %s %v", line, w.Code, reason, w.Header())
			}
		}
		next <- true
		<-done
	})
}

// Who waits goes when its request ends.
func TestBasicTurnsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting func() int
		next := make(chan bool)
		auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
			Basic:   authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}, Hashes: 1},
			Compare: func(_, _ string, _ func() bool) bool { return <-next },
			Waiting: &waiting,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 3)
		ask := func(ctx context.Context) {
			go func() {
				_, err := auth.Verify(turnsRequest("ana", "password").WithContext(ctx))
				results <- err
			}()
			synctest.Wait()
		}
		ask(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		ask(ctx)
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) || turnsReason(err) != "context canceled" {
			t.Errorf("canceled: %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ask(ctx)
		if err := <-results; turnsReason(err) != authn.UsersUnavailable || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("timed out: %v", err)
		}
		if waiting() != 0 {
			t.Errorf("%d wait", waiting())
		}
		next <- true
		if err := <-results; err != nil {
			t.Error(err)
		}
		ask(ctx) // over before it begins, with a turn free
		if err := <-results; turnsReason(err) != authn.UsersUnavailable {
			t.Errorf("ended before: %v", err)
		}
	})
}

// A panic gives the turn back.
func TestBasicTurnsPanic(t *testing.T) {
	first := true
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
		Basic: authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}, Hashes: 1, Waiting: -1},
		Compare: func(_, _ string, _ func() bool) bool {
			if first {
				first = false
				panic("boom")
			}
			return true
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic did not pass")
			}
		}()
		_, _ = auth.Verify(turnsRequest("ana", "password"))
	}()
	if _, err := auth.Verify(turnsRequest("ana", "password")); err != nil {
		t.Error(err)
	}
}
