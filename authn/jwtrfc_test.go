package authn_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// The payload of RFC 7515 appendices A.1 to A.3 and A.5, and of RFC 7519 §3.1 and
// §6.1, line breaks and all:
//
//	{"iss":"joe",
//	 "exp":1300819380,
//	 "http://example.com/is_root":true}
const rfcPayload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

const (
	// RFC 7515 §A.1, which is RFC 7519 §3.1.
	rfc7515A1    = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfcPayload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfc7515A1Key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"

	rfc7515A2 = "eyJhbGciOiJSUzI1NiJ9." + rfcPayload + "." +
		"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4" +
		"BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv" +
		"hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	rfc7515A2N = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" +
		"vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" +
		"G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

	rfc7515A3 = "eyJhbGciOiJFUzI1NiJ9." + rfcPayload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	rfc7515A4 = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA." +
		"AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp" +
		"EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

	// RFC 7515 §A.5, which is RFC 7519 §6.1.
	rfc7515A5 = "eyJhbGciOiJub25lIn0." + rfcPayload + "."

	rfc8037A4 = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func rfcBytes(s string) []byte { return must(base64.RawURLEncoding.DecodeString(s)) }

// rfcEC is the public key of a JWK (RFC 7518 §6.2.1).
func rfcEC(curve elliptic.Curve, x, y string) *ecdsa.PublicKey {
	return must(ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, rfcBytes(x)...), rfcBytes(y)...)))
}

func rfcRSA(n string) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBytes(rfcBytes(n)), E: 65537} // "AQAB"
}

// rfcKeys are the keys of RFC 7515 and RFC 8037.
func rfcKeys() (a1 []byte, a2 *rsa.PublicKey, a3, a4 *ecdsa.PublicKey, ed ed25519.PublicKey) {
	return rfcBytes(rfc7515A1Key), rfcRSA(rfc7515A2N),
		rfcEC(elliptic.P256(), "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
		rfcEC(elliptic.P521(), "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
			"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"),
		ed25519.PublicKey(rfcBytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
}

// The tokens of these sections have no "aud", and so cannot be meant for anybody
// here: that is the reason why they are refused, after their signature was found
// good. One that was changed is refused for its signature.
func TestRFC7515AppendixA_JWTs(t *testing.T) {
	a1, a2, a3, _, _ := rfcKeys()
	for _, tt := range []struct {
		name, alg, token string
		key              any
	}{
		{"RFC 7515 A.1, RFC 7519 3.1", "HS256", rfc7515A1, a1},
		{"RFC 7515 A.2", "RS256", rfc7515A2, a2},
		{"RFC 7515 A.3", "ES256", rfc7515A3, a3},
	} {
		api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Issuer, j.Algorithms, j.Keys, j.Types = "joe", []string{tt.alg}, authn.Keys{{Key: tt.key}}, []string{"JWT", ""}
		}))
		api.now = time.Unix(1300819379, 0)
		api.want(tt.name, tt.token, authn.AudienceWrong)
		dot := strings.LastIndexByte(tt.token, '.')
		api.want(tt.name+", changed", tt.token[:dot-9]+"x"+tt.token[dot-8:], authn.TokenMalformed)
		api.want(tt.name+", signature changed", tt.token[:dot+1]+"x"+tt.token[dot+2:], authn.SignatureWrong)
		api.want("RFC 7515 A.5, RFC 7519 6.1", rfc7515A5, authn.AlgorithmNotAllowed)
	}
}

// The claims of RFC 7519 §3.1 with an audience and a subject, by the key of the example: good
// until the second of "exp", which is 2011-03-22T18:43:00Z.
func TestRFC7519Section3_1_Example(t *testing.T) {
	type claims struct {
		Root bool `json:"http://example.com/is_root"`
	}
	a1, _, _, _, _ := rfcKeys()
	api := newJWTAPI(t, authn.JWT[claims]{
		Issuer: "joe", Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: a1}}, Types: []string{"JWT"},
	}, func(o *authn.Options) { o.Leeway = -1 })
	payload := strings.Replace(string(rfcBytes(rfcPayload)), "{", `{"aud":"`+jwtAudience+`","sub":"ana",`, 1)
	token := jwtSign("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", payload, jwt.SigningMethodHS256, a1)
	if header, _, _ := jwtParts(token); !strings.HasPrefix(rfc7515A1, header+".") {
		t.Fatal("the header is not that of the example")
	}
	exp := time.Date(2011, 3, 22, 18, 43, 0, 0, time.UTC)
	api.now = exp.Add(-1)
	api.want("before exp", token, authn.Accepted)
	if c, _ := authn.Claims[claims](api.seen); !c.Root || !api.seen.Expires.Equal(exp) {
		t.Errorf("%+v %+v", c, api.seen)
	}
	api.now = exp
	api.want("at exp", token, authn.TokenExpired)
}

// RFC 7520 §4, by the keys of its §3. The payload is text and no claims, so that
// these cannot be tokens: they go through the door of the tests.
const (
	rfc7520Payload = "It\u2019s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep your feet, " +
		"there\u2019s no knowing where you might be swept off to."
	rfc7520Encoded = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwg" +
		"YW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
	rfc7520N = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2l" +
		"bzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3" +
		"-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"
	rfc7520RS256 = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + rfc7520Encoded + "." +
		"MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmD" +
		"LJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2" +
		"aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"
	rfc7520PS384 = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + rfc7520Encoded + "." +
		"cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvW" +
		"Xzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6ui" +
		"P1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
	rfc7520ES512 = "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." + rfc7520Encoded + "." +
		"AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD89" +
		"0jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"
	rfc7520HS256 = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9." + rfc7520Encoded + "." +
		"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
)

func TestRFC7520Section4_Signatures(t *testing.T) {
	_, _, _, a4, ed := rfcKeys()
	es512 := rfcEC(elliptic.P521(), "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
		"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1")
	for _, tt := range []struct {
		name, jws string
		key       any
		payload   string
	}{
		{"RFC 7520 4.1", rfc7520RS256, rfcRSA(rfc7520N), rfc7520Payload},
		{"RFC 7520 4.2", rfc7520PS384, rfcRSA(rfc7520N), rfc7520Payload},
		{"RFC 7520 4.3", rfc7520ES512, es512, rfc7520Payload},
		{"RFC 7520 4.4", rfc7520HS256, rfcBytes("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"), rfc7520Payload},
		{"RFC 7515 A.4", rfc7515A4, a4, "Payload"},
		{"RFC 8037 A.4", rfc8037A4, ed, "Example of Ed25519 signing"},
	} {
		payload, ok := authn.VerifyJWS(tt.jws, authn.Key{Key: tt.key})
		if !ok || payload != tt.payload {
			t.Errorf("%s: %q %v", tt.name, payload, ok)
		}
		first, last := strings.IndexByte(tt.jws, '.'), strings.LastIndexByte(tt.jws, '.')
		for _, at := range []int{first + 2, last + 9} {
			c := byte('A')
			if tt.jws[at] == c {
				c = 'B'
			}
			if _, ok := authn.VerifyJWS(tt.jws[:at]+string(c)+tt.jws[at+1:], authn.Key{Key: tt.key}); ok {
				t.Errorf("%s: changed at %d and verified", tt.name, at)
			}
		}
	}
}
