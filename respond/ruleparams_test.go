package respond_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

type parameters struct {
	Int    int            `json:"int" validate:"omitempty,max=5"`
	Hex    uint64         `json:"hex" validate:"omitempty,lte=0x10"`
	Float  float64        `json:"float" validate:"omitempty,lt=1.5"`
	Bool   bool           `json:"bool" validate:"omitempty,eq=false"`
	Text   string         `json:"text" validate:"omitempty,len=2"`
	Equal  string         `json:"equal" validate:"omitempty,eq=007"`
	Starts string         `json:"starts" validate:"omitempty,startswith=12"`
	Pipe   string         `json:"pipe" validate:"omitempty,contains=0x2C0x7C"`
	One    string         `json:"one" validate:"omitempty,oneof=a 'b c' 7"`
	OneInt int            `json:"one_int" validate:"omitempty,oneof=1 2"`
	List   []int          `json:"list" validate:"max=1"`
	Unique []parameter    `json:"unique" validate:"unique=GoName"`
	Wait   time.Duration  `json:"wait" validate:"omitempty,max=1h"`
	When   time.Time      `json:"when" validate:"omitempty,lt"`
	Layout string         `json:"layout" validate:"omitempty,datetime=2006-01-02"`
	If     string         `json:"if" validate:"required_if=Int 9"`
	With   string         `json:"with" validate:"excluded_with=GoName"`
	GoName string         `json:"go_name"`
	Or     string         `json:"or" validate:"omitempty,len=3|len=5"`
	Colour string         `json:"colour" validate:"omitempty,iscolor"`
	Map    map[string]int `json:"map" validate:"omitempty,min=2"`
}

type parameter struct {
	GoName int `json:"n"`
}

// The parameters of a rule are typed, and name nothing of the Go code.
func TestRuleParams(t *testing.T) {
	for _, row := range []struct {
		doc, code string
		want      map[string]any
	}{
		{`{"int":6}`, "max", map[string]any{"max": int64(5)}},
		{`{"hex":17}`, "lte", map[string]any{"lte": int64(16)}},
		{`{"float":2}`, "lt", map[string]any{"lt": 1.5}},
		{`{"bool":true}`, "eq", map[string]any{"eq": false}},
		{`{"text":"abc"}`, "len", map[string]any{"len": int64(2)}},
		{`{"equal":"7"}`, "eq", map[string]any{"eq": "007"}},
		{`{"starts":"3"}`, "startswith", map[string]any{"startswith": "12"}},
		{`{"pipe":"x"}`, "contains", map[string]any{"contains": ",|"}},
		{`{"one":"x"}`, "oneof", map[string]any{"oneof": []string{"a", "b c", "7"}}},
		{`{"one_int":3}`, "oneof", map[string]any{"oneof": []int64{1, 2}}},
		{`{"list":[1,2]}`, "max", map[string]any{"max": int64(1)}},
		{`{"unique":[{"n":1},{"n":1}]}`, "unique", nil},
		{`{"wait":3600000000001}`, "max", map[string]any{"max": "1h"}},
		{`{"when":"9999-01-01T00:00:00Z"}`, "lt", nil},
		{`{"layout":"x"}`, "datetime", map[string]any{"datetime": "2006-01-02"}},
		{`{"with":"a","go_name":"b"}`, "excluded_with", nil},
		{`{"or":"a"}`, "len|len", nil},
		{`{"colour":"a"}`, "iscolor", nil},
		{`{"map":{"a":1}}`, "min", map[string]any{"min": int64(2)}},
	} {
		p := decodeErr[parameters](t, respond.DecodeOptions{}, row.doc)
		if p == nil || len(p.Errors()) != 1 || p.Errors()[0].Code != row.code {
			t.Errorf("%s: %s", row.doc, summary(p))
			continue
		}
		e := p.Errors()[0]
		if !reflect.DeepEqual(e.Params, row.want) {
			t.Errorf("%s: the parameters are %#v, want %#v", row.doc, e.Params, row.want)
		}
		if s := fmt.Sprint(e.Detail, e.Params); strings.Contains(s, "GoName") || strings.Contains(s, "%!") {
			t.Errorf("%s: it names Go code: %s", row.doc, s)
		}
	}
}

// The parameter of an error of type is the type that is wanted.
func TestTypeParams(t *testing.T) {
	p := decodeErr[parameters](t, respond.DecodeOptions{}, `{"int":"x","float":"x","bool":1,"text":1,"list":1,"map":1,"when":1}`)
	want := []string{"integer", "number", "boolean", "string", "array", "object", "string"}
	for i, e := range p.Errors() {
		if e.Params["type"] != want[i] {
			t.Errorf("%s: %v, want %s", e.Pointer, e.Params, want[i])
		}
		article := "a "
		if strings.ContainsAny(want[i][:1], "aio") {
			article = "an "
		}
		if e.Detail != "must be "+article+want[i]+"." {
			t.Errorf("%s: %q", e.Pointer, e.Detail)
		}
	}
}
