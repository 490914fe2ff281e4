package authn_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// jwtCase is a token by the right key which is wrong in one respect.
type jwtCase struct {
	name, header, claims string
	want                 authn.Reason
}

func (api *jwtAPI) cases(cases []jwtCase) {
	api.t.Helper()
	for _, c := range cases {
		if c.header == "" {
			c.header = jwtHeader
		}
		if c.claims == "" {
			c.claims = jwtClaims
		}
		api.want(c.name, jwtHS256(c.header, c.claims), c.want)
	}
}

func TestJWTSettings(t *testing.T) {
	type change = func(*authn.JWT[authn.NoClaims])
	for name, f := range map[string]change{
		"no issuer":                 func(j *authn.JWT[authn.NoClaims]) { j.Issuer = "" },
		"an issuer with a space":    func(j *authn.JWT[authn.NoClaims]) { j.Issuer += " " },
		"no audience":               func(j *authn.JWT[authn.NoClaims]) { j.Audience = "" },
		"no audience beside others": func(j *authn.JWT[authn.NoClaims]) { j.Audience, j.MoreAudiences = "", []string{"b"} },
		"an empty audience more":    func(j *authn.JWT[authn.NoClaims]) { j.MoreAudiences = []string{"b", ""} },
		"no algorithms":             func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = nil },
		"an empty list":             func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{} },
		"none":                      func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{"HS256", "none"} },
		"None":                      func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{"None"} },
		"an empty name":             func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{""} },
		"another case":              func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{"hs256"} },
		"an encryption":             func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{"RSA-OAEP"} },
		"no keys":                   func(j *authn.JWT[authn.NoClaims]) { j.Keys = nil },
		"an empty set":              func(j *authn.JWT[authn.NoClaims]) { j.Keys = authn.Keys{} },
		"a cache of negative size":  func(j *authn.JWT[authn.NoClaims]) { j.Cache = -1 },
	} {
		if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(f)}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(), jwtScheme()}}); err == nil {
		t.Error("one issuer twice: no error")
	}
}

func TestRFC7519Section4_1_Claims(t *testing.T) {
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.MoreAudiences = []string{"second"} }))
	exp := func(value string) string { return strings.Replace(jwtClaims, "1772367000", value, 1) }
	aud := func(value string) string { return strings.Replace(jwtClaims, `"https://api.example.com"`, value, 1) }
	iss := func(value string) string { return strings.Replace(jwtClaims, `"https://issuer.example.com"`, value, 1) }
	api.cases([]jwtCase{
		{"no exp", "", strings.Replace(jwtClaims, `,"exp":1772367000`, "", 1), authn.ExpiryMissing},
		{"exp 0", "", exp("0"), authn.TokenExpired},
		{"exp -0.0", "", exp("-0.0"), authn.TokenExpired},
		{"exp negative", "", exp("-1"), authn.TokenExpired},
		{"exp null", "", exp("null"), authn.ClaimsWrong},
		{"exp a string", "", exp(`"1772367000"`), authn.ClaimsWrong},
		{"exp true", "", exp("true"), authn.ClaimsWrong},
		{"exp an array", "", exp("[1772367000]"), authn.ClaimsWrong},
		{"exp beyond a double", "", exp("1e400"), authn.ClaimsWrong},
		{"exp huge", "", exp("1e300"), authn.Accepted},
		{"exp no JSON", "", exp("01772367000"), authn.TokenMalformed},
		{"exp NaN", "", exp("NaN"), authn.TokenMalformed},
		{"nbf a string", "", jwtWith(`"nbf":"1"`), authn.ClaimsWrong},
		{"nbf null", "", jwtWith(`"nbf":null`), authn.ClaimsWrong},
		{"iat a string", "", jwtWith(`"iat":"1772366400"`), authn.ClaimsWrong},
		{"auth_time a string", "", jwtWith(`"auth_time":"1"`), authn.ClaimsWrong},
		{"sub a number", "", strings.Replace(jwtClaims, `"ana"`, "7", 1), authn.ClaimsWrong},
		{"no sub and no client", "", strings.Replace(jwtClaims, `"sub":"ana",`, "", 1), authn.ClaimsWrong},
		{"an empty sub and client", "", strings.Replace(jwtWith(`"client_id":"","azp":""`), `"ana"`, `""`, 1), authn.ClaimsWrong},
		{"sub with a line break", "", strings.Replace(jwtClaims, `"ana"`, `"ana\nbert"`, 1), authn.ClaimsWrong},
		{"sub with a NUL", "", strings.Replace(jwtClaims, `"ana"`, `"\u0000"`, 1), authn.ClaimsWrong},
		{"sub with a DEL", "", strings.Replace(jwtClaims, `"ana"`, `"a\u007f"`, 1), authn.ClaimsWrong},
		{"sub with a C1 control character", "", strings.Replace(jwtClaims, `"ana"`, `"a\u0085"`, 1), authn.ClaimsWrong},
		{"sub of other letters", "", strings.Replace(jwtClaims, `"ana"`, `"\u00e9 \u03bb|1"`, 1), authn.Accepted},
		{"client_id with an escape character", "", jwtWith(`"client_id":"\u001b[2J"`), authn.ClaimsWrong},
		{"azp with a tab", "", jwtWith(`"azp":"a\tb"`), authn.ClaimsWrong},
		{"azp with a tab, beside client_id", "", jwtWith(`"client_id":"a","azp":"a\tb"`), authn.ClaimsWrong},
		{"jti a number", "", jwtWith(`"jti":7`), authn.ClaimsWrong},
		{"scope a number", "", jwtWith(`"scope":7`), authn.ClaimsWrong},
		{"scope with a number", "", jwtWith(`"scope":["a",7]`), authn.ClaimsWrong},
		{"scope null", "", jwtWith(`"scope":null,"scp":"admin"`), authn.ClaimsWrong},

		{"aud in an array", "", aud(`["x","https://api.example.com"]`), authn.Accepted},
		{"aud the second", "", aud(`"second"`), authn.Accepted},
		{"aud with a number", "", aud(`["https://api.example.com",7]`), authn.ClaimsWrong},
		{"aud with null", "", aud(`["https://api.example.com",null]`), authn.ClaimsWrong},
		{"aud nested", "", aud(`[["https://api.example.com"]]`), authn.ClaimsWrong},
		{"aud an object", "", aud(`{"https://api.example.com":1}`), authn.ClaimsWrong},
		{"aud empty array", "", aud(`[]`), authn.AudienceWrong},
		{"aud null", "", aud(`null`), authn.ClaimsWrong},
		{"aud empty", "", aud(`""`), authn.AudienceWrong},
		{"aud absent", "", strings.Replace(jwtClaims, `"aud":"https://api.example.com",`, "", 1), authn.AudienceWrong},
		{"aud another", "", aud(`"https://api.example.net"`), authn.AudienceWrong},
		{"aud with a slash more", "", aud(`"https://api.example.com/"`), authn.AudienceWrong},
		{"aud a prefix", "", aud(`"https://api.example.co"`), authn.AudienceWrong},
		{"aud in capitals", "", aud(`"HTTPS://API.EXAMPLE.COM"`), authn.AudienceWrong},
		{"aud with spaces", "", aud(`"second third"`), authn.AudienceWrong},

		{"iss absent", "", strings.Replace(jwtClaims, `"iss":"https://issuer.example.com",`, "", 1), authn.IssuerWrong},
		{"iss another", "", iss(`"https://issuer.example.net"`), authn.IssuerWrong},
		{"iss with a slash more", "", iss(`"https://issuer.example.com/"`), authn.IssuerWrong},
		{"iss in capitals", "", iss(`"https://Issuer.example.com"`), authn.IssuerWrong},
		{"iss empty", "", iss(`""`), authn.IssuerWrong},
		{"iss null", "", iss(`null`), authn.ClaimsWrong},
		{"iss an array", "", iss(`["https://issuer.example.com"]`), authn.ClaimsWrong},
		{"iss escaped", "", iss(`"https:\/\/issuer.ex\u0061mple.com"`), authn.Accepted},

		{"cnf null", "", jwtWith(`"cnf":null`), authn.ClaimsWrong},
		{"cnf a string", "", jwtWith(`"cnf":"x"`), authn.ClaimsWrong},
		{"cnf empty", "", jwtWith(`"cnf":{}`), authn.ConfirmationUnknown},
		{"cnf unknown", "", jwtWith(`"cnf":{"kid":"k"}`), authn.ConfirmationUnknown},
		{"cnf in another case", "", jwtWith(`"cnf":{"JKT":"k"}`), authn.ConfirmationUnknown},
		{"cnf of no string", "", jwtWith(`"cnf":{"jkt":7}`), authn.ConfirmationUnknown},
	})
	bound := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Bound = true }))
	bound.want("not bound", jwtHS256(jwtHeader, jwtClaims), authn.BindingMissing)
}

// A member twice, or one that other parsers take for another (RFC 7519 §4, RFC 8725
// §2.4).
func TestRFC7519Section4_Names(t *testing.T) {
	api := newJWTAPI(t, jwtScheme())
	api.cases([]jwtCase{
		{"sub twice", "", jwtWith(`"sub":"root"`), authn.TokenMalformed},
		{"sub twice, escaped", "", jwtWith(`"\u0073ub":"root"`), authn.TokenMalformed},
		{"sub escaped alone", "", strings.Replace(jwtClaims, `"sub"`, `"s\u0075b"`, 1), authn.Accepted},
		{"an unknown one twice", "", jwtWith(`"x":1,"x":2`), authn.TokenMalformed},
		{"twice inside", "", jwtWith(`"x":{"y":{"z":1,"z":2}}`), authn.TokenMalformed},
		{"twice in an array", "", jwtWith(`"x":[[{"z":1,"z":2}]]`), authn.TokenMalformed},
		{"SUB beside sub", "", jwtWith(`"SUB":"root"`), authn.TokenMalformed},
		{"Sub beside sub", "", jwtWith(`"Sub":"root"`), authn.TokenMalformed},
		{"SUB escaped", "", jwtWith(`"S\u0055B":"root"`), authn.TokenMalformed},
		{"SUB escaped throughout", "", jwtWith(`"\u0053\u0055\u0042":"root"`), authn.TokenMalformed},
		{"a long s", "", jwtWith("\"\u017fub\":\"root\""), authn.TokenMalformed},
		{"a long s, escaped", "", jwtWith(`"\u017fub":"root"`), authn.TokenMalformed},
		{"EXP alone", "", strings.Replace(jwtClaims, `"exp"`, `"EXP"`, 1), authn.TokenMalformed},
		{"Client_ID", "", jwtWith(`"Client_ID":"x"`), authn.TokenMalformed},
		{"Cnf alone", "", jwtWith(`"Cnf":{"jkt":"k"}`), authn.TokenMalformed},
		{"first of all", "", `{"Aud":"x",` + jwtClaims[1:], authn.TokenMalformed},
		{"with space around", "", " {\n\t\"EXP\" :\r1 ," + jwtClaims[1:], authn.TokenMalformed},
		{"after a string with quotes", "", jwtWith(`"x":"\"}{\\","NBF":1`), authn.TokenMalformed},
		{"after an object", "", jwtWith(`"x":{"y":[{}]},"NBF":1`), authn.TokenMalformed},
		{"another case inside", "", jwtWith(`"x":{"SUB":1},"y":["EXP"],"z":"NBF"`), authn.Accepted},
		{"a name that has one in it", "", jwtWith(`"SUBJECT":1,"su":2,"SU":3,"SUB2":4,"🙂":5,"\ud83d\ude42x":6`), authn.Accepted},
		{"an empty name", "", jwtWith(`"":1`), authn.Accepted},
		{"a long name", "", jwtWith(`"` + strings.Repeat("SUB", 999) + `":1`), authn.Accepted},
		{"text that is not UTF-8", "", jwtWith("\"x\":\"\xff\""), authn.TokenMalformed},
		{"half a pair", "", jwtWith(`"x":"\ud800"`), authn.TokenMalformed},
		{"more after the document", "", jwtClaims + "{}", authn.TokenMalformed},
		{"no object", "", `[` + jwtClaims + `]`, authn.TokenMalformed},
		{"null", "", `null`, authn.TokenMalformed},
		{"too deep", "", jwtWith(`"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40)), authn.TokenMalformed},

		{"alg twice", `{"alg":"HS256","alg":"HS256","typ":"at+jwt"}`, "", authn.TokenMalformed},
		{"ALG beside alg", `{"alg":"HS256","ALG":"none","typ":"at+jwt"}`, "", authn.TokenMalformed},
		{"ALG alone", `{"ALG":"HS256","typ":"at+jwt"}`, "", authn.TokenMalformed},
		{"Crit", `{"alg":"HS256","typ":"at+jwt","Crit":["x"]}`, "", authn.TokenMalformed},
		{"a kid with a Kelvin sign", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"\u212aid\":\"x\"}", "", authn.TokenMalformed},
		{"twice inside the header", `{"alg":"HS256","typ":"at+jwt","jwk":{"k":1,"k":2}}`, "", authn.TokenMalformed},
		{"kid a number", `{"alg":"HS256","typ":"at+jwt","kid":7}`, "", authn.TokenMalformed},
		{"kid null", `{"alg":"HS256","typ":"at+jwt","kid":null}`, "", authn.TokenMalformed},
		{"a header of no object", `"HS256"`, "", authn.TokenMalformed},
		{"an empty header", `{}`, "", authn.AlgorithmNotAllowed},
	})
}

// The fields of the claims' own type are known names, too.
func TestJWTNamesOfClaims(t *testing.T) {
	type Embedded struct {
		Plan string `json:"plan"`
	}
	type claims struct {
		Embedded
		Roles []string `json:"roles"`
		Email string   `json:"emailAddress"`
	}
	scheme := authn.JWT[claims]{Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: jwtSecret}}}
	newJWTAPI(t, scheme).cases([]jwtCase{
		{"exact", "", jwtWith(`"roles":["a"],"plan":"x","emailAddress":"y"`), authn.Accepted},
		{"Roles", "", jwtWith(`"Roles":["a"]`), authn.ClaimsWrong},
		{"both", "", jwtWith(`"roles":[],"ROLES":["admin"]`), authn.ClaimsWrong},
		{"embedded", "", jwtWith(`"Plan":"x"`), authn.ClaimsWrong},
		{"in lower case", "", jwtWith(`"emailaddress":"x"`), authn.ClaimsWrong},
		{"of the wrong type", "", jwtWith(`"roles":"a"`), authn.ClaimsWrong},
	})
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.JWT[struct{ Sub string }]{
		Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: jwtSecret}},
	}}}); err == nil || !strings.Contains(err.Error(), `"Sub" differs from "sub"`) {
		t.Errorf("a field that no token can fill: %v", err)
	}
}

type jwtValidated struct {
	Tenant string `json:"tenant"`
}

func (v *jwtValidated) Validate() error {
	if v.Tenant == "" {
		return errors.New("no tenant")
	}
	return nil
}

func TestJWTValidate(t *testing.T) {
	newJWTAPI(t, authn.JWT[jwtValidated]{
		Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: jwtSecret}},
	}).cases([]jwtCase{
		{"refused", "", jwtClaims, authn.ClaimsWrong},
		{"accepted", "", jwtWith(`"tenant":"a"`), authn.Accepted},
	})
}

func TestRFC7515Section4_1_11_Crit(t *testing.T) {
	with := func(members string) string { return strings.TrimSuffix(jwtHeader, "}") + "," + members + "}" }
	newJWTAPI(t, jwtScheme()).cases([]jwtCase{
		{"unknown", with(`"crit":["x"],"x":1`), "", authn.CritUnknown},
		{"known-looking", with(`"crit":["exp"],"exp":1772367000`), "", authn.CritUnknown},
		{"registered", with(`"crit":["alg"]`), "", authn.CritUnknown},
		{"empty", with(`"crit":[]`), "", authn.CritUnknown},
		{"null", with(`"crit":null`), "", authn.TokenMalformed},
		{"a string", with(`"crit":"b64"`), "", authn.CritUnknown},
		{"b64 in it", with(`"crit":["b64"],"b64":true`), "", authn.CritUnknown},
		{"RFC 7797 b64 false", with(`"crit":["b64"],"b64":false`), "", authn.CritUnknown},
		{"RFC 7797 b64 false without crit", with(`"b64":false`), "", authn.CritUnknown},
		{"b64 true, which says nothing", with(`"b64":true`), "", authn.Accepted},
		{"b64 of no boolean", with(`"b64":"false"`), "", authn.TokenMalformed},
		{"what is not critical is ignored", with(`"x":{"y":1},"jku":"https://evil.example","jwk":{"kty":"oct"},"x5u":1`), "", authn.Accepted},
	})
}

func TestRFC9068Section4_Type(t *testing.T) {
	typ := func(value string) string { return `{"alg":"HS256","typ":"` + value + `"}` }
	const none = `{"alg":"HS256"}`
	api := newJWTAPI(t, jwtScheme())
	api.cases([]jwtCase{
		{"at+jwt", typ("at+jwt"), "", authn.Accepted},
		{"AT+JWT", typ("AT+JWT"), "", authn.Accepted},
		{"media type", typ("application/at+jwt"), "", authn.Accepted},
		{"media type in another case", typ("Application/At+Jwt"), "", authn.Accepted},
		{"JWT", typ("JWT"), "", authn.TypeWrong},
		{"absent", none, "", authn.TypeWrong},
		{"empty", typ(""), "", authn.TypeWrong},
		{"an ID token's", typ("id_token+jwt"), "", authn.TypeWrong},
		{"a proof's", typ("dpop+jwt"), "", authn.TypeWrong},
		{"a prefix twice", typ("application/application/at+jwt"), "", authn.TypeWrong},
		{"another tree", typ("text/at+jwt"), "", authn.TypeWrong},
		{"with a space", typ(" at+jwt"), "", authn.TypeWrong},
		{"of no string", `{"alg":"HS256","typ":7}`, "", authn.TokenMalformed},
	})
	jwt := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Types = []string{"JWT"} }))
	jwt.cases([]jwtCase{
		{"JWT", typ("JWT"), "", authn.Accepted},
		{"jwt", typ("jwt"), "", authn.Accepted},
		{"application/jwt", typ("application/jwt"), "", authn.Accepted},
		{"not named", typ("at+jwt"), "", authn.TypeWrong},
		{"absent", none, "", authn.TypeWrong},
	})
	absent := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Types = []string{""} }))
	absent.cases([]jwtCase{
		{"absent", none, "", authn.Accepted},
		{"a prefix alone", typ("application/"), "", authn.TypeWrong},
		{"another", typ("at+jwt"), "", authn.TypeWrong},
	})
}

// The compact form is three segments of base64url without padding, and each octet
// string has one spelling.
func TestRFC7515Section7_1_Segments(t *testing.T) {
	api := newJWTAPI(t, jwtScheme())
	good := jwtHS256(jwtHeader, jwtClaims)
	h, c, s := jwtParts(good)
	for _, tt := range []struct {
		name, token string
		want        authn.Reason
	}{
		{"as it was", good, authn.Accepted},
		{"two segments", h + "." + c, authn.TokenMalformed},
		{"one segment", h, authn.TokenMalformed},
		{"four segments", good + "." + s, authn.TokenMalformed},
		{"a dot at the end", good + ".", authn.TokenMalformed},
		{"a dot at the beginning", "." + good, authn.TokenMalformed},
		{"five segments, as encrypted ones have", h + "..." + c + "." + s, authn.TokenMalformed},
		{"dots alone", "..", authn.TokenMalformed},
		{"no header", "." + c + "." + s, authn.TokenMalformed},
		{"no claims", h + ".." + s, authn.TokenMalformed},
		{"no signature", h + "." + c + ".", authn.SignatureWrong},
		{"padding", good + "=", authn.TokenMalformed},
		{"padding inside", h + "==." + c + "." + s, authn.TokenFieldMalformed}, // RFC 6750 §2.1
		{"base64 with a plus", h + "." + c + ".+" + s[1:], authn.TokenMalformed},
		{"base64 with a slash", h + "." + c + "./" + s[1:], authn.TokenMalformed},
		{"a tilde", h + "." + c + ".~" + s[1:], authn.TokenMalformed},
		{"a space", h + "." + c + ". " + s, authn.TokenFieldMalformed},
		{"a tab", h + "." + c + ".\t" + s, authn.TokenFieldMalformed},
		{"a line break", h + "." + c + ".\n" + s, authn.TokenFieldMalformed},
		{"a character too few", good[:len(good)-1], authn.TokenMalformed}, // 42 characters leave two bits that are not zero
		{"a segment of impossible length", h + "." + c + "." + s + "AA", authn.TokenMalformed},
		{"the header of another", jwtEncode(`{"typ":"at+jwt","alg":"HS256"}`) + "." + c + "." + s, authn.SignatureWrong},
		{"the claims of another", h + "." + jwtEncode(jwtWith(`"scope":"admin"`)) + "." + s, authn.SignatureWrong},
		{"a header that is no JSON", jwtEncode("{") + "." + c + "." + s, authn.TokenMalformed},
		{"claims that are no JSON", jwtHS256(jwtHeader, "{"), authn.TokenMalformed},
		{"claims that are nothing", jwtHS256(jwtHeader, " "), authn.TokenMalformed},
	} {
		if tt.name == "a character too few" && strings.ContainsRune("AQgw", rune(s[len(s)-2])) {
			tt.want = authn.SignatureWrong // it happens to be the spelling of fewer bytes
		}
		api.want(tt.name, tt.token, tt.want)
	}
}

func jwtParts(token string) (header, claims, signature string) {
	parts := strings.Split(token, ".")
	return parts[0], parts[1], parts[2]
}

// Of 43 characters the last has two bits too many: four spellings are one signature
// to a lenient decoder.
func TestRFC4648Section3_5_LastCharacter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	api := newJWTAPI(t, jwtScheme())
	good := jwtHS256(jwtHeader, jwtClaims)
	last := strings.IndexByte(alphabet, good[len(good)-1])
	for i := range alphabet {
		want := authn.TokenMalformed
		switch {
		case i == last:
			want = authn.Accepted
		case i%4 == 0:
			want = authn.SignatureWrong
		}
		api.want(fmt.Sprint("last character ", i, " for ", last), good[:len(good)-1]+alphabet[i:i+1], want)
	}
	lenient := good[:len(good)-1] + alphabet[last+1:last+2]
	if _, err := base64.RawURLEncoding.DecodeString(lenient[strings.LastIndexByte(lenient, '.')+1:]); err != nil {
		t.Error("this test tests nothing:", err)
	}
}

func TestJWTMaxToken(t *testing.T) {
	token := jwtHS256(jwtHeader, jwtClaims)
	for size, want := range map[int]authn.Reason{len(token): authn.Accepted, len(token) - 1: authn.TokenTooLong} {
		newJWTAPI(t, jwtScheme(), func(o *authn.Options) { o.MaxToken = size }).want(fmt.Sprint(size), token, want)
		newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Cache = 9 }), func(o *authn.Options) { o.MaxToken = size }).want(fmt.Sprint(size, " with a cache"), token, want)
	}
	api := newJWTAPI(t, jwtScheme())
	api.want("17 KiB", jwtHS256(jwtHeader, jwtWith(`"x":"`+strings.Repeat("x", 17<<10)+`"`)), authn.TokenTooLong)
	api.want("11 KiB", jwtHS256(jwtHeader, jwtWith(`"x":"`+strings.Repeat("x", 11<<10)+`"`)), authn.Accepted)
}
