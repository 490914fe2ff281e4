package authn_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

// tableWorld is what a service is made of.
type tableWorld struct {
	*authntest.Issuer
	t                         *testing.T
	users, keys, proofs       atomic.Bool // they are broken
	key, revoked, lacking, no string      // API keys
	hashes                    authn.APIKeys
}

func newTableWorld(t *testing.T, algorithms ...string) *tableWorld {
	w := &tableWorld{Issuer: authntest.NewIssuer(t, algorithms...), t: t, hashes: authn.APIKeys{}}
	for _, k := range []struct {
		to    *string
		owner authn.APIKeyOwner
	}{
		{&w.key, authn.APIKeyOwner{Subject: "job", Scopes: []string{"orders:read"}}},
		{&w.revoked, authn.APIKeyOwner{Subject: "job", Scopes: []string{"orders:read"}, Revoked: true}},
		{&w.lacking, authn.APIKeyOwner{Subject: "job"}},
		{&w.no, authn.APIKeyOwner{}},
	} {
		key, hash, err := authn.NewAPIKey("test")
		if err != nil {
			t.Fatal(err)
		}
		if *k.to = key; k.owner.Subject != "" {
			w.hashes[hash] = k.owner
		}
	}
	return w
}

var errTableDown = errors.New("the store is down")

// The stores of a world fail when they are told to.
type (
	tableUsers  struct{ *tableWorld }
	tableKeys   struct{ *tableWorld }
	tableProofs struct {
		*tableWorld
		mu   sync.Mutex
		seen map[[32]byte]bool
	}
)

func (u tableUsers) User(_ context.Context, name string) (authn.User, error) {
	if u.users.Load() {
		return authn.User{}, errTableDown
	}
	user, known := tablePeople()[name]
	if !known {
		return user, authn.ErrNoUser
	}
	return user, nil
}

// tablePeople all have the password "swordfish".
var tablePeople = sync.OnceValue(func() map[string]authn.User {
	hash, err := authn.HashPassword("swordfish")
	if err != nil {
		panic(err)
	}
	return map[string]authn.User{
		"ana":  {Hash: hash, Scopes: []string{"orders:read"}},
		"bert": {Hash: hash},
	}
})

func (k tableKeys) APIKey(ctx context.Context, hash [sha256.Size]byte) (authn.APIKeyOwner, error) {
	if k.tableWorld.keys.Load() {
		return authn.APIKeyOwner{}, errTableDown
	}
	return k.hashes.APIKey(ctx, hash)
}

func (p *tableProofs) Add(_ context.Context, key [32]byte, _ time.Time) (bool, error) {
	if p.proofs.Load() {
		return false, errTableDown
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.seen[key]
	p.seen[key] = true
	return !known, nil
}

func (w *tableWorld) static() authn.JWT[authn.NoClaims] {
	j := w.JWT()
	j.Keys = w.Keys()
	return j
}

func (w *tableWorld) discovered() authn.JWT[authn.NoClaims] {
	j := w.JWT()
	j.Keys = authn.Discover()
	return j
}

func (w *tableWorld) replays() authn.ReplayStore {
	return &tableProofs{tableWorld: w, seen: map[[32]byte]bool{}}
}

func (w *tableWorld) basic() *authntest.Basic {
	return &authntest.Basic{Name: "ana", Password: "swordfish", Lacking: "bert", Break: w.users.Store}
}

func (w *tableWorld) apiKey(header string) *authntest.APIKey {
	return &authntest.APIKey{Header: header, Key: w.key, Revoked: w.revoked, Lacking: w.lacking, Unknown: w.no, Break: w.keys.Store}
}

// tableSession is a scheme of the service's own.
func tableSession() (authn.Custom, authntest.Custom) {
	set := func(v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("X-Session", v) } }
	return authn.Custom{Scheme: "Session", Header: "X-Session", Verify: func(_ *http.Request, v string) (authn.Principal, error) {
		switch v {
		case "good":
			return authn.Principal{Subject: "ana", Scopes: []string{"orders:read"}}, nil
		case "broken":
			return authn.Principal{}, errTableDown
		}
		return authn.Principal{}, authn.ErrRefused
	}}, authntest.Custom{Scheme: "Session", Good: set("good"), Refused: set("bad"), Broken: set("broken")}
}
