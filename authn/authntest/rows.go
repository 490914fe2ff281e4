package authntest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// Rows are the entries of the decision table that apply to a route: credentials of
// each kind that hold, and each way in which they may not.
//
//	for _, row := range iss.Rows(route) {
//		t.Run(row.Name, func(t *testing.T) {
//			res, err := row.Do(authntest.Direct(h))
//			if err != nil {
//				t.Fatal(err)
//			}
//			row.Want(t, res)
//		})
//	}
//
// [Issuer.Check] is this loop. Rows are for one after the other: they move the
// issuer's clock and break its endpoints.
//
// Several routes are several Routes, each with what its own service takes and
// demands; one issuer serves them all, one after the other. Routes that take other
// schemes have an [authn.Authenticator] each, all with the issuer's clock, and a
// Route lists the schemes of its own one: those that it leaves out are taken for
// schemes that are unknown there.
func (i *Issuer) Rows(route Route) []Row {
	route = route.withDefaults()
	route.StaticKeys = route.StaticKeys || i.secret()
	route.check(i.t)
	b := &book{run: &run{issuer: i, route: &route, same: map[*problem.Type]string{}}}
	b.ways = b.waysOf()
	b.withoutCredentials()
	b.fields()
	b.tokens()
	b.opaque()
	b.proofs()
	b.bindings()
	b.demands()
	b.basic()
	b.apiKey()
	b.custom()
	b.outages()
	return b.rows
}

// book is a list of rows under way.
type book struct {
	*run
	ways []*way
	rows []Row
}

// types are the problem types of the answers by name.
func typeNamed(name string) *problem.Type {
	for _, typ := range authn.Types() {
		if typ.Name() == name {
			return typ
		}
	}
	panic("authntest: package authn has no problem type " + name)
}

// passes adds a request that is let in.
func (b *book) passes(name, source string, make func(*talk) *http.Request) *Row {
	b.rows = append(b.rows, Row{Name: name, Source: source, Status: b.route.Status, Reason: authn.Accepted, run: b.run, make: make})
	return &b.rows[len(b.rows)-1]
}

// fails adds a request that is refused.
func (b *book) fails(name, source, typ string, reason authn.Reason, challenges []Challenge, make func(*talk) *http.Request) *Row {
	t := typeNamed(typ)
	b.rows = append(b.rows, Row{Name: name, Source: source, Status: t.Status(), Type: t, Reason: reason, Challenges: challenges, run: b.run, make: make})
	return &b.rows[len(b.rows)-1]
}

// all are the challenges of all schemes, with the error on those that were used.
func (b *book) all(code string, params map[string]string, used ...string) []Challenge {
	var list []Challenge
	for _, scheme := range b.route.schemes() {
		c := b.route.challenge(scheme)
		if code != "" && slices.Contains(used, scheme) {
			c.Error = code
			maps.Copy(c.Params, params)
		}
		list = append(list, c)
	}
	return list
}

// only are the challenges of the schemes that were used, with the error.
func (b *book) only(code string, params map[string]string, used ...string) []Challenge {
	return slices.DeleteFunc(b.all(code, params, used...), func(c Challenge) bool { return c.Error == "" })
}

// oauth are the schemes for tokens that are taken.
func (b *book) oauth() []string {
	return slices.DeleteFunc(b.route.schemes(), func(s string) bool { return s != "Bearer" && s != "DPoP" })
}

// passes adds a request by this way that is let in.
func (b *book) wayPasses(w *way, name, source string, more func(*talk) Claims) {
	b.passes(w.name+": "+name, source, func(t *talk) *http.Request { return w.send(t, w.token(t, more(t))) }).Certificate = w.certificate
}

// invalid adds a request whose token does not hold.
func (b *book) invalid(w *way, name, source, typ string, reason authn.Reason, make func(*talk) *http.Request) {
	b.fails(w.name+": "+name, source, typ, reason, b.all("invalid_token", nil, w.scheme), make).Certificate = w.certificate
}

// withoutCredentials: nothing, or nothing that is looked at.
func (b *book) withoutCredentials() {
	plain := func(t *talk) *http.Request { return t.request() }
	if b.route.Optional {
		b.passes("no credentials", "Optional", plain).Reason = ""
	} else {
		b.fails("no credentials", "RFC 9110 §15.5.2 and §11.6.1, RFC 6750 §3.1", "authentication-required", authn.CredentialsMissing, b.all("", nil), plain)
	}
	if b.route.Optional {
		b.passes("empty Authorization", "Optional", func(t *talk) *http.Request { return t.request("Authorization", "") }).Reason = ""
	} else {
		b.fails("empty Authorization", "RFC 9110 §15.5.2 and §11.6.1, RFC 6750 §3.1", "authentication-required", authn.CredentialsMissing, b.all("", nil),
			func(t *talk) *http.Request { return t.request("Authorization", "") })
	}
	for _, tt := range []struct {
		name, value string
		reason      authn.Reason
	}{
		{"unknown scheme", "Negotiate YWJj", authn.SchemeUnknown},
		{"unknown scheme alone", "Unknown", authn.SchemeUnknown},
		{"scheme with more letters", "Bearerx abc", authn.SchemeUnknown},
		{"Authorization without a scheme", `"abc"`, authn.AuthorizationMalformed},
	} {
		b.fails(tt.name, "RFC 6750 §3.1", "unsupported-authentication-scheme", tt.reason, b.all("", nil),
			func(t *talk) *http.Request { return t.request("Authorization", tt.value) })
	}
	for _, scheme := range []string{"Bearer", "DPoP", "Basic"} {
		if slices.Contains(b.route.schemes(), scheme) {
			continue
		}
		b.fails(scheme+" where it is not taken", "RFC 6750 §3.1", "unsupported-authentication-scheme", authn.SchemeUnknown, b.all("", nil),
			func(t *talk) *http.Request { return t.request("Authorization", scheme+" YTpi") })
	}
	if b.route.tokens() {
		b.fails("token in the query alone", "RFC 9700 §4.3.2", "token-in-query", authn.TokenInQuery, b.all("", nil),
			func(t *talk) *http.Request { return inQuery(t.request(), b.ways[0].token(t, nil)) })
	}
}

// inQuery adds a token to the query (RFC 6750 §2.3).
func inQuery(r *http.Request, token string) *http.Request {
	if r.URL.RawQuery != "" {
		r.URL.RawQuery += "&"
	}
	r.URL.RawQuery += "access_token=" + token
	return r
}

// fields: Authorization does not have the form of its scheme.
func (b *book) fields() {
	b.fails("two Authorization lines", "RFC 9110 §5.3, RFC 6750 §3.1, RFC 9449 §7.2", "repeated-authorization", authn.AuthorizationRepeated,
		b.only("invalid_request", nil, b.oauth()...),
		func(t *talk) *http.Request {
			return t.request("Authorization", "Bearer abc", "Authorization", "Basic YTpi")
		})
	for _, scheme := range b.oauth() {
		for _, tt := range []struct{ name, rest string }{
			{"alone", ""}, {"two tokens", " a b"}, {"no b64token", " a%b"}, {"a list", " a, b"}, {"parameters", ` token="a"`},
		} {
			b.fails(scheme+": "+tt.name, "RFC 6750 §2.1 and §3.1", "malformed-credentials", authn.TokenFieldMalformed, b.only("invalid_request", nil, scheme),
				func(t *talk) *http.Request { return t.request("Authorization", scheme+tt.rest) })
		}
	}
	for _, w := range b.ways {
		b.fails(w.name+": a token in the query, too", "RFC 6750 §2", "token-sent-twice", authn.TokenSentTwice, b.only("invalid_request", nil, w.scheme),
			func(t *talk) *http.Request { return inQuery(w.good(t), w.token(t, nil)) }).Certificate = w.certificate
		b.passes(w.name+": scheme in other letters", "RFC 9110 §11.1", func(t *talk) *http.Request {
			r := w.good(t)
			_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			r.Header.Set("Authorization", strings.ToUpper(w.scheme)+" "+token)
			return r
		}).Certificate = w.certificate
	}
}
