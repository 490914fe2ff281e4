package authntest

import "github.com/forthright-http/forthright/authn"

// JWT is a scheme for the issuer's tokens, whose keys come from its key set; those
// of an issuer that signs by secrets alone are [Issuer.Keys]. For claims of a type
// of your own, write the settings yourself:
//
//	authn.JWT[orderClaims]{
//		Issuer: iss.URL(), Audience: authntest.Audience, Algorithms: iss.Algorithms(),
//		Keys: authn.JWKS(iss.KeySet.URL()),
//	}
func (i *Issuer) JWT() authn.JWT[authn.NoClaims] {
	settings := authn.JWT[authn.NoClaims]{Issuer: i.url, Audience: i.audience(), Algorithms: i.Algorithms(), Keys: authn.JWKS(i.KeySet.URL())}
	if i.secret() {
		settings.Keys = i.Keys()
	}
	if i.Type != "" {
		settings.Types = []string{i.Type}
	}
	return settings
}

// OpaqueTokens is a scheme for the tokens of [Issuer.Opaque].
func (i *Issuer) OpaqueTokens() authn.Introspection[authn.NoClaims] {
	return authn.Introspection[authn.NoClaims]{
		URL: i.Introspection.URL(), ClientID: ClientID, ClientSecret: ClientSecret, Issuer: i.url, Audience: i.audience(),
	}
}

// secret: there is an algorithm whose keys are not published.
func (i *Issuer) secret() bool {
	for _, name := range i.algorithms {
		if name[:2] == "HS" {
			return true
		}
	}
	return false
}
