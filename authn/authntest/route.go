package authntest

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// Route is what a route takes and demands, as [Issuer.Rows] must know it. It says
// again what the options of the service say; the tests are of the one against the
// other.
type Route struct {
	// Method is the method of the requests, GET by default.
	Method string
	// URL is the absolute URL as clients send it, by default
	// "https://api.example.com/". Its origin is what DPoP proofs are made for.
	URL string
	// Header has further fields of each request, Body is its content.
	Header http.Header
	Body   string
	// Status is that of requests that are let in, by default 200.
	Status int
	// Realm is that of the challenges. By default it is not checked.
	Realm string
	// Metadata is the URL that the challenges for tokens have as resource_metadata.
	// By default it is not checked.
	Metadata string
	// Leeway is that of the options, by default 10 s; negative: none at all.
	Leeway time.Duration
	// Optional says that requests without credentials are let in as well.
	Optional bool

	// JWT says that tokens of [Issuer.Token] are taken.
	JWT bool
	// StaticKeys says that the issuer's keys are known beforehand ([Issuer.Keys]):
	// they cannot be out of reach, and none is retired.
	StaticKeys bool
	// Introspection says that tokens of [Issuer.Opaque] are taken.
	Introspection bool
	// DPoP says that tokens are taken with proofs, too, or only.
	DPoP *DPoP
	// Certificates says that the service sees the certificate of a connection.
	Certificates bool
	// Bound says that tokens are refused that are not bound to a key or a
	// certificate.
	Bound bool
	// Revocation says that Options.Revoked is [Issuer.Revoked].
	Revocation bool
	// MaxToken is that of the options, by default 16 KiB.
	MaxToken int

	// Basic has a user and a password that are taken.
	Basic *Basic
	// APIKey has a key that is taken.
	APIKey *APIKey
	// Custom has requests with credentials of other schemes.
	Custom []Custom

	// Scope is the scope that is needed, as the challenge names it: several with
	// spaces between.
	Scope string
	// MaxAge is how long ago the user may have authenticated; 0: any time.
	MaxAge time.Duration
	// ACR are the ways in which the user may have authenticated.
	ACR []string
	// Denied are claims of a token that a predicate of the route says no to.
	Denied Claims
}

// DPoP is how a route takes proofs.
type DPoP struct {
	// Algorithms are those of the challenge. By default they are not checked.
	Algorithms []string
	// Key is the algorithm that the proofs are signed by, by default ES256.
	Key string
	// Required says that the Bearer scheme is not taken.
	Required bool
	// Nonce says that proofs need a nonce of the service.
	Nonce bool
	// NonceAge is the age at which a nonce is certainly too old, by default 50
	// hours.
	NonceAge time.Duration
	// Break makes the store of proofs that were seen fail, or work again.
	Break func(broken bool)
}

// Basic is a user of the service.
type Basic struct {
	Name, Password string
	// Lacking is the name of another user, with the same password, whose scopes
	// do not suffice. By default there is no row for it.
	Lacking string
	// Fails is the reason for which the route refuses the user though the password
	// is right: LoginTooOld or ACRTooLow where it demands what no password is worth,
	// AccessDenied where a predicate says no to all who have no token, such as one
	// about a role in the claims. By default it lets the user in.
	Fails authn.Reason
	// Break makes the store of users fail, or work again.
	Break func(broken bool)
}

// APIKey is a key of the service.
type APIKey struct {
	// Scheme is the name in the challenge, by default "ApiKey".
	Scheme string
	// Header is the field that carries the key, by default Authorization, after the
	// name of the scheme.
	Header string
	// Key is a key that is taken.
	Key string
	// Revoked is one that was taken back; Lacking is one whose scopes do not
	// suffice. By default there are no rows for them.
	Revoked, Lacking string
	// Unknown is a well-formed one that nobody has. By default there is no row for
	// it.
	Unknown string
	// Fails is as that of [Basic].
	Fails authn.Reason
	// Break makes the store of keys fail, or work again.
	Break func(broken bool)
}

// Custom is a scheme of the service's own.
type Custom struct {
	// Scheme is the name in the challenge.
	Scheme string
	// Good, Refused and Broken add credentials to a request that are let in, that
	// are refused, and that cannot be decided on. A nil one makes no row.
	Good, Refused, Broken func(*http.Request)
}

func (r Route) withDefaults() Route {
	r.Method = cmp.Or(r.Method, http.MethodGet)
	r.URL = cmp.Or(r.URL, "https://api.example.com/")
	r.Status = cmp.Or(r.Status, http.StatusOK)
	r.Leeway = max(cmp.Or(r.Leeway, 10*time.Second), 0)
	r.MaxToken = cmp.Or(r.MaxToken, 16<<10)
	if r.DPoP != nil {
		d := *r.DPoP
		d.Key = cmp.Or(d.Key, "ES256")
		d.NonceAge = cmp.Or(d.NonceAge, 50*time.Hour)
		r.DPoP = &d
	}
	if r.APIKey != nil {
		k := *r.APIKey
		k.Scheme = cmp.Or(k.Scheme, "ApiKey")
		r.APIKey = &k
	}
	return r
}

// tokens: the route takes tokens at all.
func (r *Route) tokens() bool { return r.JWT || r.Introspection }

// bearer: it takes them by the Bearer scheme.
func (r *Route) bearer() bool { return r.tokens() && (r.DPoP == nil || !r.DPoP.Required) }

// schemes are the names of the schemes in the order of their challenges.
func (r *Route) schemes() []string {
	var names []string
	if r.bearer() {
		names = append(names, "Bearer")
	}
	if r.tokens() && r.DPoP != nil {
		names = append(names, "DPoP")
	}
	if r.Basic != nil {
		names = append(names, "Basic")
	}
	if r.APIKey != nil {
		names = append(names, r.APIKey.Scheme)
	}
	for _, c := range r.Custom {
		names = append(names, c.Scheme)
	}
	return names
}

// challenge is what the 401 of the route has for a scheme, without an error.
func (r *Route) challenge(scheme string) Challenge {
	c := Challenge{Scheme: scheme, Params: map[string]string{"realm": r.Realm}}
	switch scheme {
	case "DPoP":
		c.Params["algs"] = strings.Join(r.DPoP.Algorithms, " ")
	case "Basic":
		c.Params["charset"] = "UTF-8" // RFC 7617 §2.1
	}
	if r.Metadata != "" && (scheme == "Bearer" || scheme == "DPoP") {
		c.Params["resource_metadata"] = r.Metadata // RFC 9728 §5.1
	}
	return c
}

// demands are the parameters of a challenge that say what the user's
// authentication lacks (RFC 9470 §3).
func (r *Route) demands() map[string]string {
	params := map[string]string{}
	if r.MaxAge > 0 {
		params["max_age"] = seconds(r.MaxAge)
	}
	if r.ACR != nil {
		params["acr_values"] = strings.Join(r.ACR, " ")
	}
	return params
}
