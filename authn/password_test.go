package authn_test

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/forthright-http/forthright/authn"
)

// passwordReason is what comes of a user with this hash who sends the password.
func passwordReason(t testing.TB, hash, password string) authn.Reason {
	t.Helper()
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: hash}}}}})
	if err != nil {
		return authn.Reason(err.Error())
	}
	_, err = auth.Verify(turnsRequest("ana", password))
	return turnsReason(err)
}

// Hashes of the argon2 reference implementation's and of jBCrypt's tests.
func TestPasswordHashesOfOthers(t *testing.T) {
	for _, tt := range []struct{ hash, password string }{
		{argon2Password, "password"},
		{"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
		{bcryptABC, "abc"},
		{"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", "a"},
		{strings.Replace(bcryptABC, "$2a", "$2b", 1), "abc"},
		{strings.Replace(bcryptABC, "$2a", "$2y", 1), "abc"},
	} {
		if reason := passwordReason(t, tt.hash, tt.password); reason != authn.Accepted {
			t.Errorf("%s: %s", tt.hash, reason)
		}
		if reason := passwordReason(t, tt.hash, tt.password+"x"); reason != authn.PasswordWrong {
			t.Errorf("%s: a wrong password: %s", tt.hash, reason)
		}
	}
}

// bcrypt looks at 72 bytes. What is longer is wrong, though those may be right.
func TestPasswordBcryptLength(t *testing.T) {
	long := strings.Repeat("a", 72)
	hash, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		password string
		want     authn.Reason
	}{{long, authn.Accepted}, {long + "a", authn.PasswordWrong}, {long + "b", authn.PasswordWrong}, {long[1:], authn.PasswordWrong}} {
		if reason := passwordReason(t, string(hash), tt.password); reason != tt.want {
			t.Errorf("%d bytes: %s", len(tt.password), reason)
		}
	}
}

func TestPasswordHashLimits(t *testing.T) {
	const salt, sum = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	argon2 := func(params, salt, sum string) string { return "$argon2id$v=19$" + params + "$" + salt + "$" + sum }
	b64 := func(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	tail := bcryptABC[7:]
	for _, tt := range []struct {
		hash string
		ok   bool
	}{
		{argon2("m=19456,t=2,p=1", salt, sum), true},
		{argon2("m=262144,t=4,p=16", salt, sum), true},
		{argon2("m=8,t=1,p=1", salt, sum), true},
		{argon2("m=8,t=131072,p=1", salt, sum), true},
		{argon2("m=256,t=2,p=1", b64(8), b64(16)), true},
		{argon2("m=256,t=2,p=1", b64(64), b64(64)), true},
		{argon2("m=4194304,t=1,p=1", salt, sum), false}, // 4 GiB
		{argon2("m=262145,t=1,p=1", salt, sum), false},
		{argon2("m=262144,t=5,p=1", salt, sum), false},
		{argon2("m=8,t=131073,p=1", salt, sum), false},
		{argon2("m=4294967295,t=4294967295,p=1", salt, sum), false},
		{argon2("m=4294967296,t=1,p=1", salt, sum), false},
		{argon2("m=7,t=1,p=1", salt, sum), false}, // RFC 9106 §3.1: 8 KiB a lane
		{argon2("m=15,t=1,p=2", salt, sum), false},
		{argon2("m=256,t=2,p=17", salt, sum), false},
		{argon2("m=256,t=2,p=256", salt, sum), false},
		{argon2("m=256,t=2,p=0", salt, sum), false},
		{argon2("m=256,t=0,p=1", salt, sum), false},
		{argon2("m=0,t=2,p=1", salt, sum), false},
		{argon2("m=0256,t=2,p=1", salt, sum), false},
		{argon2("m=+256,t=2,p=1", salt, sum), false},
		{argon2("m=,t=2,p=1", salt, sum), false},
		{argon2("t=2,m=256,p=1", salt, sum), false},
		{argon2("m=256,t=2", salt, sum), false},
		{argon2("m=256,t=2,p=1,data=aaaa", salt, sum), false},
		{argon2("m=256,t=2,p=1", b64(7), sum), false},
		{argon2("m=256,t=2,p=1", b64(65), sum), false},
		{argon2("m=256,t=2,p=1", salt, b64(15)), false},
		{argon2("m=256,t=2,p=1", salt, b64(65)), false},
		{argon2("m=256,t=2,p=1", salt+"=", sum), false},
		{argon2("m=256,t=2,p=1", salt, sum[:42]+"5"), false}, // bits beyond the last byte
		{argon2("m=256,t=2,p=1", salt[:4]+"\n"+salt[4:], sum), false},
		{argon2("m=256,t=2,p=1", salt, ""), false},
		{argon2("m=256,t=2,p=1", salt, sum) + "$", false},
		{argon2("m=256,t=2,p=1", salt, sum) + strings.Repeat("A", 300), false},
		{"$argon2id$m=256,t=2,p=1$" + salt + "$" + sum, false}, // version 16
		{"$argon2id$v=16$m=256,t=2,p=1$" + salt + "$" + sum, false},
		{"$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + sum, false},
		{"$argon2d$v=19$m=256,t=2,p=1$" + salt + "$" + sum, false},
		{"$2b$04$" + tail, true},
		{"$2b$16$" + tail, true},
		{"$2b$17$" + tail, false}, // minutes
		{"$2b$31$" + tail, false},
		{"$2b$03$" + tail, false},
		{"$2b$+6$" + tail, false},
		{"$2b$6$" + tail, false},
		{"$2x$06$" + tail, false},
		{"$2$06$" + tail, false},
		{"$3a$06$" + tail, false},
		{"$2b$06$" + tail + "A", false},
		{"$2b$06$" + tail[1:], false},
		{"$2b$06$" + tail[:10] + "+" + tail[11:], false},
		{"$2", false}, {"$2b", false}, {"$", false}, {"", false},
		{"password", false},
		{"5f4dcc3b5aa765d61d8327deb882cf99", false}, // MD5
		{"$6$salt$hash", false},
	} {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: tt.hash}}}}})
		if ok := err == nil; ok != tt.ok {
			t.Errorf("%s: %v", tt.hash, err)
		}
		if err != nil && len(tt.hash) > 8 && strings.Contains(err.Error(), tt.hash[len(tt.hash)-8:]) {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
}

func TestHashPassword(t *testing.T) {
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	for _, password := range []string{"correct horse battery staple", "p:a:s:s", "\u00e9", "\U0001f511", " ", strings.Repeat("a", 2000)} {
		hash := basicHash(t, password)
		m := form.FindStringSubmatch(hash)
		if m == nil {
			t.Fatalf("hash %s", hash)
		}
		// At least what OWASP's password storage advice asks for.
		if memory, _ := strconv.Atoi(m[1]); memory < 19*1024 || m[2] < "2" {
			t.Errorf("hash %s is too weak", hash)
		}
		if reason := passwordReason(t, hash, password); reason != authn.Accepted {
			t.Errorf("%.20q: %s", password, reason)
		}
	}
	if first, second := basicHash(t, "a"), basicHash(t, "a"); first == second {
		t.Error("two hashes have one salt")
	}
	for _, password := range []string{"", "a\x00", "a\n", "\x7f", "\xff", strings.Repeat("a", 2001)} {
		if hash, err := authn.HashPassword(password); err == nil || hash != "" {
			t.Errorf("%.20q: no error", password)
		}
	}
}
