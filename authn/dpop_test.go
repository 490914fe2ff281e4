package authn_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

func TestRFC9449Section4_3_Checks(t *testing.T) {
	k, other := dpopNewKey(t, "ES256"), dpopNewKey(t, "ES256")
	big := dpopNewKey(t, "ES384")
	private := maps.Clone(k.jwk)
	private["d"] = "AAAA"
	secret := map[string]any{"kty": "oct", "k": dpopEncode(dpopSecret)}
	const url = dpopOrigin + "/v1/orders"
	token, unbound := dpopBound(t, k), dpopToken(t, nil)
	type m = dpopMembers
	good := func() string { return k.proof(t, "GET", url, token, nil, nil) }
	with := func(header, claims m) []string { return []string{k.proof(t, "GET", url, token, header, claims)} }
	header := func(s string) []string {
		return []string{k.sign(t, s, m{}.over(map[string]any{"jti": "1", "htm": "GET", "htu": url, "iat": dpopNow.Unix()}))}
	}
	jwkJSON := m{}.over(k.jwk)
	change := func(proof string, segment int, f func(string) string) []string {
		parts := strings.Split(proof, ".")
		parts[segment] = f(parts[segment])
		return []string{strings.Join(parts, ".")}
	}
	for _, tt := range []struct {
		name   string
		token  string
		proofs []string
		status int
		code   string
		reason authn.Reason
	}{
		{"a good one", token, []string{good()}, 200, "", authn.Accepted},
		// 1. not more than one field
		{"none", token, nil, 401, dpopBadProof, authn.ProofMissing},
		{"two fields", token, []string{good(), good()}, 401, dpopBadProof, authn.ProofMissing},
		// 2. one well-formed JWT
		{"two in one field", token, []string{good() + ", " + good()}, 401, dpopBadProof, authn.ProofMalformed},
		{"empty", token, []string{""}, 401, dpopBadProof, authn.ProofMalformed},
		{"two segments", token, []string{"a.b"}, 401, dpopBadProof, authn.ProofMalformed},
		{"four segments", token, []string{good() + ".AAAA"}, 401, dpopBadProof, authn.ProofMalformed},
		{"no signature", token, change(good(), 2, func(string) string { return "" }), 401, dpopBadProof, authn.ProofMalformed},
		{"padding", token, change(good(), 2, func(s string) string { return s + "==" }), 401, dpopBadProof, authn.ProofMalformed},
		{"a line feed", token, change(good(), 1, func(s string) string { return s[:4] + "\n" + s[4:] }), 401, dpopBadProof, authn.ProofMalformed},
		{"spare bits", token, change(good(), 2, func(s string) string { return s[:len(s)-1] + dpopSpare(s[len(s)-1]) }), 401, dpopBadProof, authn.ProofMalformed},
		{"no JSON", token, change(good(), 0, func(string) string { return dpopEncode([]byte("typ")) }), 401, dpopBadProof, authn.ProofMalformed},
		{"a member twice", token, header(`{"typ":"dpop+jwt","alg":"ES256","alg":"ES256","jwk":` + jwkJSON + `}`), 401, dpopBadProof, authn.ProofMalformed},
		{"a member of jwk twice", token, header(`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC",` + jwkJSON[1:] + `}`), 401, dpopBadProof, authn.ProofMalformed},
		{"a claim in another case is another (RFC 7519 §4)", token, with(nil, m{"HTM": "POST"}), 200, "", authn.Accepted},
		{"and is not that one", token, with(nil, m{"HTM": "GET", "htm": nil}), 401, dpopBadProof, authn.ProofMalformed},
		{"more than 8 KiB", token, with(nil, m{"more": strings.Repeat("x", 8<<10)}), 401, dpopBadProof, authn.ProofMalformed},
		{"6 KB, an extension", token, with(nil, m{"more": strings.Repeat("x", 4500)}), 200, "", authn.Accepted},
		// 3. all claims
		{"no jti", token, with(nil, m{"jti": nil}), 401, dpopBadProof, authn.ProofMalformed},
		{"an empty jti", token, with(nil, m{"jti": ""}), 401, dpopBadProof, authn.ProofMalformed},
		{"no htm", token, with(nil, m{"htm": nil}), 401, dpopBadProof, authn.ProofMalformed},
		{"no htu", token, with(nil, m{"htu": nil}), 401, dpopBadProof, authn.ProofMalformed},
		{"no iat", token, with(nil, m{"iat": nil}), 401, dpopBadProof, authn.ProofMalformed},
		{"iat is null", token, with(nil, m{"iat": dpopNull{}}), 401, dpopBadProof, authn.ProofMalformed},
		{"iat is a string", token, with(nil, m{"iat": "1800000000"}), 401, dpopBadProof, authn.ProofMalformed},
		{"jti is a number", token, with(nil, m{"jti": 7}), 401, dpopBadProof, authn.ProofMalformed},
		{"a jti of 257 bytes", token, with(nil, m{"jti": strings.Repeat("j", 257)}), 401, dpopBadProof, authn.ProofMalformed},
		{"a jti of 256 bytes", token, with(nil, m{"jti": strings.Repeat("j", 256)}), 200, "", authn.Accepted},
		// 4. typ
		{"no typ", token, with(m{"typ": nil}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"typ JWT", token, with(m{"typ": "JWT"}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"typ at+jwt", token, with(m{"typ": "at+jwt"}, nil), 401, dpopBadProof, authn.ProofMalformed},
		// 5. alg
		{"no alg", token, with(m{"alg": nil}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"alg none", token, with(m{"alg": "none"}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"alg HS256", token, with(m{"alg": "HS256", "jwk": secret}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"an alg that is not taken", dpopBound(t, big), []string{big.proof(t, "GET", url, dpopBound(t, big), nil, nil)}, 401, dpopBadProof, authn.ProofMalformed},
		{"an alg of another key", token, with(m{"alg": "EdDSA"}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"an alg of another curve", token, with(m{"jwk": big.jwk}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"an alg that the jwk excludes", token, with(m{"jwk": m{"alg": "ES384"}.plus(k.jwk)}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"crit", token, with(m{"crit": []string{"b64"}, "b64": true}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"crit is null", token, with(m{"crit": dpopNull{}}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"crit is empty", token, with(m{"crit": []string{}}, nil), 401, dpopBadProof, authn.ProofMalformed},
		// 6. the signature
		{"signed by another key", token, []string{other.proof(t, "GET", url, token, m{"jwk": k.jwk}, nil)}, 401, dpopBadProof, authn.ProofSignatureWrong},
		{"another signature", token, change(good(), 2, func(string) string { return strings.Split(good(), ".")[2] }), 401, dpopBadProof, authn.ProofSignatureWrong},
		{"claims that were changed", token, change(good(), 1, func(string) string { return strings.Split(good(), ".")[1] }), 401, dpopBadProof, authn.ProofSignatureWrong},
		// 7. jwk
		{"no jwk", token, with(m{"jwk": nil}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"jwk is null", token, with(m{"jwk": dpopNull{}}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"a private key", token, with(m{"jwk": private}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"a secret", token, with(m{"jwk": secret}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"a key for encryption", token, with(m{"jwk": m{"use": "enc"}.plus(k.jwk)}, nil), 401, dpopBadProof, authn.ProofMalformed},
		{"a key with what others know of", token, with(m{"jwk": m{"use": "sig", "alg": "ES256", "key_ops": []string{"verify"}, "ext": true}.plus(k.jwk)}, nil), 200, "", authn.Accepted},
		// 8. htm
		{"another method", token, with(nil, m{"htm": "POST"}), 401, dpopBadProof, authn.ProofMethodMismatch},
		{"the method in lower case", token, with(nil, m{"htm": "get"}), 401, dpopBadProof, authn.ProofMethodMismatch},
		// 9. htu; more of it in TestRFC9449Section4_3_URL
		{"another URL", token, with(nil, m{"htu": url + "/1"}), 401, dpopBadProof, authn.ProofURLMismatch},
		// 11. iat; 10 is in TestRFC9449Section9_Nonce
		{"60 s old", token, with(nil, m{"iat": dpopNow.Unix() - 60}), 200, "", authn.Accepted},
		{"61 s old", token, with(nil, m{"iat": dpopNow.Unix() - 61}), 401, dpopBadProof, authn.ProofStale},
		{"10 s ahead", token, with(nil, m{"iat": dpopNow.Unix() + 10}), 200, "", authn.Accepted},
		{"11 s ahead", token, with(nil, m{"iat": dpopNow.Unix() + 11}), 401, dpopBadProof, authn.ProofStale},
		{"half a second", token, with(nil, m{"iat": float64(dpopNow.Unix()) - 60.5}), 401, dpopBadProof, authn.ProofStale},
		{"before all time", token, with(nil, m{"iat": -1e300}), 401, dpopBadProof, authn.ProofStale},
		{"after all time", token, with(nil, m{"iat": 1e300}), 401, dpopBadProof, authn.ProofStale},
		{"exp has come", token, with(nil, m{"exp": dpopNow.Unix() - 10}), 401, dpopBadProof, authn.ProofStale},
		{"exp has come within the leeway", token, with(nil, m{"exp": dpopNow.Unix() - 9}), 200, "", authn.Accepted},
		{"nbf has not come", token, with(nil, m{"nbf": dpopNow.Unix() + 11}), 401, dpopBadProof, authn.ProofStale},
		{"nbf has not come within the leeway", token, with(nil, m{"nbf": dpopNow.Unix() + 10}), 200, "", authn.Accepted},
		// 12. ath, and the key that the token is bound to
		{"no ath", token, with(nil, m{"ath": nil}), 401, dpopBadProof, authn.ProofTokenMismatch},
		{"ath of another token", token, []string{k.proof(t, "GET", url, unbound, nil, nil)}, 401, dpopBadProof, authn.ProofTokenMismatch},
		{"ath with padding", token, with(nil, m{"ath": dpopHash(token) + "="}), 401, dpopBadProof, authn.ProofTokenMismatch},
		{"another key than the token's", token, []string{other.proof(t, "GET", url, token, nil, nil)}, 401, dpopBadToken, authn.ProofKeyMismatch},
		{"a token that is not bound", unbound, []string{k.proof(t, "GET", url, unbound, nil, nil)}, 401, dpopBadToken, authn.BindingMissing},
		{"a token that is bound to a certificate", dpopToken(t, map[string]any{"x5t#S256": dpopHash("x")}), []string{good()}, 401, dpopBadToken, authn.CertificateMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, reason := dpopServe(t, authn.DPoP{}).send("GET", "/v1/orders", "DPoP "+tt.token, tt.proofs...)
			if reason != tt.reason {
				t.Errorf("reason %s, want %s", reason, tt.reason)
			}
			dpopWant(t, w, tt.status, tt.code)
			if tt.status == 200 && w.Body.String() != "DPoP ana" {
				t.Errorf("body %q", w.Body)
			}
		})
	}
}
