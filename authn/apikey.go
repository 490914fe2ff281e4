package authn

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// APIKey takes API keys, in Authorization or in a field of their own:
//
//	authn.APIKey{Keys: keys}                      // Authorization: ApiKey acme_ZQ...
//	authn.APIKey{Keys: keys, Header: "X-API-Key"} // X-API-Key: acme_ZQ...
//
// Prefer Authorization: caches and logs know what it is. Of a field of its own they
// do not, and the answers must say that they are private (RFC 9111 §3.5 speaks of
// Authorization alone). An answer of this package names the field in Vary.
//
// There is no registered scheme for API keys, and a 401 needs a challenge (RFC 9110
// §15.5.2). It has a name of our own, and a parameter for the field:
//
//	WWW-Authenticate: ApiKey realm="api", header="X-API-Key"
//
// Keys are kept as SHA-256 hashes. That is enough for what is random, and only for
// that: make keys by [NewAPIKey]. A key that is malformed, unknown, revoked or
// expired has one answer, the same bytes. The reason is in the log alone.
type APIKey struct {
	// Keys is where keys are found. It is required.
	Keys APIKeyStore
	// Header is the field that carries the key. By default it is in Authorization,
	// after the scheme's name.
	Header string
	// Scheme is the name of the scheme, by default "ApiKey".
	Scheme string
	// Prefix is that of [NewAPIKey], where all keys were made by it with one
	// prefix: others, and those that were mistyped, are refused without asking
	// the store. By default any key is looked up that has 22 to 512 visible
	// characters of ASCII.
	Prefix string
}

// APIKeyStore is where [APIKey] finds keys: [APIKeys], or a table of your own.
type APIKeyStore interface {
	// APIKey returns whose key has this SHA-256 hash. It returns [ErrNoAPIKey]
	// where it knows that there is none: that is answered by 401. Any other error
	// says that it cannot tell, and is answered by 503.
	//
	// A look-up by an index is fine: who measures how long it takes learns of
	// hashes, and a hash leads to no key.
	APIKey(ctx context.Context, hash [sha256.Size]byte) (APIKeyOwner, error)
}

// ErrNoAPIKey is what an [APIKeyStore] returns for a hash that no key has.
var ErrNoAPIKey = errors.New("authn: there is no such API key")

// APIKeyOwner is what is known of a key.
type APIKeyOwner struct {
	// Subject, Issuer, Client and Scopes are the [Principal]'s. There must be a
	// Subject: a key without one is answered by 503, and logged. The Issuer is as
	// that of a [User]: without one, keys and users with the same Subject own the
	// same things.
	Subject, Issuer, Client string
	Scopes                  []string
	// Expires is when the key ends. By default it does not.
	Expires time.Time
	// Revoked says that the key was taken back. The client is told the same as
	// for a key that was never there, and the log is not.
	Revoked bool
}

const (
	defaultAPIKeyScheme = "ApiKey"
	minAPIKey           = 22 // characters: 128 bits in base64
	maxAPIKey           = 512
)

var (
	errAPIKeyExpired = errors.New("the API key has expired")
	errAPIKeyOwner   = errors.New("the owner of the API key has no subject")
)

func (k APIKey) build(a *Authenticator) error {
	v := &apiKeyVerifier{keys: k.Keys, prefix: k.Prefix, now: a.options.Now}
	switch keys := k.Keys.(type) {
	case nil:
		return errors.New("there is no store of keys")
	case APIKeys:
		list, err := keys.list()
		if err != nil {
			return err
		}
		v.keys = list
	}
	if k.Prefix != "" {
		if err := checkAPIKeyPrefix(k.Prefix); err != nil {
			return err
		}
	}
	if k.Scheme == "" {
		k.Scheme = defaultAPIKeyScheme
	}
	if err := checkOwnScheme(k.Scheme); err != nil {
		return err
	}
	a.probe(k.Keys)
	m := method{scheme: k.Scheme, verify: v.verify, revoked: APIKeyRevoked}
	if k.Header != "" {
		var err error
		if m.header, err = ownHeader(k.Header); err != nil {
			return err
		}
		if m.header == "Cookie" {
			return errors.New("a cookie is not an API key: use a Custom scheme")
		}
		m.challenge.Params = []httpfield.Param{{Name: "header", Value: k.Header}}
	}
	return a.addMethod(m)
}

type apiKeyVerifier struct {
	keys   APIKeyStore
	prefix string
	now    func() time.Time
}

func (v *apiKeyVerifier) verify(r *http.Request, credentials []string) (Principal, error) {
	if len(credentials) > 1 {
		return Principal{}, refuse(APIKeyMalformed, errSentTwice)
	}
	key := credentials[0]
	if !isAPIKey(key) || v.prefix != "" && !madeWithPrefix(key, v.prefix) {
		return Principal{}, refuse(APIKeyMalformed, nil)
	}
	owner, err := v.keys.APIKey(r.Context(), sha256.Sum256([]byte(key)))
	switch {
	case errors.Is(err, ErrNoAPIKey):
		return Principal{}, refuse(APIKeyUnknown, nil)
	case err != nil:
		return Principal{}, refuse(APIKeysUnavailable, err)
	}
	p := Principal{Issuer: owner.Issuer, Subject: owner.Subject, Client: owner.Client, Scopes: slices.Clone(owner.Scopes), Expires: owner.Expires}
	switch {
	case owner.Revoked:
		return Principal{}, revokedKey(p, nil)
	case !owner.Expires.IsZero() && !v.now().Before(owner.Expires):
		return Principal{}, revokedKey(p, errAPIKeyExpired)
	case owner.Subject == "":
		return Principal{}, refuse(APIKeysUnavailable, errAPIKeyOwner)
	}
	return p, nil
}

func revokedKey(p Principal, cause error) error { return refuseKnown(APIKeyRevoked, cause, &p) }

// isAPIKey: what cannot be a key is not looked up.
func isAPIKey(key string) bool {
	if len(key) < minAPIKey || len(key) > maxAPIKey {
		return false
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

func checkAPIKeyPrefix(prefix string) error {
	const most = 32
	if prefix == "" || len(prefix) > most {
		return fmt.Errorf("the prefix of an API key does not have 1 to %d characters", most)
	}
	for _, c := range prefix {
		if !isAlphanumeric(c) && c != '_' && c != '-' {
			return errors.New("the prefix of an API key has other characters than letters, digits, _ and -")
		}
	}
	return nil
}
