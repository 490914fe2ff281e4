package authn_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

var errEventStore = errors.New("the store is down")

// eventGate takes a custom scheme also, which can fail.
func eventGate(t testing.TB) *gate {
	return newGate(t, func(o *authn.Options) {
		o.Schemes = append(o.Schemes, authn.Custom{Scheme: "Own", Verify: func(r *http.Request, credentials string) (authn.Principal, error) {
			switch credentials {
			case "down":
				return authn.Principal{}, errEventStore
			case "gone":
				return authn.Principal{}, r.Context().Err()
			}
			return authn.Principal{Subject: credentials}, nil
		}})
	})
}

// One event for each decision, with what is known of it, and one log record with
// the reason for each refusal.
func TestEvents(t *testing.T) {
	g := eventGate(t)
	h := g.Require(authn.Scope("a"), authn.Allow("not eve", func(_ *http.Request, p authn.Principal) bool { return p.Subject != "eve" }))(gateOpen)
	for _, tt := range []struct {
		authorization string
		reason        authn.Reason
		scheme        string
		subject       string
		err           string
	}{
		{"", authn.CredentialsMissing, "", "", ""},
		{"Digest a=b", authn.SchemeUnknown, "", "", ""},
		{"Bearer", authn.TokenFieldMalformed, "Bearer", "", ""},
		{"bearer a.b.c", authn.TokenMalformed, "Bearer", "", ""},
		{gateBearer(t, jwt.MapClaims{"exp": 1}), authn.TokenExpired, "Bearer", "", ""},
		{gateBasic("eve"), authn.UserUnknown, "Basic", "", ""},
		{"Own down", authn.CustomUnavailable, "Own", "", "the store is down"},
		{gateBearer(t, nil), authn.ScopeMissing, "Bearer", "ana", ""},
		{gateBasic("reader"), authn.ScopeMissing, "Basic", "reader", ""},
		{"own eve", authn.ScopeMissing, "Own", "eve", ""},
		{gateBearer(t, jwt.MapClaims{"scope": "a", "sub": "eve"}), authn.AccessDenied, "Bearer", "eve", "not allowed: not eve"},
		{gateBearer(t, jwt.MapClaims{"scope": "a"}), authn.Accepted, "Bearer", "ana", ""},
	} {
		g.take()
		g.log.all.Reset()
		w := gateGet(t, h, tt.authorization)
		if len(g.events) != 1 {
			t.Errorf("%s: %d events", tt.reason, len(g.events))
			continue
		}
		e := g.events[0]
		cause := ""
		if e.Err != nil {
			cause = e.Err.Error()
		}
		if e.Reason != tt.reason || e.Scheme != tt.scheme || e.Principal.Subject != tt.subject || cause != tt.err || e.Request == nil || e.Request.URL.Path != "/" {
			t.Errorf("%s: %s, %s, %v, %q", tt.reason, e.Reason, e.Scheme, e.Principal, cause)
		}
		if e.Principal.Known() != (tt.subject != "") {
			t.Errorf("%s: %v", tt.reason, e.Principal)
		}
		log := g.log.String()
		if tt.reason == authn.Accepted {
			if log != "" || w.Code != 200 {
				t.Errorf("%d %s", w.Code, log)
			}
			continue
		}
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, " reason="+string(tt.reason)) || strings.Contains(log, " scheme=") != (tt.scheme != "") || !strings.Contains(log, "type="+gateType(t, w)) {
			t.Errorf("%s: the log is %s", tt.reason, log)
		}
	}
}

// A client that went away before a decision has no event and no answer.
func TestEventsOfAClientThatIsGone(t *testing.T) {
	g := eventGate(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Own gone")
	if _, err := g.Verify(r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if got := recover(); got != http.ErrAbortHandler {
				t.Errorf("%v", got)
			}
		}()
		g.Handler(gateOpen).ServeHTTP(w, r)
	}()
	if w.Body.Len() != 0 || !strings.Contains(g.log.String(), "status=499") {
		t.Errorf("%s %s", w.Body, g.log)
	}
	if got := g.take(); got != nil {
		t.Errorf("%v", got)
	}
}

// No log, problem, error or event has anything of a token, a password or a key.
func TestNothingSecretIsToldToAnybody(t *testing.T) {
	key, hash, err := authn.NewAPIKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	const password = "Tr0ub4dor-and-3"
	g := newGate(t, func(o *authn.Options) {
		o.Schemes = append(o.Schemes, authn.APIKey{Keys: authn.APIKeys{hash: {Subject: "ana"}}, Header: "X-API-Key"}, authn.DPoP{Origin: gateAudience})
	})
	h := g.Require(authn.Scope("a"), authn.MaxAge(time.Minute), authn.Allow("never", func(*http.Request, authn.Principal) bool { return false }))(gateOpen)
	now := gateNow.Unix()
	var tokens []string
	for _, claims := range []jwt.MapClaims{
		nil, {"exp": 1}, {"exp": nil}, {"nbf": now + 99}, {"aud": "b"}, {"iss": "b"}, {"aud": 1}, {"auth_time": "b"}, {"auth_time": now}, {"auth_time": now, "scope": "a"}, {"cnf": map[string]string{"jkt": "b"}},
	} {
		tokens = append(tokens, gateToken(t, claims))
	}
	good := tokens[0]
	tokens = append(tokens, good[:len(good)-5]+"AAAAA", good+"=", good+".x", strings.ToUpper(good), good[:40], strings.Repeat("secretsecret", 2000))
	var secrets []string
	var all strings.Builder
	send := func(target string, fields ...string) {
		w := gateSend(h, "GET", target, fields...)
		if w.Code == 200 {
			t.Errorf("%q is let in", fields)
		}
		w.Header().Write(&all)
		all.WriteString(w.Body.String())
	}
	for _, token := range tokens {
		for _, part := range append(strings.Split(token, "."), token) {
			if len(part) > 8 {
				secrets = append(secrets, part)
			}
		}
		send("/", "Authorization", "Bearer "+token)
		send("/", "Authorization", "Bearer "+token, "Authorization", "Bearer "+token)
		send("/", "Authorization", "Bearer "+token+" "+token)
		send("/", "Authorization", token)
		send("/", "Authorization", "DPoP "+token, "DPoP", token)
		send("/?access_token=" + token)
		send("/?access_token="+token, "Authorization", "Bearer "+token)
	}
	for _, user := range []string{"ana", "nobody-has-this-name"} {
		plain := user + ":" + password
		encoded := base64.StdEncoding.EncodeToString([]byte(plain))
		secrets = append(secrets, password, encoded, plain)
		send("/", "Authorization", "Basic "+encoded)
		send("/", "Authorization", "Basic "+plain)
		send("/", "Authorization", encoded)
	}
	other, _, err := authn.NewAPIKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	secrets = append(secrets, key, other, key[5:], other[5:])
	for _, k := range []string{key, other, key[:20], key + key} {
		send("/", "X-API-Key", k)
		send("/", "X-API-Key", k, "X-API-Key", k)
		send("/", "Authorization", "ApiKey "+k)
	}
	for _, e := range g.events {
		if e.Err != nil {
			all.WriteString(e.Err.Error())
		}
		logger := slog.New(slog.NewJSONHandler(&all, nil))
		logger.Info("event", "reason", e.Reason, "who", e.Principal, "scheme", e.Scheme, "err", e.Err)
	}
	all.WriteString(g.log.String())
	text := all.String()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("somebody is told %q", secret)
		}
	}
	if !strings.Contains(text, "reason=password_wrong") || !strings.Contains(text, "reason=token_expired") || !strings.Contains(text, "reason=access_denied") {
		t.Error("the log has no reasons")
	}
}

func TestErrorIsForLogs(t *testing.T) {
	cause := errors.New("no route to host")
	for _, tt := range []struct {
		e     *authn.Error
		text  string
		attrs []slog.Attr
	}{
		{&authn.Error{Reason: authn.TokenExpired, Scheme: "Bearer"}, "authn: token_expired", []slog.Attr{slog.String("reason", "token_expired"), slog.String("scheme", "Bearer")}},
		{&authn.Error{Reason: authn.CredentialsMissing}, "authn: credentials_missing", []slog.Attr{slog.String("reason", "credentials_missing")}},
		{&authn.Error{Reason: authn.KeysUnavailable, Cause: cause}, "authn: keys_unavailable: no route to host", []slog.Attr{slog.String("reason", "keys_unavailable")}},
	} {
		if got := tt.e.Error(); got != tt.text || !slices.EqualFunc(tt.e.LogAttrs(), tt.attrs, slog.Attr.Equal) || errors.Is(tt.e, cause) != (tt.e.Cause != nil) {
			t.Errorf("%s %v", got, tt.e.LogAttrs())
		}
	}
	g := eventGate(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Own down")
	_, err := g.Verify(r)
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Status() != 503 || !errors.Is(err, errEventStore) || !errors.Is(err, authn.Types()[len(authn.Types())-1]) {
		t.Errorf("%v", err)
	}
}
