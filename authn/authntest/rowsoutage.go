package authntest

import (
	"net/http"

	"github.com/forthright-http/forthright/authn"
)

// outages: what credentials are checked with is out of reach, and whether they hold
// is not known. They may be good, and the client is not told otherwise.
func (b *book) outages() {
	for _, w := range b.ways {
		switch {
		case w.opaque:
			b.outage(w, "introspection", b.issuer.Introspection, authn.IntrospectionDown)
		case !b.route.StaticKeys:
			b.outage(w, "key set", b.issuer.KeySet, authn.KeysUnavailable)
		}
		if b.route.Revocation {
			b.unavailable(w.name+": revocations are out of reach", authn.RevocationsUnavailable, w.good, b.issuer.failRevocations).Certificate = w.certificate
		}
		if w.key != nil && b.route.DPoP.Break != nil {
			b.unavailable(w.name+": the store of proofs is out of reach", authn.ReplayStoreUnavailable, w.good, b.route.DPoP.Break)
		}
	}
	if c := b.route.Basic; c != nil && c.Break != nil {
		b.unavailable("Basic: the users are out of reach", authn.UsersUnavailable, func(t *talk) *http.Request {
			return basic(t, c.Name, c.Password)
		}, c.Break)
	}
	if k := b.route.APIKey; k != nil && k.Break != nil {
		b.unavailable(k.Scheme+": the keys are out of reach", authn.APIKeysUnavailable, func(t *talk) *http.Request { return k.send(t, k.Key) }, k.Break)
	}
}

// outage is a failure of an endpoint of the issuer that lasts so long that nothing
// which the service knows from before helps.
func (b *book) outage(w *way, name string, e *Endpoint, reason authn.Reason) {
	for _, state := range []State{Down, HTML, Huge} {
		b.notNow(w.name+": "+name+" is "+string(state), reason, func(t *talk) *http.Request {
			nonce := w.nonce(t)
			e.Set(state)
			t.issuer.Advance(longest)
			t.broke(func() {
				e.Set(Up)
				t.issuer.Advance(longest)
			})
			return w.with(t, w.token(t, nil), nonce)
		}).Certificate = w.certificate
	}
}

// unavailable is a failure of something of the service's.
func (b *book) unavailable(name string, reason authn.Reason, good func(*talk) *http.Request, fail func(bool)) *Row {
	return b.notNow(name, reason, func(t *talk) *http.Request {
		r := good(t)
		fail(true)
		t.broke(func() { fail(false) })
		return r
	})
}

func (b *book) notNow(name string, reason authn.Reason, make func(*talk) *http.Request) *Row {
	return b.fails(name, "RFC 9110 §15.6.4", "authentication-unavailable", reason, nil, make)
}
