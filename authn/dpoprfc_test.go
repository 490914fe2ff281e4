package authn_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// The key, the token and the proofs of RFC 9449 §4 to §7.
const (
	dpopRFCJWK        = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
	dpopRFCToken      = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	dpopRFCThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

	// §4.1, for POST https://server.example.com/token at 1562262616.
	dpopRFCTokenRequest = dpopRFCJWK + ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	// §5, the same at 1562265296.
	dpopRFCRefresh = dpopRFCJWK + ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA"
	// §7.1, for GET https://resource.example.org/protectedresource at 1562262618.
	dpopRFCResource = dpopRFCJWK + ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)

// dpopRFCServe is the resource server of §7, whose authorization server answers as in
// §6.2.
func dpopRFCServe(t *testing.T, now int64, jkt string, d authn.DPoP) *dpopService {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Write([]byte(`{"active":true,"sub":"someone@example.com","iss":"https://server.example.com",` +
			`"nbf":1562262611,"exp":1562266216,"cnf":{"jkt":"` + jkt + `"}}`))
	}))
	t.Cleanup(server.Close)
	return dpopServe(t, d, func(o *authn.Options) {
		o.Now = func() time.Time { return time.Unix(now, 0) }
		o.Schemes[0] = authn.Introspection[authn.NoClaims]{
			URL: server.URL, ClientID: "rs", ClientSecret: "rs:secret", Issuer: "https://server.example.com", AnyAudience: true,
		}
	})
}

func TestRFC9449Section7_1_ProtectedResourceRequest(t *testing.T) {
	resource := authn.DPoP{Origin: "https://resource.example.org"}
	const url = "https://resource.example.org/protectedresource"
	for _, tt := range []struct {
		name   string
		now    int64
		jkt    string
		method string
		url    string
		status int
		code   string
		reason authn.Reason
	}{
		{"as it stands", 1562262618, dpopRFCThumbprint, "GET", url, 200, "", authn.Accepted},
		{"60 s later", 1562262678, dpopRFCThumbprint, "GET", url, 200, "", authn.Accepted},
		{"61 s later", 1562262679, dpopRFCThumbprint, "GET", url, 401, dpopBadProof, authn.ProofStale},
		{"another method", 1562262618, dpopRFCThumbprint, "POST", url, 401, dpopBadProof, authn.ProofMethodMismatch},
		{"another path", 1562262618, dpopRFCThumbprint, "GET", url + "s", 401, dpopBadProof, authn.ProofURLMismatch},
		{"another key (figure 15)", 1562262618, strings.ToLower(dpopRFCThumbprint), "GET", url, 401, dpopBadToken, authn.ProofKeyMismatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := dpopRFCServe(t, tt.now, tt.jkt, resource)
			w, reason := s.send(tt.method, tt.url, "DPoP "+dpopRFCToken, dpopRFCResource)
			if reason != tt.reason {
				t.Errorf("reason %s, want %s", reason, tt.reason)
			}
			dpopWant(t, w, tt.status, tt.code)
			if tt.status == 200 {
				w, reason = s.send(tt.method, tt.url, "DPoP "+dpopRFCToken, dpopRFCResource)
				if dpopWant(t, w, 401, dpopBadProof); reason != authn.ProofReplayed {
					t.Errorf("a second time: %s", reason)
				}
			}
		})
	}
}

// The proofs of §4 and §5 are for an authorization server, and have no ath. That this
// is all that is wrong with them shows that their signatures hold.
func TestRFC9449Section4_And5_TokenRequests(t *testing.T) {
	server := authn.DPoP{Origin: "https://server.example.com"}
	for _, tt := range []struct {
		proof  string
		now    int64
		reason authn.Reason
	}{
		{dpopRFCTokenRequest, 1562262616, authn.ProofTokenMismatch},
		{dpopRFCRefresh, 1562265296, authn.ProofTokenMismatch},
		{dpopRFCTokenRequest[:strings.LastIndex(dpopRFCTokenRequest, ".")] + dpopRFCRefresh[strings.LastIndex(dpopRFCRefresh, "."):], 1562262616, authn.ProofSignatureWrong},
	} {
		w, reason := dpopRFCServe(t, tt.now, dpopRFCThumbprint, server).send("POST", "/token", "DPoP "+dpopRFCToken, tt.proof)
		if dpopWant(t, w, 401, dpopBadProof); reason != tt.reason {
			t.Errorf("reason %s, want %s", reason, tt.reason)
		}
	}
}

func TestRFC9449Section7_2_Challenges(t *testing.T) {
	const (
		token   = "Bearer " + dpopRFCToken
		bearer  = `Bearer realm="api"`
		plain   = `DPoP realm="api", algs="ES256 PS256"`
		invalid = `error="invalid_token", error_description="The token is bound to a key, and must be sent with a proof of it, by the DPoP scheme."`
		twice   = `error="invalid_request"`
		said    = `error_description="Authorization must be sent once."`
	)
	for _, tt := range []struct {
		name          string
		required      bool
		authorization []string
		status        int
		want          []string
	}{
		{"figure 14, no authentication", true, nil, 401, []string{plain}},
		{"figure 17, no authentication", false, nil, 401, []string{bearer, plain}},
		{"figure 18, as Bearer", false, []string{token}, 401, []string{bearer + ", " + invalid, plain}},
		{"figure 19, both", false, []string{token, "DPoP " + dpopRFCToken}, 400, []string{
			bearer + ", " + twice + ", " + said, `DPoP realm="api", ` + twice + `, algs="ES256 PS256", ` + said}},
		{"both, where DPoP is required", true, []string{token, "DPoP " + dpopRFCToken}, 400, []string{
			`DPoP realm="api", ` + twice + `, algs="ES256 PS256", ` + said}},
		{"Bearer, where DPoP is required", true, []string{token}, 401, []string{plain}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := dpopRFCServe(t, 1562262618, dpopRFCThumbprint, authn.DPoP{
				Origin: "https://resource.example.org", Algorithms: []string{"ES256", "PS256"}, Required: tt.required,
			})
			r := httptest.NewRequest("GET", "/protectedresource", nil)
			if tt.authorization != nil {
				r.Header["Authorization"] = tt.authorization
			}
			r.Header["Dpop"] = []string{dpopRFCResource}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != tt.status || !reflect.DeepEqual(w.Header()["Www-Authenticate"], tt.want) {
				t.Errorf("%d %q\nwant %d %q", w.Code, w.Header()["Www-Authenticate"], tt.status, tt.want)
			}
		})
	}
}

// A token that is bound to nothing is taken as Bearer, unless DPoP is required.
func TestDPoPBearerBeside(t *testing.T) {
	token := dpopToken(t, nil)
	w, _ := dpopServe(t, authn.DPoP{}).send("GET", "/", "Bearer "+token)
	if w.Code != 200 || w.Body.String() != "Bearer ana" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w, reason := dpopServe(t, authn.DPoP{Required: true}).send("GET", "/", "Bearer "+token)
	if dpopWant(t, w, 401, ""); reason != authn.SchemeUnknown {
		t.Errorf("reason %s", reason)
	}
}

// A token that does not hold is that, whatever its proof is.
func TestDPoPBadToken(t *testing.T) {
	k := dpopNewKey(t, "ES256")
	token := dpopBound(t, k) + "A"
	w, reason := dpopServe(t, authn.DPoP{}).send("GET", "/", "DPoP "+token, k.proof(t, "GET", dpopOrigin, token, nil, nil))
	if dpopWant(t, w, 401, dpopBadToken); reason != authn.SignatureWrong && reason != authn.TokenMalformed {
		t.Errorf("reason %s", reason)
	}
}
