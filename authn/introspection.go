package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// Introspection takes access tokens by asking the authorization server that issued
// them (RFC 7662): opaque ones, and JWTs of no [JWT] scheme's issuer. They come by
// the Bearer scheme, and by DPoP where there is a [DPoP]. C is the type that the
// server's answer decodes into, for [Claims]: a struct, or NoClaims.
//
//	authn.Introspection[authn.NoClaims]{
//		URL:      "https://issuer.example.com/introspect",
//		ClientID: "orders", ClientSecret: secret,
//		Issuer:   "https://issuer.example.com", Audience: "https://api.example.com",
//	}
//
// URL, Issuer, Audience (or AnyAudience) and the credentials are required. There is
// one Introspection at most.
//
// An endpoint that fails, is slow, or gives no answer that RFC 7662 knows is
// answered by 503: nobody's token is called wrong for it. A token that the endpoint
// calls a refresh token is refused, though it is active. The subject is "sub"
// alone: "username" is for people to read, and may name another tomorrow. An answer
// with neither "sub" nor "client_id" nor "azp" says nothing of whose token it is,
// which is refused. If *C has
// a method Validate() error, a token that it refuses is refused.
type Introspection[C any] struct {
	// URL is the introspection endpoint: https, or http on a loopback address.
	URL string
	// ClientID and ClientSecret are what this service authenticates with, by
	// client_secret_basic (RFC 6749 §2.3.1).
	ClientID, ClientSecret string
	// Authorize takes the place of ClientSecret: it adds to the request what
	// the endpoint demands, such as a bearer token, and returns at the end of
	// the request's context. Where Client has a certificate that says all (RFC
	// 8705 §2), it does nothing. ClientID, if set, is then sent as client_id.
	Authorize func(*http.Request) error
	// Issuer is the server's issuer identifier. An "iss" in an answer must be
	// it; where there is none, it is the issuer of the principal.
	Issuer string
	// Audience is who this service is in "aud": one of a token's audiences must be
	// it, or one of MoreAudiences.
	Audience      string
	MoreAudiences []string
	// AnyAudience takes tokens whatever their "aud" is, for a server that says
	// "active" only of those that are meant for who asks (RFC 7662 §2.2 allows
	// it to, and does not demand it). Audience is then empty.
	AnyAudience bool
	// Bound refuses tokens that are not bound to a key or a certificate.
	Bound bool
	// CacheFor is how long an answer is remembered, and so how long a token may
	// live on after it was revoked (RFC 7662 §4). By default 30 s, at most 5
	// minutes; negative: not at all. It ends with the token's "exp", and for
	// tokens that were refused after 5 s.
	CacheFor time.Duration
	// Cache is how many answers are remembered, by default 10,000. As many of
	// refused tokens are remembered beside them, so that these displace none.
	Cache int
	// Timeout is for one call of the endpoint, by default 3 s. A call serves all
	// requests with its token that come meanwhile. It survives those that leave.
	Timeout time.Duration
	// MaxBytes is the size of the largest answer that is read, by default 64 KiB.
	MaxBytes int
	// Client makes the calls; redirects are not followed. By default it is one
	// with at most 64 connections.
	Client *http.Client
}

const (
	defaultIntrospectionCacheFor = 30 * time.Second
	maxIntrospectionCacheFor     = 5 * time.Minute
	introspectionRefusedFor      = 5 * time.Second
	defaultIntrospectionCache    = 10_000
	defaultIntrospectionTimeout  = 3 * time.Second
	defaultIntrospectionMaxBytes = 64 << 10
)

func (i Introspection[C]) build(a *Authenticator) error {
	if a.tokens.opaque != nil {
		return errors.New("there are two Introspection schemes")
	}
	v := &introspection{issuer: i.Issuer, bound: i.Bound, leeway: a.options.Leeway, now: a.options.Now}
	if i.Issuer == "" || strings.ContainsAny(i.Issuer, " \t\r\n") {
		return errors.New("the issuer is empty or has a space")
	}
	switch {
	case i.AnyAudience && (i.Audience != "" || i.MoreAudiences != nil):
		return errors.New("AnyAudience beside an audience")
	case !i.AnyAudience:
		v.audiences = append([]string{i.Audience}, i.MoreAudiences...)
	}
	if slices.Contains(v.audiences, "") {
		return errors.New("an audience is empty")
	}
	decode, err := claimsInto[C]()
	if err != nil {
		return err
	}
	v.decode = decode
	endpoint := &introspectionEndpoint{
		url: i.URL, clientID: i.ClientID, clientSecret: i.ClientSecret, authorize: i.Authorize,
		maxBytes: i.MaxBytes, now: a.options.Now,
	}
	if err := endpoint.prepare(i.Client); err != nil {
		return err
	}
	v.cache, err = newIntrospectionCache(i.CacheFor, i.Cache, i.Timeout, a.options.Now, func(ctx context.Context, token string) (introspected, error) {
		body, err := endpoint.ask(ctx, token)
		if err != nil {
			return introspected{}, err
		}
		return v.read(body)
	})
	if err != nil {
		return err
	}
	a.tokens.opaque = v
	a.probes = append(a.probes, v.ready)
	return nil
}

// introspection verifies tokens by what the endpoint says of them.
type introspection struct {
	issuer    string
	audiences []string // nil: any
	bound     bool
	leeway    time.Duration
	now       func() time.Time
	decode    func([]byte) (any, error)
	cache     *introspectionCache
}

// introspected is what an answer says of a token. It is remembered, and holds
// nothing that depends on the time.
type introspected struct {
	verified
	notBefore time.Time // the zero time: at once
	refused   Reason    // "" for a token that holds
	cause     error
}

// verify gets the answer for a token and holds it against the clock, which has
// moved since the endpoint gave it.
func (v *introspection) verify(ctx context.Context, raw string, _ *parsedJWT) (verified, error) {
	got, err := v.cache.get(ctx, raw)
	if err != nil {
		return verified{}, refuse(IntrospectionDown, err)
	}
	now, out := v.now(), got.verified
	switch {
	case got.refused != "":
		return verified{}, refuse(got.refused, got.cause)
	case !out.principal.Expires.IsZero() && !now.Before(out.principal.Expires.Add(v.leeway)):
		return verified{}, refuse(TokenExpired, nil)
	case now.Add(v.leeway).Before(got.notBefore):
		return verified{}, refuse(TokenNotYetValid, nil)
	}
	return out, nil
}

// introspectionProbe is what Ready asks about: no server has issued it.
const introspectionProbe = "readiness-probe-which-is-no-token"

// ready asks the endpoint about what is no token. An endpoint that takes this
// service's credentials must answer that it is not active (RFC 7662 §2.2); one that
// calls it active would let everybody in.
func (v *introspection) ready(ctx context.Context) error {
	got, err := v.cache.get(ctx, introspectionProbe)
	switch {
	case err != nil:
		return fmt.Errorf("authn: introspection: %w", err)
	case got.refused != TokenInactive:
		return errors.New("authn: introspection: the endpoint says that a made-up token is active")
	}
	return nil
}

// introspectionAnswer is an answer of RFC 7662 §2.2. TokenUse is no member of that
// section: some servers send it to tell refresh tokens from access tokens, whose
// token_type is then the same.
type introspectionAnswer struct {
	Active    *bool  `json:"active"`
	TokenType string `json:"token_type"`
	TokenUse  string `json:"token_use"`
	registeredClaims
}

var (
	introspectionDecoder = mustDecoder[introspectionAnswer]()
	introspectionNames   = namesOf(reflect.TypeFor[introspectionAnswer]())
)

// read makes what is remembered of an answer. Its error says that this is no answer
// of an introspection endpoint.
func (v *introspection) read(body []byte) (introspected, error) {
	var answer introspectionAnswer
	faults := introspectionDecoder.Decode(body, &answer)
	if faults != nil && claimsReason(faults) != ClaimsWrong {
		return introspected{}, fmt.Errorf("the answer is not the JSON of an introspection: %s", faults[0].Code)
	}
	if fault, name := introspectionNames.check(body); fault == nameVariant {
		return introspected{}, fmt.Errorf("the answer is not the JSON of an introspection: %w", variantError(fault, name))
	}
	if answer.Active == nil || slices.ContainsFunc(faults, isActive) {
		return introspected{}, errors.New("the answer has no active that is true or false (RFC 7662 §2.2)")
	}
	out := introspected{verified: verified{principal: answer.principal(v.issuer)}}
	if answer.NotBefore != nil {
		out.notBefore = numericDate(*answer.NotBefore)
	}
	if err := v.check(&out, &answer, faults, body); err != nil {
		e := err.(*Error)
		out.refused, out.cause = e.Reason, e.Cause
	}
	return out, nil
}

func isActive(f jsonx.Fault) bool { return f.Pointer == "/active" }

// check decides what does not depend on the time, and completes out.
func (v *introspection) check(out *introspected, answer *introspectionAnswer, faults []jsonx.Fault, body []byte) (err error) {
	switch {
	case !*answer.Active:
		return refuse(TokenInactive, nil)
	case faults != nil:
		return refuse(ClaimsWrong, faultError(faults[0]))
	case !answer.isAccessToken():
		return refuse(TypeWrong, nil)
	case answer.Issuer != "" && answer.Issuer != v.issuer:
		return refuse(IssuerWrong, nil)
	}
	audience, ok := strs(answer.Audience, one)
	if !ok {
		return refuse(ClaimsWrong, nil)
	}
	if v.audiences != nil && !slices.ContainsFunc(audience, func(s string) bool { return slices.Contains(v.audiences, s) }) {
		return refuse(AudienceWrong, nil)
	}
	p := &out.principal
	if p.Scopes, ok = scopesOf(&answer.registeredClaims); !ok {
		return refuse(ClaimsWrong, nil)
	}
	if out.confirm, err = confirmationOf(answer.Confirm, v.bound); err != nil {
		return err
	}
	if strings.EqualFold(answer.TokenType, schemeDPoP) && (out.confirm == nil || out.confirm.key == "") {
		return refuse(ConfirmationUnknown, nil) // bound, and nobody says to which key (RFC 9449 §6.2)
	}
	if err := answer.checkWho(); err != nil {
		return err
	}
	if v.decode != nil {
		if p.claims, err = v.decode(body); err != nil {
			return refuse(ClaimsWrong, err)
		}
	}
	return nil
}

// isAccessToken: a server looks for a token among all kinds that it has, whatever
// token_type_hint says (RFC 7662 §2.1). token_type is that of RFC 6749 §5.1, in any
// case; some servers send the kind of token there.
func (answer *introspectionAnswer) isAccessToken() bool {
	switch strings.ToLower(answer.TokenType) {
	case "", "bearer", "dpop", "access_token":
	default:
		return false
	}
	switch answer.TokenUse {
	case "", "access_token", "access":
		return true
	}
	return false
}

// principal is who the answer is about, but for what must be checked first.
func (answer *introspectionAnswer) principal(issuer string) Principal {
	p := Principal{Scheme: schemeBearer, Issuer: issuer, Subject: answer.Subject, Client: answer.Client, ACR: answer.ACR, TokenID: answer.TokenID}
	if p.Client == "" {
		p.Client = answer.Party
	}
	if answer.Expires != nil {
		p.Expires = numericDate(*answer.Expires)
	}
	if answer.AuthTime != nil {
		p.AuthTime = numericDate(*answer.AuthTime)
	}
	p.owner = p.Owner()
	return p
}
