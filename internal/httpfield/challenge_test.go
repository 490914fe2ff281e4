package httpfield

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	type cs = []Challenge
	type ps = []Param
	for _, tt := range []struct {
		name  string
		lines []string
		want  cs // nil: an error
	}{
		{"11.6.1 two in one line", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			cs{{Scheme: "Basic", Params: ps{{"realm", "simple"}}},
				{Scheme: "Newauth", Params: ps{{"realm", "apps"}, {"type", "1"}, {"title", `Login to "apps"`}}}}},
		{"11.6.1 two lines", []string{`Basic realm="a"`, `Bearer realm="b"`},
			cs{{Scheme: "Basic", Params: ps{{"realm", "a"}}}, {Scheme: "Bearer", Params: ps{{"realm", "b"}}}}},
		{"11.3 scheme alone", []string{"Negotiate"}, cs{{Scheme: "Negotiate"}}},
		{"11.3 schemes alone", []string{"Negotiate, NTLM ,, Basic realm=x"},
			cs{{Scheme: "Negotiate"}, {Scheme: "NTLM"}, {Scheme: "Basic", Params: ps{{"realm", "x"}}}}},
		{"11.2 token68", []string{"Negotiate YWJj==, Basic realm=x"},
			cs{{Scheme: "Negotiate", Token68: "YWJj=="}, {Scheme: "Basic", Params: ps{{"realm", "x"}}}}},
		{"11.2 token68 that looks like a name", []string{"Foo bar"}, cs{{Scheme: "Foo", Token68: "bar"}}},
		{"11.2 token68 with one =", []string{"Foo bar="}, cs{{Scheme: "Foo", Token68: "bar="}}},
		{"11.2 BWS", []string{"Basic realm \t=\t \"x\" , a =b"}, cs{{Scheme: "Basic", Params: ps{{"realm", "x"}, {"a", "b"}}}}},
		{"11.3 empty elements before a parameter", []string{`Basic , ,realm="x",`}, cs{{Scheme: "Basic", Params: ps{{"realm", "x"}}}}},
		{"11.3 several spaces", []string{`Basic    realm=x`}, cs{{Scheme: "Basic", Params: ps{{"realm", "x"}}}}},
		{"5.3 a parameter on the next line", []string{`Basic realm=x`, `a=b`}, cs{{Scheme: "Basic", Params: ps{{"realm", "x"}, {"a", "b"}}}}},
		{"5.6.4 comma in quotes", []string{`Basic realm="a, Bearer b"`}, cs{{Scheme: "Basic", Params: ps{{"realm", "a, Bearer b"}}}}},
		{"5.6.4 empty value", []string{`Basic realm=""`}, cs{{Scheme: "Basic", Params: ps{{"realm", ""}}}}},
		{"6750 3 example", []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			cs{{Scheme: "Bearer", Params: ps{{"realm", "example"}, {"error", "invalid_token"}, {"error_description", "The access token expired"}}}}},
		{"15.5.2 comma", []string{","}, nil},
		{"15.5.2 empty", []string{""}, nil},
		{"15.5.2 absent", nil, nil},
		{"11.3 parameter without a scheme", []string{`realm="x"`}, nil},
		{"11.3 parameter behind a token68", []string{"Foo abc, a=b"}, nil},
		{"11.3 two words", []string{"Foo abc def"}, nil},
		{"11.2 no value", []string{"Basic realm=, a=b"}, nil},
		{"11.2 name twice", []string{`Basic realm=a, Realm=b`}, nil},
		{"5.6.4 open", []string{`Basic realm="x`}, nil},
		{"11.2 no comma", []string{`Basic realm="x" a=b`}, nil},
		{"11.3 HTAB behind the scheme", []string{"Basic\trealm=x"}, nil},
		{"11.3 no scheme", []string{`"x"`}, nil},
		{"11.3 semicolon", []string{`Basic realm="x"; charset="UTF-8"`}, nil},
		{"5.5 control", []string{"Basic realm=\"a\nb\""}, nil},
	} {
		got, err := ParseChallenges(tt.lines)
		if !reflect.DeepEqual(got, tt.want) || (err != nil) != (tt.want == nil) {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestChallengeErrorPlace(t *testing.T) {
	_, err := ParseChallenges([]string{"Basic realm=x", `Bearer realm="y" z`})
	se, ok := errors.AsType[*SyntaxError](err)
	if !ok || se.Line != 1 || se.Offset != len(`Bearer realm="y" `) {
		t.Errorf("got %#v", err)
	}
	if _, err = ParseCredentials("Basic secret secret"); strings.Contains(err.Error(), "secret") {
		t.Errorf("the error quotes the credentials: %v", err)
	}
}

func TestChallengeAppend(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Challenge
		want string // "": an error
	}{
		{"11.6.1 example", Challenge{Scheme: "Newauth", Params: []Param{{"realm", "apps"}, {"type", "1"}, {"title", `Login to "apps"`}}},
			`Newauth realm="apps", type="1", title="Login to \"apps\""`},
		{"11.3 scheme alone", Challenge{Scheme: "Negotiate"}, "Negotiate"},
		{"11.2 token68", Challenge{Scheme: "Negotiate", Token68: "YWJj=="}, "Negotiate YWJj=="},
		{"11.2 bad token68", Challenge{Scheme: "Negotiate", Token68: "a b"}, ""},
		{"11.2 both", Challenge{Scheme: "N", Token68: "a", Params: []Param{{"a", "b"}}}, ""},
		{"5.6.2 no scheme", Challenge{}, ""},
		{"5.6.2 scheme", Challenge{Scheme: "a b"}, ""},
		{"5.6.2 name", Challenge{Scheme: "a", Params: []Param{{"b c", "d"}}}, ""},
		{"5.5 injection", Challenge{Scheme: "a", Params: []Param{{"realm", "x\r\nSet-Cookie: a=b"}}}, ""},
		{"11.2 twice", Challenge{Scheme: "a", Params: []Param{{"x", "1"}, {"X", "2"}}}, ""},
	} {
		got, err := tt.in.Append([]byte("keep:"))
		want := "keep:" + tt.want
		if string(got) != want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v, want %q", tt.name, got, err, want)
		}
		s, _ := tt.in.Format()
		eq(t, tt.name, s, tt.want)
	}
}

func TestParseCredentials(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     Credentials
		ok       bool
	}{
		{"7617 2 Basic", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Credentials{Scheme: "Basic", Token68: "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, true},
		{"6750 2.1 Bearer", "Bearer mF_9.B5f-4.1JqM", Credentials{Scheme: "Bearer", Token68: "mF_9.B5f-4.1JqM"}, true},
		{"11.4 params", `Digest username="Mufasa", uri="/x,y", nc=00000001`,
			Credentials{Scheme: "Digest", Params: []Param{{"username", "Mufasa"}, {"uri", "/x,y"}, {"nc", "00000001"}}}, true},
		{"11.4 scheme alone", "Bearer", Credentials{Scheme: "Bearer"}, true},
		{"5.5 scheme and a space", "Bearer ", Credentials{Scheme: "Bearer"}, true},
		{"11.4 two spaces", "Bearer  a", Credentials{Scheme: "Bearer", Token68: "a"}, true},
		{"11.4 two tokens", "Bearer a b", Credentials{Scheme: "Bearer"}, false},
		{"11.4 no b64token", "Bearer a:b", Credentials{Scheme: "Bearer"}, false},
		{"11.4 two credentials", "Bearer a, Basic b", Credentials{Scheme: "Bearer"}, false},
		{"11.4 a parameter behind a token68", "Bearer a, b=c", Credentials{Scheme: "Bearer"}, false},
		{"11.4 schemes", "Digest a=b, Basic c", Credentials{Scheme: "Digest"}, false},
		{"11.4 empty", "", Credentials{}, false},
		{"11.4 no scheme", "=abc", Credentials{}, false},
		{"11.4 colon behind the scheme", "Bearer: abc", Credentials{Scheme: "Bearer"}, false},
		{"11.2 twice", "D a=1, A=2", Credentials{Scheme: "D"}, false},
	} {
		got, err := ParseCredentials(tt.in)
		if !reflect.DeepEqual(got, tt.want) || (err == nil) != tt.ok {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
	v, ok := Credentials{Params: []Param{{"Realm", "x"}}}.Param("realm")
	eq(t, "11.2 Param", v, "x")
	eq(t, "11.2 Param", ok, true)
	noAlloc(t, "ParseCredentials", func() { ParseCredentials("Bearer mF_9.B5f-4.1JqM") })
}

func FuzzChallenges(f *testing.F) {
	for _, s := range []string{
		`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`,
		"Negotiate YWJj==, Basic realm=x", ",", "Basic , ,realm = x", "A b, c", `A b="`,
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		ParseCredentials(a)
		got, err := ParseChallenges([]string{a, b})
		if (err == nil) != (len(got) > 0) {
			t.Fatalf("%q, %q: %+v, %v", a, b, got, err)
		}
		lines := make([]string, 0, len(got))
		for _, c := range got {
			s, err := c.Format()
			if err != nil || !ValidValue(s) {
				t.Fatalf("%+v: %q, %v", c, s, err)
			}
			lines = append(lines, s)
		}
		for _, form := range [][]string{lines, {strings.Join(lines, ",")}} {
			if again, err := ParseChallenges(form); len(got) > 0 && (err != nil || !reflect.DeepEqual(again, got)) {
				t.Fatalf("%+v written %q, read %+v, %v", got, form, again, err)
			}
		}
		if len(lines) == 1 {
			c, err := ParseCredentials(lines[0])
			if err != nil || !reflect.DeepEqual(Challenge(c), got[0]) {
				t.Fatalf("%q as credentials: %+v, %v", lines[0], c, err)
			}
		}
	})
}

func TestChallengesLinear(t *testing.T) {
	for _, piece := range []string{",", " ", "a,", "a b,", `"`, "a=b,", "a ", "="} {
		linear(t, piece, piece, func(s string) { ParseChallenges([]string{"A " + s}); ParseCredentials("A " + s) })
	}
}

// More names than are searched one by one; the search must not be quadratic.
func TestChallengeManyParams(t *testing.T) {
	var b strings.Builder
	b.WriteString("A x=y")
	for i := range 30000 {
		b.WriteString(",p" + strconv.Itoa(i) + "=v")
	}
	lines := strings.Split(b.String(), ",")
	for _, in := range [][]string{{b.String()}, lines} {
		if got, err := ParseChallenges(in); err != nil || len(got[0].Params) != 30001 {
			t.Errorf("many parameters: %v", err)
		}
	}
	again := "B " + strings.Join(lines[1:], ",")
	if got, err := ParseChallenges([]string{strings.Join(lines, ","), again}); err != nil || len(got) != 2 {
		t.Errorf("11.2: the same names in another challenge: %v", err)
	}
	for _, twice := range []string{"P3=v", "P29999=v"} {
		if _, err := ParseChallenges(append(lines, twice)); err == nil {
			t.Errorf("11.2: %s a second time was taken", twice)
		}
	}
}

func BenchmarkParseCredentials(b *testing.B) {
	s := "Bearer " + strings.Repeat("eyJhbGciOiJ", 60)
	b.ReportAllocs()
	for b.Loop() {
		ParseCredentials(s)
	}
}

func BenchmarkParseChallenges(b *testing.B) {
	lines := []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`}
	b.ReportAllocs()
	for b.Loop() {
		ParseChallenges(lines)
	}
}
