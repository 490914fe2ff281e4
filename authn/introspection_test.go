package authn_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

type introspectClaims struct {
	Extension string `json:"extension_field"`
	Username  string `json:"username"`
}

func (c *introspectClaims) Validate() error {
	if c.Extension == "" {
		return errors.New("no extension_field")
	}
	return nil
}

func TestRFC7662Section2_2_Examples(t *testing.T) {
	answer := introspectActive
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) { introspectJSON(answer)(w, r) }, func(url string) []authn.Scheme {
		return []authn.Scheme{authn.Introspection[introspectClaims](introspectScheme(url))}
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer 2YotnFZFEjr1zCsicMWpAA")
	p, err := g.auth.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	claims, ok := authn.Claims[introspectClaims](p)
	if p.Scheme != "Bearer" || p.Issuer != "https://server.example.com/" || p.Subject != "Z5O3upPC88QrAjx00dis" ||
		p.Owner() != "https://server.example.com/ Z5O3upPC88QrAjx00dis" || p.Client != "l238j323ds-23ij4" ||
		!slices.Equal(p.Scopes, []string{"read", "write", "dolphin"}) || p.Expires.Unix() != 1419356238 ||
		!ok || claims != (introspectClaims{"twenty-seven", "jdoe"}) {
		t.Errorf("principal %+v, claims %+v %v", p, claims, ok)
	}

	answer = `{"active": false}` // the second answer
	res := g.want(t, "mF_9.B5f-4.1JqM", 401, authn.TokenInactive, 2)
	problemtest.Want(t, res, 401, introspectType(t, "token-inactive"))
	const challenge = `Bearer realm="api", error="invalid_token", error_description="The token is not active."`
	if got := res.Header.Values("WWW-Authenticate"); !slices.Equal(got, []string{challenge}) {
		t.Errorf("challenge %q", got)
	}
}

func TestRFC7662Section2_1_Request(t *testing.T) {
	type seen struct{ line, body, contentType, accept, authorization string }
	for _, tt := range []struct {
		name, token string
		change      func(*authn.Introspection[authn.NoClaims])
		want        seen
	}{
		{
			"the example with client credentials", "mF_9.B5f-4.1JqM", func(*authn.Introspection[authn.NoClaims]) {},
			seen{"POST /introspect", "token=mF_9.B5f-4.1JqM&token_type_hint=access_token", "application/x-www-form-urlencoded", "application/json", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"},
		},
		{ // base64 of rs:rs%3AMku-6g_lCzKIdz4fsN7kYcya%2BTi
			"credentials are form-encoded (RFC 6749 §2.3.1)", "a+b/c==", func(i *authn.Introspection[authn.NoClaims]) {
				i.ClientID, i.ClientSecret = "rs", "rs:Mku-6g_lCzKIdz4fsN7kYcya+Ti"
			},
			seen{"POST /introspect", "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token", "application/x-www-form-urlencoded", "application/json", "Basic cnM6cnMlM0FNa3UtNmdfbEN6S0lkejRmc043a1ljeWElMkJUaQ=="},
		},
		{
			"the example with a token", "2YotnFZFEjr1zCsicMWpAA", func(i *authn.Introspection[authn.NoClaims]) {
				i.ClientID, i.ClientSecret = "", ""
				i.Authorize = func(r *http.Request) error {
					r.Header.Set("Authorization", "Bearer 23410913-abewfq.123483")
					return nil
				}
			},
			seen{"POST /introspect", "token=2YotnFZFEjr1zCsicMWpAA&token_type_hint=access_token", "application/x-www-form-urlencoded", "application/json", "Bearer 23410913-abewfq.123483"},
		},
		{
			"a client that TLS authenticates (RFC 8705 §2)", "abc", func(i *authn.Introspection[authn.NoClaims]) {
				i.ClientSecret, i.Authorize = "", func(*http.Request) error { return nil }
			},
			seen{"POST /introspect", "client_id=s6BhdRkqt3&token=abc&token_type_hint=access_token", "application/x-www-form-urlencoded", "application/json", ""},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got seen
			g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = seen{r.Method + " " + r.RequestURI, string(body), r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("Authorization")}
				if r.Header["Idempotency-Key"] != nil {
					t.Error("an Idempotency-Key was sent")
				}
				introspectJSON(introspectActive)(w, r)
			}, func(url string) []authn.Scheme {
				i := introspectScheme(url)
				tt.change(&i)
				return []authn.Scheme{i}
			})
			g.want(t, tt.token, 200, authn.Accepted, 1)
			if got != tt.want {
				t.Errorf("the endpoint saw\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

func TestIntrospectionSettings(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		change       func(*authn.Introspection[introspectClaims])
		status       int
		reason       authn.Reason
	}{
		{"another of the audiences", `{"active":true,"sub":"ana","aud":"b","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) { i.Audience, i.MoreAudiences = "a", []string{"b"} }, 200, authn.Accepted},
		{"any audience", `{"active":true,"sub":"ana","aud":"b","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) { i.Audience, i.AnyAudience = "", true }, 200, authn.Accepted},
		{"any audience, and none", `{"active":true,"sub":"ana","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) { i.Audience, i.AnyAudience = "", true }, 200, authn.Accepted},
		{"claims that Validate refuses", `{"active":true,"sub":"ana","aud":"https://protected.example.net/resource"}`, func(i *authn.Introspection[introspectClaims]) {}, 401, authn.ClaimsWrong},
		{"claims of another type", `{"active":true,"sub":"ana","aud":"https://protected.example.net/resource","extension_field":27}`, func(i *authn.Introspection[introspectClaims]) {}, 401, authn.ClaimsWrong},
		{"bound where it must be", `{"active":true,"sub":"ana","extension_field":"x","cnf":{"x5t#S256":"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"}}`, func(i *authn.Introspection[introspectClaims]) {
			i.Audience, i.AnyAudience, i.Bound = "", true, true
		}, 200, authn.Accepted},
		{"not bound where it must be", `{"active":true,"sub":"ana","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) {
			i.Audience, i.AnyAudience, i.Bound = "", true, true
		}, 401, authn.BindingMissing},
		{"at the bound of size", `{"active":true,"sub":"ana","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) {
			i.Audience, i.AnyAudience, i.MaxBytes = "", true, 49
		}, 200, authn.Accepted},
		{"beyond the bound of size", `{"active":true,"sub":"ana","extension_field":"x"}`, func(i *authn.Introspection[introspectClaims]) {
			i.Audience, i.AnyAudience, i.MaxBytes = "", true, 48
		}, 503, authn.IntrospectionDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newIntrospectRig(t, introspectJSON(tt.answer), func(url string) []authn.Scheme {
				i := authn.Introspection[introspectClaims](introspectScheme(url))
				tt.change(&i)
				return []authn.Scheme{i}
			}, func(o *authn.Options) {
				// SHA-256 of "abc", the example of FIPS 180, is ungWv48B...
				o.Certificate = func(*http.Request) *x509.Certificate { return &x509.Certificate{Raw: []byte("abc")} }
			})
			g.want(t, "abc", tt.status, tt.reason, 1)
		})
	}
}

func TestIntrospectionRefusesSettings(t *testing.T) {
	type scheme = authn.Introspection[authn.NoClaims]
	for _, tt := range []struct {
		change func(*scheme)
		want   string
	}{
		{func(i *scheme) { i.URL = "" }, "URL is not an absolute URL"},
		{func(i *scheme) { i.URL = "/introspect" }, "URL is not an absolute URL"},
		{func(i *scheme) { i.URL = "https://:443/" }, "URL is not an absolute URL"},
		{func(i *scheme) { i.URL = "https://a.example/#f" }, "without a fragment"},
		{func(i *scheme) { i.URL = "http://a.example/" }, "neither https nor http on a loopback"},
		{func(i *scheme) { i.URL = "http://localhost.example/" }, "neither https nor http on a loopback"},
		{func(i *scheme) { i.URL = "ftp://127.0.0.1/" }, "neither https nor http on a loopback"},
		{func(i *scheme) { i.URL = "https://me:hush@a.example/" }, "URL has a user"},
		{func(i *scheme) { i.ClientID = "" }, "ClientID or ClientSecret is empty"},
		{func(i *scheme) { i.ClientSecret = "" }, "ClientID or ClientSecret is empty"},
		{func(i *scheme) { i.Authorize = func(*http.Request) error { return nil } }, "ClientSecret beside Authorize"},
		{func(i *scheme) { i.Issuer = "" }, "issuer is empty"},
		{func(i *scheme) { i.Issuer = "https://a.example b" }, "has a space"},
		{func(i *scheme) { i.Audience = "" }, "an audience is empty"},
		{func(i *scheme) { i.MoreAudiences = []string{""} }, "an audience is empty"},
		{func(i *scheme) { i.AnyAudience = true }, "AnyAudience beside an audience"},
		{func(i *scheme) { i.CacheFor = 5*time.Minute + 1 }, "more than 5 minutes"},
		{func(i *scheme) { i.Cache = -1 }, "Cache is negative"},
		{func(i *scheme) { i.Timeout = -1 }, "Timeout is negative"},
		{func(i *scheme) { i.MaxBytes = -1 }, "MaxBytes is negative"},
	} {
		i := introspectScheme("https://server.example.com/introspect")
		tt.change(&i)
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{i}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
	one := introspectScheme("https://server.example.com/introspect")
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{one, one}}); err == nil || !strings.Contains(err.Error(), "two Introspection") {
		t.Errorf("two of them: %v", err)
	}
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Introspection[chan int](one)}}); err == nil || !strings.Contains(err.Error(), "claims' type") {
		t.Errorf("claims of a type that cannot be decoded: %v", err)
	}
	for _, url := range []string{"https://a.example", "http://localhost/x?y=z", "http://127.0.0.1:8080/", "http://[::1]/"} {
		if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{introspectScheme(url)}}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A JWT of an issuer that has a scheme is for that scheme alone, and any other
// token for introspection.
func TestIntrospectionBesideJWT(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	sign := func(key []byte, issuer string, exp int64) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": issuer, "aud": "a", "sub": "ana", "exp": exp}).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	g := newIntrospectRig(t, introspectJSON(introspectActive), func(url string) []authn.Scheme {
		return []authn.Scheme{introspectScheme(url), authn.JWT[authn.NoClaims]{
			Issuer: "https://jwt.example", Audience: "a", Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: secret}}, Types: []string{"JWT"},
		}}
	})
	const later = introspectStart + 60
	g.want(t, sign(secret, "https://jwt.example", later), 200, authn.Accepted, 0)
	g.want(t, sign([]byte(strings.Repeat("x", 32)), "https://jwt.example", later), 401, authn.SignatureWrong, 0)
	g.want(t, sign(secret, "https://jwt.example", introspectStart-60), 401, authn.TokenExpired, 0)
	g.want(t, sign(secret, "https://other.example", later), 200, authn.Accepted, 1)
	g.want(t, "mF_9.B5f-4.1JqM", 200, authn.Accepted, 2)
	g.want(t, "opaque", 200, authn.Accepted, 3)
}

// What a request needs is decided each time, whatever is remembered.
func TestIntrospectionDecidesEachRequest(t *testing.T) {
	revoked := false
	g := newIntrospectRig(t, introspectJSON(introspectActive), introspectOne, func(o *authn.Options) {
		o.Revoked = func(context.Context, authn.Principal) (bool, error) { return revoked, nil }
	})
	g.want(t, "abc", 200, authn.Accepted, 1)
	revoked = true
	g.want(t, "abc", 401, authn.TokenRevoked, 1)
	revoked = false
	g.want(t, "abc", 200, authn.Accepted, 1)

	g.handler = conformtest.Handler(t, g.auth.Require(authn.Scope("fly"))(http.HandlerFunc(introspectWhoami)))
	g.want(t, "abc", 403, authn.ScopeMissing, 1)
}

func TestRFC9470Section6_2_AuthTimeAndACR(t *testing.T) {
	g := newIntrospectRig(t, introspectJSON(`{"active":true,"sub":"ana","aud":"https://protected.example.net/resource","auth_time":1419350240,"acr":"strong"}`), introspectOne)
	for _, tt := range []struct {
		needs  []authn.Requirement
		status int
		reason authn.Reason
	}{
		{[]authn.Requirement{authn.MaxAge(time.Minute), authn.ACR("strong")}, 200, authn.Accepted},
		{[]authn.Requirement{authn.MaxAge(59 * time.Second)}, 401, authn.LoginTooOld},
		{[]authn.Requirement{authn.ACR("stronger")}, 401, authn.ACRTooLow},
	} {
		g.handler = conformtest.Handler(t, g.auth.Require(tt.needs...)(http.HandlerFunc(introspectWhoami)))
		g.want(t, "abc", tt.status, tt.reason, 1)
	}
}
