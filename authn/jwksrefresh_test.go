package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// A new key is found as soon as a token names it, and the old one is used on.
func TestJWKSRotation(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)

	server.publish(jwksSet(a.jwk(t), b.jwk(t)))
	s.clock.add(29 * time.Second)
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksUnknown, 1) // within the cool-down
	s.clock.add(time.Second)
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksGood, 2)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)
	if got := s.ask(t, a.token(t, jwksIssuer, "b")); got != "401 token-signature" {
		t.Errorf("a's signature under b's id: %s", got)
	}
}

// What the issuer takes out is not trusted after the next refresh (CVE-2025-22149).
func TestJWKSRemovedKey(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t), b.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	old := a.token(t, jwksIssuer, "a")
	s.expect(t, server, old, jwksGood, 1)

	server.publish(jwksSet(b.jwk(t)))
	s.clock.add(15*time.Minute - 1)
	s.expect(t, server, old, jwksGood, 1)
	s.clock.add(1)
	if got := s.ask(t, old); got != jwksGood {
		t.Errorf("while it is refreshed: %s", got)
	}
	s.settle(t)
	s.expect(t, server, old, jwksUnknown, 2)
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksGood, 2)
}

// A refresh for another reason removes keys too.
func TestJWKSRemovedKeyByUnknownKid(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	server.publish(jwksSet(b.jwk(t)))
	s.clock.add(time.Minute)
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksGood, 2)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksUnknown, 2)
}

// Ids that nobody has, one every minute, do not make a fetch each; a key that comes
// meanwhile is found at the next refresh at the latest.
func TestJWKSJunkOverTime(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	for i := range 50 {
		s.clock.add(time.Minute)
		if got := s.ask(t, a.token(t, jwksIssuer, fmt.Sprint("junk ", i))); got != jwksUnknown {
			t.Errorf("minute %d: %s", i+1, got)
		}
	}
	// Minutes 0, 1, 2, 4, 8, 16; then one is due 15 minutes later, at 31; from there
	// the pauses grow again: 32, 33, 35, 39, 47.
	if got := server.fetches.Load(); got != 12 {
		t.Errorf("there were %d fetches, want 12", got)
	}

	server.publish(jwksSet(a.jwk(t), b.jwk(t)))
	s.clock.add(12 * time.Minute) // minute 62: due
	s.expect(t, server, b.token(t, jwksIssuer, "b"), jwksGood, 13)
}

// One client with one old token costs a few fetches, and does not keep a new key
// from being found.
func TestJWKSOneJunkKid(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	stuck := b.token(t, jwksIssuer, "b")
	for i := range 28 { // every 30 s
		s.clock.add(30 * time.Second)
		if got := s.ask(t, stuck); got != jwksUnknown {
			t.Errorf("after %d: %s", i, got)
		}
	}
	// At 30 s, then after pauses of 60, 120, 240 s (450 s); the next is at 930 s.
	if got := server.fetches.Load(); got != 5 {
		t.Errorf("there were %d fetches, want 5", got)
	}
	c := newJWKSSigner(t, "c")
	server.publish(jwksSet(a.jwk(t), c.jwk(t)))
	s.clock.add(time.Second)
	s.expect(t, server, c.token(t, jwksIssuer, "c"), jwksGood, 6)

	server.publish(jwksSet(a.jwk(t), b.jwk(t))) // the id that was missing comes
	s.clock.add(30 * time.Second)
	s.expect(t, server, stuck, jwksGood, 7)
}

// The pause between fetches is one for all ids.
func TestJWKSTwoJunkKids(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	one, two := a.token(t, jwksIssuer, "one"), a.token(t, jwksIssuer, "two")
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	s.clock.add(30 * time.Second)
	s.expect(t, server, one, jwksUnknown, 2)
	s.clock.add(time.Minute)
	s.expect(t, server, two, jwksUnknown, 3)
	s.expect(t, server, one, jwksUnknown, 3) // its own pause is over
	s.clock.add(30 * time.Second)
	s.expect(t, server, one, jwksUnknown, 4)
}

// The age of keys counts from when they were asked for.
func TestJWKSAgeFromRequest(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	came, release := server.hang(t)
	keys := authn.JWKS(server.URL)
	keys.Timeout, keys.Wait, keys.MaxStale = time.Hour, time.Hour, 15*time.Minute
	s := newJWKSService(t, keys, newJWKSClock())
	ready := make(chan error)
	go func() { ready <- s.auth.Ready(t.Context()) }()
	<-came
	s.clock.add(14 * time.Minute)
	release()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Minute)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)
}

// A failed fetch is followed by a cool-down too, also for known keys.
func TestJWKSCoolDownAfterFailure(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys := authn.JWKS(server.URL)
	keys.CoolDown = 2 * time.Minute
	s := newJWKSService(t, keys, newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	server.fail()
	s.clock.add(2 * time.Minute)
	s.expect(t, server, a.token(t, jwksIssuer, "new"), jwksDown, 2)
	s.clock.add(time.Minute)
	got, after := s.askFor(t, t.Context(), a.token(t, jwksIssuer, "another"))
	if got != jwksDown || after != "60" {
		t.Errorf("%s, Retry-After %q; want %s, 60", got, after, jwksDown)
	}
	s.clock.add(12 * time.Minute) // the keys are stale
	for range 5 {
		s.ask(t, a.token(t, jwksIssuer, "a"))
		s.settle(t)
	}
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 3)
}

// A clock that is set back does not make keys fresh for longer.
func TestJWKSClockSetBack(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
	server.publish(jwksSet(b.jwk(t)))
	s.clock.add(-24 * time.Hour)
	s.ask(t, a.token(t, jwksIssuer, "a"))
	s.settle(t)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksUnknown, 2)
	server.fail()
	s.clock.add(time.Minute)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksDown, 3)
	s.clock.add(-24 * time.Hour) // the cool-down is not longer for it
	server.publish(jwksSet(a.jwk(t)))
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 4)
}

// One RemoteKeys for two issuers: each fetches for itself.
func TestJWKSShared(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys, clock := authn.JWKS(server.URL), newJWKSClock()
	one := newJWKSServiceOf(t, "https://one.example", keys, clock)
	two := newJWKSServiceOf(t, "https://two.example", keys, clock)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if got := one.ask(t, a.token(t, "https://one.example", "a")); got != jwksGood {
				t.Error(got)
			}
		})
		group.Go(func() {
			if got := two.ask(t, a.token(t, "https://two.example", "a")); got != jwksGood {
				t.Error(got)
			}
		})
	}
	group.Wait()
	if got := server.fetches.Load(); got != 2 {
		t.Errorf("there were %d fetches, want 2", got)
	}
}

func TestJWKSReadyFetches(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	if got := server.fetches.Load(); got != 0 {
		t.Errorf("New made %d fetches", got)
	}
	for range 3 {
		if err := s.auth.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	}
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
}

func TestJWKSReadyLeaves(t *testing.T) {
	server := newJWKSServer(t, "")
	server.hang(t)
	keys := authn.JWKS(server.URL)
	keys.Timeout = time.Hour
	s := newJWKSService(t, keys, newJWKSClock())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	jwksWithin(t, func() {
		if err := s.auth.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// Version changes with the keys, not with their order and not with a fetch.
func TestJWKSVersion(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(a.jwk(t), b.jwk(t)))
	keys := authn.JWKS(server.URL)
	keys.Refresh, keys.CoolDown = time.Nanosecond, time.Second // each call fetches
	last := keys.Version()
	for i, tt := range []struct {
		set     string
		changes bool
	}{
		{jwksSet(a.jwk(t), b.jwk(t)), true},
		{jwksSet(b.jwk(t), a.jwk(t)), false},
		{jwksSet(a.jwk(t), `{"kty":"new"}`, b.jwk(t)), false},
		{jwksSet(a.jwk(t)), true},
		{jwksSet(a.jwk(t, `"alg":"ES256"`)), true},
		{jwksSet(), true},
		{"<html>", false},
	} {
		server.publish(tt.set)
		before := server.fetches.Load()
		for server.fetches.Load() == before { // the second call waits for the fetch that the first began
			keys.Keys(t.Context(), "a")
		}
		keys.Keys(t.Context(), fmt.Sprint("junk ", i))
		if got := keys.Version(); (got != last) != tt.changes {
			t.Errorf("step %d: the version was %d and is %d", i, last, got)
		} else {
			last = got
		}
	}
}

// A panic of a transport is a failed fetch.
func TestJWKSTransportPanics(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys := authn.JWKS(server.URL)
	keys.Client = &http.Client{Transport: jwksTransport(func(*http.Request) (*http.Response, error) { panic("no") })}
	s := newJWKSService(t, keys, newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksDown, 0)
}

type jwksTransport func(*http.Request) (*http.Response, error)

func (f jwksTransport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
