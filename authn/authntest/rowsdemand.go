package authntest

import (
	"maps"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// demands: tokens that hold, and do not suffice for the route.
func (b *book) demands() {
	for _, w := range b.ways {
		if b.route.Scope != "" {
			for _, tt := range []struct {
				name  string
				scope any
			}{{"no scope", nil}, {"another scope", "authntest:other"}, {"scope in other letters", otherCase(b.route.Scope)}} {
				b.lacking(w, tt.name, "RFC 6750 §3.1", Claims{"scope": tt.scope})
			}
		}
		b.stale(w)
		if b.route.Denied != nil {
			b.fails(w.name+": denied", "RFC 9110 §15.5.4", "access-denied", authn.AccessDenied, nil, func(t *talk) *http.Request {
				return w.send(t, w.token(t, b.route.Denied))
			}).Certificate = w.certificate
		}
	}
}

func (b *book) lacking(w *way, name, source string, c Claims) {
	challenges := b.only("insufficient_scope", map[string]string{"scope": b.route.Scope}, w.scheme)
	b.fails(w.name+": "+name, source, "insufficient-scope", authn.ScopeMissing, challenges, func(t *talk) *http.Request {
		return w.send(t, w.token(t, c))
	}).Certificate = w.certificate
}

// stale: the user authenticated too long ago or too weakly (RFC 9470).
func (b *book) stale(w *way) {
	type entry struct {
		name   string
		reason authn.Reason
		claims func(now time.Time) Claims
	}
	var list []entry
	if age := b.route.MaxAge; age > 0 {
		old := func(now time.Time) Claims { return Claims{"auth_time": now.Add(-age - time.Second).Unix()} }
		list = append(list,
			entry{"authenticated too long ago", authn.LoginTooOld, old},
			entry{"no auth_time", authn.LoginTooOld, func(time.Time) Claims { return Claims{"auth_time": nil} }},
			entry{"auth_time of the future", authn.LoginTooOld, func(now time.Time) Claims { return Claims{"auth_time": now.Add(beyond).Unix()} }})
		b.wayPasses(w, "authenticated just in time", "RFC 9470 §3", func(t *talk) Claims {
			return Claims{"auth_time": t.issuer.Now().Add(-age).Unix()}
		})
	}
	if b.route.ACR != nil {
		list = append(list,
			entry{"another acr", authn.ACRTooLow, func(time.Time) Claims { return Claims{"acr": "urn:example:none"} }},
			entry{"no acr", authn.ACRTooLow, func(time.Time) Claims { return Claims{"acr": nil} }})
		for _, acr := range b.route.ACR {
			b.wayPasses(w, "acr "+acr, "RFC 9470 §3", func(*talk) Claims { return Claims{"acr": acr} })
		}
	}
	for _, e := range list {
		b.insufficient(w, e.name, e.reason, b.route.demands(), e.claims)
		if b.route.Scope == "" {
			continue
		}
		params := b.route.demands()
		params["scope"] = b.route.Scope
		b.insufficient(w, e.name+", and no scope", e.reason, params, func(now time.Time) Claims {
			c := e.claims(now)
			c["scope"] = nil
			return c
		})
	}
}

func (b *book) insufficient(w *way, name string, reason authn.Reason, params map[string]string, claims func(time.Time) Claims) {
	challenges := b.all("insufficient_user_authentication", params, w.scheme)
	b.fails(w.name+": "+name, "RFC 9470 §3", "insufficient-user-authentication", reason, challenges, func(t *talk) *http.Request {
		c := Claims{}
		maps.Copy(c, claims(t.issuer.Now()))
		return w.send(t, w.token(t, c))
	}).Certificate = w.certificate
}

// otherCase is a scope that differs in case alone, which is another scope (RFC 6749
// §3.3).
func otherCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
			return string(b)
		}
		if c >= 'A' && c <= 'Z' {
			b[i] = c - 'A' + 'a'
			return string(b)
		}
	}
	return "authntest:another"
}
