package respond_test

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type formBase struct {
	Inner string `json:"inner" validate:"max=9"`
}

type formed struct {
	formBase
	Name  string `form:"name" json:"other" validate:"required,max=5"`
	JSON  string `json:"json,omitempty"`
	Plain string
	N     int8          `form:"n,omitempty" validate:"gte=0"`
	U     uint16        `form:"u"`
	F     float32       `form:"f"`
	B     bool          `form:"b"`
	Wait  time.Duration `form:"wait"`
	Day   date          `form:"day"`
	P     *int          `form:"p"`
	Q     *string       `form:"q"`
	Tags  []string      `form:"tags" validate:"max=2,dive,min=1"`
	Ints  []int         `form:"ints"`
	Days  []*date       `form:"days"`
	Odd   string        `form:"a.b/c d~"`
	Skip  chan int      `form:"-"`
}

func formErr[T any](o respond.DecodeOptions, content string) (T, *problem.Problem) {
	o.Codecs = []respond.Codec{respond.Form}
	d := respond.Must(respond.NewDecoder[T](o))
	r := httptest.NewRequest("POST", "/", strings.NewReader(content))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	v, err := d.Decode(r)
	p, _ := errors.AsType[*problem.Problem](err)
	return v, p
}

func TestForm(t *testing.T) {
	for _, row := range []struct{ name, content, want string }{
		{"all", "name=a&inner=b&json=c&Plain=d&n=-0&u=65535&f=1.5e3&b=on&wait=1m30s&day=2027-01-04&p=0&q=&tags=x&tags=y&ints=1&a.b%2Fc+d%7E=%C3%A9", "fine"},
		{"empty pairs", "&&name=a&", "fine"},
		{"no value", "name=a&q", "fine"},
		{"nothing typed in", "name=a&n=&u=&f=&b=&wait=&day=&p=&ints=&days=", "fine"},

		{"wrong types", "name=a&n=x&u=-x&f=x&b=s3cr3t&p=x", "400 #/n type #/u type #/f type #/b type #/p type"},
		{"hexadecimal and inf", "name=a&n=0x1&f=inf&u=1_0", "400 #/n type #/f type #/u type"},
		{"nan", "name=a&f=NaN", "400 #/f type"},
		{"out of range", "name=a&n=128&u=65536&f=1e39&p=99999999999999999999", "400 #/n range #/u range #/f range #/p range"},
		{"negative for unsigned", "name=a&u=-1", "400 #/u range"},
		{"fractions", "name=a&n=2.0&u=1e2&p=1.5", "400 #/n integer #/u integer #/p integer"},
		{"sent twice", "name=a&n=1&n=1&name=b", "400 #/n duplicate_member #/name duplicate_member"},
		{"unknown", "name=a&x=s3cr3t&other=y&a%2Fb=1", "400 #/x unknown_member #/other unknown_member #/a~1b unknown_member"},
		{"another case", "Name=a&name=b", "400 #/Name unknown_member"},
		{"in a list", "name=a&ints=1&ints=x&ints=s3cr3t", "400 #/ints/1 type #/ints/2 type"},
		{"absent", "n=1", "400 #/name required"},

		{"broken encoding", "name=a&n=%zz", "400 # syntax"},
		{"broken name", "name=a&%=1", "400 # syntax"},
		{"cut encoding", "name=a%2", "400 # syntax"},
		{"NUL", "name=a%00", "400 # syntax"},
		{"raw NUL", "name=a\x00", "400 # syntax"},
		{"invalid UTF-8", "name=%ff", "400 # syntax"},
		{"raw invalid UTF-8", "name=\xff", "400 # syntax"},

		{"empty", "name=", "422 #/name required"},
		{"a format", "name=a&day=s3cr3t&wait=s3cr3t&days=x", "422 #/day format #/wait format #/days/0 format"},
		{"rules, in order", "tags=&tags=x&tags=y&name=s3cr3ts3cr3t&n=-1&inner=s3cr3ts3cr3t", "422 #/tags max #/name max #/n gte #/inner max"},
		{"a rule in a list", "name=a&tags=x&tags=", "422 #/tags/1 min"},
		{"both kinds", "n=x&x=1&inner=s3cr3ts3cr3t", "400 #/n type #/name required #/x unknown_member #/inner max"},
	} {
		_, p := formErr[formed](respond.DecodeOptions{}, row.content)
		if got := summary(p); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
		if p != nil {
			if b, err := p.MarshalJSON(); err != nil || strings.Contains(string(b), marker) {
				t.Errorf("%s: the answer holds what the client sent: %s", row.name, b)
			}
		}
	}
	if _, p := formErr[formed](respond.DecodeOptions{AllowUnknown: true}, "name=a&x=1&x=2"); p != nil {
		t.Errorf("unknown, let pass: %v", p)
	}
}

func TestFormValues(t *testing.T) {
	got, p := formErr[formed](respond.DecodeOptions{}, "name=a+b&inner=b&json=c&Plain=d&n=-0&u=65535&f=1.5e3&b=on&wait=1m30s&day=2027-01-04&p=0&q=&tags=x&tags=%26&ints=1&ints=2&days=2027-01-04&a.b%2Fc+d%7E=%C3%A9")
	if p != nil {
		t.Fatal(p)
	}
	zero, empty, day := 0, "", date(time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC))
	want := formed{
		formBase: formBase{"b"}, Name: "a b", JSON: "c", Plain: "d", U: 65535, F: 1500, B: true, Wait: 90 * time.Second, Day: day,
		P: &zero, Q: &empty, Tags: []string{"x", "&"}, Ints: []int{1, 2}, Days: []*date{&day}, Odd: "é",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for text, want := range map[string]bool{"true": true, "1": true, "on": true, "false": false, "0": false, "": false} {
		if got, _ := formErr[formed](respond.DecodeOptions{}, "name=a&b="+text); got.B != want {
			t.Errorf("b=%s is %v", text, got.B)
		}
	}
	// What is not typed in is as if it were not sent, but for texts.
	got, p = formErr[formed](respond.DecodeOptions{}, "name=a&n=&p=&q=&day=&ints=&days=&tags=z")
	if p != nil || got.P != nil || got.Q == nil || got.Ints != nil || got.Days != nil || got.Day != (date{}) {
		t.Errorf("got %+v, %v", got, p)
	}
}

// What a form cannot fill is found when the decoder is made.
func TestFormTypes(t *testing.T) {
	o := respond.DecodeOptions{Codecs: []respond.Codec{respond.Form}}
	for name, err := range map[string]error{
		"struct":           newDecoderErr[struct{ A struct{ B int } }](o),
		"map":              newDecoderErr[struct{ A map[string]string }](o),
		"list of lists":    newDecoderErr[struct{ A [][]string }](o),
		"embedded pointer": newDecoderErr[struct{ *formBase }](o),
		"twice": newDecoderErr[struct {
			A int `form:"a"`
			B int `form:"a"`
		}](o),
		"string": newDecoderErr[string](o),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Form is a codec that others may wrap.
func TestFormCodecAlone(t *testing.T) {
	var v formed
	if err := respond.Form.Decode([]byte("name=a&n=3"), &v); err != nil || v.N != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	err := respond.Form.Decode([]byte("n=x&y=1"), &v)
	if items, ok := errors.AsType[problem.Items](err); !ok || len(items) != 2 || items[0].Code != "type" {
		t.Errorf("the error is %v", err)
	}
	if err := respond.JSON.Decode([]byte(`{"a":"b"}`), new(sized)); err != nil {
		t.Error(err)
	}
	err = respond.JSON.Decode([]byte(`{"a":1,"b":2}`), new(sized))
	if items, ok := errors.AsType[problem.Items](err); !ok || len(items) != 2 || items[1].Pointer != "#/b" {
		t.Errorf("the error is %v", err)
	}
}

// No form makes trouble, and those that url.ParseQuery reads are read alike.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"name=a", "a=b&c", "%zz=1", "name=%ff", "tags=a&tags=b", "name=a;b", "&&=", "n=1e999999", "f=1_0", "days=2027-01-04", "a%2Eb/c+d~=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if content == "" {
			return
		}
		got, p := formErr[formed](respond.DecodeOptions{AllowUnknown: true}, content)
		if p != nil && p.Status() != 400 && p.Status() != 422 {
			t.Fatalf("the status is %d", p.Status())
		}
		values, err := url.ParseQuery(content)
		if err != nil || p != nil || !utf8.ValidString(content) {
			return
		}
		if got.Name != values.Get("name") {
			t.Errorf("the name is %q, want %q", got.Name, values.Get("name"))
		}
		if len(got.Tags) != len(values["tags"]) {
			t.Errorf("there are %d tags, want %d", len(got.Tags), len(values["tags"]))
		}
	})
}
