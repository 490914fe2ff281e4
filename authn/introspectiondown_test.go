package authn_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem/problemtest"
)

// What the endpoint may do wrong. It is 503 with Retry-After each time, without a
// challenge, never 401; nothing of what the endpoint said reaches the client, and
// the log says what was wrong.
func TestIntrospectionDown(t *testing.T) {
	canary := problemtest.NewCanary()
	says := func(status int, contentType, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for _, tt := range []struct {
		name       string
		endpoint   http.HandlerFunc
		retryAfter string
		log        string
	}{
		{"RFC 7662 §2.3: our credentials are wrong", says(401, "application/json", `{"error":"invalid_client","error_description":"`+canary.Error()+`"}`, "WWW-Authenticate", `Basic realm="`+canary.Error()+`"`), "7", "does not take the credentials of this service: the endpoint answers 401"},
		{"we may not ask", says(403, "application/json", `{"active":false}`), "7", "does not take the credentials of this service: the endpoint answers 403"},
		{"400", says(400, "application/json", `{"error":"`+canary.Error()+`"}`), "7", "the endpoint answers 400"},
		{"404", says(404, "text/html", canary.Error()), "7", "the endpoint answers 404"},
		{"500", says(500, "text/plain", canary.Error()), "7", "the endpoint answers 500"},
		{"502", says(502, "text/html", canary.Error()), "7", "the endpoint answers 502"},
		{"201 with an answer", says(201, "application/json", introspectGood), "7", "the endpoint answers 201"},
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "7", "the endpoint answers 204"},
		{"503", says(503, "text/plain", canary.Error()), "7", "the endpoint answers 503"},
		{"503 with Retry-After", says(503, "text/plain", canary.Error(), "Retry-After", "21"), "21", "the endpoint answers 503"},
		{"503 until a date", says(503, "text/plain", "", "Retry-After", "Tue, 23 Dec 2014 15:58:42 GMT"), "22", "the endpoint answers 503"},
		{"503 for a day", says(503, "text/plain", "", "Retry-After", "86400"), "60", "the endpoint answers 503"},
		{"503 with a Retry-After that is none", says(503, "text/plain", "", "Retry-After", canary.Error()), "7", "the endpoint answers 503"},
		{"429", says(429, "text/plain", canary.Error()), "7", "the endpoint answers 429"},
		{"429 with Retry-After", says(429, "text/plain", "", "Retry-After", "3"), "3", "the endpoint answers 429"},
		{"HTML", says(200, "text/html", "<html>"+canary.Error()), "7", "is not application/json"},
		{"JSON by another name", says(200, "text/plain", introspectGood), "7", "is not application/json"},
		{"a signed answer (RFC 9701)", says(200, "application/token-introspection+jwt", canary.Error()), "7", "is not application/json"},
		{"no JSON", says(200, "application/json", canary.Error()), "7", "is not the JSON of an introspection: syntax"},
		{"a member of a strange name twice", says(200, "application/json", `{"active":true,"`+canary.Error()+`":1,"`+canary.Error()+`":1}`), "7", "is not the JSON of an introspection: duplicate_member"},
		{"no active", says(200, "application/json", `{"sub":"`+canary.Error()+`"}`), "7", "has no active"},
		{"too large", says(200, "application/json", `{"active":true,"x":"`+strings.Repeat("x", 64<<10)+`"}`), "7", "has more than 65536 bytes"},
		{"a redirect", says(307, "text/html", canary.Error(), "Location", "/introspect?again"), "7", "the endpoint answers 307"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, introspectGood)
		}, "7", "breaks off: unexpected EOF"},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Write([]byte(canary.Error() + "\r\n\r\n"))
			c.Close()
		}, "7", "gives no answer"},
		{"hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "7", "gives no answer: EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newIntrospectRig(t, tt.endpoint, introspectOne, func(o *authn.Options) { o.RetryAfter = 7 * time.Second })
			res, reason := g.get(t, "secret-token")
			if reason != authn.IntrospectionDown {
				t.Errorf("reason %s", reason)
			}
			problemtest.Want(t, res, 503, introspectType(t, "authentication-unavailable"))
			canary.WantAbsent(t, res)
			if got := res.Header.Get("Retry-After"); got != tt.retryAfter || res.Header["Www-Authenticate"] != nil {
				t.Errorf("Retry-After %q, want %q; challenges %q", got, tt.retryAfter, res.Header["Www-Authenticate"])
			}
			log := g.log.String()
			if !strings.Contains(log, tt.log) || !strings.Contains(log, "reason=introspection_down") {
				t.Errorf("the log says %s, want %s", log, tt.log)
			}
			for _, secret := range []string{"secret-token", "gX1fBat3bV", "s6BhdRkqt3"} {
				if strings.Contains(log, secret) {
					t.Errorf("the log has %s", secret)
				}
			}
		})
	}
}

// Errors before anything is sent, and of a transport, do not reach the client.
func TestIntrospectionTransportErrors(t *testing.T) {
	canary := problemtest.NewCanary()
	for _, tt := range []struct {
		name   string
		change func(*authn.Introspection[authn.NoClaims])
		log    string
	}{
		{"the transport fails", func(i *authn.Introspection[authn.NoClaims]) {
			i.Client = &http.Client{Transport: introspectRoundTrip(func(*http.Request) (*http.Response, error) { return nil, canary })}
		}, "gives no answer"},
		{"the call is not authorized", func(i *authn.Introspection[authn.NoClaims]) {
			i.ClientSecret, i.Authorize = "", func(*http.Request) error { return canary }
		}, "cannot be authorized"},
		{"the URL has a secret", func(i *authn.Introspection[authn.NoClaims]) {
			i.URL = "https://server.example.com/?key=" + canary.Error()
			i.Client = &http.Client{Transport: introspectRoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no") })}
		}, "gives no answer: no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newIntrospectRig(t, introspectJSON(introspectGood), introspectChanged(tt.change))
			res := g.want(t, "abc", 503, authn.IntrospectionDown, 0)
			problemtest.Want(t, res, 503, introspectType(t, "authentication-unavailable"))
			canary.WantAbsent(t, res)
			if log := g.log.String(); !strings.Contains(log, tt.log) || tt.name == "the URL has a secret" && strings.Contains(log, canary.Error()) {
				t.Errorf("the log says %s", log)
			}
		})
	}
}

// The client of a redirect's target would get the token: nobody goes there.
func TestIntrospectionFollowsNoRedirect(t *testing.T) {
	var seen atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		introspectJSON(introspectGood)(w, r)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) },
			introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Client = &http.Client{} }))
		g.want(t, "abc", 503, authn.IntrospectionDown, 1)
	}
	if seen.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

// An answer that may be for one token alone shuts nobody else out: who could make
// the endpoint fail with a token of theirs would otherwise stop the service.
func TestIntrospectionOneTokenStopsNoOther(t *testing.T) {
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.PostFormValue("token") {
		case "500":
			w.WriteHeader(500)
		case "400":
			w.WriteHeader(400)
		case "503":
			w.WriteHeader(503)
		case "hangup":
			panic(http.ErrAbortHandler)
		case "html":
			fmt.Fprint(w, "<html>")
		default:
			introspectJSON(introspectGood)(w, r)
		}
	}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.CacheFor = -1 }))
	for n, token := range []string{"500", "400", "503", "hangup", "html"} {
		if res, reason := g.get(t, token); res.StatusCode != 503 || reason != authn.IntrospectionDown {
			t.Errorf("%s: %d %s", token, res.StatusCode, reason)
		}
		before := g.calls.Load()
		g.want(t, fmt.Sprint("good", n), 200, authn.Accepted, before+1)
	}
}

// A failure is not remembered: the next request asks again.
func TestIntrospectionRemembersNoFailure(t *testing.T) {
	down := true
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(500)
			return
		}
		introspectJSON(introspectGood)(w, r)
	}, introspectOne)
	g.want(t, "a", 503, authn.IntrospectionDown, 1)
	g.want(t, "a", 503, authn.IntrospectionDown, 2)
	down = false
	g.want(t, "a", 200, authn.Accepted, 3)
}
