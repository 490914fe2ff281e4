package authn_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// The issuer of these tests, and the time, which stands still unless a test moves it.
const (
	jwtIssuer   = "https://issuer.example.com"
	jwtAudience = "https://api.example.com"
	jwtNow      = 1772366400 // 2026-03-01T12:00:00Z
	jwtHeader   = `{"alg":"HS256","typ":"at+jwt"}`
	jwtClaims   = `{"iss":"https://issuer.example.com","aud":"https://api.example.com","sub":"ana","exp":1772367000}`
)

// jwtSecret has the length of the hash of HS256, which is the least allowed.
var jwtSecret = []byte("0123456789abcdef0123456789abcdef")

// Keys are made once: RSA takes long.
var (
	jwtRSA     = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	jwtECDSA   = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	jwtEd25519 = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// jwtSign makes a token of any header and claims, as they are written.
func jwtSign(header, claims string, method jwt.SigningMethod, key any) string {
	signed := jwtEncode(header) + "." + jwtEncode(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(must(method.Sign(signed, key)))
}

func jwtEncode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// jwtHS256 signs with the secret of these tests.
func jwtHS256(header, claims string) string {
	return jwtSign(header, claims, jwt.SigningMethodHS256, jwtSecret)
}

// jwtWith adds members to the claims: `"nbf":1,"iat":2`.
func jwtWith(members string) string { return strings.TrimSuffix(jwtClaims, "}") + "," + members + "}" }

// jwtScheme is the scheme of these tests, changed.
func jwtScheme(change ...func(*authn.JWT[authn.NoClaims])) authn.JWT[authn.NoClaims] {
	s := authn.JWT[authn.NoClaims]{
		Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"},
		Keys: authn.Keys{{Key: jwtSecret}},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

// jwtAPI is a service whose only route tells who asks.
type jwtAPI struct {
	t       testing.TB
	auth    *authn.Authenticator
	handler http.Handler

	mu    sync.Mutex
	now   time.Time
	event authn.Event // of the last request
	seen  authn.Principal
}

func newJWTAPI(t testing.TB, scheme authn.Scheme, change ...func(*authn.Options)) *jwtAPI {
	t.Helper()
	api := &jwtAPI{t: t, now: time.Unix(jwtNow, 0)}
	o := authn.Options{
		Schemes:    []authn.Scheme{scheme},
		Problems:   must(problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})),
		Now:        api.clock,
		OnDecision: func(e authn.Event) { api.mu.Lock(); api.event = e; api.mu.Unlock() },
	}
	for _, f := range change {
		f(&o)
	}
	auth, err := authn.New(o)
	if err != nil {
		t.Fatal(err)
	}
	api.auth = auth
	api.handler = conformtest.Handler(t, auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.mu.Lock()
		api.seen = authn.From(r.Context())
		api.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, authn.From(r.Context()).Owner())
	})))
	return api
}

func (api *jwtAPI) clock() time.Time {
	api.mu.Lock()
	defer api.mu.Unlock()
	return api.now
}

// at sets the clock to seconds, and nanoseconds, after [jwtNow].
func (api *jwtAPI) at(after time.Duration) {
	api.mu.Lock()
	defer api.mu.Unlock()
	api.now = time.Unix(jwtNow, 0).Add(after)
}

func (api *jwtAPI) ask(token string) *httptest.ResponseRecorder {
	return api.send("Bearer " + token)
}

func (api *jwtAPI) send(authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if authorization != "" {
		r.Header["Authorization"] = []string{authorization}
	}
	w := httptest.NewRecorder()
	api.handler.ServeHTTP(w, r)
	return w
}

// jwtAnswers says what the client is told for a reason: the status, the name of
// the problem's type, and the challenge up to its description.
var jwtAnswers = map[authn.Reason]struct {
	status               int
	problem, error, says string
}{
	authn.CredentialsMissing:  {401, "authentication-required", "", ""},
	authn.SchemeUnknown:       {401, "unsupported-authentication-scheme", "", ""},
	authn.TokenFieldMalformed: {400, "malformed-credentials", "invalid_request", "The scheme must be followed by one token, of the characters that RFC 6750 allows."},
	authn.TokenMalformed:      {401, "malformed-token", "invalid_token", "The token is not well-formed."},
	authn.TokenTooLong:        {401, "malformed-token", "invalid_token", "The token is not well-formed."},
	authn.AlgorithmNotAllowed: {401, "token-algorithm", "invalid_token", "The token is not signed by an algorithm that is taken here."},
	authn.KeyMismatch:         {401, "token-algorithm", "invalid_token", "The token is not signed by an algorithm that is taken here."},
	authn.CritUnknown:         {401, "token-critical-header", "invalid_token", "The token has a critical header parameter that is not known here."},
	authn.TypeWrong:           {401, "token-type", "invalid_token", "The type of the token is not one that is taken here."},
	authn.UnknownKid:          {401, "unknown-key", "invalid_token", "The token is signed by a key that its issuer does not publish."},
	authn.SignatureWrong:      {401, "token-signature", "invalid_token", "The signature of the token does not hold."},
	authn.TokenExpired:        {401, "token-expired", "invalid_token", "The token has expired."},
	authn.TokenRevoked:        {401, "token-revoked", "invalid_token", "The token was revoked."},
	authn.TokenNotYetValid:    {401, "token-not-yet-valid", "invalid_token", "The token is not valid yet."},
	authn.IssuerWrong:         {401, "token-issuer", "invalid_token", "The token is not by an issuer that is trusted here."},
	authn.AudienceWrong:       {401, "token-audience", "invalid_token", "The token was issued for another audience."},
	authn.ExpiryMissing:       {401, "token-without-expiry", "invalid_token", "The token has no time of expiry."},
	authn.ClaimsWrong:         {401, "token-claims", "invalid_token", "The claims of the token are not what they must be here."},
	authn.ConfirmationUnknown: {401, "token-confirmation", "invalid_token", "The token is bound by a method that is not taken here."},
	authn.BindingMissing:      {401, "token-not-bound", "invalid_token", "The token is not bound to a key or a certificate, as is needed here."},
	authn.BoundToKey:          {401, "token-bound-to-key", "invalid_token", "The token is bound to a key, and must be sent with a proof of it, by the DPoP scheme."},
	authn.CertificateMissing:  {401, "token-bound-to-certificate", "invalid_token", "The token is bound to another client certificate than the one of this connection."},
	authn.KeysUnavailable:     {503, "authentication-unavailable", "", ""},
}

// want asks with the token, and holds the answer against the reason.
func (api *jwtAPI) want(name, token string, reason authn.Reason) {
	api.t.Helper()
	api.check(name, api.ask(token), reason)
}

func (api *jwtAPI) check(name string, w *httptest.ResponseRecorder, reason authn.Reason) {
	api.t.Helper()
	if api.event.Reason != reason {
		api.t.Errorf("%s: the reason is %s, want %s", name, api.event.Reason, reason)
		return
	}
	challenge := strings.Join(w.Header()["Www-Authenticate"], " | ")
	if reason == authn.Accepted {
		if w.Code != 200 || challenge != "" {
			api.t.Errorf("%s: %d %s", name, w.Code, challenge)
		}
		return
	}
	want, known := jwtAnswers[reason]
	if !known {
		api.t.Fatalf("%s: what is told for %s is not in the table of this test", name, reason)
	}
	line := ""
	switch {
	case want.error != "":
		line = `Bearer realm="api", error="` + want.error + `", error_description="` + want.says + `"`
	case want.status == 401:
		line = `Bearer realm="api"`
	}
	var body struct{ Type string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		api.t.Errorf("%s: the answer is not a problem: %v", name, err)
	}
	if w.Code != want.status || challenge != line || !strings.HasSuffix(body.Type, "/"+want.problem) {
		api.t.Errorf("%s: %d %s %s,\nwant %d %s %s", name, w.Code, challenge, body.Type, want.status, line, want.problem)
	}
	if (w.Code == 503) != (w.Header().Get("Retry-After") != "") {
		api.t.Errorf("%s: %d with Retry-After %q", name, w.Code, w.Header().Get("Retry-After"))
	}
}

func TestJWTPrincipal(t *testing.T) {
	type claims struct {
		Roles  []string `json:"roles"`
		Tenant string   `json:"https://example.com/Tenant"`
	}
	api := newJWTAPI(t, authn.JWT[claims]{
		Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: jwtSecret}},
	})
	api.want("all claims", jwtHS256(jwtHeader, jwtWith(`"client_id":"app","azp":"other","scope":"a  b","auth_time":1772366000.5,
		"acr":"gold","jti":"t1","roles":["r1","r2"],"https://example.com/Tenant":"acme","nobody":{"knows":[null,1e5]}`)), authn.Accepted)
	p := api.seen
	got, _ := authn.Claims[claims](p)
	if p.Scheme != "Bearer" || p.Issuer != jwtIssuer || p.Subject != "ana" || p.Client != "app" || fmt.Sprint(p.Scopes) != "[a b]" ||
		p.ACR != "gold" || p.TokenID != "t1" || p.Owner() != jwtIssuer+" ana" ||
		!p.AuthTime.Equal(time.Unix(1772366000, 5e8)) || !p.Expires.Equal(time.Unix(1772367000, 0)) {
		t.Errorf("%+v", p)
	}
	if fmt.Sprint(got.Roles) != "[r1 r2]" || got.Tenant != "acme" {
		t.Errorf("claims: %+v", got)
	}
	api.want("azp alone", jwtHS256(jwtHeader, jwtWith(`"azp":"other","scp":["x","y"]`)), authn.Accepted)
	if p := api.seen; p.Client != "other" || fmt.Sprint(p.Scopes) != "[x y]" {
		t.Errorf("%+v", p)
	}
	for _, name := range []string{"client_id", "azp"} {
		api.want("no sub", jwtHS256(jwtHeader, `{"iss":"https://issuer.example.com","aud":"https://api.example.com","exp":1772367000,"`+name+`":"app"}`), authn.Accepted)
		if p := api.seen; p.Subject != "" || p.Client != "app" || p.Owner() != "" || !p.Known() {
			t.Errorf("without sub: %+v", p)
		}
	}
}

// The two times that matter, to the nanosecond; the leeway is 10 s by default.
func TestRFC7519Section4_1_4_ExpiryAndNotBefore(t *testing.T) {
	lax := newJWTAPI(t, jwtScheme())
	strict := newJWTAPI(t, jwtScheme(), func(o *authn.Options) { o.Leeway = -1 })
	wide := newJWTAPI(t, jwtScheme(), func(o *authn.Options) { o.Leeway = 5 * time.Minute })
	for _, tt := range []struct {
		api    *jwtAPI
		claims string
		at     time.Duration
		want   authn.Reason
	}{
		{strict, jwtClaims, 600*time.Second - 1, authn.Accepted},
		{strict, jwtClaims, 600 * time.Second, authn.TokenExpired}, // "on or after which"
		{lax, jwtClaims, 610*time.Second - 1, authn.Accepted},
		{lax, jwtClaims, 610 * time.Second, authn.TokenExpired},
		{wide, jwtClaims, 900*time.Second - 1, authn.Accepted},
		{wide, jwtClaims, 900 * time.Second, authn.TokenExpired},
		{strict, strings.Replace(jwtClaims, "1772367000", "1772367000.5", 1), 600*time.Second + 5e8 - 1, authn.Accepted},
		{strict, strings.Replace(jwtClaims, "1772367000", "1772367000.5", 1), 600*time.Second + 5e8, authn.TokenExpired},
		{strict, strings.Replace(jwtClaims, "1772367000", "1.772367e9", 1), 600*time.Second - 1, authn.Accepted},
		{strict, jwtWith(`"nbf":1772366430`), 30*time.Second - 1, authn.TokenNotYetValid}, // "before which"
		{strict, jwtWith(`"nbf":1772366430`), 30 * time.Second, authn.Accepted},
		{lax, jwtWith(`"nbf":1772366430`), 20*time.Second - 1, authn.TokenNotYetValid},
		{lax, jwtWith(`"nbf":1772366430`), 20 * time.Second, authn.Accepted},
		{lax, jwtWith(`"nbf":-1e300`), 0, authn.Accepted},
		{lax, jwtWith(`"nbf":1e300`), 0, authn.TokenNotYetValid},
		{lax, jwtWith(`"iat":1772370000`), 0, authn.Accepted}, // §4.1.6 forbids nothing
	} {
		tt.api.at(tt.at)
		tt.api.want(fmt.Sprint(tt.claims, " at ", tt.at), jwtHS256(jwtHeader, tt.claims), tt.want)
	}
}

func TestJWTSeveralIssuers(t *testing.T) {
	other := []byte("another secret, which is as long as it must be")
	auth := newJWTAPI(t, jwtScheme(), func(o *authn.Options) {
		o.Schemes = append(o.Schemes, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Issuer, j.Keys, j.Audience = "https://b.example.com", authn.Keys{{Key: other}}, "b"
		}))
	})
	b := `{"iss":"https://b.example.com","aud":"b","sub":"ana","exp":1772367000}`
	for _, tt := range []struct {
		name, token string
		want        authn.Reason
	}{
		{"A by A", jwtHS256(jwtHeader, jwtClaims), authn.Accepted},
		{"B by B", jwtSign(jwtHeader, b, jwt.SigningMethodHS256, other), authn.Accepted},
		{"A by B's key", jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS256, other), authn.SignatureWrong},
		{"B by A's key", jwtHS256(jwtHeader, b), authn.SignatureWrong},
		{"B with A's audience", jwtSign(jwtHeader, strings.Replace(b, `"b"`, `"https://api.example.com"`, 1), jwt.SigningMethodHS256, other), authn.AudienceWrong},
		{"nobody", jwtHS256(jwtHeader, strings.Replace(b, "b.ex", "c.ex", 1)), authn.IssuerWrong},
	} {
		auth.want(tt.name, tt.token, tt.want)
	}
	if auth.check("", auth.send("Bearer "+jwtSign(jwtHeader, b, jwt.SigningMethodHS256, other)), authn.Accepted); auth.seen.Owner() != "https://b.example.com ana" {
		t.Errorf("the owner is %q", auth.seen.Owner())
	}
}

// A source that fails is the service's fault (503), and a key that does not exist
// the token's (401).
func TestJWTKeySourceErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys []authn.Key
		err  error
		want authn.Reason
	}{
		{"unknown", nil, authn.ErrUnknownKey, authn.UnknownKid},
		{"unknown, wrapped", nil, fmt.Errorf("kid: %w", authn.ErrUnknownKey), authn.UnknownKid},
		{"none", nil, nil, authn.UnknownKid},
		{"down", nil, fmt.Errorf("connection refused"), authn.KeysUnavailable},
		{"slow", nil, context.DeadlineExceeded, authn.KeysUnavailable},
		{"canceled by itself", nil, context.Canceled, authn.KeysUnavailable},
		{"keys and an error", []authn.Key{{Key: jwtSecret}}, fmt.Errorf("half of them"), authn.KeysUnavailable},
		{"fine", []authn.Key{{Key: jwtSecret}}, nil, authn.Accepted},
	} {
		api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) { return tt.keys, tt.err })
		}))
		api.want(tt.name, jwtHS256(jwtHeader, jwtClaims), tt.want)
	}
}

type jwtSource func(context.Context, string) ([]authn.Key, error)

func (f jwtSource) Keys(ctx context.Context, kid string) ([]authn.Key, error) { return f(ctx, kid) }

// Nobody waits for the answer to a request that was canceled.
func TestJWTCanceled(t *testing.T) {
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Keys = jwtSource(func(ctx context.Context, _ string) ([]authn.Key, error) { return nil, ctx.Err() })
	}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+jwtHS256(jwtHeader, jwtClaims))
	w := httptest.NewRecorder()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler || w.Body.Len() > 0 {
			t.Errorf("panic %v, answer %d %s", got, w.Code, w.Body)
		}
	}()
	api.handler.ServeHTTP(w, r)
}
