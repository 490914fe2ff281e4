package authntest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net/http"
)

// way is a way to send a token.
type way struct {
	name        string // "Bearer", "DPoP", "Bearer, opaque"
	scheme      string
	opaque      bool
	key         *ProofKey        // of proofs
	certificate *tls.Certificate // that tokens are bound to
}

func (b *book) waysOf() (ways []*way) {
	for _, kind := range []struct {
		name   string
		opaque bool
		taken  bool
	}{{"", false, b.route.JWT}, {", opaque", true, b.route.Introspection}} {
		if kind.taken && b.route.bearer() {
			w := &way{name: "Bearer" + kind.name, scheme: "Bearer", opaque: kind.opaque}
			if b.route.Bound {
				cert := b.issuer.CA().Client("bound")
				w.certificate = &cert
			}
			ways = append(ways, w)
		}
		if kind.taken && b.route.DPoP != nil {
			ways = append(ways, &way{name: "DPoP" + kind.name, scheme: "DPoP", opaque: kind.opaque, key: b.issuer.NewProofKey(b.route.DPoP.Key)})
		}
	}
	return ways
}

// claims are those of a token that meets the demands of the route and is bound
// where it is sent with a proof or must be.
func (w *way) claims(t *talk, more Claims) Claims {
	now := t.issuer.Now()
	c := Claims{"auth_time": now.Unix()}
	if t.route.Scope != "" {
		c["scope"] = t.route.Scope
	}
	if t.route.ACR != nil {
		c["acr"] = t.route.ACR[0]
	}
	if w.key != nil {
		c["cnf"] = w.key.Confirmation()
	}
	if w.certificate != nil {
		c["cnf"] = Confirmation(*w.certificate)
	}
	maps.Copy(c, more)
	return c
}

func (w *way) token(t *talk, more Claims, faults ...Fault) string {
	c := w.claims(t, more)
	if w.opaque {
		return t.issuer.Opaque(c, faults...)
	}
	return t.issuer.Token(c, faults...)
}

// send makes a request with a token, and a good proof where the way has one.
func (w *way) send(t *talk, token string) *http.Request { return w.with(t, token, w.nonce(t)) }

func (w *way) with(t *talk, token, nonce string) *http.Request {
	if w.key == nil {
		return t.request("Authorization", w.scheme+" "+token)
	}
	return t.request("Authorization", w.scheme+" "+token, "DPoP", w.key.Proof(t.route.Method, t.route.URL, token, nonce))
}

// nonce is one that the service gives, "" where proofs need none.
func (w *way) nonce(t *talk) string {
	if w.key == nil || !t.route.DPoP.Nonce {
		return ""
	}
	nonce := t.before(w.with(t, w.token(t, nil), "")).Get("DPoP-Nonce")
	if nonce == "" {
		t.fail(errors.New("authntest: a proof without a nonce was not answered with a DPoP-Nonce"))
	}
	return nonce
}

// good is a request that is let in.
func (w *way) good(t *talk) *http.Request { return w.send(t, w.token(t, nil)) }

// connection is what a server knows of a client with this certificate.
func connection(cert *tls.Certificate) *tls.ConnectionState {
	return &tls.ConnectionState{HandshakeComplete: true, Version: tls.VersionTLS13, PeerCertificates: []*x509.Certificate{cert.Leaf}}
}
