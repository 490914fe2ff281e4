package problem_test

import (
	"testing"

	"github.com/forthright-http/forthright/problem"
)

// "their names SHOULD start with a letter and SHOULD comprise characters from
// ALPHA, DIGIT and "_", and they SHOULD be three characters or longer".
var memberNames = []struct {
	name string
	ok   bool
}{
	{"balance", true}, {"abc", true}, {"a_b", true}, {"a12", true}, {"ABC", true}, {"retry_after", true}, {"xType", true},
	{"typed", true}, {"details", true},
	{"", false}, {"a", false}, {"ab", false}, {"1ab", false}, {"_ab", false}, {"a-b", false}, {"a.b", false},
	{"a b", false}, {"äbc", false}, {"ab\n", false}, {"abc\"", false}, {"x:y", false},
	{"type", false}, {"title", false}, {"status", false}, {"detail", false}, {"instance", false},
}

func TestRFC9457Section4_MemberNames(t *testing.T) {
	for _, tt := range append(memberNames, struct {
		name string
		ok   bool
	}{"errors", false}) { // WithErrors sets it
		eq(t, "With "+tt.name, panics(func() { problem.NotFound("").With(tt.name, 1) }) == nil, tt.ok)
	}
	for _, tt := range append(memberNames, struct {
		name string
		ok   bool
	}{"errors", true}) { // a type may document it
		eq(t, "Member "+tt.name, panics(func() { problem.NewType("a", 409, "T", problem.Member(tt.name, "")) }) == nil, tt.ok)
	}
}

// The registered type quota-exceeded has the member violated-policies.
func TestRFC9457Section4_RegisteredTypeMayHaveOtherNames(t *testing.T) {
	quota := problem.NewType("quota-exceeded", 429, "Quota exceeded",
		problem.At("https://iana.org/assignments/http-problem-types#quota-exceeded"),
		problem.Member("violated-policies", "The policies."))
	m := encode(t, quota.New("").With("violated-policies", []string{"burst"}))
	eq(t, "type", m["type"], any("https://iana.org/assignments/http-problem-types#quota-exceeded"))
	eq(t, "member", m["violated-policies"].([]any)[0], any("burst"))

	if panics(func() { problem.TooManyRequests(1).With("violated-policies", 1) }) == nil {
		t.Error("a problem of no type took the name")
	}
	if panics(func() { quota.New("").With("violated-quota", 1) }) == nil {
		t.Error("the type took a name that it does not declare")
	}
	for _, name := range []string{"type", "title", "status", "detail", "instance"} {
		if panics(func() {
			problem.NewType("q", 429, "T", problem.At("https://iana.org/assignments/http-problem-types#q"), problem.Member(name, ""))
		}) == nil {
			t.Errorf("a registered type took the standard member %s", name)
		}
	}
}

// Extension members stand at the top level, in the order they were given; a
// second value replaces the first.
func TestRFC9457Section3_2_TopLevel(t *testing.T) {
	p := problem.Conflict("").With("one", 1).With("two", true).With("one", "again")
	b, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	eq(t, "body", string(b), `{"type":"about:blank","title":"Conflict","status":409,"one":"again","two":true}`)
}
