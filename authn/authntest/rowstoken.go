package authntest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// longest is longer than any key is trusted without its issuer.
const longest = 25 * time.Hour

// verdict is what comes of a fault.
type verdict struct {
	fault  Fault
	typ    string
	reason authn.Reason
	source string
}

// ofForm are faults of what is no JWT of an issuer that is known. Where there is
// introspection, it is asked about them.
var ofForm = []verdict{
	{BadBase64, "malformed-token", authn.TokenMalformed, "RFC 6750 §3.1"},
	{BadHeaderJSON, "malformed-token", authn.TokenMalformed, "RFC 6750 §3.1"},
	{BadJSON, "malformed-token", authn.TokenMalformed, "RFC 6750 §3.1"},
	{TwoSegments, "malformed-token", authn.TokenMalformed, "RFC 7515 §7.1"},
	{FourSegments, "malformed-token", authn.TokenMalformed, "RFC 7515 §7.1"},
	{SpareBits, "malformed-token", authn.TokenMalformed, "RFC 4648 §3.5"},
	{ClaimTwice, "malformed-token", authn.TokenMalformed, "RFC 7519 §4"},
	{ClaimInOtherCase, "malformed-token", authn.TokenMalformed, "RFC 7519 §4"},
	{ClaimOfWrongType, "token-claims", authn.ClaimsWrong, "RFC 7519 §4.1.4"},
	{WrongIssuer, "token-issuer", authn.IssuerWrong, "RFC 8725 §3.8"},
	{NoIssuer, "token-issuer", authn.IssuerWrong, "RFC 8725 §3.8"},
}

// ofContent are faults of a JWT of this issuer.
var ofContent = []verdict{
	{AlgorithmNone, "token-algorithm", authn.AlgorithmNotAllowed, "RFC 8725 §3.2"},
	{AlgorithmNoneSpelt, "token-algorithm", authn.AlgorithmNotAllowed, "RFC 8725 §3.2"},
	{NoAlgorithm, "token-algorithm", authn.AlgorithmNotAllowed, "RFC 7515 §4.1.1"},
	{AlgorithmOther, "token-algorithm", authn.AlgorithmNotAllowed, "RFC 8725 §3.1"},
	{CriticalUnknown, "token-critical-header", authn.CritUnknown, "RFC 7515 §4.1.11"},
	{WrongType, "token-type", authn.TypeWrong, "RFC 9068 §4, RFC 8725 §3.11"},
	{KeyInHeader, "token-signature", authn.SignatureWrong, "RFC 8725 §3.10"},
	{UnknownKid, "unknown-key", authn.UnknownKid, "RFC 6750 §3.1"},
	{WrongSignature, "token-signature", authn.SignatureWrong, "RFC 6750 §3.1"},
	{OtherPayload, "token-signature", authn.SignatureWrong, "RFC 6750 §3.1"},
	{NoSignature, "token-signature", authn.SignatureWrong, "RFC 8725 §3.2"},
	{Expired, "token-expired", authn.TokenExpired, "RFC 7519 §4.1.4"},
	{ZeroExpiry, "token-expired", authn.TokenExpired, "RFC 7519 §4.1.4"},
	{NotYetValid, "token-not-yet-valid", authn.TokenNotYetValid, "RFC 7519 §4.1.5"},
	{NoExpiry, "token-without-expiry", authn.ExpiryMissing, "RFC 9068 §2.2"},
	{WrongAudience, "token-audience", authn.AudienceWrong, "RFC 8725 §3.9"},
	{NoAudience, "token-audience", authn.AudienceWrong, "RFC 8725 §3.9"},
	{UnknownConfirmation, "token-confirmation", authn.ConfirmationUnknown, "RFC 7800 §3.1"},
}

// inactive is what is made of a token that only introspection could know.
func inactive(v verdict) verdict {
	return verdict{v.fault, "token-inactive", authn.TokenInactive, "RFC 7662 §2.2"}
}

// tokens: JWTs.
func (b *book) tokens() {
	for _, w := range b.ways {
		if w.opaque {
			continue
		}
		b.wayPasses(w, "good", "RFC 6750 §2.1", func(*talk) Claims { return nil })
		b.wayPasses(w, "one audience of several", "RFC 7519 §4.1.3", func(t *talk) Claims {
			return Claims{"aud": []string{"https://another-service.example", t.issuer.audience()}}
		})
		if b.issuer.Type != "" {
			b.passes(w.name+": typ as a media type", "RFC 7515 §4.1.9", func(t *talk) *http.Request {
				return w.send(t, t.issuer.tokenOf("application/"+strings.ToUpper(t.issuer.Type), w.claims(t, nil)))
			}).Certificate = w.certificate
		}
		for _, v := range ofForm {
			if b.route.Introspection {
				v = inactive(v)
			}
			b.fault(w, v)
		}
		for _, v := range slices.Concat(ofContent, b.ofSettings()) {
			b.fault(w, v)
		}
		b.tooLong(w)
		b.edges(w)
		b.meanwhile(w)
		b.rotation(w)
	}
}

func (b *book) fault(w *way, v verdict) {
	b.invalid(w, string(v.fault), v.source, v.typ, v.reason, func(t *talk) *http.Request { return w.send(t, w.token(t, nil, v.fault)) })
}

// ofSettings are the faults that tokens of an issuer with these keys, and this type
// of tokens, can have.
func (b *book) ofSettings() (list []verdict) {
	names := b.issuer.algorithms
	public := slices.ContainsFunc(names, func(s string) bool { return !strings.HasPrefix(s, "HS") })
	if public && slices.Contains(names, "HS256") {
		list = append(list, verdict{PublicKeyAsSecret, "token-algorithm", authn.KeyMismatch, "RFC 8725 §3.1"})
	} else if public {
		list = append(list, verdict{PublicKeyAsSecret, "token-algorithm", authn.AlgorithmNotAllowed, "RFC 8725 §3.1"})
	}
	if b.issuer.Type != "" {
		list = append(list, verdict{NoType, "token-type", authn.TypeWrong, "RFC 9068 §4"})
		if !strings.EqualFold(b.issuer.Type, "JWT") {
			list = append(list, verdict{IDTokenType, "token-type", authn.TypeWrong, "RFC 9068 §4"})
		}
	}
	if b.issuer.sibling(names[0]) != "" {
		list = append(list, verdict{KeyOfOtherAlgorithm, "token-algorithm", authn.KeyMismatch, "RFC 7517 §4.4"})
	}
	if slices.ContainsFunc(names, func(s string) bool { return kind(s) != kind(names[0]) }) {
		list = append(list, verdict{KeyOfOtherType, "token-algorithm", authn.KeyMismatch, "RFC 8725 §3.1"})
	}
	return list
}

// tooLong: it is refused unread.
func (b *book) tooLong(w *way) {
	b.invalid(w, "too long", "RFC 6750 §3.1", "malformed-token", authn.TokenTooLong, func(t *talk) *http.Request {
		return w.send(t, w.token(t, Claims{"filler": strings.Repeat("x", b.route.MaxToken)}))
	})
}

// meanwhile: tokens that a service may remember, and must not trust for it.
func (b *book) meanwhile(w *way) {
	after := func(change func(t *talk, token string)) func(*talk) *http.Request {
		return func(t *talk) *http.Request {
			subject := "subject-" + rand.Text()
			token := w.token(t, Claims{"sub": subject})
			t.prime(w.send(t, token))
			change(t, subject)
			return w.send(t, token)
		}
	}
	b.passes(w.name+": good, again", "RFC 6750 §2.1", after(func(*talk, string) {})).Certificate = w.certificate
	b.invalid(w, "expired meanwhile", "RFC 7519 §4.1.4", "token-expired", authn.TokenExpired, after(func(t *talk, _ string) { t.issuer.Advance(usual + beyond) }))
	if b.route.Revocation {
		b.invalid(w, "revoked", "RFC 6750 §3.1", "token-revoked", authn.TokenRevoked, func(t *talk) *http.Request {
			subject := "revoked-" + rand.Text()
			t.issuer.Revoke(subject)
			return w.send(t, w.token(t, Claims{"sub": subject}))
		})
		b.invalid(w, "revoked meanwhile", "RFC 6750 §3.1", "token-revoked", authn.TokenRevoked, after(func(t *talk, subject string) { t.issuer.Revoke(subject) }))
	}
}

// edges: the last second in which a token holds, and the first one in which it does
// not. "exp" is a time on or after which it must not be accepted, "nbf" one before
// which (RFC 7519 §4.1.4 and §4.1.5).
func (b *book) edges(w *way) {
	leeway := b.route.Leeway
	at := func(name string, d time.Duration) func(*talk) Claims {
		return func(t *talk) Claims { return Claims{name: t.issuer.Now().Add(d).Unix()} }
	}
	b.wayPasses(w, "expires in a second", "RFC 7519 §4.1.4", at("exp", -leeway+time.Second))
	b.wayPasses(w, "valid from now on", "RFC 7519 §4.1.5", at("nbf", leeway))
	for _, e := range []struct {
		name, source, typ string
		reason            authn.Reason
		claims            func(*talk) Claims
	}{
		{"expires now", "RFC 7519 §4.1.4", "token-expired", authn.TokenExpired, at("exp", -leeway)},
		{"valid in a second", "RFC 7519 §4.1.5", "token-not-yet-valid", authn.TokenNotYetValid, at("nbf", leeway+time.Second)},
	} {
		b.invalid(w, e.name, e.source, e.typ, e.reason, func(t *talk) *http.Request { return w.send(t, w.token(t, e.claims(t))) })
	}
	b.invalid(w, "expires soon after", "RFC 7519 §4.1.4", "token-expired", authn.TokenExpired, func(t *talk) *http.Request {
		token := w.token(t, at("exp", time.Second)(t))
		t.prime(w.send(t, token))
		t.issuer.Advance(leeway + time.Second)
		return w.send(t, token)
	})
}

// rotation: a key that came while the service ran, and one that went.
func (b *book) rotation(w *way) {
	if b.route.StaticKeys {
		return
	}
	b.passes(w.name+": key that is new", "RFC 7517 §4.5", func(t *talk) *http.Request {
		kid := t.issuer.Rotate()
		t.broke(func() { t.issuer.Retire(kid) })
		t.issuer.Advance(longest)
		return w.good(t)
	}).Certificate = w.certificate
	b.invalid(w, "key that was taken out", "RFC 6750 §3.1", "unknown-key", authn.UnknownKid, func(t *talk) *http.Request {
		kid := t.issuer.Rotate()
		t.issuer.Advance(longest)
		token := w.token(t, lasting(t))
		t.prime(w.send(t, token))
		t.issuer.Retire(kid)
		t.issuer.Advance(longest)
		return w.send(t, token)
	})
}

// lasting is an expiry that is further off than any row moves the clock.
func lasting(t *talk) Claims { return Claims{"exp": t.issuer.Now().Add(10 * longest).Unix()} }

// opaque: tokens that introspection tells of.
func (b *book) opaque() {
	for _, w := range b.ways {
		if !w.opaque {
			continue
		}
		b.wayPasses(w, "good", "RFC 7662 §2.2", func(*talk) Claims { return nil })
		for _, name := range []string{"inactive", "unknown"} {
			b.invalid(w, name, "RFC 7662 §2.2", "token-inactive", authn.TokenInactive, func(t *talk) *http.Request {
				token := rand.Text()
				if name == "inactive" {
					token = w.token(t, nil)
					t.issuer.Deactivate(token)
				}
				return w.send(t, token)
			})
		}
		for _, v := range []verdict{
			{Expired, "token-expired", authn.TokenExpired, "RFC 7662 §4"},
			{NotYetValid, "token-not-yet-valid", authn.TokenNotYetValid, "RFC 7662 §4"},
			{WrongIssuer, "token-issuer", authn.IssuerWrong, "RFC 7662 §2.2"},
			{WrongAudience, "token-audience", authn.AudienceWrong, "RFC 7662 §4"},
			{ClaimOfWrongType, "token-claims", authn.ClaimsWrong, "RFC 7662 §2.2"},
			{UnknownConfirmation, "token-confirmation", authn.ConfirmationUnknown, "RFC 7800 §3.1"},
		} {
			b.fault(w, v)
		}
		b.invalid(w, "too long", "RFC 6750 §3.1", "malformed-token", authn.TokenTooLong, func(t *talk) *http.Request {
			return w.send(t, strings.Repeat("x", b.route.MaxToken+1))
		})
		b.edges(w)
		b.meanwhile(w)
		b.invalid(w, "inactive meanwhile", "RFC 7662 §4", "token-inactive", authn.TokenInactive, func(t *talk) *http.Request {
			token := w.token(t, lasting(t))
			t.prime(w.send(t, token))
			t.issuer.Deactivate(token)
			t.issuer.Advance(beyond)
			return w.send(t, token)
		})
	}
}
