package authntest

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// ProofKey is the key of a client that proves by DPoP who it is (RFC 9449).
type ProofKey struct {
	issuer *Issuer
	key    *signer
}

// NewProofKey makes a key for proofs by an algorithm: ES256, say.
func (i *Issuer) NewProofKey(algorithm string) *ProofKey {
	return &ProofKey{i, newSigner(i.t, algorithm)}
}

// Thumbprint is the "jkt" of the key (RFC 7638, by SHA-256).
func (k *ProofKey) Thumbprint() string { return thumbprint(k.key.public()) }

// Confirmation is the "cnf" of a token that is bound to the key:
//
//	iss.Token(authntest.Claims{"cnf": key.Confirmation()})
func (k *ProofKey) Confirmation() map[string]any { return map[string]any{"jkt": k.Thumbprint()} }

// Proof makes what the field DPoP carries beside a token: a proof for one request
// of this method to this URL. The nonce is "" where the service gave none. A fault
// makes the proof wrong in that way.
func (k *ProofKey) Proof(method, url, token, nonce string, faults ...ProofFault) string {
	hash := sha256.Sum256([]byte(token))
	url, _, _ = strings.Cut(url, "#")
	url, _, _ = strings.Cut(url, "?")
	d := &draft{
		key:    k.key,
		header: map[string]any{"typ": "dpop+jwt", "kid": nil, "jwk": bareJWK(k.key.public())},
		claims: Claims{"jti": rand.Text(), "htm": method, "htu": url, "iat": k.issuer.Now().Unix(), "ath": encode(hash[:])},
	}
	if nonce != "" {
		d.claims["nonce"] = nonce
	}
	for _, f := range faults {
		k.spoil(d, f)
	}
	proof, err := d.token()
	if err != nil {
		k.issuer.t.Fatalf("authntest: a proof cannot be made: %v", err)
	}
	return proof
}

// ProofFault is one way in which a DPoP proof does not hold (RFC 9449 §4.3).
type ProofFault string

// The faults of a proof. All of them have a good signature, unless they say
// otherwise.
const (
	ProofOfOtherMethod  ProofFault = "proof for another method"
	ProofOfOtherURL     ProofFault = "proof for another URL"
	ProofOfOtherToken   ProofFault = "proof for another token"
	ProofOld            ProofFault = "proof of an hour ago"
	ProofEarly          ProofFault = "proof of the future"
	ProofTypeWrong      ProofFault = "proof of another typ"
	ProofUnsigned       ProofFault = "proof with alg none"
	ProofSymmetric      ProofFault = "proof by a secret"
	ProofSignatureBad   ProofFault = "proof with a bad signature"
	ProofPrivate        ProofFault = "proof with the private key in it"
	ProofWithoutKey     ProofFault = "proof without jwk"
	ProofWithoutToken   ProofFault = "proof without ath"
	ProofWithoutID      ProofFault = "proof without jti"
	ProofWithoutMethod  ProofFault = "proof without htm"
	ProofWithoutURL     ProofFault = "proof without htu"
	ProofWithoutTime    ProofFault = "proof without iat"
	ProofOfTwoSegments  ProofFault = "proof of two segments"
	ProofNotBase64      ProofFault = "proof in bad base64"
	ProofNotJSON        ProofFault = "proof of bad JSON"
	ProofCritical       ProofFault = "proof with an unknown crit"
	ProofClaimTwice     ProofFault = "proof with a claim twice"
	ProofOfAnotherStyle ProofFault = "proof with htm in lower case" // methods are case-sensitive
)

func (k *ProofKey) spoil(d *draft, f ProofFault) {
	now := k.issuer.Now()
	switch f {
	case ProofOfOtherMethod:
		d.claims["htm"] = "PROPFIND"
	case ProofOfAnotherStyle:
		d.claims["htm"] = strings.ToLower(d.claims["htm"].(string))
	case ProofOfOtherURL:
		d.claims["htu"] = d.claims["htu"].(string) + "/another"
	case ProofOfOtherToken:
		hash := sha256.Sum256([]byte("another"))
		d.claims["ath"] = encode(hash[:])
	case ProofOld:
		d.claims["iat"] = now.Add(-beyond).Unix()
	case ProofEarly:
		d.claims["iat"] = now.Add(beyond).Unix()
	case ProofWithoutToken:
		delete(d.claims, "ath")
	case ProofWithoutID:
		delete(d.claims, "jti")
	case ProofWithoutMethod:
		delete(d.claims, "htm")
	case ProofWithoutURL:
		delete(d.claims, "htu")
	case ProofWithoutTime:
		delete(d.claims, "iat")
	case ProofClaimTwice:
		d.edit = func(s string) string { return `{"htm":"PROPFIND",` + s[1:] }
	default:
		k.spoilForm(d, f)
	}
}

func (k *ProofKey) spoilForm(d *draft, f ProofFault) {
	switch f {
	case ProofTypeWrong:
		d.header["typ"] = "JWT"
	case ProofUnsigned:
		d.key = d.key.by("none")
	case ProofSymmetric:
		secret := newSigner(k.issuer.t, "HS256")
		d.key = secret
		d.header["jwk"] = map[string]any{"kty": "oct", "k": encode(secret.private.([]byte))}
	case ProofSignatureBad:
		d.key = newSigner(k.issuer.t, d.key.algorithm)
	case ProofPrivate:
		d.header["jwk"].(map[string]any)["d"] = encode(make([]byte, 32)) // any will do: none may be there
	case ProofWithoutKey:
		delete(d.header, "jwk")
	case ProofCritical:
		d.header["crit"], d.header["urn:example:unknown"] = []string{"urn:example:unknown"}, true
	case ProofOfTwoSegments:
		d.finish = func(s []string) string { return s[0] + "." + s[1] }
	case ProofNotBase64:
		d.finish = func(s []string) string { return s[0] + "." + s[1] + "~." + s[2] }
	case ProofNotJSON:
		d.edit = func(s string) string { return s[:len(s)-1] }
	default:
		k.issuer.t.Fatalf("authntest: there is no fault %q of a proof", f)
	}
}
