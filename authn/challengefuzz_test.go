package authn_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// What was read can be written, as lines that hold no other field, and read again
// as the same.
func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer realm="a", error="invalid_token"`, `Basic realm="a", Newauth type=1, title="\"b\""`, "Negotiate YQ==", "a b,c d=e", "a  \t=", `A b="\`, ",,a", "a\n b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		all, err := authn.ParseChallenges(strings.Split(field, "\n"))
		if err != nil {
			if all != nil {
				t.Errorf("%v beside %v", all, err)
			}
			return
		}
		var lines []string
		for _, c := range all {
			line, err := c.Format()
			if err != nil || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("%q: %v: %q, %v", field, c, line, err)
			}
			lines = append(lines, line)
		}
		for _, again := range [][]string{lines, {strings.Join(lines, ", ")}} {
			if got, err := authn.ParseChallenges(again); err != nil || !reflect.DeepEqual(got, all) {
				t.Fatalf("%q: %v, not %v: %v", again, got, all, err)
			}
		}
	})
}

// What is written by other hands reads as what was meant, or is not written.
func FuzzChallengeFormat(f *testing.F) {
	f.Add("Bearer", "", "realm", "a", "error", "b")
	f.Add("Negotiate", "YQ==", "", "", "", "")
	f.Add("Basic", "", "realm", "a\"\\\r\n", "REALM", "\x00")
	f.Fuzz(func(t *testing.T, scheme, token68, name1, value1, name2, value2 string) {
		c := authn.Challenge{Scheme: scheme, Token68: token68}
		if token68 == "" {
			c.Params = []authn.Param{{Name: name1, Value: value1}, {Name: name2, Value: value2}}
		}
		line, err := c.Format()
		if err != nil {
			if line != "" {
				t.Errorf("%q beside %v", line, err)
			}
			return
		}
		if got, err := authn.ParseChallenges([]string{line}); err != nil || !reflect.DeepEqual(got, []authn.Challenge{c}) {
			t.Fatalf("%q: %v, not %v: %v", line, got, c, err)
		}
	})
}
