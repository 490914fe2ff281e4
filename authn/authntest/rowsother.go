package authntest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// answered adds good credentials of a scheme without errors of OAuth, which the
// route may refuse for what no such credentials have.
func (b *book) answered(name, source string, fails authn.Reason, make func(*talk) *http.Request) {
	switch fails {
	case "":
		b.passes(name, source, make)
	case authn.AccessDenied:
		b.fails(name, "RFC 9110 §15.5.4", "access-denied", fails, nil, make)
	default:
		b.fails(name, "RFC 9470 §3", "insufficient-user-authentication", fails, b.all("", nil), make)
	}
}

// check finds reasons in Fails that no row is for.
func (r *Route) check(t testing.TB) {
	t.Helper()
	fails := map[string]authn.Reason{}
	if r.Basic != nil {
		fails["Basic"] = r.Basic.Fails
	}
	if r.APIKey != nil {
		fails["APIKey"] = r.APIKey.Fails
	}
	for name, reason := range fails {
		switch reason {
		case "", authn.LoginTooOld, authn.ACRTooLow, authn.AccessDenied:
		default:
			t.Fatalf("authntest: %s.Fails is %q, and must be LoginTooOld, ACRTooLow or AccessDenied", name, reason)
		}
	}
}

// revokedOther adds credentials that were good, and were taken back.
func (b *book) revokedOther(scheme, typ string, reason authn.Reason, make func(*talk) *http.Request) {
	if !b.route.Revocation {
		return
	}
	b.fails(scheme+": revoked meanwhile", "RFC 9110 §15.5.2", typ, reason, b.all("", nil), func(t *talk) *http.Request {
		t.issuer.forget()
		t.before(make(t))
		subject := t.issuer.askedAbout()
		if subject == "" {
			t.fail(errors.New("authntest: Revoked of the options was not asked about good credentials"))
		}
		t.issuer.Revoke(subject)
		t.broke(func() { t.issuer.restore(subject) })
		return make(t)
	})
	b.unavailable(scheme+": revocations are out of reach", authn.RevocationsUnavailable, make, b.issuer.failRevocations)
}

// basic: a user name and a password (RFC 7617).
func (b *book) basic() {
	c := b.route.Basic
	if c == nil {
		return
	}
	b.answered("Basic: good", "RFC 7617 §2", c.Fails, func(t *talk) *http.Request { return basic(t, c.Name, c.Password) })
	b.answered("Basic: scheme in other letters", "RFC 9110 §11.1", c.Fails, func(t *talk) *http.Request {
		return t.request("Authorization", "bASIC "+base64.StdEncoding.EncodeToString([]byte(c.Name+":"+c.Password)))
	})
	b.revokedOther("Basic", "invalid-credentials", authn.UserRevoked, func(t *talk) *http.Request { return basic(t, c.Name, c.Password) })
	if c.Lacking != "" && b.route.Scope != "" {
		b.lackingOther("Basic", c.Fails, func(t *talk) *http.Request { return basic(t, c.Lacking, c.Password) })
	}
	for _, tt := range []struct {
		name, credentials string
		reason            authn.Reason
	}{
		{"wrong password", encoded(c.Name + ":" + c.Password + "x"), authn.PasswordWrong},
		{"empty password", encoded(c.Name + ":"), authn.PasswordWrong},
		{"unknown user", encoded(c.Name + "-" + rand.Text() + ":" + c.Password), authn.UserUnknown},
		{"empty user", encoded(":" + c.Password), authn.UserUnknown},
		{"no colon", encoded(c.Name), authn.BasicMalformed},
		{"control character", encoded(c.Name + ":" + c.Password + "\x00"), authn.BasicMalformed},
		{"not UTF-8", encoded(c.Name + ":" + c.Password + "\xff"), authn.BasicMalformed},
		{"bad base64", " " + strings.TrimSpace(encoded(c.Name+":"+c.Password)) + "*", authn.BasicMalformed},
		{"nothing", "", authn.BasicMalformed},
		{"two tokens", encoded(c.Name+":"+c.Password) + " abc", authn.BasicMalformed},
	} {
		b.fails("Basic: "+tt.name, "RFC 7617 §2", "invalid-credentials", tt.reason, b.all("", nil), func(t *talk) *http.Request {
			return t.request("Authorization", "Basic"+tt.credentials)
		})
	}
}

func encoded(userPass string) string {
	return " " + base64.StdEncoding.EncodeToString([]byte(userPass))
}

func basic(t *talk, name, password string) *http.Request {
	r := t.request()
	r.SetBasicAuth(name, password)
	return r
}

// lackingOther adds good credentials without the scope: no challenge helps a client
// that has no tokens. What the user's authentication lacks is said before that.
func (b *book) lackingOther(scheme string, fails authn.Reason, make func(*talk) *http.Request) {
	if fails == authn.LoginTooOld || fails == authn.ACRTooLow {
		b.answered(scheme+": scope is missing, too", "", fails, make)
		return
	}
	b.fails(scheme+": scope is missing", "RFC 9110 §15.5.4", "insufficient-scope", authn.ScopeMissing, nil, make)
}

// apiKey: a key in Authorization or in a field of its own.
func (b *book) apiKey() {
	k := b.route.APIKey
	if k == nil {
		return
	}
	const source = "RFC 9110 §15.5.2"
	sends := func(keys ...string) func(*talk) *http.Request {
		return func(t *talk) *http.Request { return k.send(t, keys...) }
	}
	b.answered(k.Scheme+": good", source, k.Fails, sends(k.Key))
	b.revokedOther(k.Scheme, "invalid-api-key", authn.APIKeyRevoked, sends(k.Key))
	if k.Lacking != "" && b.route.Scope != "" {
		b.lackingOther(k.Scheme, k.Fails, sends(k.Lacking))
	}
	refused := func(name string, reason authn.Reason, keys ...string) {
		b.fails(k.Scheme+": "+name, source, "invalid-api-key", reason, b.all("", nil), sends(keys...))
	}
	refused("changed", "", swapped(k.Key)) // it is unknown, or malformed where keys have a check sum
	if k.Unknown != "" {
		refused("unknown", authn.APIKeyUnknown, k.Unknown)
	}
	if k.Header == "" { // a field that is empty is as one that is not there
		refused("nothing", authn.APIKeyMalformed, "")
	} else if !b.route.Optional {
		b.fails(k.Scheme+": nothing", source, "authentication-required", authn.CredentialsMissing, b.all("", nil), sends(""))
	} else {
		b.passes(k.Scheme+": nothing", "Optional", sends("")).Reason = ""
	}
	refused("too long", authn.APIKeyMalformed, strings.Repeat("x", 4096))
	refused("with a space", authn.APIKeyMalformed, k.Key[:len(k.Key)/2]+" "+k.Key[len(k.Key)/2:])
	if k.Revoked != "" {
		refused("revoked", authn.APIKeyRevoked, k.Revoked)
	}
	if k.Header != "" {
		refused("sent twice", authn.APIKeyMalformed, k.Key, k.Key)
	}
}

// send makes a request with keys, each on a line of its own.
func (k *APIKey) send(t *talk, keys ...string) *http.Request {
	r := t.request()
	for _, key := range keys {
		if k.Header != "" {
			r.Header.Add(k.Header, key)
		} else {
			r.Header.Add("Authorization", strings.TrimSpace(k.Scheme+" "+key))
		}
	}
	return r
}

// swapped is another key of the same form.
func swapped(key string) string {
	last := byte('0')
	if key[len(key)-1] == last {
		last = '1'
	}
	return key[:len(key)-1] + string(last)
}

// custom: schemes of the service's own.
func (b *book) custom() {
	for _, c := range b.route.Custom {
		add := func(set func(*http.Request)) func(*talk) *http.Request {
			return func(t *talk) *http.Request {
				r := t.request()
				set(r)
				return r
			}
		}
		if c.Good != nil {
			b.passes(c.Scheme+": good", "Custom", add(c.Good))
			b.revokedOther(c.Scheme, "invalid-custom-credentials", authn.CustomRefused, add(c.Good))
		}
		if c.Refused != nil {
			b.fails(c.Scheme+": refused", "RFC 9110 §15.5.2", "invalid-custom-credentials", authn.CustomRefused, b.all("", nil), add(c.Refused))
		}
		if c.Broken != nil {
			b.notNow(c.Scheme+": out of reach", authn.CustomUnavailable, add(c.Broken))
		}
	}
}
