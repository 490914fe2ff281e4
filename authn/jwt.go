package authn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// JWT takes access tokens that are JWTs (RFC 7519, RFC 9068) of one issuer, by the
// Bearer scheme (RFC 6750), and by DPoP where there is a [DPoP]. C is the type that
// a token's claims decode into, for [Claims]: a struct, or NoClaims.
//
//	authn.JWT[authn.NoClaims]{
//		Issuer: "https://issuer.example.com", Audience: "https://api.example.com",
//		Algorithms: []string{"ES256"},
//		Keys:       authn.JWKS("https://issuer.example.com/jwks.json"),
//	}
//
// Issuer, Audience, Algorithms and Keys are required. A token is refused that has
// no expiry, whose header is not that of an access token, whose JSON has a member
// twice, or one that differs in case alone from a claim that is known here or has a
// field in C. If *C has a method Validate() error, a token that it refuses is
// refused.
//
// A time of issue ("iat") in the future is not refused: RFC 7519 §4.1.6 makes it a
// statement about the past, and "nbf" is there to forbid. A token that has neither
// "sub" nor "client_id" nor "azp" is refused; one without "sub" has no
// [Principal.Owner].
//
// # From golang-jwt
//
// What golang-jwt takes and this does not, before you change a running service:
//
//   - Its tokens have the typ "JWT". Name it in Types, or make them with "at+jwt".
//   - Names are compared exactly. A field of C without a json tag is a claim with
//     the field's own spelling ("Tenant"), and a token with "tenant" is refused: tag
//     the fields. The log names the claim.
//   - A secret is a []byte of 32 bytes or more for HS256, 48 for HS384, 64 for
//     HS512; a string is no key.
//   - There must be an "exp", an "iss" and an "aud".
//   - Claims(p) returns a C, not a pointer, and C needs no RegisteredClaims: the
//     registered ones are in [Principal].
//
// To see first what would be refused, run [Authenticator.Checker] beside the old
// code for a while, and log its errors: their reasons say what is missing.
type JWT[C any] struct {
	// Issuer is the issuer, exactly as "iss" has it.
	Issuer string
	// Audience is who this service is in "aud": one of a token's audiences must be
	// it, or one of MoreAudiences.
	Audience      string
	MoreAudiences []string
	// Algorithms are what the issuer signs with: ES256, ES384, ES512, RS256,
	// RS384, RS512, PS256, PS384, PS512, EdDSA, Ed25519, HS256, HS384, HS512.
	// Where secrets (HS256 and its like) and public keys are both among them, each
	// secret must have its [Key].Algorithm.
	Algorithms []string
	// Keys is where the issuer's keys come from.
	Keys KeySource
	// Types are the values of the header's "typ" that are taken, without
	// "application/" and in any case. By default "at+jwt" alone (RFC 9068 §4).
	// Many issuers send "JWT" for access tokens and for others: to take it, name
	// it here, and make sure that no token with your audience is made for another
	// purpose. "" takes tokens without a typ.
	Types []string
	// Bound refuses tokens that are not bound to a key or a certificate.
	Bound bool
	// Cache is how many verified tokens are remembered, so that they need not be
	// verified again, for 60 s at most. By default none is. A source of keys that
	// is your own must have a method Version() uint64 whose result changes with
	// its keys.
	//
	// Requests with one token then share its claims, which nobody may change, and
	// Validate is asked once for all of them. Revocation, requirements and bindings
	// are looked at for each.
	Cache int
}

// NoClaims is for a [JWT] or an [Introspection] whose claims nobody asks for
// beyond what [Principal] has.
type NoClaims struct{}

func (j JWT[C]) build(a *Authenticator) error {
	v := &jwtVerifier{issuer: j.Issuer, types: map[string]bool{}, bound: j.Bound, leeway: a.options.Leeway, now: a.options.Now, mixed: mixed(j.Algorithms)}
	if j.Issuer == "" || strings.ContainsAny(j.Issuer, " \t\r\n") {
		return errors.New("the issuer is empty or has a space")
	}
	v.audiences = append([]string{j.Audience}, j.MoreAudiences...)
	if slices.Contains(v.audiences, "") {
		return errors.New("an audience is empty")
	}
	if err := checkAlgorithms(j.Algorithms); err != nil {
		return err
	}
	v.algorithms = map[string]*algorithm{}
	for _, name := range j.Algorithms {
		v.algorithms[name] = supported[name]
	}
	types := j.Types
	if types == nil {
		types = []string{"at+jwt"}
	}
	for _, t := range types {
		v.types[plainType(t)] = true
	}
	decode, err := claimsInto[C]()
	if err != nil {
		return err
	}
	v.decode = decode
	if v.keys, err = sourceFor(j.Keys, j.Algorithms, j.Issuer, v.now); err != nil {
		return err
	}
	a.probe(v.keys)
	if j.Cache < 0 {
		return errors.New("Cache is negative")
	}
	if j.Cache > 0 {
		if v.cache, err = newTokenCache(j.Cache, v.keys, v.now); err != nil {
			return err
		}
		a.tokens.caches = append(a.tokens.caches, v.cache)
	}
	return a.tokens.addIssuer(j.Issuer, v)
}

// sourceFor checks a source of keys against the settings of a [JWT] and makes of it
// what is asked.
func sourceFor(source KeySource, algorithms []string, issuer string, now func() time.Time) (KeySource, error) {
	switch s := source.(type) {
	case nil:
		return nil, errors.New("there is no source of keys")
	case Keys:
		return newStaticKeys(s, algorithms)
	case *RemoteKeys:
		return s.use(algorithms, issuer, now)
	case *firstOf:
		return s.use(algorithms, issuer, now)
	}
	return source, nil
}

// plainType is a typ as it is compared: in lower case, and without "application/"
// where no other slash follows (RFC 7515 §4.1.9).
func plainType(typ string) string {
	typ = strings.Map(lower, typ)
	if rest, ok := strings.CutPrefix(typ, "application/"); ok && rest != "" && !strings.Contains(rest, "/") {
		return rest
	}
	return typ
}

func lower(c rune) rune {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// jwtVerifier verifies the tokens of one issuer.
type jwtVerifier struct {
	issuer     string
	audiences  []string
	algorithms map[string]*algorithm
	types      map[string]bool
	keys       KeySource
	mixed      bool // secrets and public keys
	bound      bool
	leeway     time.Duration
	now        func() time.Time
	decode     func([]byte) (any, error)
	cache      *tokenCache
}

func (v *jwtVerifier) verify(ctx context.Context, _ string, t *parsedJWT) (verified, error) {
	var version uint64
	if v.cache != nil {
		version = v.cache.version() // before the keys are asked for
	}
	if err := v.checkHeader(&t.header); err != nil {
		return verified{}, err
	}
	if err := v.checkSignature(ctx, t); err != nil {
		return verified{}, err
	}
	if err := v.checkClaims(&t.claims); err != nil {
		return verified{}, err
	}
	out, err := v.result(t)
	if err == nil && v.cache != nil {
		v.cache.put(&t.key, version, out)
	}
	return out, err
}

// checkHeader: the algorithm is one of those allowed (RFC 8725 §3.1; "none" never
// is), nothing critical is there, since nothing that could be is understood (RFC
// 7515 §4.1.11; an empty "crit" is forbidden, and b64 has no place in a JWT, RFC
// 7797 §7), and the token is an access token (RFC 9068 §4, RFC 8725 §3.11).
func (v *jwtVerifier) checkHeader(h *jwtHeader) error {
	switch {
	case v.algorithms[h.Algorithm] == nil:
		return refuse(AlgorithmNotAllowed, nil)
	case bool(h.Critical), h.Base64 != nil && !*h.Base64:
		return refuse(CritUnknown, nil)
	case v.types[h.Type]: // the usual spelling
		return nil
	case !v.types[plainType(h.Type)]:
		return refuse(TypeWrong, nil)
	}
	return nil
}

// maxKeys is how many keys of one id, or none, are tried.
const maxKeys = 16

func (v *jwtVerifier) checkSignature(ctx context.Context, t *parsedJWT) error {
	keys, err := v.keys.Keys(ctx, t.header.KeyID)
	switch some, ok := errors.AsType[*someKeys](err); {
	case ok:
		keys = some.keys
	case errors.Is(err, ErrUnknownKey), err == nil && len(keys) == 0:
		return refuse(UnknownKid, nil)
	case err != nil:
		return refuse(KeysUnavailable, err)
	}
	alg := v.algorithms[t.header.Algorithm]
	tried := 0
	for _, k := range keys {
		if tried == maxKeys || alg.fitsAmong(k, v.mixed) != nil {
			continue
		}
		if alg.verify(t.signed, t.signature, k) {
			return nil
		}
		tried++
	}
	switch {
	case err != nil: // it may be by one of those that could not be had
		return refuse(KeysUnavailable, err)
	case tried == 0:
		return refuse(KeyMismatch, nil)
	}
	return refuse(SignatureWrong, nil)
}

// checkClaims holds the claims of a token whose signature is good against the
// clock and the settings (RFC 7519 §4.1, RFC 8725 §3.8-3.9). Strings are compared
// exactly (RFC 7519 §2, StringOrURI).
func (v *jwtVerifier) checkClaims(c *registeredClaims) error {
	if c.Issuer != v.issuer {
		return refuse(IssuerWrong, nil)
	}
	if reason := v.checkAudience(c.Audience); reason != "" {
		return refuse(reason, nil)
	}
	now := v.now()
	switch {
	case c.Expires == nil:
		return refuse(ExpiryMissing, nil)
	case !now.Before(numericDate(*c.Expires).Add(v.leeway)):
		return refuse(TokenExpired, nil)
	case c.NotBefore != nil && now.Add(v.leeway).Before(numericDate(*c.NotBefore)):
		return refuse(TokenNotYetValid, nil)
	}
	return nil
}

// checkAudience: one of the audiences is this service, and each is a string (RFC
// 7519 §4.1.3).
func (v *jwtVerifier) checkAudience(audience any) Reason {
	if s, ok := audience.(string); ok && slices.Contains(v.audiences, s) { // the usual form
		return ""
	}
	list, ok := strs(audience, one)
	switch {
	case !ok:
		return ClaimsWrong
	case !slices.ContainsFunc(list, func(s string) bool { return slices.Contains(v.audiences, s) }):
		return AudienceWrong
	}
	return ""
}

func one(s string) []string { return []string{s} }

func (v *jwtVerifier) result(t *parsedJWT) (verified, error) {
	c := &t.claims
	out := verified{principal: Principal{
		Scheme: schemeBearer,
		Issuer: c.Issuer, Subject: c.Subject, Client: c.Client, ACR: c.ACR, TokenID: c.TokenID,
		Expires: numericDate(*c.Expires),
	}}
	p := &out.principal
	if p.Client == "" {
		p.Client = c.Party
	}
	if c.AuthTime != nil {
		p.AuthTime = numericDate(*c.AuthTime)
	}
	var ok bool
	if p.Scopes, ok = scopesOf(c); !ok {
		return verified{}, refuse(ClaimsWrong, nil)
	}
	var err error
	if out.confirm, err = confirmationOf(c.Confirm, v.bound); err != nil {
		return verified{}, err
	}
	if err := c.checkWho(); err != nil {
		return verified{}, err
	}
	if v.decode != nil {
		if p.claims, err = v.decode(t.payload); err != nil {
			return verified{}, refuse(ClaimsWrong, err)
		}
	}
	p.owner = p.Owner()
	return out, nil
}
