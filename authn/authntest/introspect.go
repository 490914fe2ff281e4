package authntest

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
)

// The name and the secret by which the service authenticates where it asks about
// tokens (RFC 7662 §2.1).
const (
	ClientID     = "resource-server"
	ClientSecret = "introspection-secret"
)

// Opaque makes a token that only the issuer's introspection can tell anything of:
// active, with the claims that [Issuer.Token] would give it. A fault is one of
// those that are about claims.
func (i *Issuer) Opaque(c Claims, faults ...Fault) string {
	d := &draft{claims: i.claims(c)}
	for _, f := range faults {
		if !i.spoilClaims(d, f) {
			i.t.Fatalf("authntest: the fault %q is none of claims, which are all that an opaque token has", f)
		}
	}
	token := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.opaque[token] = d.claims
	return token
}

// Deactivate makes the introspection say that a token of [Issuer.Opaque] is not
// active any more.
func (i *Issuer) Deactivate(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.opaque, token)
}

func (i *Issuer) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	name, secret, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case !ok || name != ClientID || secret != ClientSecret:
		w.Header().Set("WWW-Authenticate", `Basic realm="introspection"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	i.mu.Lock()
	claims, known := i.opaque[r.PostFormValue("token")]
	i.mu.Unlock()
	answer := map[string]any{"active": known}
	maps.Copy(answer, claims)
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(answer)
}
