package authn_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// OnFetch hears of each fetch: also of a refresh that fails while old keys serve.
func TestJWKSOnFetch(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	var mu sync.Mutex
	var heard []error
	keys := authn.JWKS(server.URL + "/keys?secret=hush")
	keys.OnFetch = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, err)
	}
	since := func(n int) []error {
		mu.Lock()
		defer mu.Unlock()
		return heard[n:]
	}
	s := newJWKSService(t, keys, newJWKSClock())
	good := a.token(t, jwksIssuer, "a")
	s.expect(t, server, good, jwksGood, 1)
	if got := since(0); len(got) != 1 || got[0] != nil {
		t.Errorf("after a success: %v", got)
	}
	server.fail()
	s.clock.add(15 * time.Minute)
	if got := s.ask(t, good); got != jwksGood {
		t.Errorf("while a refresh fails: %s", got)
	}
	s.settle(t)
	if got := since(1); len(got) != 1 || got[0] == nil || !strings.Contains(got[0].Error(), "the status is 502") || strings.Contains(got[0].Error(), "hush") {
		t.Errorf("after a failure: %v", got)
	}
	s.expect(t, server, good, jwksGood, 2) // and nobody else notices
	server.publish(jwksSet(a.jwk(t)))
	s.clock.add(time.Minute)
	s.ask(t, good)
	s.settle(t)
	if got := since(2); len(got) != 1 || got[0] != nil {
		t.Errorf("after it is back: %v", got)
	}
}

// A hook that panics takes nothing down.
func TestJWKSOnFetchPanics(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys := authn.JWKS(server.URL)
	keys.OnFetch = func(error) { panic("no") }
	s := newJWKSService(t, keys, newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
}

// The clock of keys that are asked by themselves; a service goes by its own.
func TestJWKSNow(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	clock := newJWKSClock()
	keys := authn.JWKS(server.URL)
	keys.Now = clock.now
	if _, err := keys.Keys(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	server.publish(jwksSet(b.jwk(t)))
	if _, err := keys.Keys(t.Context(), "b"); err != authn.ErrUnknownKey || server.fetches.Load() != 1 {
		t.Errorf("%v after %d fetches", err, server.fetches.Load())
	}
	clock.add(time.Minute)
	if found, err := keys.Keys(t.Context(), "b"); err != nil || len(found) != 1 || server.fetches.Load() != 2 {
		t.Errorf("%v, %v after %d fetches", found, err, server.fetches.Load())
	}

	keys = authn.JWKS(server.URL)
	keys.Now = func() time.Time { t.Error("the service asks the clock of the keys"); return time.Time{} }
	s := newJWKSService(t, keys, newJWKSClock())
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksGood, 3)
}
