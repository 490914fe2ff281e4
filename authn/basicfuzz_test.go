package authn_test

import (
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// What comes in by Basic is what net/http reads, and all else has one answer.
func FuzzBasic(f *testing.F) {
	for _, seed := range []string{"", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "dGVzdDoxMjPCow==", "Og==", "YQ==", "YTpiOmM=", "YTo=", "YTpi\n", "%%%", "AAAA", "a b"} {
		f.Add(seed)
	}
	name, password := "", ""
	s := newBasicService(f, authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
		Basic: authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}},
		Compare: func(_, p string, _ func() bool) bool {
			password = p
			return false
		},
	}}})
	wrong, _ := s.send("Authorization: Basic")
	f.Fuzz(func(t *testing.T, credentials string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{"Basic " + credentials}
		password = "\x00none"
		s.events = nil
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 401 || w.Body.String() != wrong.Body.String() || len(s.events) != 1 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if password == "\x00none" {
			return
		}
		r.Header["Authorization"] = []string{"Basic " + strings.Trim(credentials, " \t")}
		user, pass, ok := r.BasicAuth()
		if !ok || pass != password {
			t.Errorf("%q is read as %q, and net/http reads %q %q %v", credentials, password, user, pass, ok)
		}
		if name = user; strings.Contains(name, ":") {
			t.Errorf("the name %q has a colon", name)
		}
	})
}

// A hash that is taken is of one of the two forms, and within the limits.
func FuzzPasswordHash(f *testing.F) {
	for _, seed := range []string{"", "$2", "$2b$06$", bcryptABC, argon2Password, strings.Replace(argon2Password, "256", "4194304", 1), "$argon2id$v=19$m=8,t=1,p=1$$", "$argon2id$$$$", "$argon2id$v=19"} {
		f.Add(seed)
	}
	argon2 := regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9]\d*),t=([1-9]\d*),p=([1-9]\d*)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`)
	bcrypt := regexp.MustCompile(`^\$2[aby]\$(0[4-9]|1[0-6])\$[A-Za-z0-9./]{53}$`)
	f.Fuzz(func(t *testing.T, hash string) {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: hash}}}}})
		if err != nil {
			if len(hash) > 50 && strings.Contains(err.Error(), hash) {
				t.Errorf("the error shows the hash: %v", err)
			}
			return
		}
		if bcrypt.MatchString(hash) {
			return
		}
		m := argon2.FindStringSubmatch(hash)
		if m == nil {
			t.Fatalf("%q is taken", hash)
		}
		memory, _ := strconv.ParseFloat(m[1], 64)
		passes, _ := strconv.ParseFloat(m[2], 64)
		threads, _ := strconv.ParseFloat(m[3], 64)
		if memory < 8*threads || memory > 256*1024 || memory*passes > 1024*1024 || threads > 16 {
			t.Errorf("%q is taken", hash)
		}
	})
}

// Of all that can be sent as a key, the one key comes in.
func FuzzAPIKey(f *testing.F) {
	for _, seed := range []string{"", apiKeyGood, apiKeyMade, apiKeyMade[:31], "acme_", "acme__", apiKeyMade + "\n", " " + apiKeyMade} {
		f.Add(seed)
	}
	s := newBasicService(f, authn.Options{Schemes: []authn.Scheme{authn.APIKey{Header: "X-Key", Prefix: "acme", Keys: authn.APIKeys{apiKeySum(apiKeyMade): {Subject: "s"}}}}})
	f.Fuzz(func(t *testing.T, key string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Key"] = []string{key}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if want := map[bool]int{true: 200, false: 401}[key == apiKeyMade]; w.Code != want {
			t.Errorf("%q: %d", key, w.Code)
		}
	})
}
