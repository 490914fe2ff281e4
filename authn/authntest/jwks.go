package authntest

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/forthright-http/forthright/authn"
)

// Keys are the keys of the key set as they are now, and the secrets of HS256 and
// its like: for a service that knows its issuer's keys beforehand.
func (i *Issuer) Keys() authn.Keys {
	i.mu.Lock()
	defer i.mu.Unlock()
	var keys authn.Keys
	for _, s := range i.keys {
		keys = append(keys, authn.Key{ID: s.id, Algorithm: s.algorithm, Key: s.public()})
	}
	return keys
}

// Kid is the id of the key that tokens are signed with.
func (i *Issuer) Kid() string { return i.signer(i.algorithms[0]).id }

// Rotate makes a new key for what the issuer signs by, and returns its id. The old
// one stays in the key set.
func (i *Issuer) Rotate() (kid string) {
	s := newSigner(i.t, i.algorithms[0])
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, s)
	return s.id
}

// Retire takes a key out of the key set. The issuer then signs with the one before
// it, if there is one.
func (i *Issuer) Retire(kid string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = slices.DeleteFunc(slices.Clone(i.keys), func(s *signer) bool { return s.id == kid })
}

// signer is the newest key of an algorithm.
func (i *Issuer) signer(algorithm string) *signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range slices.Backward(i.keys) {
		if s.algorithm == algorithm {
			return s
		}
	}
	i.t.Fatalf("authntest: every key for %s is retired", algorithm)
	return nil
}

// stranger is a key that is never published, under an id: the same one each time,
// since RSA keys take long to make.
func (i *Issuer) stranger(algorithm, id string) *signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.strangers[algorithm] == nil {
		i.strangers[algorithm] = newSigner(i.t, algorithm)
	}
	return &signer{id, algorithm, i.strangers[algorithm].private}
}

func (i *Issuer) serveKeys(w http.ResponseWriter, _ *http.Request) {
	set := map[string][]any{"keys": {}}
	i.mu.Lock()
	for _, s := range i.keys {
		if jwk := s.jwk(); jwk != nil {
			set["keys"] = append(set["keys"], jwk)
		}
	}
	i.mu.Unlock()
	json.NewEncoder(w).Encode(set)
}

func (i *Issuer) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	json.NewEncoder(w).Encode(map[string]any{
		"issuer":                                i.url,
		"jwks_uri":                              i.KeySet.URL(),
		"introspection_endpoint":                i.Introspection.URL(),
		"authorization_endpoint":                i.url + "/authorize",
		"token_endpoint":                        i.url + "/token",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": i.algorithms,
	})
}
