package authn

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Nonces are the nonces of a [DPoP] (RFC 9449 §8 and §9). They are made of a secret
// and the clock, so that nothing is stored.
//
// A proof without one, or with one that is old, is answered by 401 use_dpop_nonce
// with a nonce in the field DPoP-Nonce; clients then send the request again. An
// accepted request whose nonce will end soon is answered with the next one, and
// with Cache-Control: no-store, which a handler that has a Cache-Control of its own
// must keep to (RFC 9449 §8.2). That is done by the middleware, not by
// [Authenticator.Verify].
type Nonces struct {
	// Secret is what nonces are made of: at least 32 random bytes, the same on all
	// machines of the service. Changing it costs clients one more request.
	Secret []byte
	// PerProcess makes a random secret when the authenticator is built, in place
	// of Secret: for a service on one machine.
	PerProcess bool
	// Lifetime is how long a nonce holds at least; it holds for twice that at
	// most. By default 5 minutes; from 10 s to 24 h.
	Lifetime time.Duration
}

const (
	minNonceSecret       = 32
	defaultNonceLifetime = 5 * time.Minute
	minNonceLifetime     = 10 * time.Second
	maxNonceLifetime     = 24 * time.Hour
	nonceBytes           = 16
)

type nonces struct {
	secret   []byte
	lifetime time.Duration
	audience string
}

// newNonces checks the settings. The audience keeps apart services that have one
// secret: a nonce is accepted by the one that issued it (RFC 9449 §9).
func newNonces(o Nonces, audience string) (*nonces, error) {
	n := &nonces{lifetime: cmp.Or(o.Lifetime, defaultNonceLifetime), audience: audience}
	if n.lifetime < minNonceLifetime || n.lifetime > maxNonceLifetime {
		return nil, fmt.Errorf("a nonce's Lifetime of %v is not between %v and %v", n.lifetime, minNonceLifetime, maxNonceLifetime)
	}
	switch {
	case o.PerProcess && o.Secret != nil:
		return nil, errors.New("Nonces has a Secret and PerProcess: choose one")
	case o.PerProcess:
		n.secret = make([]byte, minNonceSecret)
		rand.Read(n.secret)
	case len(o.Secret) < minNonceSecret:
		return nil, fmt.Errorf("the Secret of Nonces has %d bytes and needs %d", len(o.Secret), minNonceSecret)
	default:
		n.secret = append(n.secret, o.Secret...)
	}
	return n, nil
}

// check returns why a nonce does not hold, "" where it does, and the nonce that the
// client should use from now on, "" where that is the one it has.
func (n *nonces) check(nonce string, now time.Time, leeway time.Duration) (next string, reason Reason) {
	period := n.period(now)
	current := n.at(period)
	switch {
	case nonce == "":
		return current, NonceMissing
	case sameNonce(nonce, current):
		return "", ""
	case sameNonce(nonce, n.at(period-1)):
		return current, ""
	case n.period(now.Add(leeway)) > period && sameNonce(nonce, n.at(period+1)):
		return "", "" // of a machine whose clock is ahead
	}
	return current, NonceStale
}

func (n *nonces) period(t time.Time) int64 { return t.UnixNano() / int64(n.lifetime) }

// at is the nonce of a period, of the characters of RFC 9449 §8.1.
func (n *nonces) at(period int64) string {
	mac := hmac.New(sha256.New, n.secret)
	mac.Write(binary.BigEndian.AppendUint64([]byte("DPoP nonce\x00"), uint64(period)))
	mac.Write([]byte(n.audience))
	return base64url.EncodeToString(mac.Sum(nil)[:nonceBytes])
}

func sameNonce(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
