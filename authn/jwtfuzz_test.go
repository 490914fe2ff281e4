package authn_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// Whatever stands in Authorization, nothing panics, nobody is let in without a
// signature by the service's key, and it is never the service's fault.
func FuzzAuthorization(f *testing.F) {
	type claims struct {
		Roles []string `json:"roles"`
	}
	scheme := func(issuer string, cache int) authn.Scheme {
		return authn.JWT[claims]{
			Issuer: issuer, Audience: jwtAudience, Algorithms: []string{"HS256", "ES256"}, Types: []string{"at+jwt", "JWT", ""}, Cache: cache,
			Keys: authn.Keys{{Algorithm: "HS256", Key: []byte("a secret that no seed is signed with")}, {Key: &jwtECDSA().PublicKey}},
		}
	}
	auth := must(authn.New(authn.Options{
		Schemes:  []authn.Scheme{scheme(jwtIssuer, 0), scheme("joe", 9)},
		Problems: must(problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})),
		Now:      func() time.Time { return time.Unix(jwtNow, 0) },
	}))
	handler := auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) }))
	for _, seed := range []string{
		"", "Bearer", "Bearer ", "Bearer a.b.c", "bearer\t..", "Basic YTpi", "DPoP x", "Bearer " + rfc7515A1, "Bearer " + rfc7515A5,
		"Bearer " + jwtHS256(jwtHeader, jwtClaims), "Bearer " + jwtHS256(jwtHeader, jwtWith(`"roles":[],"S\u0055B":1,"x":{"y":[1]}`)),
		"Bearer " + jwtEncode(`{"alg":"none"}`) + "." + jwtEncode(jwtClaims) + ".", "Bearer a.b.c.d.e", "Bearer \x00", "Bearer é.é.é", " Bearer =.=.=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{authorization}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		challenge := w.Header().Get("WWW-Authenticate")
		if w.Code != 401 && w.Code != 400 || !strings.HasPrefix(challenge, `Bearer realm="api"`) {
			t.Errorf("%d %s", w.Code, challenge)
		}
	})
}

// What is read here, golang-jwt reads too, and the same: it is the more lenient
// everywhere.
func FuzzParseJWT(f *testing.F) {
	for _, seed := range []string{
		rfc7515A1, rfc7515A2, rfc7515A3, rfc7515A4, rfc7515A5, rfc8037A4, "..", "a.b.c", "e30.e30.", "e30.e30.AB", "e30.e30.AA", "e30.e30.e30.",
		jwtHS256(jwtHeader, jwtClaims), jwtHS256(`{"alg":"HS256","x":1e400}`, jwtWith(`"y":1e400,"aud\u0000":[],"\ud83d\ude42":{"SUB":1}`)),
		jwtHS256("{}", `{"exp":1e308,"iss":"a","sub":"\u00e9"}`), "e30\n.e30.", "e30=.e30.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := authn.ParseJWT(raw)
		if err != nil {
			return
		}
		parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithJSONNumber())
		header, claims, signature := jwtParts(raw)
		// golang-jwt refuses a header with an unknown algorithm, or with a number
		// beyond a double in a member that nobody looks at; that is not its syntax.
		plain, err := parser.DecodeSegment(header)
		if err != nil {
			t.Fatal("the header:", err)
		}
		var h map[string]any
		decoder := json.NewDecoder(bytes.NewReader(plain))
		decoder.UseNumber()
		if err := decoder.Decode(&h); err != nil {
			t.Fatal("the header:", err)
		}
		token, _, err := parser.ParseUnverified(jwtEncode(`{"alg":"HS256"}`)+"."+claims+"."+signature, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		c := token.Claims.(jwt.MapClaims)
		for name, value := range map[string]string{"iss": got.Issuer, "sub": got.Subject} {
			if s, _ := c[name].(string); s != value {
				t.Errorf("%s is %q here and %q there", name, value, s)
			}
		}
		for name, value := range map[string]string{"alg": got.Algorithm, "kid": got.KeyID} {
			if s, _ := h[name].(string); s != value {
				t.Errorf("%s is %q here and %q there", name, value, s)
			}
		}
		if n, ok := c["exp"].(json.Number); ok != (got.Expires != nil) || ok && must(n.Float64()) != *got.Expires {
			t.Errorf("exp is %v here and %v there", got.Expires, c["exp"])
		}
		if !bytes.Equal(got.Signature, token.Signature) || !utf8.ValidString(got.Payload) {
			t.Errorf("signature %x there %x", got.Signature, token.Signature)
		}
		// And it has one spelling alone.
		if jwtEncode(string(plain))+"."+jwtEncode(got.Payload)+"."+jwtEncode(string(got.Signature)) != raw {
			t.Error("it can be written otherwise")
		}
	})
}

// FuzzNames: a name in another case is found where encoding/json would take it for
// the registered one, and nothing else is.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"sub", "SUB", `S\u0055B`, "\u017fub", "client_id", "Client_ID", "azp ", "x", "", `\"exp`, "\u212aid", "EXP\u0130"} {
		f.Add(seed)
	}
	registered := []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "azp", "scope", "scp", "auth_time", "acr", "cnf"}
	f.Fuzz(func(t *testing.T, inside string) {
		object := `{"` + inside + `":1}`
		var members map[string]any
		if !utf8.ValidString(inside) || strings.Contains(inside, `\u`) && strings.Contains(strings.ToLower(inside), `\ud`) ||
			json.Unmarshal([]byte(object), &members) != nil || len(members) != 1 {
			return // no object with one member, or half of a pair, which never comes so far
		}
		want := false
		for name := range members {
			for _, known := range registered {
				want = want || name != known && strings.EqualFold(name, known)
			}
		}
		if got := authn.NamesClash(object); got != want {
			t.Errorf("%s: %v, want %v", object, got, want)
		}
	})
}
