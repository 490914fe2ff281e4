package authn

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"
)

const (
	jwkRFC7638 = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	jwkRFC8037 = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	jwkRFC9449 = `{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`
)

func jwkOf(t *testing.T, document string) *proofJWK {
	t.Helper()
	j := new(proofJWK)
	if err := json.Unmarshal([]byte(document), j); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestRFC7638Section3_1_Thumbprint(t *testing.T) {
	for _, tt := range []struct{ from, jwk, want string }{
		{"RFC 7638 §3.1", jwkRFC7638, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{"RFC 8037 A.3", jwkRFC8037, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"RFC 9449 §6.1", jwkRFC9449, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
	} {
		j := jwkOf(t, tt.jwk)
		if _, err := j.public(); err != nil {
			t.Errorf("%s: %v", tt.from, err)
		}
		if sum := j.thumbprint(); base64url.EncodeToString(sum[:]) != tt.want {
			t.Errorf("%s: %s, want %s", tt.from, base64url.EncodeToString(sum[:]), tt.want)
		}
	}
	// §3.1 shows what is hashed.
	want := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if jwkOf(t, jwkRFC8037).thumbprint() != want {
		t.Error("the members of an OKP key are others")
	}
}

func TestProofJWKRefused(t *testing.T) {
	replace := func(jwk string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(jwk) }
	add := func(jwk, members string) string { return strings.TrimSuffix(jwk, "}") + "," + members + "}" }
	whole := jwkOf(t, jwkRFC9449)
	left, _ := base64url.DecodeString(whole.X)
	right, _ := base64url.DecodeString(whole.Y)
	shifted := replace(jwkRFC9449, whole.X, base64url.EncodeToString(left[:31]), whole.Y, base64url.EncodeToString(append(left[31:], right...)))
	const n, x, y = `"n":"0vx7`, `"x":"l8tF`, `"y":"9VE4`
	for _, tt := range []struct {
		name, jwk string
		want      error
	}{
		{"an empty one", `{}`, errJWKType},
		{"a secret", `{"kty":"oct","k":"AAAA"}`, errPrivateJWK},
		{"a secret without its value", `{"kty":"oct"}`, errJWKType},
		{"kty in another case", replace(jwkRFC9449, `"EC"`, `"ec"`), errJWKType},
		{"an EC key with d", add(jwkRFC9449, `"d":"AAAA"`), errPrivateJWK},
		{"an OKP key with d", add(jwkRFC8037, `"d":""`), errPrivateJWK},
		{"an RSA key with p", add(jwkRFC7638, `"p":"AAAA"`), errPrivateJWK},
		{"an RSA key with q", add(jwkRFC7638, `"q":"AAAA"`), errPrivateJWK},
		{"an RSA key with dp", add(jwkRFC7638, `"dp":"AAAA"`), errPrivateJWK},
		{"an RSA key with dq", add(jwkRFC7638, `"dq":"AAAA"`), errPrivateJWK},
		{"an RSA key with qi", add(jwkRFC7638, `"qi":"AAAA"`), errPrivateJWK},
		{"an RSA key with oth", add(jwkRFC7638, `"oth":[]`), errPrivateJWK},
		{"an EC key with k", add(jwkRFC9449, `"k":"AAAA"`), errPrivateJWK},
		{"for encryption", add(jwkRFC9449, `"use":"enc"`), errJWKUse},
		{"another curve", replace(jwkRFC9449, "P-256", "secp256k1"), errJWKType},
		{"the coordinates of another curve", replace(jwkRFC9449, "P-256", "P-384"), errJWKValue},
		{"a point that is not on the curve", replace(jwkRFC9449, y, `"y":"9VE5`), errJWKValue},
		{"a coordinate that is short", replace(jwkRFC9449, x, `"x":"`), errJWKValue},
		{"a byte of x in y: the same point with another thumbprint", shifted, errJWKValue},
		{"a coordinate with a zero before it", replace(jwkRFC9449, x, `"x":"AAAAl8tF`), errJWKValue},
		{"a coordinate with a line feed", replace(jwkRFC9449, x, `"x":"\nl8tF`), errJWKValue},
		{"a coordinate with padding", replace(jwkRFC9449, `WBFs"`, `WBFs="`), errJWKValue},
		{"no coordinates", `{"kty":"EC","crv":"P-256"}`, errJWKValue},
		{"X25519", replace(jwkRFC8037, "Ed25519", "X25519"), errJWKType},
		{"an x of 33 bytes", replace(jwkRFC8037, `HURo"`, `HURoAA"`), errJWKValue},
		{"n with a zero before it", replace(jwkRFC7638, n, `"n":"AAAA0vx7`), errJWKValue},
		{"an even n", replace(jwkRFC7638, `DKgw"`, `DKgg"`), errJWKValue},
		{"no n", replace(jwkRFC7638, `"n"`, `"m"`), errJWKValue},
		{"an n of 8200 bits", `{"kty":"RSA","e":"AQAB","n":"` + base64url.EncodeToString([]byte(strings.Repeat("\xff", 1025))) + `"}`, errJWKValue},
		{"e is 1", replace(jwkRFC7638, `AQAB`, `AQ`), errJWKValue},
		{"e is 2", replace(jwkRFC7638, `AQAB`, `Ag`), errJWKValue},
		{"e with a zero before it", replace(jwkRFC7638, `AQAB`, `AAEAAQ`), errJWKValue},
		{"an e of 32 bits", replace(jwkRFC7638, `AQAB`, `_____w`), errJWKValue},
		{"an e of 33 bits", replace(jwkRFC7638, `AQAB`, `AQAAAAE`), errJWKValue},
	} {
		if _, err := jwkOf(t, tt.jwk).public(); err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
