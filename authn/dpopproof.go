package authn

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/jsonx"
)

const (
	// maxProof is the size in bytes beyond which a proof is refused unread: an RSA
	// key of 8192 bits and its signature fit.
	maxProof = 8 << 10
	// maxProofID is that of a jti (RFC 9449 §11.1).
	maxProofID = 256
	// maxProofDepth is how deep a proof's JSON may be nested.
	maxProofDepth = 8
	proofType     = "dpop+jwt"
)

// proof is a DPoP proof (RFC 9449 §4.2) whose signature is by the key in it. What
// it says is not held against the request yet.
type proof struct {
	claims     proofClaims
	thumbprint [32]byte // of the key (RFC 7638)
}

type proofHeader struct {
	Type      string    `json:"typ"`
	Algorithm string    `json:"alg"`
	Key       *proofJWK `json:"jwk"`
	Critical  []any     `json:"crit"`
}

type proofClaims struct {
	ID        string   `json:"jti"`
	Method    string   `json:"htm"`
	URL       string   `json:"htu"`
	IssuedAt  *float64 `json:"iat"`
	TokenHash string   `json:"ath"`
	Nonce     string   `json:"nonce"`
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
}

var (
	proofHeaderDecoder = mustProofDecoder[proofHeader]()
	proofClaimsDecoder = mustProofDecoder[proofClaims]()
)

func mustProofDecoder[T any]() *jsonx.Decoder {
	d, err := jsonx.New(reflect.TypeFor[T](), jsonx.Options{AllowUnknown: true, MaxDepth: maxProofDepth, Null: jsonx.NullPointersOnly})
	if err != nil {
		panic(err)
	}
	return d
}

func badProof(what string) error { return refuse(ProofMalformed, errors.New(what)) }

// read parses the DPoP field and verifies the signature: items 1 to 7 of RFC 9449
// §4.3.
func (d *dpop) read(lines []string) (*proof, error) {
	if len(lines) != 1 {
		return nil, refuse(ProofMissing, nil)
	}
	t, err := parseProof(lines[0])
	if err != nil {
		return nil, err
	}
	name := t.header.Algorithm
	if !slices.Contains(d.algorithms, name) {
		return nil, badProof("its alg is none that is taken here")
	}
	p := &proof{claims: t.claims}
	key, err := t.header.Key.public()
	if err != nil {
		return nil, refuse(ProofMalformed, err)
	}
	p.thumbprint = t.header.Key.thumbprint()
	alg := supported[name]
	if err := alg.fits(key); err != nil {
		return nil, badProof("its jwk does not fit its alg")
	}
	if !alg.verify(t.signed, t.signature, key) {
		return nil, refuse(ProofSignatureWrong, nil)
	}
	return p, nil
}

// parsedProof is a proof before anything of it is known to be true.
type parsedProof struct {
	header    proofHeader
	claims    proofClaims
	signed    string
	signature []byte
}

// parseProof reads a proof: items 2 to 4 of RFC 9449 §4.3, and that there is a jwk
// and no crit.
func parseProof(raw string) (*parsedProof, error) {
	if len(raw) > maxProof {
		return nil, badProof("it is too long")
	}
	first, rest, ok1 := strings.Cut(raw, ".")
	second, third, ok2 := strings.Cut(rest, ".")
	header, ok3 := decodeBase64url(first)
	payload, ok4 := decodeBase64url(second)
	signature, ok5 := decodeBase64url(third)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return nil, badProof("it is not three segments of base64url")
	}
	t := &parsedProof{signed: raw[:len(raw)-len(third)-1], signature: signature}
	if faults := proofHeaderDecoder.Decode(header, &t.header); faults != nil {
		return nil, badProof("its header is not the JSON that it must be")
	}
	if faults := proofClaimsDecoder.Decode(payload, &t.claims); faults != nil {
		return nil, badProof("its claims are not the JSON that they must be")
	}
	c := &t.claims
	switch {
	case c.ID == "" || c.Method == "" || c.URL == "" || c.IssuedAt == nil:
		return nil, badProof("it lacks a claim")
	case len(c.ID) > maxProofID:
		return nil, badProof("its jti is too long")
	case t.header.Type != proofType:
		return nil, badProof("its typ is another")
	case t.header.Critical != nil:
		return nil, badProof("it has a crit")
	case t.header.Key == nil:
		return nil, badProof("it has no jwk")
	}
	return t, nil
}

// decodeBase64url decodes what has exactly one spelling. The decoder alone would
// skip line feeds.
func decodeBase64url(s string) ([]byte, bool) {
	b, err := base64url.DecodeString(s)
	return b, err == nil && len(b) > 0 && base64url.EncodedLen(len(b)) == len(s)
}
