package authntest

import (
	"net/http"

	"github.com/forthright-http/forthright/authn"
)

// proofFaults are what is wrong with a proof (RFC 9449 §4.3), and why.
var proofFaults = []struct {
	fault  ProofFault
	reason authn.Reason
}{
	{ProofOfTwoSegments, authn.ProofMalformed},
	{ProofNotBase64, authn.ProofMalformed},
	{ProofNotJSON, authn.ProofMalformed},
	{ProofClaimTwice, authn.ProofMalformed},
	{ProofTypeWrong, authn.ProofMalformed},
	{ProofUnsigned, authn.ProofMalformed},
	{ProofSymmetric, authn.ProofMalformed},
	{ProofCritical, authn.ProofMalformed},
	{ProofWithoutKey, authn.ProofMalformed},
	{ProofPrivate, authn.ProofMalformed},
	{ProofWithoutID, authn.ProofMalformed},
	{ProofWithoutMethod, authn.ProofMalformed},
	{ProofWithoutURL, authn.ProofMalformed},
	{ProofWithoutTime, authn.ProofMalformed},
	{ProofWithoutToken, authn.ProofTokenMismatch},
	{ProofSignatureBad, authn.ProofSignatureWrong},
	{ProofOfOtherMethod, authn.ProofMethodMismatch},
	{ProofOfAnotherStyle, authn.ProofMethodMismatch},
	{ProofOfOtherURL, authn.ProofURLMismatch},
	{ProofOfOtherToken, authn.ProofTokenMismatch},
	{ProofOld, authn.ProofStale},
	{ProofEarly, authn.ProofStale},
}

// proofs: what comes beside a token that holds.
func (b *book) proofs() {
	for _, w := range b.ways {
		if w.key == nil {
			continue
		}
		for _, tt := range proofFaults {
			b.proof(w, string(tt.fault), "RFC 9449 §4.3 and §7.1", tt.reason, func(t *talk, token, nonce string) []string {
				return []string{w.key.Proof(t.route.Method, t.route.URL, token, nonce, tt.fault)}
			})
		}
		b.proof(w, "no proof", "RFC 9449 §4.3 and §7.1", authn.ProofMissing, func(*talk, string, string) []string { return nil })
		b.proof(w, "two proofs", "RFC 9449 §4.3 and §7.1", authn.ProofMissing, func(t *talk, token, nonce string) []string {
			return []string{w.key.Proof(t.route.Method, t.route.URL, token, nonce), w.key.Proof(t.route.Method, t.route.URL, token, nonce)}
		})
		b.proof(w, "proof that was used before", "RFC 9449 §4.3 and §11.1", authn.ProofReplayed, func(t *talk, token, nonce string) []string {
			proof := w.key.Proof(t.route.Method, t.route.URL, token, nonce)
			t.before(t.request("Authorization", "DPoP "+token, "DPoP", proof))
			return []string{proof}
		})
		b.invalid(w, "proof by another key", "RFC 9449 §7.1", "token-key-binding", authn.ProofKeyMismatch, func(t *talk) *http.Request {
			token, nonce := w.token(t, nil), w.nonce(t)
			other := t.issuer.NewProofKey(t.route.DPoP.Key)
			return t.request("Authorization", "DPoP "+token, "DPoP", other.Proof(t.route.Method, t.route.URL, token, nonce))
		})
		b.passes(w.name+": URL with a query", "RFC 9449 §4.3: htu is compared without query and fragment", func(t *talk) *http.Request {
			r := w.good(t)
			r.URL.RawQuery = "authntest=1"
			return r
		})
		b.nonces(w)
	}
}

// proof adds a request with proofs, which are no good, beside a good token.
func (b *book) proof(w *way, name, source string, reason authn.Reason, make func(t *talk, token, nonce string) []string) {
	b.fails(w.name+": "+name, source, "invalid-dpop-proof", reason, b.all("invalid_dpop_proof", nil, "DPoP"), func(t *talk) *http.Request {
		token := w.token(t, nil)
		r := t.request("Authorization", "DPoP "+token)
		for _, proof := range make(t, token, w.nonce(t)) {
			r.Header.Add("DPoP", proof)
		}
		return r
	})
}

func (b *book) nonces(w *way) {
	if !b.route.DPoP.Nonce {
		return
	}
	refused := b.all("use_dpop_nonce", nil, "DPoP")
	send := func(t *talk, nonce string) *http.Request {
		token := w.token(t, nil)
		return w.with(t, token, nonce)
	}
	b.fails(w.name+": no nonce", "RFC 9449 §9", "dpop-nonce-required", authn.NonceMissing, refused, func(t *talk) *http.Request { return send(t, "") })
	b.fails(w.name+": nonce of another", "RFC 9449 §9", "dpop-nonce-required", authn.NonceStale, refused, func(t *talk) *http.Request { return send(t, "another-service-gave-it") })
	b.fails(w.name+": nonce that is too old", "RFC 9449 §9", "dpop-nonce-required", authn.NonceStale, refused, func(t *talk) *http.Request {
		nonce := w.nonce(t)
		t.issuer.Advance(t.route.DPoP.NonceAge)
		return send(t, nonce)
	})
}

// bindings: tokens that are bound to a key or a certificate (RFC 7800).
func (b *book) bindings() {
	for _, w := range b.ways {
		if w.scheme == "Bearer" {
			b.invalid(w, "bound to a key", "RFC 9449 §7.2", "token-bound-to-key", authn.BoundToKey, func(t *talk) *http.Request {
				key := t.issuer.NewProofKey("ES256")
				cnf := key.Confirmation()
				if w.certificate != nil {
					cnf["x5t#S256"] = Confirmation(*w.certificate)["x5t#S256"]
				}
				return w.send(t, w.token(t, Claims{"cnf": cnf}))
			})
		}
		if w.key != nil || b.route.Bound {
			b.invalid(w, "not bound", "RFC 9449 §7.1", "token-not-bound", authn.BindingMissing, func(t *talk) *http.Request {
				return w.send(t, w.token(t, Claims{"cnf": nil}))
			})
		}
		if b.route.Certificates {
			b.certificates(w)
		}
	}
}

// certificates: of the connection (RFC 8705 §3).
func (b *book) certificates(w *way) {
	cert, other := b.issuer.CA().Client("client"), b.issuer.CA().Client("another")
	bound := func(t *talk) *http.Request {
		cnf := Confirmation(cert)
		if w.key != nil {
			cnf["jkt"] = w.key.Thumbprint()
		}
		return w.send(t, w.token(t, Claims{"cnf": cnf}))
	}
	refused := b.all("invalid_token", nil, w.scheme)
	const typ, source = "token-bound-to-certificate", "RFC 8705 §3"
	b.passes(w.name+": bound to the certificate", source, bound).Certificate = &cert
	b.fails(w.name+": bound to a certificate, and another comes", source, typ, authn.CertificateMismatch, refused, bound).Certificate = &other
	b.fails(w.name+": bound to a certificate, and none comes", source, typ, authn.CertificateMissing, refused, bound)
}
