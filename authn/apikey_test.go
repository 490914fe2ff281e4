package authn_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// apiKeyMade was put together by hand: "acme_", 26 digits, and the CRC-32 of those
// 31 characters (0x5c1f2c89, as zlib computes it) in base32.
const apiKeyMade = "acme_ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "LQPSZCI"

// apiKeyStore is a store that is a function.
type apiKeyStore func(ctx context.Context, hash [32]byte) (authn.APIKeyOwner, error)

func (f apiKeyStore) APIKey(ctx context.Context, hash [32]byte) (authn.APIKeyOwner, error) {
	return f(ctx, hash)
}

func apiKeySum(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

const (
	apiKeyGood    = "0123456789abcdefghijkl" // 22 characters
	apiKeyRevoked = "revoked-revoked-revoked"
	apiKeyExpired = "expired-expired-expired"
	apiKeyLate    = "not-yet-expired-not-yet"
)

func apiKeyOptions(k authn.APIKey, now *time.Time) authn.Options {
	if k.Keys == nil {
		k.Keys = authn.APIKeys{
			apiKeySum(apiKeyGood):    {Subject: "billing", Issuer: "https://i.example", Client: "c", Scopes: []string{"orders:read"}},
			apiKeySum(apiKeyMade):    {Subject: "made"},
			apiKeySum(apiKeyRevoked): {Subject: "r", Revoked: true},
			apiKeySum(apiKeyExpired): {Subject: "e", Expires: now.Add(0)},
			apiKeySum(apiKeyLate):    {Subject: "l", Expires: now.Add(1)},
		}
	}
	return authn.Options{Schemes: []authn.Scheme{k}, Now: func() time.Time { return *now }}
}

func TestAPIKeyFailuresAreOneAnswer(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, header := range []string{"", "X-API-Key"} {
		line, challenge := "Authorization: ApiKey ", `ApiKey realm="api"`
		if header != "" {
			line, challenge = "x-api-key: ", `ApiKey realm="api", header="X-API-Key"`
		}
		s := newBasicService(t, apiKeyOptions(authn.APIKey{Header: header}, &now))
		var first *httptest.ResponseRecorder
		for _, tt := range []struct {
			key    string
			reason authn.Reason
		}{
			{apiKeyGood + "m", authn.APIKeyUnknown},
			{apiKeyGood[1:] + "m", authn.APIKeyUnknown},
			{strings.ToUpper(apiKeyGood), authn.APIKeyUnknown},
			{apiKeySum(apiKeyGood), authn.APIKeyUnknown}, // the hash is no key
			{apiKeyRevoked, authn.APIKeyRevoked},
			{apiKeyExpired, authn.APIKeyRevoked},
			{"", authn.APIKeyMalformed},
			{"short", authn.APIKeyMalformed},
			{apiKeyGood[1:], authn.APIKeyMalformed},
			{apiKeyGood + " " + apiKeyGood, authn.APIKeyMalformed},
			{apiKeyGood + "\u00e9", authn.APIKeyMalformed},
			{apiKeyGood + "\x7f", authn.APIKeyMalformed},
			{strings.Repeat("a", 512), authn.APIKeyUnknown},
			{strings.Repeat("a", 513), authn.APIKeyMalformed},
		} {
			if tt.key == "" && header != "" {
				continue // no credentials at all: TestEmptyFields
			}
			w, reason := s.send(line + tt.key)
			if w.Code != 401 || reason != tt.reason {
				t.Errorf("%s%.40q: %d %s, want 401 %s", line, tt.key, w.Code, reason, tt.reason)
			}
			if first == nil {
				first = w
			}
			if w.Body.String() != first.Body.String() || !reflect.DeepEqual(w.Header(), first.Header()) {
				t.Errorf("%s%.40q: another answer: %v %s", line, tt.key, w.Header(), w.Body)
			}
			if err := s.events[0].Err; err != nil && strings.Contains(err.Error(), tt.key) {
				t.Errorf("the cause shows the key: %v", err)
			}
		}
		if got := first.Header()["Www-Authenticate"]; !reflect.DeepEqual(got, []string{challenge}) || !strings.Contains(first.Body.String(), "invalid-api-key") {
			t.Errorf("challenges %q, %s", got, first.Body)
		}
		w, reason := s.send(line+apiKeyGood, line+apiKeyGood)
		if header != "" && (w.Code != 401 || reason != authn.APIKeyMalformed || w.Body.String() != first.Body.String()) {
			t.Errorf("two lines: %d %s", w.Code, reason)
		}
		if header == "" && (w.Code != 400 || reason != authn.AuthorizationRepeated) {
			t.Errorf("two Authorization lines: %d %s", w.Code, reason)
		}
		for _, other := range []string{"Authorization: ApiKey ", "X-API-Key: "} {
			if strings.EqualFold(other, line) {
				continue
			}
			if w, _ := s.send(other + apiKeyGood); w.Code != 401 {
				t.Errorf("%s: the key is taken in %s", line, other)
			}
		}
	}
}

func TestAPIKeyPrincipal(t *testing.T) {
	now := time.Unix(1000, 0)
	o := apiKeyOptions(authn.APIKey{}, &now)
	s := newBasicService(t, o)
	for _, owner := range o.Schemes[0].(authn.APIKey).Keys.(authn.APIKeys) {
		if len(owner.Scopes) > 0 {
			owner.Scopes[0] = "changed" // by who gave the keys
		}
	}
	for _, tt := range []struct {
		key  string
		want authn.Principal
	}{
		{apiKeyGood, authn.Principal{Scheme: "ApiKey", Subject: "billing", Issuer: "https://i.example", Client: "c", Scopes: []string{"orders:read"}}},
		{apiKeyLate, authn.Principal{Scheme: "ApiKey", Subject: "l", Expires: now.Add(1)}},
		{apiKeyMade, authn.Principal{Scheme: "ApiKey", Subject: "made"}},
	} {
		w, reason := s.send("Authorization: apikey " + tt.key)
		if w.Code != 200 || reason != authn.Accepted || w.Body.String() != "ApiKey "+tt.want.Owner() {
			t.Fatalf("%s: %d %s %s", tt.key, w.Code, reason, w.Body)
		}
		got := s.events[0].Principal
		if fmt.Sprint(basicShown(got)) != fmt.Sprint(basicShown(tt.want)) {
			t.Errorf("%+v, want %+v", got, tt.want)
		}
		if len(got.Scopes) > 0 {
			got.Scopes[0] = "changed" // by a handler
			if s.send("Authorization: ApiKey " + tt.key); !s.events[0].Principal.Has("orders:read") {
				t.Error("a handler changed the key's scopes")
			}
		}
	}
	now = now.Add(1)
	if w, reason := s.send("Authorization: ApiKey " + apiKeyLate); w.Code != 401 || reason != authn.APIKeyRevoked {
		t.Errorf("at its end: %d %s", w.Code, reason)
	}
}

// A cache must not hand the answer for one key to another, nor to nobody.
func TestAPIKeyVary(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newBasicService(t, apiKeyOptions(authn.APIKey{Header: "x-api-KEY", Scheme: "Key"}, &now))
	for _, tt := range []struct {
		line string
		want int
	}{{"X-API-Key: " + apiKeyGood, 200}, {"X-API-Key: x", 401}, {"Other: x", 401}, {"Authorization: Key " + apiKeyGood, 401}} {
		w, _ := s.send(tt.line)
		if got := w.Header()["Vary"]; w.Code != tt.want || !reflect.DeepEqual(got, []string{"X-Api-Key"}) {
			t.Errorf("%s: %d, Vary %q", tt.line, w.Code, got)
		}
	}
}

func TestAPIKeyStore(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, tt := range []struct {
		owner  authn.APIKeyOwner
		err    error
		status int
		reason authn.Reason
	}{
		{authn.APIKeyOwner{Subject: "s"}, nil, 200, authn.Accepted},
		{authn.APIKeyOwner{}, authn.ErrNoAPIKey, 401, authn.APIKeyUnknown},
		{authn.APIKeyOwner{Subject: "s"}, fmt.Errorf("keys: %w", authn.ErrNoAPIKey), 401, authn.APIKeyUnknown},
		{authn.APIKeyOwner{Subject: "s"}, errors.New("connection refused"), 503, authn.APIKeysUnavailable},
		{authn.APIKeyOwner{}, authn.ErrNoCredentials, 503, authn.APIKeysUnavailable},
		{authn.APIKeyOwner{}, nil, 503, authn.APIKeysUnavailable},
		{authn.APIKeyOwner{Revoked: true}, nil, 401, authn.APIKeyRevoked},
	} {
		s := newBasicService(t, apiKeyOptions(authn.APIKey{Header: "X-Key", Keys: apiKeyStore(func(_ context.Context, hash [32]byte) (authn.APIKeyOwner, error) {
			if hash != sha256.Sum256([]byte(apiKeyGood)) {
				t.Errorf("the store is asked for %x", hash)
			}
			return tt.owner, tt.err
		})}, &now))
		w, reason := s.send("X-Key: " + apiKeyGood)
		if w.Code != tt.status || reason != tt.reason {
			t.Errorf("%+v %v: %d %s", tt.owner, tt.err, w.Code, reason)
		}
		if unavailable := w.Code == 503; unavailable != (w.Header().Get("Retry-After") == "5") || unavailable == (w.Header()["Www-Authenticate"] != nil) && w.Code != 200 {
			t.Errorf("%+v %v: %v", tt.owner, tt.err, w.Header())
		}
	}
}

func TestNewAPIKey(t *testing.T) {
	seen := map[string]bool{}
	for _, prefix := range []string{"acme", "acme", "a", "acme_live", strings.Repeat("x", 32)} {
		key, hash, err := authn.NewAPIKey(prefix)
		if err != nil || !regexp.MustCompile("^"+prefix+"_[A-Z2-7]{33}$").MatchString(key) || hash != apiKeySum(key) || seen[key] {
			t.Errorf("%s: %s %s %v", prefix, key, hash, err)
		}
		seen[key] = true
		asked := 0
		store := apiKeyStore(func(context.Context, [32]byte) (authn.APIKeyOwner, error) {
			asked++
			return authn.APIKeyOwner{Subject: "s"}, nil
		})
		s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.APIKey{Keys: store, Prefix: prefix}}})
		if w, reason := s.send("Authorization: ApiKey " + key); w.Code != 200 || asked != 1 {
			t.Errorf("%s: %d %s", key, w.Code, reason)
		}
		// One digit is another, one is missing, one is too many, two are swapped.
		last := len(key) - 1
		wrong := []string{key[:last] + apiKeyOther(key[last]), key[:last], key + "A", "b" + key, key[:len(prefix)] + "-" + key[len(prefix)+1:], prefix + "_", prefix + "_" + strings.Repeat("A", 26)}
		for i := len(prefix) + 1; i < last; i++ {
			wrong = append(wrong, key[:i]+apiKeyOther(key[i])+key[i+1:])
			if key[i] != key[i+1] {
				wrong = append(wrong, key[:i]+key[i+1:i+2]+key[i:i+1]+key[i+2:])
			}
		}
		other, _, err := authn.NewAPIKey("b" + prefix[1:])
		if err != nil {
			t.Fatal(err)
		}
		wrong = append(wrong, other)
		asked = 0
		for _, k := range wrong {
			if w, reason := s.send("Authorization: ApiKey " + k); w.Code != 401 || reason != authn.APIKeyMalformed || asked != 0 {
				t.Errorf("%s for %s: %d %s, the store was asked %d times", k, key, w.Code, reason, asked)
			}
		}
	}
	for _, prefix := range []string{"", "a b", "a.b", "\u00e9", "a\n", strings.Repeat("x", 33)} {
		if key, hash, err := authn.NewAPIKey(prefix); err == nil || key != "" || hash != "" {
			t.Errorf("prefix %q: no error", prefix)
		}
	}
}

func apiKeyOther(digit byte) string {
	if digit == 'A' {
		return "B"
	}
	return "A"
}

// The form of a key is a promise: keys live for years.
func TestAPIKeyChecksum(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newBasicService(t, apiKeyOptions(authn.APIKey{Prefix: "acme"}, &now))
	if w, reason := s.send("Authorization: ApiKey " + apiKeyMade); w.Code != 200 {
		t.Errorf("%d %s", w.Code, reason)
	}
	if w, reason := s.send("Authorization: ApiKey " + apiKeyGood); w.Code != 401 || reason != authn.APIKeyMalformed {
		t.Errorf("a key without the prefix: %d %s", w.Code, reason)
	}
}

func TestHashAPIKey(t *testing.T) {
	// SHA-256 of 56 bytes, from the examples of FIPS 180-4.
	hash, err := authn.HashAPIKey("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
	if err != nil || hash != "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" {
		t.Errorf("%s %v", hash, err)
	}
	for _, key := range []string{"", "hunter2", apiKeyGood[1:], apiKeyGood + " x", strings.Repeat("a", 513)} {
		if hash, err := authn.HashAPIKey(key); err == nil || hash != "" || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%.30q: %v", key, err)
		}
	}
}

func TestAPIKeySettings(t *testing.T) {
	keys := authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "s"}}
	list := func(hash string, o authn.APIKeyOwner) []authn.Scheme {
		return []authn.Scheme{authn.APIKey{Keys: authn.APIKeys{hash: o}}}
	}
	for _, tt := range []struct {
		want    string
		schemes []authn.Scheme
	}{
		{"no store", []authn.Scheme{authn.APIKey{}}},
		{"no keys", []authn.Scheme{authn.APIKey{Keys: authn.APIKeys{}}}},
		{"hexadecimal", list(apiKeyGood, authn.APIKeyOwner{Subject: "s"})},
		{"hexadecimal", list(strings.ToUpper(apiKeySum(apiKeyGood)), authn.APIKeyOwner{Subject: "s"})},
		{"hexadecimal", list(apiKeySum(apiKeyGood)[2:], authn.APIKeyOwner{Subject: "s"})},
		{"subject", list(apiKeySum(apiKeyGood), authn.APIKeyOwner{})},
		{"issuer", list(apiKeySum(apiKeyGood), authn.APIKeyOwner{Subject: "s", Issuer: "a b"})},
		{"scope", list(apiKeySum(apiKeyGood), authn.APIKeyOwner{Subject: "s", Scopes: []string{""}})},
		{"prefix", []authn.Scheme{authn.APIKey{Keys: keys, Prefix: "a b"}}},
		{"not a token", []authn.Scheme{authn.APIKey{Keys: keys, Scheme: "Api Key"}}},
		{"Basic", []authn.Scheme{authn.APIKey{Keys: keys, Scheme: "basic"}}},
		{"Bearer", []authn.Scheme{authn.APIKey{Keys: keys, Scheme: "BEARER"}}},
		{"DPoP", []authn.Scheme{authn.APIKey{Keys: keys, Scheme: "dpop"}}},
		{"not a token", []authn.Scheme{authn.APIKey{Keys: keys, Header: "X Key"}}},
		{"not a token", []authn.Scheme{authn.APIKey{Keys: keys, Header: "X-Key:"}}},
		{"Authorization", []authn.Scheme{authn.APIKey{Keys: keys, Header: "authorization"}}},
		{"Proxy-Authorization", []authn.Scheme{authn.APIKey{Keys: keys, Header: "Proxy-Authorization"}}},
		{"Host", []authn.Scheme{authn.APIKey{Keys: keys, Header: "host"}}},
		{"cookie", []authn.Scheme{authn.APIKey{Keys: keys, Header: "cookie"}}},
		{"name ApiKey", []authn.Scheme{authn.APIKey{Keys: keys}, authn.APIKey{Keys: keys, Header: "X-Key"}}},
		{"field X-Key", []authn.Scheme{authn.APIKey{Keys: keys, Header: "x-key"}, authn.APIKey{Keys: keys, Scheme: "Other", Header: "X-KEY"}}},
	} {
		_, err := authn.New(authn.Options{Schemes: tt.schemes})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
		if err != nil && strings.Contains(err.Error(), apiKeyGood) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

// APIKeys is a store by itself, for a store that has more.
func TestAPIKeysStore(t *testing.T) {
	keys := authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "s"}}
	if o, err := keys.APIKey(t.Context(), sha256.Sum256([]byte(apiKeyGood))); err != nil || o.Subject != "s" {
		t.Errorf("%v %v", o, err)
	}
	if _, err := keys.APIKey(t.Context(), [32]byte{}); err != authn.ErrNoAPIKey {
		t.Error(err)
	}
}
