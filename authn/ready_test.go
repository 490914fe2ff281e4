package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// readyKeys is a source of keys that can tell whether it is ready.
type readyKeys struct {
	err   error
	asked int
	got   context.Context
}

func (k *readyKeys) Keys(context.Context, string) ([]authn.Key, error) {
	return nil, errors.New("no request was made")
}

func (k *readyKeys) Ready(ctx context.Context) error {
	k.asked++
	k.got = ctx
	return k.err
}

// plainKeys is a source that cannot.
type plainKeys struct{}

func (plainKeys) Keys(context.Context, string) ([]authn.Key, error) {
	return nil, errors.New("no request was made")
}

func readyJWT(issuer string, keys authn.KeySource) authn.Scheme {
	return authn.JWT[authn.NoClaims]{Issuer: issuer, Audience: "a", Algorithms: []string{"ES256", "HS256"}, Keys: keys}
}

func TestReadyAsksEachSource(t *testing.T) {
	down1, down2 := errors.New("the first is down"), errors.New("the second is down")
	for _, tt := range []struct {
		name          string
		first, second error
	}{
		{"both are ready", nil, nil},
		{"the first is not", down1, nil},
		{"the second is not", nil, down2},
		{"neither is", down1, down2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := &readyKeys{err: tt.first}, &readyKeys{err: tt.second}
			a, err := authn.New(authn.Options{Schemes: []authn.Scheme{
				readyJWT("https://one.example", first),
				readyJWT("https://two.example", plainKeys{}),
				readyJWT("https://three.example", authn.Keys{{Algorithm: "HS256", Key: []byte("0123456789abcdef0123456789abcdef")}}),
				readyJWT("https://four.example", second),
			}})
			if err != nil {
				t.Fatal(err)
			}
			if first.asked+second.asked != 0 {
				t.Error("New asked a source")
			}
			type key struct{}
			err = a.Ready(context.WithValue(t.Context(), key{}, "mine"))
			if (err == nil) != (tt.first == nil && tt.second == nil) {
				t.Errorf("Ready: %v", err)
			}
			for _, want := range []error{tt.first, tt.second} {
				if want != nil && !errors.Is(err, want) {
					t.Errorf("Ready: %v does not have: %v", err, want)
				}
			}
			for i, k := range []*readyKeys{first, second} {
				if k.asked != 1 || k.got.Value(key{}) != "mine" {
					t.Errorf("source %d was asked %d times, with the context %v", i, k.asked, k.got)
				}
			}
		})
	}
}

func TestReadyWithNothingToAsk(t *testing.T) {
	a, err := authn.New(authn.Options{Schemes: []authn.Scheme{readyJWT("https://one.example", authn.Keys{{Algorithm: "HS256", Key: []byte("0123456789abcdef0123456789abcdef")}})}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// An endpoint and a source of keys that are both down are both named.
func TestReadyAsksIntrospectionToo(t *testing.T) {
	down := errors.New("the keys are out of reach")
	keys := &readyKeys{err: down}
	answer := introspectJSON(`<html>`)
	g := newIntrospectRig(t, answer, func(url string) []authn.Scheme {
		return []authn.Scheme{introspectScheme(url), readyJWT("https://one.example", keys)}
	})
	if err := g.auth.Ready(t.Context()); !errors.Is(err, down) || !strings.Contains(err.Error(), "introspection") {
		t.Errorf("Ready: %v", err)
	}
}

// Ready asks about what is no token, and knows an endpoint that says yes to all.
func TestIntrospectionReady(t *testing.T) {
	for _, tt := range []struct {
		answer http.HandlerFunc
		want   string
	}{
		{introspectJSON(introspectInactive), ""},
		{introspectJSON(introspectGood), "a made-up token is active"},
		{introspectJSON(`{"active":true,"aud":"https://other.example"}`), "a made-up token is active"},
		{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "does not take the credentials of this service"},
		{func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "the endpoint answers 500"},
		{func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "is not application/json"},
	} {
		g := newIntrospectRig(t, tt.answer, introspectOne)
		err := g.auth.Ready(t.Context())
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("Ready: %v, want %q", err, tt.want)
		}
	}
}

// Ready does not burden the endpoint, and its context's end is its own.
func TestIntrospectionReadyIsShared(t *testing.T) {
	g := newIntrospectRig(t, introspectJSON(introspectInactive), introspectOne)
	for range 3 {
		if err := g.auth.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := g.calls.Load(); n != 1 {
		t.Errorf("%d calls for 3 probes within 5 s", n)
	}
	g.advance(5 * time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reads := g.reads.Load()
	if err := g.auth.Ready(ctx); !errors.Is(err, context.Canceled) || g.reads.Load() != reads+1 || g.calls.Load() != 1 {
		t.Errorf("Ready of a context that has ended: %v", err)
	}
}

// readyStore is every store, and can tell whether it is ready.
type readyStore struct {
	readyKeys
	authn.UserStore
	authn.APIKeyStore
	authn.ReplayStore
}

// Stores that have a method Ready are asked, those that have none are not.
func TestReadyAsksStores(t *testing.T) {
	down := [...]error{errors.New("the users are down"), errors.New("the keys are down"), errors.New("the proofs are down")}
	for i := range 1 << len(down) {
		var stores [len(down)]*readyStore
		for n := range stores {
			stores[n] = new(readyStore)
			if i&(1<<n) != 0 {
				stores[n].err = down[n]
			}
		}
		a, err := authn.New(authn.Options{Schemes: []authn.Scheme{
			readyJWT("https://one.example", plainKeys{}),
			authn.Basic{Users: stores[0]}, authn.APIKey{Keys: stores[1]},
			authn.DPoP{Origin: "https://api.example", Replays: stores[2]},
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = a.Ready(t.Context())
		if (err == nil) != (i == 0) {
			t.Errorf("%b: %v", i, err)
		}
		for n := range stores {
			if stores[n].asked != 1 || errors.Is(err, down[n]) != (stores[n].err != nil) {
				t.Errorf("%b: %v, store %d was asked %d times", i, err, n, stores[n].asked)
			}
		}
	}
	a, err := authn.New(authn.Options{Schemes: []authn.Scheme{
		authn.Basic{Users: basicStore(func(context.Context, string) (authn.User, error) { return authn.User{}, down[0] })},
		authn.APIKey{Keys: authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "job"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
