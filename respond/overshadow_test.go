package respond_test

import (
	"testing"

	"github.com/forthright-http/forthright/respond"
)

type shadowed struct {
	A      int            `json:"a" validate:"required,min=1"`
	Low    int            `json:"low" validate:"ltfield=High"`
	High   int            `json:"high"`
	Inner  shadowedInner  `json:"inner"`
	Deep   int            `json:"deep" validate:"gtcsfield=Inner.X"`
	Kind   string         `json:"kind"`
	Unless string         `json:"unless" validate:"required_unless=Kind none"`
	Out    string         `json:"out" validate:"required_without=Other"`
	Other  date           `json:"other"`
	Unique []int          `json:"unique" validate:"unique"`
	Sized  []int          `json:"sized" validate:"max=2"`
	Map    map[int]string `json:"map" validate:"omitempty,min=2"`
	Lines  []shadowedLine `json:"lines" validate:"dive"`
}

type shadowedInner struct {
	X int `json:"x"`
}

type shadowedLine struct {
	From date   `json:"from"`
	To   date   `json:"to" validate:"gtfield=From"`
	Name string `json:"name" validate:"required"`
}

// A rule that is broken only because something could not be read is not
// reported: nobody knows whether it is broken. All others are.
func TestOvershadowed(t *testing.T) {
	const fine = `"a":1,"low":1,"high":2,"deep":9,"kind":"none","out":"x"`
	for _, row := range []struct{ name, doc, want string }{
		{"nothing", `{` + fine + `}`, "fine"},
		{"its own value", `{"a":"x","low":1,"high":2,"deep":9,"kind":"none","out":"x"}`, "400 #/a type"},
		{"the other one", `{"a":1,"low":1,"high":"x","deep":9,"kind":"none","out":"x"}`, "400 #/high type"},
		{"the other one, out of range", `{"a":1,"low":1,"high":1e40,"deep":9,"kind":"none","out":"x"}`, "400 #/high integer"},
		{"the other one, null", `{"a":1,"low":1,"high":null,"deep":9,"kind":"none","out":"x"}`, "400 #/high null"},
		{"inside another struct", `{"a":1,"low":1,"high":2,"deep":-1,"kind":"none","out":"x","inner":{"x":"x"}}`, "400 #/inner/x type"},
		{"another struct altogether", `{"a":1,"low":1,"high":2,"deep":-1,"kind":"none","out":"x","inner":[]}`, "400 #/inner type"},
		{"a condition", `{"a":1,"low":1,"high":2,"deep":9,"kind":7,"out":"x"}`, "400 #/kind type"},
		{"a format", `{"a":1,"low":1,"high":2,"deep":9,"kind":"none","other":"x"}`, "422 #/other format"},
		{"elements that may differ", `{` + fine + `,"unique":["x","y"]}`, "400 #/unique/0 type #/unique/1 type"},
		{"the number of elements is known", `{` + fine + `,"sized":["x",1,2]}`, "400 #/sized max #/sized/0 type"},
		{"that of members is not", `{` + fine + `,"map":{"x":"","1":""}}`, "422 #/map/x format"},
		{"a duplicate", `{"a":0,"a":1,"low":1,"high":2,"deep":9,"kind":"none","out":"x"}`, "400 #/a duplicate_member"},
		{"an unknown member changes nothing", `{"a":0,"x":1,"low":2,"high":2,"deep":9,"kind":"none","out":"x","unique":[1,1]}`,
			"400 #/a required #/x unknown_member #/low ltfield #/unique unique"},
		{"another element", `{` + fine + `,"lines":[{"from":"x","to":"2027-01-01"},{"from":"2027-01-02","to":"2027-01-01","name":"a"}]}`,
			"400 #/lines/0/name required #/lines/0/from format #/lines/1/to gtfield"},
		{"an element altogether", `{` + fine + `,"lines":[5,{"name":""}]}`, "400 #/lines/0 type #/lines/1/to gtfield #/lines/1/name required"},
	} {
		got := summary(decodeErr[shadowed](t, respond.DecodeOptions{}, row.doc))
		if want := row.want; got != want {
			t.Errorf("%s: %s\nwant %s", row.name, got, want)
		}
	}
}
