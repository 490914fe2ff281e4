package authn

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// DPoP takes the tokens of [JWT] and [Introspection] by the DPoP scheme also (RFC
// 9449): a token that is bound to a key ("cnf" with "jkt") comes with a proof, a
// JWT that this key signs for one request. A token that was stolen is of no use
// without the key.
//
//	Schemes: []authn.Scheme{
//		authn.JWT[authn.NoClaims]{ ... },
//		authn.DPoP{Origin: "https://api.example.com"},
//	}
//
// Origin is required. Bearer tokens are still taken, save those that are bound to
// a key (RFC 9449 §7.2), unless Required is set.
//
// A proof is good for one request: the first Verify spends it, and what is above
// an [Authenticator.Handler] must not call Verify on its own.
type DPoP struct {
	// Origin is where clients reach this service: "https://api.example.com". A
	// proof is for Origin and the path of the request; Host and the fields of
	// proxies are never looked at. http is for loopback alone.
	//
	// It may end in a path: that which a proxy in front takes away. With
	// "https://example.com/orders" a request for /v1/1 is one for
	// https://example.com/orders/v1/1.
	Origin string
	// Path returns the path that the client asked for, percent-encoded: for a
	// service behind a proxy that changes paths otherwise. By default it is that
	// of the request line, which http.StripPrefix leaves as it was.
	Path func(*http.Request) string
	// Algorithms are what proofs may be signed with, by default ES256, EdDSA and
	// Ed25519. ES384, ES512, RS256, RS384, RS512, PS256, PS384 and PS512 are known
	// too. "none" and HMAC are errors (RFC 9449 §11.6).
	Algorithms []string
	// Required takes no token by the Bearer scheme.
	Required bool
	// MaxAge is how old a proof may be, by its "iat"; by default 60 s, at most 1
	// h. It may be ahead of this service's clock by [Options].Leeway.
	MaxAge time.Duration
	// Nonces demands a nonce of this service in each proof (RFC 9449 §9), so that
	// no proof can be made beforehand. By default none is demanded.
	Nonces *Nonces
	// Replays remembers the proofs that were used. By default they are kept in
	// memory: a service on several machines needs a store that they share, or a
	// proof can be used once on each.
	Replays ReplayStore
	// MaxReplays is how many proofs the default store remembers, by default
	// 250,000: some 3,500 requests a second for the 70 s that a proof is
	// remembered, in 30 MB. Beyond that requests are answered by 503.
	MaxReplays int
}

const (
	defaultProofAge = time.Minute
	maxProofAge     = time.Hour
	defaultReplays  = 250_000
)

// dpop checks proofs. A nil nonces demands none.
type dpop struct {
	origin, prefix string
	path           func(*http.Request) string
	algorithms     []string
	required       bool
	maxAge, leeway time.Duration
	nonces         *nonces
	replays        ReplayStore
	now            func() time.Time
}

func (o DPoP) build(a *Authenticator) (err error) {
	if a.tokens.dpop != nil {
		return errors.New("there are two DPoP")
	}
	d := &dpop{path: o.Path, required: o.Required, replays: o.Replays, leeway: a.options.Leeway, now: a.options.Now}
	if d.path == nil {
		d.path = sentPath
	}
	if d.origin, d.prefix, err = parseOrigin(o.Origin); err != nil {
		return err
	}
	if d.algorithms, err = proofAlgorithms(o.Algorithms); err != nil {
		return err
	}
	d.maxAge = cmp.Or(o.MaxAge, defaultProofAge)
	if d.maxAge < time.Second || d.maxAge > maxProofAge {
		return fmt.Errorf("a MaxAge of %v is not between 1 s and %v", d.maxAge, maxProofAge)
	}
	if o.Nonces != nil {
		if d.nonces, err = newNonces(*o.Nonces, d.origin+d.prefix); err != nil {
			return err
		}
	}
	switch {
	case o.MaxReplays < 0:
		return errors.New("MaxReplays is negative")
	case o.MaxReplays > 0 && o.Replays != nil:
		return errors.New("MaxReplays is for the default store, and there is another")
	case o.Replays == nil:
		d.replays = newReplays(cmp.Or(o.MaxReplays, defaultReplays), d.now)
	}
	a.probe(d.replays)
	a.tokens.dpop = d
	return nil
}

func proofAlgorithms(names []string) ([]string, error) {
	if names == nil {
		return []string{"ES256", "EdDSA", "Ed25519"}, nil
	}
	if err := checkAlgorithms(names); err != nil {
		return nil, err
	}
	for i, name := range names {
		if _, symmetric := supported[name].method.(*jwt.SigningMethodHMAC); symmetric {
			return nil, fmt.Errorf("the algorithm %s is symmetric: no proof of a client's key (RFC 9449 §4.2)", name)
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("the algorithm %s is named twice", name)
		}
	}
	return slices.Clone(names), nil
}

// check holds the proof of a request against the request, the token and what the
// token is bound to: the list of RFC 9449 §4.3, in its order. nonce is what to hand
// out with the answer, "" for nothing.
func (d *dpop) check(r *http.Request, raw string, c *confirmation) (nonce string, err error) {
	if c == nil || c.key == "" {
		return "", refuse(BindingMissing, nil)
	}
	p, err := d.read(r.Header["Dpop"])
	if err != nil {
		return "", err
	}
	if p.claims.Method != r.Method {
		return "", refuse(ProofMethodMismatch, nil)
	}
	path, ok := d.matchURL(r, p.claims.URL)
	if !ok {
		return "", refuse(ProofURLMismatch, nil)
	}
	now := d.now()
	if d.nonces != nil {
		var reason Reason
		if nonce, reason = d.nonces.check(p.claims.Nonce, now, d.leeway); reason != "" {
			return nonce, refuse(reason, nil)
		}
	}
	until, ok := d.fresh(&p.claims, now)
	if !ok {
		return "", refuse(ProofStale, nil)
	}
	hash := sha256.Sum256([]byte(raw)) // a proof without an ath has none of any token
	if p.claims.TokenHash != base64url.EncodeToString(hash[:]) {
		return "", refuse(ProofTokenMismatch, nil)
	}
	if c.key != base64url.EncodeToString(p.thumbprint[:]) {
		return "", refuse(ProofKeyMismatch, nil)
	}
	fresh, err := d.replays.Add(r.Context(), replayKey(p.thumbprint, d.origin+path, p.claims.ID), until)
	switch {
	case err != nil:
		return "", refuse(ReplayStoreUnavailable, err)
	case !fresh:
		return "", refuse(ProofReplayed, nil)
	}
	return nonce, nil
}

// fresh reports whether a proof is in its window (RFC 9449 §11.1), and until when
// it must be remembered: with the leeway, since another machine, whose clock is
// behind, takes it longer. A proof that has an exp or a nbf keeps to them (RFC 7519
// §4.1.4 and §4.1.5).
func (d *dpop) fresh(c *proofClaims, now time.Time) (until time.Time, ok bool) {
	issued := numericDate(*c.IssuedAt)
	last := issued.Add(d.maxAge)
	switch {
	case now.After(last), issued.After(now.Add(d.leeway)):
		return until, false
	case c.Expires != nil && !now.Before(numericDate(*c.Expires).Add(d.leeway)):
		return until, false
	case c.NotBefore != nil && now.Add(d.leeway).Before(numericDate(*c.NotBefore)):
		return until, false
	}
	return last.Add(d.leeway + time.Second), true
}

// handOut adds a nonce to an answer that lets the request in. The answer should
// not be stored, or a nonce that is old comes from a cache (RFC 9449 §8.2).
func (a *Authenticator) handOut(h http.Header, nonce string) {
	h["Dpop-Nonce"] = []string{nonce}
	h["Cache-Control"] = []string{"no-store"}
}
