package respond_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type leaf struct {
	V string `json:"v" validate:"max=1"`
}

type base struct {
	ID string `json:"id" validate:"max=1"`
}

type Base2 struct {
	ID2   string `json:"id2" validate:"max=1"`
	Other leaf
}

type named struct {
	X string `json:"x" validate:"max=1"`
}

// upper is a key whose String differs from its text.
type upper string

func (u upper) String() string { return strings.ToUpper(string(u)) }

// pair is a key that marshals itself.
type pair struct{ a, b int }

func (p pair) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d.%d]", p.a, p.b), nil }
func (p *pair) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%d.%d]", &p.a, &p.b)
	return err
}

type generic[T any] struct {
	T T `json:"t" validate:"dive"`
}

type paths struct {
	base
	*Base2
	Named  named               `json:"na.m/e~d"`
	Odd    string              `json:"a.b/c" validate:"max=1"`
	Map    map[string]leaf     `json:"map" validate:"dive"`
	Texts  map[string]string   `json:"texts" validate:"dive,keys,max=9,endkeys,max=1"`
	Ints   map[int]leaf        `json:"ints" validate:"dive"`
	Upper  map[upper]*leaf     `json:"upper" validate:"dive"`
	Pairs  map[pair]leaf       `json:"pairs" validate:"dive"`
	Matrix [][]leaf            `json:"matrix" validate:"dive,dive"`
	Deep   []map[string][]leaf `json:"deep" validate:"dive,dive,dive"`
	Anon   struct {
		V string `validate:"max=1"`
	}
	Gen    generic[[]leaf] `json:"gen"`
	Hidden leaf            `json:"-"`
	Ptr    **leaf          `json:"ptr"`
	Any    any             `json:"any"`
	Array  [2]leaf         `json:"array" validate:"dive"`
}

// The pointer of a broken rule is found in the value, whatever its names.
func TestRulePointers(t *testing.T) {
	for _, row := range []struct{ doc, want string }{
		{`{"id":"long"}`, "#/id"},
		{`{"id2":"long"}`, "#/id2"},
		{`{"Other":{"v":"long"}}`, "#/Other/v"},
		{`{"na.m/e~d":{"x":"long"}}`, "#/na.m~1e~0d/x"},
		{`{"a.b/c":"long"}`, "#/a.b~1c"},
		{`{"map":{"k":{"v":"long"}}}`, "#/map/k/v"},
		{`{"map":{"a].b[0":{"v":"long"}}}`, "#/map/a%5D.b%5B0/v"},
		{`{"map":{"a].V":{"v":"long"},"a":{"v":""}}}`, "#/map/a%5D.V/v"},
		{`{"map":{"":{"v":"long"}}}`, "#/map//v"},
		{`{"map":{"a/~ %":{"v":"long"}}}`, "#/map/a~1~0%20%25/v"},
		{`{"map":{"é\"<\u0000":{"v":"long"}}}`, "#/map/%C3%A9%22%3C%00/v"},
		{`{"texts":{"a].b[0":"long"}}`, "#/texts/a%5D.b%5B0"},
		{`{"texts":{"a long key":"v"}}`, "#/texts/a%20long%20key"},
		{`{"ints":{"-7":{"v":"long"}}}`, "#/ints/-7/v"},
		{`{"upper":{"k":{"v":"long"},"K2":{"v":""}}}`, "#/upper/k/v"},
		{`{"pairs":{"1.2]":{"v":"long"}}}`, "#/pairs/1.2%5D/v"},
		{`{"matrix":[[],[{},{"v":"long"}]]}`, "#/matrix/1/1/v"},
		{`{"deep":[{},{"x[0]":[{"v":"long"}]}]}`, "#/deep/1/x%5B0%5D/0/v"},
		{`{"Anon":{"V":"long"}}`, "#/Anon/V"},
		{`{"gen":{"t":[{"v":"long"}]}}`, "#/gen/t/0/v"},
		{`{"ptr":{"v":"long"}}`, "#/ptr/v"},
		{`{"array":[{},{"v":"long"}]}`, "#/array/1/v"},
	} {
		p := decodeErr[paths](t, respond.DecodeOptions{}, row.doc)
		if p == nil || len(p.Errors()) != 1 || p.Errors()[0].Pointer != row.want || p.Errors()[0].Code != "max" {
			t.Errorf("%s: %s, want %s max", row.doc, summary(p), row.want)
		}
	}
}

// The outermost value may be a list, a map, a generic or an unnamed type.
func TestRulePointersOfRoots(t *testing.T) {
	const bad = `{"v":"long"}`
	o := respond.DecodeOptions{}
	for name, got := range map[string]string{
		"list: 422 #/1/v max":            summary(decodeErr[[]leaf](t, o, `[{},`+bad+`]`)),
		"list of lists: 422 #/1/0/v max": summary(decodeErr[[][]*leaf](t, o, `[[],[`+bad+`,null]]`)),
		"map: 422 #/a].b~0/v max":        strings.ReplaceAll(summary(decodeErr[map[string]leaf](t, o, `{"a].b~":`+bad+`}`)), "%5D", "]"),
		"map of ints: 422 #/5/v max":     summary(decodeErr[map[int8]leaf](t, o, `{"5":`+bad+`}`)),
		"pointer: 422 #/v max":           summary(decodeErr[*leaf](t, o, bad)),
		"generic: 422 #/t/0/v max":       summary(decodeErr[generic[[]leaf]](t, o, `{"t":[`+bad+`]}`)),
		"unnamed: 422 #/a/v max": summary(decodeErr[struct {
			A leaf `json:"a"`
		}](t, o, `{"a":`+bad+`}`)),
		"unnamed, two members: 422 #/b gtfield": summary(decodeErr[struct {
			A int `json:"a"`
			B int `json:"b" validate:"gtfield=A"`
		}](t, o, `{"a":2,"b":1}`)),
	} {
		if _, want, _ := strings.Cut(name, ": "); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

type crossed struct {
	From  int `json:"from_it" validate:"ltecsfield=Inner.High"`
	Until int `json:"until" validate:"gtfield=From"`
	Inner struct {
		Low  int `json:"low.est"`
		High int `json:"high" validate:"gtefield=Low"`
	} `json:"inner"`
	Map  map[string]crossedLeaf `json:"map" validate:"dive"`
	List []int                  `json:"list" validate:"dive,gtefield=From"`
	Text string                 `json:"text" validate:"omitempty,fieldcontains=Part"`
	Part string                 `json:"part"`
}

type crossedLeaf struct {
	A int `json:"a"`
	B int `json:"b" validate:"gtefield=A"`
}

// The parameter of a rule about two members is the other's name in JSON.
func TestCrossFieldParams(t *testing.T) {
	const fine = `"until":9,"inner":{"high":9}`
	for _, row := range []struct{ doc, pointer, code, other string }{
		{`{"from_it":1,"until":1,"inner":{"high":9}}`, "#/until", "gtfield", "from_it"},
		{`{"until":9,"inner":{"high":9,"low.est":10}}`, "#/inner/high", "gtefield", "low.est"},
		{`{"from_it":1,"until":9,"inner":{"high":0}}`, "#/from_it", "ltecsfield", "#/inner/high"},
		{`{` + fine + `,"map":{"a].b":{"a":2,"b":1}}}`, "#/map/a%5D.b/b", "gtefield", "a"},
		{`{"from_it":1,` + fine + `,"list":[1,0]}`, "#/list/1", "gtefield", "from_it"},
		{`{` + fine + `,"text":"abc","part":"x"}`, "#/text", "fieldcontains", "part"},
	} {
		p := decodeErr[crossed](t, respond.DecodeOptions{}, row.doc)
		if got := summary(p); got != "422 "+row.pointer+" "+row.code {
			t.Errorf("%s: %s", row.doc, got)
			continue
		}
		if got := p.Errors()[0].Params; len(got) != 1 || got[row.code] != row.other {
			t.Errorf("%s: the parameters are %v, want %q", row.doc, got, row.other)
		}
	}
}

// A struct-level rule may name the Go field, or the member.
func TestStructLevelPointers(t *testing.T) {
	for _, name := range []string{"From", "from_it"} {
		v := validator.New()
		v.RegisterStructValidation(func(sl validator.StructLevel) {
			sl.ReportError(1, name, name, "mine", "")
		}, crossed{})
		got := summary(decodeErr[crossed](t, respond.DecodeOptions{Validator: v}, `{"until":1,"inner":{"high":1}}`))
		if got != "422 #/from_it mine" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A field that JSON has no name for is shown by what contains it.
func TestHiddenField(t *testing.T) {
	type hidden struct {
		A struct {
			B string `json:"-" validate:"required"`
		} `json:"a"`
	}
	if got := summary(decodeErr[hidden](t, respond.DecodeOptions{}, `{"a":{}}`)); got != "422 #/a required" {
		t.Error(got)
	}
}

type keyed struct {
	M map[string]map[string][]leaf `json:"m" validate:"dive,dive,dive"`
}

// checkKeys breaks a rule below two keys and compares the pointer with the
// one that problem.Pointer makes of them.
func checkKeys(t *testing.T, d *respond.Decoder[keyed], outer, inner string, index int) {
	t.Helper()
	list := make([]leaf, index+1)
	list[index].V = "long"
	other := map[string][]leaf{inner: make([]leaf, index+2)}
	doc, _ := json.Marshal(keyed{map[string]map[string][]leaf{outer: {inner: list, inner + "].x": nil}, outer + "[" + inner: other}})
	var clean keyed
	if json.Unmarshal(doc, &clean) != nil || len(clean.M) != 2 {
		return // invalid UTF-8 has made two keys one
	}
	_, err := d.Decode(jsonRequest(string(doc)))
	p, ok := err.(*problem.Problem)
	outer, inner = string([]rune(outer)), string([]rune(inner)) // invalid UTF-8 as encoding/json writes it
	if want := problem.Pointer("m", outer, inner, index, "v"); !ok || len(p.Errors()) != 1 || p.Errors()[0].Pointer != want {
		t.Errorf("%s: %v, want %s", doc, err, want)
	}
}

func TestRulePointersOfManyKeys(t *testing.T) {
	d := respond.Must(respond.NewDecoder[keyed](respond.DecodeOptions{}))
	parts := []string{"a", "]", "[", ".", "[0]", "].", "/", "~", "%", "V", "M", "é", "\u2028", " ", `"`, "", "\x00", "0"}
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		var b strings.Builder
		for range r.IntN(6) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		return b.String()
	}
	for range 3000 {
		checkKeys(t, d, word(), word(), r.IntN(3))
	}
}

func FuzzRulePointers(f *testing.F) {
	f.Add("a", "b", uint8(0))
	f.Add("a].b[0", "].[", uint8(1))
	f.Add("", "~/%", uint8(2))
	d := respond.Must(respond.NewDecoder[keyed](respond.DecodeOptions{}))
	f.Fuzz(func(t *testing.T, outer, inner string, index uint8) {
		// Counted as encoding/json writes them, where an invalid byte becomes
		// three: beyond a length, names are refused.
		if len(string([]rune(outer+inner))) < 1000 {
			checkKeys(t, d, outer, inner, int(index%4))
		}
	})
}

// Keys that can be read in very many ways cost no more than some of them.
func TestRulePointersHostileKeys(t *testing.T) {
	key := strings.Repeat("][", 500)
	doc := `{"m":{` + strconv.Quote(key) + `:{"k":[{"v":"long"}` + strings.Repeat(`,{"v":"long"}`, 50) + `]}}}`
	p := decodeErr[keyed](t, respond.DecodeOptions{}, doc)
	if p == nil || p.Status() != 422 || len(p.Errors()) != 51 {
		t.Errorf("%s", cut(summary(p)))
	}
}
