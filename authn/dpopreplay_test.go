package authn_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

func TestRFC9449Section11_1_Replay(t *testing.T) {
	k, other := dpopNewKey(t, "ES256"), dpopNewKey(t, "ES256")
	token, others := dpopBound(t, k), dpopBound(t, other)
	now := dpopNow
	s := dpopServe(t, authn.DPoP{}, func(o *authn.Options) { o.Now = func() time.Time { return now } })
	proof := func(k *dpopKey, method, path, token, jti string, iat int64) string {
		return k.proof(t, method, dpopOrigin+path, token, nil, dpopMembers{"jti": jti, "iat": iat})
	}
	iat := dpopNow.Unix()
	first := proof(k, "GET", "/v1", token, "a", iat+10)
	for _, tt := range []struct {
		name   string
		at     time.Duration
		method string
		target string
		token  string
		proof  string
		want   authn.Reason
	}{
		{"the first time", 0, "GET", "/v1", token, first, authn.Accepted},
		{"again", 0, "GET", "/v1", token, first, authn.ProofReplayed},
		{"again, with another query", 0, "GET", "/v1?a=b", token, first, authn.ProofReplayed},
		{"again, with the URL spelt otherwise", 0, "GET", "/%761", token, first, authn.ProofReplayed},
		{"another proof with its jti", 0, "GET", "/v1", token, proof(k, "GET", "/v1", token, "a", iat), authn.ProofReplayed},
		{"that, with its htu spelt otherwise", 0, "GET", "/v1", token, proof(k, "GET", "/%761", token, "a", iat), authn.ProofReplayed},
		{"that, for another method", 0, "POST", "/v1", token, proof(k, "POST", "/v1", token, "a", iat), authn.ProofReplayed},
		{"its jti for another URL", 0, "GET", "/v2", token, proof(k, "GET", "/v2", token, "a", iat), authn.Accepted},
		{"its jti by another key", 0, "GET", "/v1", others, proof(other, "GET", "/v1", others, "a", iat), authn.Accepted},
		{"as long as it is good", 70 * time.Second, "GET", "/v1", token, first, authn.ProofReplayed},
		{"and when it is not", 71 * time.Second, "GET", "/v1", token, first, authn.ProofStale},
		{"a new one with its jti, when it is forgotten", 83 * time.Second, "GET", "/v1", token, proof(k, "GET", "/v1", token, "a", iat+83), authn.Accepted},
	} {
		now = dpopNow.Add(tt.at)
		w, reason := s.send(tt.method, tt.target, "DPoP "+tt.token, tt.proof)
		if reason != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, reason, tt.want)
		}
		if reason != authn.Accepted {
			dpopWant(t, w, 401, dpopBadProof)
		}
	}
}

// A proof that is refused is not spent: an attacker who sends it to another URL first
// does not lock the client out.
func TestDPoPRecordsLast(t *testing.T) {
	k, other := dpopNewKey(t, "ES256"), dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	proof := k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil)
	var added int
	s := dpopServe(t, authn.DPoP{Replays: dpopStore(func(context.Context, [32]byte, time.Time) (bool, error) {
		added++
		return true, nil
	})})
	for _, tt := range []struct {
		method, target, token, proof string
		want                         authn.Reason
	}{
		{"POST", "/v1", token, proof, authn.ProofMethodMismatch},
		{"GET", "/v2", token, proof, authn.ProofURLMismatch},
		{"GET", "/v1", dpopToken(t, map[string]any{"jkt": k.thumbprint, "x": 1}), proof, authn.ProofTokenMismatch},
		{"GET", "/v1", token, other.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil), authn.ProofKeyMismatch},
		{"GET", "/v1", token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, dpopMembers{"iat": 1}), authn.ProofStale},
		{"GET", "/v1", token, proof[:len(proof)-4] + "AAAA", authn.ProofSignatureWrong},
	} {
		if _, reason := s.send(tt.method, tt.target, "DPoP "+tt.token, tt.proof); reason != tt.want || added != 0 {
			t.Errorf("%s, want %s; added %d", reason, tt.want, added)
		}
	}
	if _, reason := s.send("GET", "/v1", "DPoP "+token, proof); reason != authn.Accepted || added != 1 {
		t.Errorf("%s, added %d", reason, added)
	}
}

func TestDPoPReplayConcurrent(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	s := dpopServe(t, authn.DPoP{})
	proof := k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil)
	var wg sync.WaitGroup
	start := make(chan struct{})
	codes := make(chan int, 64)
	for range 64 {
		wg.Go(func() {
			r := httptest.NewRequest("GET", "/v1", nil)
			r.Header.Set("Authorization", "DPoP "+token)
			r.Header.Set("DPoP", proof)
			w := httptest.NewRecorder()
			<-start
			s.ServeHTTP(w, r)
			codes <- w.Code
		})
	}
	close(start)
	wg.Wait()
	close(codes)
	count := map[int]int{}
	for c := range codes {
		count[c]++
	}
	if count[200] != 1 || count[401] != 63 {
		t.Errorf("%v, want one 200 and 63 times 401", count)
	}
}

func TestDPoPReplayStoreFails(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	for _, fresh := range []bool{false, true} {
		s := dpopServe(t, authn.DPoP{Replays: dpopStore(func(context.Context, [32]byte, time.Time) (bool, error) {
			return fresh, errDPoPStore
		})})
		w, reason := s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
		if w.Code != 503 || w.Header().Get("Retry-After") != "5" || w.Header()["Www-Authenticate"] != nil || reason != authn.ReplayStoreUnavailable {
			t.Errorf("%d %s %v", w.Code, reason, w.Header())
		}
		if strings.Contains(w.Body.String(), "redis") {
			t.Errorf("the store's error is in %s", w.Body)
		}
	}
}

// The store is given the request's context, one key for one proof, and a time that
// lies behind the last at which the proof could be taken, on a machine whose clock is
// behind by the leeway too.
func TestDPoPReplayStoreCalls(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	type key struct{}
	keys := map[[32]byte]int{}
	s := dpopServe(t, authn.DPoP{MaxAge: 5 * time.Minute, Replays: dpopStore(func(ctx context.Context, id [32]byte, until time.Time) (bool, error) {
		if ctx.Value(key{}) != "request" {
			t.Error("another context")
		}
		if last := dpopNow.Add(-100 * time.Second).Add(5*time.Minute + 10*time.Second); !until.After(last) || until.After(last.Add(2*time.Second)) {
			t.Errorf("until %v, want just after %v", until, last)
		}
		keys[id]++
		return keys[id] == 1, nil
	})})
	// The last two are told apart only if what is hashed is: a URL that ends as the
	// other's jti begins.
	for _, tt := range [][2]string{{"/v1", "a"}, {"/v1", "a"}, {"/v1", "b"}, {"/v1/a", "b"}, {"/v1/", "ab"}} {
		r := httptest.NewRequest("GET", tt[0], nil)
		r.Header.Set("Authorization", "DPoP "+token)
		r.Header.Set("DPoP", k.proof(t, "GET", dpopOrigin+tt[0], token, nil, dpopMembers{"jti": tt[1], "iat": dpopNow.Unix() - 100}))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "request")))
		<-s.reasons
	}
	if len(keys) != 4 {
		t.Errorf("%d keys, want 4", len(keys))
	}
}

// The default store is bounded: it does not forget a proof that could still be used,
// and has room again when it could not.
func TestDPoPReplaysFull(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	now := dpopNow
	s := dpopServe(t, authn.DPoP{MaxReplays: 3}, func(o *authn.Options) { o.Now = func() time.Time { return now } })
	send := func() (*httptest.ResponseRecorder, authn.Reason, string) {
		p := k.proof(t, "GET", dpopOrigin+"/v1", token, nil, dpopMembers{"iat": now.Unix()})
		w, reason := s.send("GET", "/v1", "DPoP "+token, p)
		return w, reason, p
	}
	var first string
	for i := range 3 {
		if i == 2 {
			now = now.Add(30 * time.Second) // one outlives the others
		}
		_, reason, p := send()
		if reason != authn.Accepted {
			t.Fatalf("%d: %s", i, reason)
		}
		if i == 0 {
			first = p
		}
	}
	const full = authn.ReplayStoreUnavailable
	for _, tt := range []struct {
		at   time.Duration
		want authn.Reason
	}{
		{30 * time.Second, full}, {60 * time.Second, full}, {71 * time.Second, full},
		{72 * time.Second, authn.Accepted}, {72 * time.Second, authn.Accepted}, {73 * time.Second, full},
		{time.Hour, authn.Accepted}, {time.Hour, authn.Accepted}, {time.Hour, authn.Accepted}, {time.Hour, full},
	} {
		now = dpopNow.Add(tt.at)
		w, reason, _ := send()
		if reason != tt.want || reason != authn.Accepted && w.Code != http.StatusServiceUnavailable {
			t.Errorf("after %v: %d %s, want %s", tt.at, w.Code, reason, tt.want)
		}
		if tt.at <= time.Minute {
			if _, reason := s.send("GET", "/v1", "DPoP "+token, first); reason != authn.ProofReplayed {
				t.Errorf("after %v the first is %s", tt.at, reason)
			}
		}
	}
}

// Below Handler, Require does not take the proof for a replay of itself.
func TestDPoPVerifiedOnce(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	s := dpopServe(t, authn.DPoP{})
	var inner int
	h := s.auth.Handler(s.auth.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner++
		if p, err := s.auth.Verify(r); err != nil || p.Subject != "ana" {
			t.Errorf("%v %v", p, err)
		}
	})))
	r := httptest.NewRequest("GET", "/v1", nil)
	r.Header.Set("Authorization", "DPoP "+token)
	r.Header.Set("DPoP", k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
	h.ServeHTTP(httptest.NewRecorder(), r)
	if inner != 1 {
		t.Error("it was not let in")
	}
}
