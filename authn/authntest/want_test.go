package authntest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

// spoilt changes the answers of a service that is right. Content-Length is not
// looked at without a network.
func spoilt(h http.Handler, change func(*httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		for name, lines := range rec.Header() { // which are the service's, for all answers
			rec.Header()[name] = slices.Clone(lines)
		}
		change(rec)
		for name, lines := range rec.Header() {
			w.Header()[name] = lines
		}
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
	})
}

// replace changes the lines of WWW-Authenticate.
func replace(old, new string) func(*httptest.ResponseRecorder) {
	return func(rec *httptest.ResponseRecorder) {
		for i, line := range rec.Header()["Www-Authenticate"] {
			rec.Header()["Www-Authenticate"][i] = strings.ReplaceAll(line, old, new)
		}
	}
}

// TestWantFindsWrongAnswers: each wrong answer is found, by the row that it is an
// answer to.
func TestWantFindsWrongAnswers(t *testing.T) {
	iss := authntest.NewIssuer(t)
	h := newService(t, iss, wholeDemands...)
	rows := map[string]authntest.Row{}
	for _, row := range iss.Rows(wholeRoute()) {
		rows[row.Name] = row
	}
	for _, tt := range []struct {
		row    string
		change func(*httptest.ResponseRecorder)
		words  string
	}{
		{"Bearer: good", func(*httptest.ResponseRecorder) {}, ""},
		{"Bearer: expired", func(*httptest.ResponseRecorder) {}, ""},
		{"Bearer: good", func(rec *httptest.ResponseRecorder) { rec.Code = 401 }, "the credentials hold"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Code = 200 }, "the status is 200, want 401"},
		{"no credentials", func(rec *httptest.ResponseRecorder) { rec.Code = 403 }, "the status is 403, want 401"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Header().Del("WWW-Authenticate") }, "must have WWW-Authenticate"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) {
			rec.Header()["Www-Authenticate"] = rec.Header()["Www-Authenticate"][:1]
		}, "no challenge of DPoP"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) {
			lines := rec.Header()["Www-Authenticate"]
			lines[0], lines[1] = lines[1], lines[0]
		}, "does not begin with Bearer"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Header().Add("WWW-Authenticate", `Basic realm="x"`) }, "want challenges of"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Header()["Www-Authenticate"] = []string{`Bearer realm="`} }, "challenge line"},
		{"Bearer: expired", replace("invalid_token", "invalid_request"), `error="invalid_request", want "invalid_token"`},
		{"Bearer: expired", replace(`realm="api", `, ""), `realm=""`},
		{"Bearer: expired", replace(`error_description=`, `description=`), "does not end in error_description"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Header()["Www-Authenticate"][0] += `, a="b"` }, "does not end in error_description"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Header()["Www-Authenticate"][1] += `, error="invalid_token"` }, "does not belong there"},
		{"no credentials", func(rec *httptest.ResponseRecorder) {
			rec.Header()["Www-Authenticate"][0] += `, error="invalid_request"`
		}, "does not belong there"},
		{"DPoP: proof for another URL", replace(`error="invalid_dpop_proof"`, `error="invalid_token"`), "want \"invalid_dpop_proof\""},
		{"DPoP: good", func(rec *httptest.ResponseRecorder) { rec.Header().Set("WWW-Authenticate", "DPoP") }, "want challenges of []"},
		{"DPoP: expired", replace(`algs=`, `alg=`), `algs=""`},
		{"Bearer: no scope", replace(`scope="orders:read"`, `scope="orders:write"`), `scope="orders:write", want "orders:read"`},
		{"Bearer: no scope", replace(`scope="orders:read", `, ``), `scope="", want "orders:read"`},
		{"Bearer: authenticated too long ago", replace(`max_age="60"`, `max_age="61"`), `max_age="61"`},
		{"Bearer: another acr", replace(`acr_values="mfa", `, ``), `acr_values=""`},
		{"Bearer: no acr, and no scope", replace(`scope="orders:read", `, ``), `scope=""`},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) {
			rec.Body = bytes.NewBuffer(bytes.ReplaceAll(rec.Body.Bytes(), []byte("token-expired"), []byte("token-revoked")))
		}, "the type is"},
		{"Bearer: expired", func(rec *httptest.ResponseRecorder) { rec.Body.Reset() }, "not JSON"},
		{"Bearer: no scope", func(rec *httptest.ResponseRecorder) {
			rec.Body = bytes.NewBuffer(bytes.ReplaceAll(rec.Body.Bytes(), []byte(`"scope":"orders:read"`), []byte(`"scope":"orders:all"`)))
		}, "the challenge of Bearer says"},
		{"Bearer: key set is down", func(rec *httptest.ResponseRecorder) { rec.Header().Del("Retry-After") }, "when to come back"},
		{"Bearer: key set is down", func(rec *httptest.ResponseRecorder) { rec.Header().Set("WWW-Authenticate", "Bearer realm=x") }, "want challenges of []"},
		{"Bearer: denied", nil, ""},
	} {
		row, ok := rows[tt.row]
		if tt.change == nil {
			if ok {
				t.Errorf("there is a row %q for a route without a predicate", tt.row)
			}
			continue
		}
		if !ok {
			t.Errorf("there is no row %q", tt.row)
			continue
		}
		res, err := row.Do(authntest.Direct(spoilt(h, tt.change)))
		if err != nil {
			t.Fatalf("%s: %v", tt.row, err)
		}
		switch words := complaints(t, func(tb testing.TB) { row.Want(tb, res) }); {
		case tt.words == "" && words != "":
			t.Errorf("%s: %s", tt.row, words)
		case !strings.Contains(words, tt.words):
			t.Errorf("%s: got %q, want words that say %q", tt.row, words, tt.words)
		}
	}
}

// A service that takes what it must not, or says another reason, is found out.
func TestWantFindsWrongDecisions(t *testing.T) {
	iss := authntest.NewIssuer(t)
	other := authntest.NewIssuer(t) // what the first one's rows know nothing of
	for _, tt := range []struct {
		name  string
		h     http.Handler
		row   string
		words string
	}{
		{"no check at all", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "Bearer: expired", "the status is 200, want 401"},
		{"another issuer", newService(t, other, wholeDemands...), "Bearer: good", "the credentials hold"},
		{"no scope", newService(t, iss, authn.MaxAge(60e9), authn.ACR("mfa")), "Bearer: no scope", "the status is 200, want 403"},
		{"no age", newService(t, iss, authn.Scope("orders:read"), authn.ACR("mfa")), "Bearer: no auth_time", "the status is 200, want 401"},
		{"another age", newService(t, iss, authn.Scope("orders:read"), authn.MaxAge(30e9), authn.ACR("mfa")), "Bearer: no auth_time", `max_age="30", want "60"`},
		{"another reason", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			newService(t, iss, wholeDemands...).ServeHTTP(w, r)
			iss.OnDecision(authn.Event{Reason: authn.TokenRevoked})
		}), "Bearer: expired", "the reason is token_revoked, want token_expired"},
		{"no reason", newService(t, iss, wholeDemands...), "Bearer: expired", ""},
	} {
		for _, row := range iss.Rows(wholeRoute()) {
			if row.Name != tt.row {
				continue
			}
			res, err := row.Do(authntest.Direct(tt.h))
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if words := complaints(t, func(tb testing.TB) { row.Want(tb, res) }); !strings.Contains(words, tt.words) || tt.words == "" && words != "" {
				t.Errorf("%s: got %q, want words that say %q", tt.name, words, tt.words)
			}
		}
	}
}

// An unknown user and a wrong password must have one answer.
func TestWantFindsAnswersThatTell(t *testing.T) {
	iss := authntest.NewIssuer(t)
	hash, err := authn.HashPassword("swordfish")
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: hash}}}}, Problems: quiet(t)})
	if err != nil {
		t.Fatal(err)
	}
	good := auth.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	tells := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spoilt(good, func(rec *httptest.ResponseRecorder) {
			if name, _, _ := r.BasicAuth(); rec.Code == 401 && name == "ana" {
				rec.Body = bytes.NewBuffer(bytes.ReplaceAll(rec.Body.Bytes(), []byte("The user name or the password"), []byte("The password")))
			}
		}).ServeHTTP(w, r)
	})
	for _, tt := range []struct {
		name string
		h    http.Handler
		tell bool
	}{{"good", good, false}, {"tells", tells, true}} {
		all := ""
		for _, row := range iss.Rows(authntest.Route{Basic: &authntest.Basic{Name: "ana", Password: "swordfish"}}) {
			res, err := row.Do(authntest.Direct(tt.h))
			if err != nil {
				t.Fatal(err)
			}
			all += complaints(t, func(tb testing.TB) { row.Want(tb, res) })
		}
		if told := strings.Contains(all, "they tell which"); told != tt.tell || !told && all != "" {
			t.Errorf("%s: got %q", tt.name, all)
		}
	}
}
