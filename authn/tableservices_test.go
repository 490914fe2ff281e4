package authn_test

import (
	"net/http"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

// tableService is one service of the table: its options, what its route demands,
// and what the rows must know of both.
type tableService struct {
	name    string
	options func(*tableWorld) authn.Options
	demands []authn.Requirement
	route   func(*tableWorld) authntest.Route
}

const tableURL = "https://api.example.com/v1/orders?page=1"

var tableScope = []authn.Requirement{authn.Scope("orders:read")}

// notGuest is the predicate of the table.
func notGuest(_ *http.Request, p authn.Principal) bool { return p.Subject != "guest" }

var tableDenied = authntest.Claims{"sub": "guest"}

// tableServices take every kind of credentials, alone and beside each other.
var tableServices = []tableService{
	{"JWT, static keys", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.static()}, Leeway: -1}
	}, nil, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, StaticKeys: true, Leeway: -1}
	}},
	{"JWT, a key set", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT()}, Revoked: w.Revoked}
	}, []authn.Requirement{authn.Scope("orders:read"), authn.Scope("orders:write"), authn.Allow("no guests", notGuest)}, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Revocation: true, Certificates: true, Scope: "orders:read orders:write", Denied: tableDenied}
	}},
	{"JWT, a key set that is discovered, tokens remembered", func(w *tableWorld) authn.Options {
		j := w.discovered()
		j.Cache = 1000
		return authn.Options{Schemes: []authn.Scheme{j}, Revoked: w.Revoked}
	}, []authn.Requirement{authn.AnyScope("orders:write", "orders:admin"), authn.MaxAge(5 * time.Minute), authn.ACR("phr", "mfa")}, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Revocation: true, Certificates: true, Scope: "orders:write", MaxAge: 5 * time.Minute, ACR: []string{"phr", "mfa"}}
	}},
	{"JWT, optional", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT()}}
	}, nil, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Optional: true, Certificates: true}
	}},
	{"JWT, bound", func(w *tableWorld) authn.Options {
		j := w.JWT()
		j.Bound = true
		return authn.Options{Schemes: []authn.Scheme{j}}
	}, tableScope, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Bound: true, Certificates: true, Scope: "orders:read"}
	}},
	{"introspection", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.OpaqueTokens()}, Revoked: w.Revoked}
	}, []authn.Requirement{authn.Scope("orders:read"), authn.MaxAge(time.Minute), authn.ACR("mfa"), authn.Allow("no guests", notGuest)}, func(*tableWorld) authntest.Route {
		return authntest.Route{Introspection: true, Revocation: true, Certificates: true, Scope: "orders:read", MaxAge: time.Minute, ACR: []string{"mfa"}, Denied: tableDenied}
	}},
	{"JWT and introspection", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT(), w.OpaqueTokens()}}
	}, tableScope, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Introspection: true, Scope: "orders:read"}
	}},
	{"DPoP beside Bearer", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT(), w.OpaqueTokens(), authn.DPoP{Origin: "https://api.example.com", Replays: w.replays()}}, Revoked: w.Revoked}
	}, []authn.Requirement{authn.Scope("orders:read"), authn.MaxAge(time.Minute), authn.Allow("no guests", notGuest)}, func(w *tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Introspection: true, Certificates: true, Revocation: true, Scope: "orders:read", MaxAge: time.Minute, Denied: tableDenied,
			DPoP: &authntest.DPoP{Algorithms: []string{"ES256", "EdDSA", "Ed25519"}, Break: w.proofs.Store}}
	}},
	{"DPoP alone, with nonces", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT(), authn.DPoP{Origin: "https://api.example.com", Required: true, Algorithms: []string{"PS256", "EdDSA"}, Nonces: &authn.Nonces{PerProcess: true}}}}
	}, tableScope, func(*tableWorld) authntest.Route {
		return authntest.Route{JWT: true, Certificates: true, Scope: "orders:read", Method: "DELETE",
			DPoP: &authntest.DPoP{Algorithms: []string{"PS256", "EdDSA"}, Key: "EdDSA", Required: true, Nonce: true}}
	}},
	{"Basic", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: tableUsers{w}, Remember: time.Minute}}}
	}, tableScope, func(w *tableWorld) authntest.Route {
		return authntest.Route{Basic: w.basic(), Scope: "orders:read"}
	}},
	{"API keys in a field", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{authn.APIKey{Keys: tableKeys{w}, Header: "X-API-Key", Prefix: "test"}}}
	}, tableScope, func(w *tableWorld) authntest.Route {
		return authntest.Route{APIKey: w.apiKey("X-API-Key"), Scope: "orders:read"}
	}},
	{"all", func(w *tableWorld) authn.Options {
		session, _ := tableSession()
		return authn.Options{Schemes: []authn.Scheme{
			authn.Basic{Users: tableUsers{w}, Remember: time.Minute}, authn.APIKey{Keys: tableKeys{w}, Scheme: "Key"}, session, // Bearer comes first nevertheless
			authn.DPoP{Origin: "https://api.example.com"}, w.JWT(), w.OpaqueTokens(),
		}, Revoked: w.Revoked, Realm: "orders \"1\"", Metadata: &authn.Metadata{Resource: "https://api.example.com/v1"}}
	}, tableScope, func(w *tableWorld) authntest.Route {
		_, session := tableSession()
		key := w.apiKey("")
		key.Scheme = "Key"
		return authntest.Route{Realm: `orders "1"`, Metadata: "https://api.example.com/.well-known/oauth-protected-resource/v1",
			JWT: true, Introspection: true, DPoP: &authntest.DPoP{}, Basic: w.basic(), APIKey: key, Custom: []authntest.Custom{session}, Revocation: true, Scope: "orders:read"}
	}},
	{"all, for a recent login", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{
			w.JWT(), authn.Basic{Users: tableUsers{w}, Remember: time.Minute}, authn.APIKey{Keys: tableKeys{w}},
		}, Revoked: w.Revoked}
	}, []authn.Requirement{authn.MaxAge(time.Minute)}, func(w *tableWorld) authntest.Route {
		key := w.apiKey("")
		key.Fails = authn.LoginTooOld // nobody logs in with it
		return authntest.Route{JWT: true, Basic: w.basic(), APIKey: key, MaxAge: time.Minute, Revocation: true}
	}},
	{"all, for a strong login", func(w *tableWorld) authn.Options {
		return authn.Options{Schemes: []authn.Scheme{w.JWT(), authn.Basic{Users: tableUsers{w}, Remember: time.Minute}}}
	}, []authn.Requirement{authn.ACR("mfa")}, func(w *tableWorld) authntest.Route {
		user := w.basic()
		user.Fails = authn.ACRTooLow
		return authntest.Route{JWT: true, Basic: user, ACR: []string{"mfa"}}
	}},
}
