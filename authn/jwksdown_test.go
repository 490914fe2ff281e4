package authn_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// A source that never worked: 503 with Retry-After, and one request to it in each
// pause.
func TestJWKSDownFromTheStart(t *testing.T) {
	a := newJWKSSigner(t, "a")
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
	}{
		{"502", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(502) }},
		{"502 with keys", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(502)
			io.WriteString(w, jwksSet(a.jwk(t)))
		}},
		{"204", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) }},
		{"connection closed", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
		{"HTML", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<!doctype html><title>Down</title>") }},
		{"empty", func(w http.ResponseWriter, r *http.Request) {}},
		{"no keys", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{}`) }},
		{"null", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"keys":null}`) }},
		{"an object", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"keys":{}}`) }},
		{"a key alone", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, a.jwk(t)) }},
		{"cut", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, jwksSet(a.jwk(t))[:40]) }},
		{"two sets", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, jwksSet(a.jwk(t))+jwksSet()) }},
		{"keys twice", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"keys":[`+a.jwk(t)+`],"keys":[]}`)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newJWKSServer(t, "")
			server.handle(tt.serve)
			s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
			got, after := s.askFor(t, t.Context(), a.token(t, jwksIssuer, "a"))
			if got != jwksDown || after != "1" {
				t.Errorf("%s, Retry-After %q; want %s, 1", got, after, jwksDown)
			}
			s.expect(t, server, a.token(t, jwksIssuer, "junk"), jwksDown, 1)
			if err := s.auth.Ready(t.Context()); err == nil || server.fetches.Load() != 1 {
				t.Errorf("Ready: %v after %d fetches, want an error after 1", err, server.fetches.Load())
			}

			s.clock.add(time.Second)
			server.publish(jwksSet(a.jwk(t)))
			s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)
			if err := s.auth.Ready(t.Context()); err != nil {
				t.Error("Ready:", err)
			}
		})
	}
}

// The pauses before the first success: each is twice the one before, up to
// CoolDown, which is the pause from the first success on.
func TestJWKSPausesAtTheStart(t *testing.T) {
	a := newJWKSSigner(t, "a")
	for _, tt := range []struct {
		coolDown time.Duration
		pauses   []int // seconds
	}{
		{0, []int{1, 2, 4, 8, 16, 30, 30}},
		{3 * time.Second, []int{1, 2, 3, 3}},
		{time.Second, []int{1, 1}},
	} {
		server := newJWKSServer(t, "")
		server.fail()
		keys := authn.JWKS(server.URL)
		keys.CoolDown = tt.coolDown
		s := newJWKSService(t, keys, newJWKSClock())
		good := a.token(t, jwksIssuer, "a")
		for i, pause := range tt.pauses {
			got, after := s.askFor(t, t.Context(), good)
			if n := server.fetches.Load(); got != jwksDown || after != fmt.Sprint(pause) || n != int64(i+1) {
				t.Errorf("fetch %d, %d: %s, Retry-After %q, want %d", i+1, n, got, after, pause)
			}
			s.clock.add(time.Duration(pause)*time.Second - 1)
			s.expect(t, server, good, jwksDown, int64(i+1))
			s.clock.add(1)
		}
		n := int64(len(tt.pauses)) + 1
		server.publish(jwksSet(a.jwk(t)))
		s.expect(t, server, good, jwksGood, n)
		server.fail()
		s.clock.add(time.Hour)
		coolDown := cmp.Or(tt.coolDown, 30*time.Second)
		if _, after := s.askFor(t, t.Context(), good); after != fmt.Sprint(coolDown.Seconds()) {
			t.Errorf("Retry-After is %q after there were keys, want %v", after, coolDown)
		}
	}
}

// A source that fails later: what is known serves up to MaxStale, and no longer.
func TestJWKSDownLater(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	good, junk := a.token(t, jwksIssuer, "a"), a.token(t, jwksIssuer, "junk")
	s.expect(t, server, good, jwksGood, 1)

	server.handle(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") })
	s.clock.add(15 * time.Minute)
	if got := s.ask(t, good); got != jwksGood {
		t.Errorf("stale: %s", got)
	}
	s.settle(t)
	s.expect(t, server, good, jwksGood, 2)
	s.expect(t, server, junk, jwksDown, 2) // nobody knows whether that key is there now
	for i := range int64(89) {             // one in each cool-down, until the hour is over
		s.clock.add(30 * time.Second)
		if got := s.ask(t, good); got != jwksGood {
			t.Fatalf("%v after the last success: %s", s.clock.now().Sub(newJWKSClock().at), got)
		}
		s.settle(t)
		s.expect(t, server, good, jwksGood, 3+i)
	}
	s.clock.add(30*time.Second - 1)
	s.expect(t, server, good, jwksGood, 91)
	s.clock.add(1) // an hour
	s.expect(t, server, good, jwksDown, 92)
	if err := s.auth.Ready(t.Context()); err == nil {
		t.Error("Ready: no error")
	}

	server.publish(jwksSet(a.jwk(t)))
	s.clock.add(30 * time.Second)
	s.expect(t, server, good, jwksGood, 93)
}

// A source that hangs, from the start: a request waits for Wait at most, later ones
// do not wait, and there is one fetch.
func TestJWKSSlowFromTheStart(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	came, release := server.hang(t)
	keys := authn.JWKS(server.URL)
	keys.Wait, keys.Timeout = 10*time.Millisecond, time.Hour
	s := newJWKSService(t, keys, newJWKSClock())
	good := a.token(t, jwksIssuer, "a")
	jwksWithin(t, func() {
		for range 100 {
			if got, after := s.askFor(t, t.Context(), good); got != jwksDown || after == "" {
				t.Errorf("%s, Retry-After %q", got, after)
			}
		}
		<-came
		release()
		if err := s.auth.Ready(t.Context()); err != nil { // it waits for the end
			t.Error("Ready:", err)
		}
		s.expect(t, server, good, jwksGood, 1)
	})
}

// A source that hangs later: known keys never wait for it, and unknown ones not for
// long.
func TestJWKSSlowLater(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys := authn.JWKS(server.URL)
	keys.Wait, keys.Timeout = time.Hour, time.Hour
	s := newJWKSService(t, keys, newJWKSClock())
	good := a.token(t, jwksIssuer, "a")
	s.expect(t, server, good, jwksGood, 1)
	came, release := server.hang(t)
	jwksWithin(t, func() {
		s.clock.add(time.Minute)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { // a new key, which needs a fetch; its client goes away
			r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+a.token(t, jwksIssuer, "new"))
			_, err := s.auth.Verify(r)
			left <- err
		}()
		<-came
		for range 100 {
			s.expect(t, server, good, jwksGood, 2)
		}
		s.clock.add(14 * time.Minute) // stale
		s.expect(t, server, good, jwksGood, 2)
		leave()
		if err := <-left; err != context.Canceled {
			t.Errorf("the request that was left: %v", err)
		}
		release() // and the fetch that it began goes on
		s.settle(t)
		s.expect(t, server, good, jwksGood, 2)
	})
}

// A fetch ends by Timeout, and is a failure then.
func TestJWKSTimeout(t *testing.T) {
	a := newJWKSSigner(t, "a")
	fetches := 0
	keys := authn.JWKS("https://issuer.example/jwks.json")
	keys.Timeout, keys.Wait = 10*time.Millisecond, time.Hour
	keys.Client = &http.Client{Transport: jwksTransport(func(r *http.Request) (*http.Response, error) {
		fetches++
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	s := newJWKSService(t, keys, newJWKSClock())
	jwksWithin(t, func() {
		for range 2 {
			if got := s.ask(t, a.token(t, jwksIssuer, "a")); got != jwksDown || fetches != 1 {
				t.Errorf("%s after %d fetches", got, fetches)
			}
		}
	})
}

// countedBodies counts what is read of answers.
type countedBodies struct{ read atomic.Int64 }

type countedBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (c *countedBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		response.Body = countedBody{response.Body, &c.read}
	}
	return response, err
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

// 200 MB are cut off at MaxBytes, and not read at all where the length is told.
func TestJWKSHuge(t *testing.T) {
	const huge = 200 << 20
	a := newJWKSSigner(t, "a")
	for _, tt := range []struct {
		length string
		want   int64
	}{
		{"", 1<<20 + 1}, {fmt.Sprint(huge), 0},
	} {
		server := newJWKSServer(t, jwksSet(a.jwk(t)))
		counted := new(countedBodies)
		keys := authn.JWKS(server.URL)
		keys.Client = &http.Client{Transport: counted}
		s := newJWKSService(t, keys, newJWKSClock())
		s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
		counted.read.Store(0)

		ended := make(chan struct{})
		server.handle(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			if tt.length != "" {
				w.Header().Set("Content-Length", tt.length)
			}
			io.WriteString(w, jwksSet(a.jwk(t)))
			chunk := []byte(strings.Repeat(" ", 1<<16))
			for sent := 0; sent < huge; sent += len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
			t.Error("all of it was taken")
		})
		s.clock.add(16 * time.Minute)
		s.ask(t, a.token(t, jwksIssuer, "a"))
		s.settle(t)
		if got := counted.read.Load(); got != tt.want {
			t.Errorf("Content-Length %q: %d bytes were read, want %d", tt.length, got, tt.want)
		}
		<-ended
		s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)       // known
		s.expect(t, server, a.token(t, jwksIssuer, "another"), jwksDown, 2) // cannot be told
	}
}

// An empty set is a set: it trusts nobody.
func TestJWKSEmptySet(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet())
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksUnknown, 1)
	s.expect(t, server, a.token(t, jwksIssuer, ""), jwksUnknown, 1)

	server.publish(jwksSet(a.jwk(t)))
	s.clock.add(time.Minute)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)
	server.publish(`{"keys":[]}`)
	s.clock.add(16 * time.Minute)
	s.ask(t, a.token(t, jwksIssuer, "a"))
	s.settle(t)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksUnknown, 3)
}

// A set without a key for the algorithms is had, and is not ready: each probe after
// a pause asks again.
func TestJWKSReadyOfNoUsableKey(t *testing.T) {
	a := newJWKSSigner(t, "a")
	for _, set := range []string{jwksSet(), jwksSet(`{"kty":"new"}`), jwksSet(a.jwk(t, `"use":"enc"`)), jwksSet(a.jwk(t, `"alg":"ES384"`))} {
		server := newJWKSServer(t, set)
		s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
		for range 3 {
			if err := s.auth.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no key for the algorithms") || server.fetches.Load() != 1 {
				t.Errorf("%s: %v after %d fetches", set, err, server.fetches.Load())
			}
		}
		s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksUnknown, 1)
		server.publish(jwksSet(a.jwk(t)))
		s.clock.add(time.Minute)
		if err := s.auth.Ready(t.Context()); err != nil || server.fetches.Load() != 2 {
			t.Errorf("%s: %v after %d fetches", set, err, server.fetches.Load())
		}
		s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 2)
	}
}

// Probes do not keep a key from being found: a token that names it brings a fetch
// forward, however often they asked.
func TestJWKSReadyBesideTokens(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet())
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	for i, pause := range []time.Duration{0, time.Minute, 2 * time.Minute, 4 * time.Minute} { // of an id that is not there
		s.clock.add(pause)
		if err := s.auth.Ready(t.Context()); err == nil || server.fetches.Load() != int64(i+1) {
			t.Errorf("probe %d: %v after %d fetches", i, err, server.fetches.Load())
		}
	}
	server.publish(jwksSet(a.jwk(t)))
	s.clock.add(time.Minute)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 5)
}
