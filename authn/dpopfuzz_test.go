package authn

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

// A proof that is read is what it seems: three segments with one spelling, of the
// right type, with its claims, and a key in it that has no private part.
func FuzzDPoPProof(f *testing.F) {
	const claims = `{"jti":"a","htm":"GET","htu":"https://a/","iat":1}`
	f.Add(`{"typ":"dpop+jwt","alg":"ES256","jwk":`+jwkRFC9449+`}`, claims, "a.b.c")
	f.Add(`{"typ":"dpop+jwt","alg":"RS256","jwk":`+jwkRFC7638+`}`, claims, "..")
	f.Add(`{"typ":"dpop+jwt","alg":"Ed25519","jwk":`+jwkRFC8037+`}`, claims, "")
	f.Add(`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","d":""}}`, `{}`, "e30.e30.e30")
	f.Add(`{"typ":"dpop+jwt","alg":"ES256","jwk":null,"crit":["a"]}`, `{"iat":1e400}`, "e30.e30")
	d := &dpop{algorithms: []string{"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "PS256"}}
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		made := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(claims)) + "." + strings.Repeat("A", 86)
		for _, raw := range []string{made, raw} {
			if p, err := d.read([]string{raw}); err == nil && p.thumbprint == [32]byte{} {
				t.Errorf("%q has no thumbprint", raw)
			}
			p, err := parseProof(raw)
			if err != nil {
				continue
			}
			if strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "=\r\n") || len(raw) > maxProof ||
				p.signed+"."+base64url.EncodeToString(p.signature) != raw {
				t.Errorf("%q was read", raw)
			}
			if c := &p.claims; p.header.Type != proofType || p.header.Critical != nil || c.ID == "" || c.Method == "" || c.URL == "" || c.IssuedAt == nil {
				t.Errorf("%q was read as %+v", raw, p)
			}
			if j := p.header.Key; j.D != nil || j.K != nil {
				if _, err := j.public(); err != errPrivateJWK {
					t.Errorf("a private key: %v", err)
				}
			}
		}
	})
}

// The normal form of a path is one: it is that of itself, has no dot segments and
// only what a path can hold, and means what the path meant.
func FuzzDPoPURL(f *testing.F) {
	for _, s := range []string{"https://a.example:443/b/../c?d#e", "/a/%7e/%2f/%zz", "HTTP://A:80", "/../..", "/a/.", "//a//..", "/%2E%2e/b", "https://[::1]:/", "http://0::", "http://[", "http://[a]b:80", "http://a:8x", "/ä |\\", "/..a/.b/c."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scheme, authority, rest, ok := splitURL(s)
		if ok {
			if origin, ok := normalOrigin(scheme, authority); ok {
				scheme, authority, _, _ := splitURL(origin)
				if again, ok := normalOrigin(scheme, authority); !ok || again != origin {
					t.Errorf("the origin of %q: %q, then %q", s, origin, again)
				}
			}
		}
		for _, p := range []string{s, rest} {
			normal, ok := normalPath(p)
			if !ok {
				if _, err := url.PathUnescape(p); err == nil {
					t.Errorf("%q is refused", p)
				}
				continue
			}
			if again, ok := normalPath(normal); !ok || again != normal {
				t.Errorf("%q: %q, then %q", p, normal, again)
			}
			if normal[0] != '/' || strings.ContainsAny(normal, "?# \\") || strings.Contains(normal+"/", "/./") || strings.Contains(normal+"/", "/../") {
				t.Errorf("%q: %q", p, normal)
			}
			plain, err := url.PathUnescape(p)
			got, err2 := url.PathUnescape(normal)
			if err != nil || err2 != nil {
				t.Errorf("%q: %v, %v", p, err, err2)
			}
			if !strings.Contains(strings.ToLower(p), "%2f") && !strings.Contains("/"+p, "//") && path.Clean("/"+plain) != path.Clean(got) {
				t.Errorf("%q: %q, which is %q, not %q", p, normal, got, path.Clean("/"+plain))
			}
		}
	})
}
