package jsonx

//lint:file-ignore SA5008 the tags are odd on purpose: they must mean what encoding/json reads in them

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

type (
	color   string
	level   uint8
	bits    []level
	Base    struct{ Created int }
	hidden  struct{ Inner string }
	tree    struct{ Children []*tree }
	celsius float32
	upper   string // MarshalText
	point   struct{ X, Y int }
	jsonKey string // UnmarshalJSON, which encoding/json ignores for keys
	money   struct{ cents int64 }
	embeds  struct {
		Base
		*Promoted
		hidden
		Named Base `json:"named"`
	}
	Promoted struct {
		Deep  string
		Twice int `json:"twice"`
	}
	quoted struct {
		I int64         `json:"i,string"`
		U uint8         `json:"u,string"`
		F float64       `json:"f,string"`
		B bool          `json:"b,string"`
		S string        `json:"s,string"`
		P *int          `json:"p,string"`
		N *float32      `json:"n,string"`
		D time.Duration `json:"d,string"`
	}
	quotedInt struct {
		I int64 `json:"i,string"`
	}
	omits struct {
		A int       `json:"a,omitempty"`
		T time.Time `json:"t,omitzero"`
		S []string  `json:"s,omitempty"`
		X chan int  `json:"-"`
	}
	inlined struct {
		Base `json:",inline"`
		B    int
	}
	dominance struct {
		Left
		Right
		Name string
	}
	Left  struct{ Name, Both, Tag string }
	Right struct {
		Both string
		Tag2 string `json:"Tag"`
	}
)

func (u upper) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(u))), nil }
func (u *upper) UnmarshalText(b []byte) error {
	*u = upper(strings.ToLower(string(b)))
	return nil
}
func (k *jsonKey) UnmarshalJSON(b []byte) error { *k = jsonKey("json:" + string(b)); return nil }
func (m money) MarshalJSON() ([]byte, error)    { return json.Marshal([]int64{m.cents}) }
func (m *money) UnmarshalJSON(b []byte) error {
	var c []int64
	if err := json.Unmarshal(b, &c); err != nil || len(c) == 0 {
		m.cents = -1
		return err
	}
	m.cents = c[0]
	return nil
}

// TestRoundTrip: what encoding/json writes, a Decoder reads, and gets the same
// as encoding/json itself.
func TestRoundTrip(t *testing.T) {
	seven, small, when := 7, float32(0.1), time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.FixedZone("", 3600))
	for _, v := range []any{
		true, "", "a\"\\/\b\f\n\r\t\x00 é \u2028 😀 <&>", color("red"), 0, -1, int8(-128), int16(32767), int32(math.MinInt32),
		int64(math.MinInt64), int64(math.MaxInt64), uint8(255), uint64(math.MaxUint64), uintptr(1),
		float32(0.1), float32(math.MaxFloat32), 1e21, 5e-324, math.MaxFloat64, math.Copysign(0, -1), celsius(36.6),
		[]int(nil), []int{}, []int{1, 2}, [3]int{1, 2, 3}, [0]int{}, [][]string{{"a"}, nil, {}},
		[]byte(nil), []byte{}, []byte("\x00\xff"), [3]byte{1, 2, 3}, bits{1, 2, 3}, [2]level{4, 5}, []level(nil),
		map[string]int(nil), map[string]int{}, map[string]int{"a/b~c": 1, "": 2}, map[int]string{-1: "x", 0: "y"},
		map[uint8]bool{255: true}, map[color]point{"red": {1, 2}}, map[upper]int{"abc": 1}, map[jsonKey]int{"k": 1},
		map[time.Duration]int{5: 5}, map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, map[string]any{"a": []any{1.5, nil, "x", true}},
		map[json.Number]json.Number{"1": "1.50"},
		&seven, (*int)(nil), []*int{nil, &seven}, map[string]*point{"a": nil, "b": {1, 2}},
		point{1, 2}, struct{}{}, embeds{Base: Base{1}, hidden: hidden{"h"}, Named: Base{2}},
		embeds{Promoted: &Promoted{"d", 2}}, tree{[]*tree{{}, nil, {[]*tree{}}}},
		inlined{Base{1}, 2}, dominance{Left: Left{"l", "lb", "lt"}, Right: Right{"rb", "rt"}, Name: "n"},
		quoted{-1, 255, 0.5, true, `q"`, &seven, &small, time.Second}, quoted{}, quotedInt{math.MaxInt64},
		omits{}, omits{1, when, []string{"a"}, nil},
		json.RawMessage(`{"a": [1,2]}`), json.RawMessage("null"), []json.RawMessage{[]byte("1")}, struct{ R json.RawMessage }{},
		json.Number("12345678901234567890.5"), struct{ N json.Number }{"1e999999"}, []json.Number{"0"},
		any(map[string]any{"x": 1.0}), []any{nil, false, "s", 1.0, []any{}, map[string]any{}},
		money{99}, []money{{1}, {2}}, map[string]money{"a": {5}}, upper("shout"), struct{ U *upper }{},
		time.Duration(1500), struct{ D time.Duration }{time.Hour}, when, time.Time{}, &when,
		new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(-5), big.NewFloat(1.5), big.NewRat(1, 3),
		netip.MustParseAddr("192.0.2.1"), netip.Addr{}, netip.MustParsePrefix("10.0.0.0/8"),
		time.March, time.Saturday,
		struct {
			A struct{ B []map[string][2]*point }
		}{struct{ B []map[string][2]*point }{[]map[string][2]*point{{"k": {nil, {3, 4}}}}}},
	} {
		var buf bytes.Buffer
		if err := Encode(&buf, v); err != nil {
			t.Errorf("%T: %v", v, err)
			continue
		}
		typ := reflect.TypeOf(v)
		want := reflect.New(typ)
		if err := json.Unmarshal(buf.Bytes(), want.Interface()); err != nil {
			t.Errorf("%T: encoding/json does not read %s: %v", v, &buf, err)
			continue
		}
		d, err := New(typ, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		got := reflect.New(typ)
		if faults := d.Decode(buf.Bytes(), got.Interface()); faults != nil {
			t.Errorf("%T: %s: %+v", v, &buf, faults)
		} else if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%T: %s: %#v, want %#v", v, &buf, got.Elem(), want.Elem())
		}
		// The second pass decodes the same.
		walked := reflect.New(typ)
		if faults := d.diagnose(buf.Bytes(), walked.Interface(), Fault{Code: "none"}); len(faults) != 1 || faults[0].Code != "none" {
			t.Errorf("%T: second pass: %s: %+v", v, &buf, faults)
		} else if !reflect.DeepEqual(walked.Interface(), want.Interface()) {
			t.Errorf("%T: second pass: %s: %#v, want %#v", v, &buf, walked.Elem(), want.Elem())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	// Built here, because go vet would not have them.
	integer := reflect.TypeFor[int]()
	twice := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: integer, Tag: `json:"a"`}, {Name: "B", Type: integer, Tag: `json:"a"`},
	})).Elem().Interface()
	unexported := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: integer}, {Name: "b", PkgPath: "p", Type: integer, Tag: `json:"b"`},
	})).Elem().Interface()
	type holdsItself *holdsItself
	for _, v := range []any{
		make(chan int), func() {}, complex(1, 1), struct{ F func() }{}, []chan int{}, map[string]func(){},
		map[float64]int{}, map[bool]int{}, map[point]int{}, struct {
			R interface{ Read([]byte) (int, error) }
		}{},
		twice, unexported, struct{ a int }{}, url.URL{}, struct{ M sync.Mutex }{}, holdsItself(nil),
		struct {
			A []int `json:"a,string"`
		}{}, struct {
			A time.Time `json:"a,string"`
		}{}, struct {
			A json.Number `json:",string"`
		}{},
		struct {
			A **int `json:"a,string"`
		}{},
		struct {
			A int `json:"a\\b"`
		}{}, struct {
			A int `json:"€"`
		}{}, struct {
			A int `json:"-,"`
		}{}, struct {
			A int `json:"'a'"`
		}{},
		struct {
			A time.Time `json:"a,format:RFC3339"`
		}{}, struct {
			A int `json:"a,case:ignore"`
		}{},
		struct {
			A map[string]any `json:",inline"`
		}{}, struct {
			A map[string]any `json:",embed"`
		}{}, struct {
			A map[string]any `json:",unknown"`
		}{},
		struct {
			color
			A int
		}{}, struct {
			*hidden
			A int
		}{},
		struct {
			Base `json:",omitempty"`
		}{},
		struct { // the methods of both are ambiguous, so the struct has none
			time.Time
			*big.Int
		}{},
	} {
		if _, err := New(reflect.TypeOf(v), Options{}); err == nil {
			t.Errorf("%T: no error", v)
		}
	}
	if _, err := New(nil, Options{}); err == nil {
		t.Error("nil: no error")
	}
	if _, err := New(reflect.TypeFor[int](), Options{MaxDepth: -1}); err == nil {
		t.Error("MaxDepth -1: no error")
	}
}
