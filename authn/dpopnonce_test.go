package authn_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

var dpopNonceSecret = []byte("a secret for nonces, 32 bytes it is, and more")

func TestRFC9449Section9_Nonce(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	// A period of nonces begins at 1799999700 and at 1800000000: multiples of 300.
	now := dpopNow
	d := authn.DPoP{Nonces: &authn.Nonces{Secret: dpopNonceSecret}}
	clock := func(o *authn.Options) { o.Now = func() time.Time { return now } }
	s := dpopServe(t, d, clock)
	send := func(s *dpopService, nonce any) (*httptest.ResponseRecorder, authn.Reason) {
		claims := dpopMembers{"iat": now.Unix(), "nonce": nonce}
		return s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, claims))
	}
	offered := func(w *httptest.ResponseRecorder) string { return strings.Join(w.Header()["Dpop-Nonce"], "|") }

	w, reason := send(s, nil)
	dpopWant(t, w, 401, "use_dpop_nonce")
	nonce := offered(w)
	if reason != authn.NonceMissing || len(nonce) != 22 || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Fatalf("reason %s, nonce %q, %v", reason, nonce, w.Header())
	}
	for i := range len(nonce) { // §8.1: NQCHAR
		if c := nonce[i]; c < '!' || c > '~' || c == '"' || c == '\\' {
			t.Errorf("a nonce with %q", c)
		}
	}
	for _, tt := range []struct {
		name   string
		at     time.Duration
		nonce  any
		reason authn.Reason
		offers bool
	}{
		{"its own", 0, nonce, authn.Accepted, false},
		{"its own once more", 0, nonce, authn.Accepted, false}, // §11.1: a nonce may be used again
		{"another's (§9)", 0, "eyJ7S_zG.eyJH0-Z.HX4w-7v", authn.NonceStale, true},
		{"empty", 0, "", authn.NonceMissing, true},
		{"one character less", 0, nonce[:21], authn.NonceStale, true},
		{"one character more", 0, nonce + "A", authn.NonceStale, true},
		{"in lower case", 0, strings.ToLower(nonce) + "x", authn.NonceStale, true},
		{"a number", 0, 7, authn.ProofMalformed, false},
		{"at the end of its period", 299 * time.Second, nonce, authn.Accepted, false},
		{"in the next period (§8.2)", 300 * time.Second, nonce, authn.Accepted, true},
		{"at the end of that", 599 * time.Second, nonce, authn.Accepted, true},
		{"after that", 600 * time.Second, nonce, authn.NonceStale, true},
		{"on a machine 5 s behind", -5 * time.Second, nonce, authn.Accepted, false},
		{"on a machine 11 s behind", -11 * time.Second, nonce, authn.NonceStale, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now = dpopNow.Add(tt.at)
			w, reason := send(s, tt.nonce)
			fresh := offered(w)
			if reason != tt.reason || tt.offers != (fresh != "") {
				t.Fatalf("reason %s, nonce %q, want %s and %t", reason, fresh, tt.reason, tt.offers)
			}
			switch reason {
			case authn.Accepted:
				if fresh != "" && w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("Cache-Control: %q", w.Header()["Cache-Control"])
				}
			case authn.NonceMissing, authn.NonceStale:
				dpopWant(t, w, 401, "use_dpop_nonce")
			default:
				dpopWant(t, w, 401, dpopBadProof)
			}
			if fresh != "" {
				if w, reason := send(s, fresh); reason != authn.Accepted || offered(w) != "" {
					t.Errorf("the nonce that was handed out: %s, %q", reason, offered(w))
				}
			}
		})
	}

	now = dpopNow
	for _, tt := range []struct {
		name string
		d    authn.DPoP
		want authn.Reason
	}{
		{"a machine with the same secret", d, authn.Accepted},
		{"another secret", authn.DPoP{Nonces: &authn.Nonces{Secret: dpopNonceSecret[1:]}}, authn.NonceStale},
		{"a secret of the process", authn.DPoP{Nonces: &authn.Nonces{PerProcess: true}}, authn.NonceStale},
		{"another service with the same secret (§9)", authn.DPoP{Origin: "https://other.example", Nonces: d.Nonces}, authn.NonceStale},
		{"another lifetime", authn.DPoP{Nonces: &authn.Nonces{Secret: dpopNonceSecret, Lifetime: time.Hour}}, authn.NonceStale},
		{"no nonces", authn.DPoP{}, authn.Accepted},
	} {
		s := dpopServe(t, tt.d, clock)
		origin := tt.d.Origin
		if origin == "" {
			origin = dpopOrigin
		}
		_, reason := s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", origin+"/v1", token, nil, dpopMembers{"nonce": nonce}))
		if reason != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, reason, tt.want)
		}
	}
}

// The nonce of the previous period brings the next with the answer, and scripts of
// other origins can read it where Expose is set (§8).
func TestRFC9449Section8_2_NonceWithSuccess(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	now := dpopNow
	for _, expose := range []bool{false, true} {
		s := dpopServe(t, authn.DPoP{Nonces: &authn.Nonces{Secret: dpopNonceSecret}}, func(o *authn.Options) {
			o.Now, o.Expose = func() time.Time { return now }, expose
		})
		now = dpopNow
		w, _ := s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
		if exposed := strings.Contains(strings.Join(w.Header()["Access-Control-Expose-Headers"], ","), "DPoP-Nonce"); exposed != expose {
			t.Errorf("401, Expose=%t: %v", expose, w.Header())
		}
		nonce := w.Header().Get("DPoP-Nonce")
		now = dpopNow.Add(400 * time.Second)
		w, _ = s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, dpopMembers{"nonce": nonce, "iat": now.Unix()}))
		dpopWant(t, w, http.StatusOK, "")
		if exposed := strings.Contains(strings.Join(w.Header()["Access-Control-Expose-Headers"], ","), "DPoP-Nonce"); exposed != expose {
			t.Errorf("200, Expose=%t: %v", expose, w.Header())
		}
	}
}

// A proof that is wrong in another way has that answer, and no nonce with it.
func TestDPoPNonceIsNotAllThatCounts(t *testing.T) {
	k, other := dpopNewKey(t, "ES256"), dpopNewKey(t, "ES256")
	token := dpopBound(t, k)
	s := dpopServe(t, authn.DPoP{Nonces: &authn.Nonces{Secret: dpopNonceSecret}})
	w, _ := s.send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
	nonce := w.Header().Get("DPoP-Nonce")
	for _, tt := range []struct {
		proof  string
		reason authn.Reason
	}{
		{k.proof(t, "POST", dpopOrigin+"/v1", token, nil, dpopMembers{"nonce": nonce}), authn.ProofMethodMismatch},
		{k.proof(t, "GET", dpopOrigin+"/v1", token, nil, dpopMembers{"nonce": nonce, "iat": 1}), authn.ProofStale},
		{other.proof(t, "GET", dpopOrigin+"/v1", token, nil, dpopMembers{"nonce": nonce}), authn.ProofKeyMismatch},
	} {
		w, reason := s.send("GET", "/v1", "DPoP "+token, tt.proof)
		if reason != tt.reason || w.Header()["Dpop-Nonce"] != nil {
			t.Errorf("reason %s, want %s; %v", reason, tt.reason, w.Header()["Dpop-Nonce"])
		}
	}
}
