package authn

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
)

// KeySource is where the keys come from that an issuer signs with: [Keys] that
// are known beforehand, [JWKS], [Discover], [FirstOf] of several, or your own.
type KeySource interface {
	// Keys returns the keys that a token may be signed with whose header has this
	// key id ("" where it has none). It returns [ErrUnknownKey] where the keys
	// are known and none of them is it: that is answered by 401. Any other error
	// says that the source cannot tell, and is answered by 503.
	//
	// It is called for each token that is not remembered. What it returns is not
	// changed. Of keys that fit a token's algorithm, 16 are tried at most.
	Keys(ctx context.Context, kid string) ([]Key, error)
}

// ErrUnknownKey is what a [KeySource] returns for a key id that it knows not to
// exist.
var ErrUnknownKey = errors.New("authn: there is no key of this id")

// Key is a key that signatures are verified with.
type Key struct {
	// ID is the key's id, "kid". A key without one is tried for every token.
	ID string
	// Algorithm is the one algorithm that the key is for, "alg". A key without one
	// is taken for any that fits its type.
	Algorithm string
	// Key is a *rsa.PublicKey of 2048 bits or more, a *ecdsa.PublicKey, a
	// ed25519.PublicKey, or, for HMAC, a secret as []byte, at least as long as the
	// hash (RFC 7518 §3.2).
	Key any
}

// Keys are keys that are known when the service starts.
type Keys []Key

// Keys returns the keys with this id, and those without one.
func (k Keys) Keys(_ context.Context, kid string) ([]Key, error) {
	var found []Key
	for _, key := range k {
		if key.ID == kid || key.ID == "" || kid == "" {
			found = append(found, key)
		}
	}
	if len(found) == 0 {
		return nil, ErrUnknownKey
	}
	return found, nil
}

// staticKeys are Keys with an index.
type staticKeys struct {
	byID      map[string][]Key // with those without an id
	anonymous []Key
}

func (s *staticKeys) Keys(_ context.Context, kid string) ([]Key, error) {
	found, ok := s.byID[kid]
	if !ok {
		found = s.anonymous
	}
	if len(found) == 0 {
		return nil, ErrUnknownKey
	}
	return found, nil
}

// newStaticKeys checks the keys against the algorithms that are allowed, and copies
// them.
func newStaticKeys(keys Keys, algorithms []string) (*staticKeys, error) {
	if len(keys) == 0 {
		return nil, errors.New("there are no keys")
	}
	keys = slices.Clone(keys)
	s := &staticKeys{byID: map[string][]Key{"": keys}} // a token without an id: all are tried
	for i := range keys {
		k := &keys[i]
		if err := checkKey(*k, algorithms); err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		if secret, ok := k.Key.([]byte); ok {
			k.Key = slices.Clone(secret)
		}
	}
	for _, k := range keys {
		if k.ID == "" {
			s.anonymous = append(s.anonymous, k)
		} else if s.byID[k.ID] == nil {
			s.byID[k.ID], _ = keys.Keys(context.Background(), k.ID)
		}
		if len(s.byID[k.ID]) > maxKeys && k.ID != "" || len(s.anonymous) > maxKeys {
			return nil, fmt.Errorf("a token could be by more than %d keys: give them ids", maxKeys)
		}
	}
	return s, nil
}

// checkKey finds an algorithm that the key can be used with.
func checkKey(k Key, algorithms []string) error {
	switch key := k.Key.(type) {
	case nil:
		return errors.New("it is nil")
	case *ecdsa.PublicKey:
		if key == nil || *key == (ecdsa.PublicKey{Curve: key.Curve}) {
			return errors.New("it is nil")
		}
		if _, err := key.Bytes(); err != nil {
			return errors.New("its point is not on its curve")
		}
	case *rsa.PublicKey, ed25519.PublicKey, []byte:
	case string:
		return errors.New("a string is no key: give a secret as []byte")
	default:
		return fmt.Errorf("a %T is neither a public key nor a secret", key)
	}
	var last error
	for _, name := range algorithms {
		if last = supported[name].fitsAmong(k, mixed(algorithms)); last == nil {
			return nil
		}
	}
	return fmt.Errorf("it fits none of the algorithms: %w", last)
}
