package jsonx

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"testing"
)

// everything is a struct of all classes, save those that are stricter here than
// in encoding/json for a reason of spelling (time.Time with an escape in it).
type everything struct {
	Base
	S    string            `json:"s"`
	I    int               `json:"i"`
	I8   int8              `json:"i8"`
	U    uint16            `json:"u"`
	F    float64           `json:"f"`
	F32  float32           `json:"f32"`
	B    bool              `json:"b"`
	P    *int              `json:"p"`
	L    []int             `json:"l"`
	A    [2]int            `json:"a"`
	BA   [2]byte           `json:"ba"`
	M    map[string]*point `json:"m"`
	K    map[int]string    `json:"k"`
	O    point             `json:"o"`
	X    any               `json:"x"`
	Raw  json.RawMessage   `json:"raw"`
	N    json.Number       `json:"n"`
	IP   netip.Addr        `json:"ip"`
	Bin  []byte            `json:"bin"`
	Q    int64             `json:"q,string"`
	Mon  money             `json:"mon"`
	Self []*everything     `json:"self"`
}

// FuzzDecode: what Decode accepts, encoding/json accepts too and gets the same
// value; what it refuses has a fault, and faults are in order.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"Created":1,"s":"a\u00e9\ud83d\ude00","i":-1,"i8":127,"u":65535,"f":1e300,"f32":0.1,"b":true,"p":1,"l":[1,2]}`,
		`{"a":[1],"ba":[1,255],"m":{"x":{"X":1,"Y":2},"y":null},"k":{"-1":"a"},"o":{"X":1},"x":[1,{"a":null}],"raw":{"a":[1]}}`,
		`{"n":1.50,"ip":"::1","bin":"AAA=","q":"-5","mon":[1],"self":[{"self":[null,{}]}]}`,
		`{"i":1,"i":2}`, `{"s":"\ud800"}`, `{"s":null,"l":[null],"p":null}`, `{"i":2.0,"u":-1,"z":0`, `[[[[]]]]`, `{} x`, "\ufeff{}", `nullx`,
		orderDoc, rfc6901,
	} {
		f.Add([]byte(s))
	}
	d := mustNew[everything](f, Options{MaxDepth: 20})
	f.Fuzz(func(t *testing.T, doc []byte) {
		before := string(doc)
		var got everything
		faults := d.Decode(doc, &got)
		if string(doc) != before {
			t.Fatal("the document was changed")
		}
		if len(faults) == 0 {
			var want everything
			if err := json.Unmarshal(doc, &want); err != nil {
				t.Fatalf("accepted %q, encoding/json: %v", doc, err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%q: %+v, want %+v", doc, got, want)
			}
			var again everything
			if faults := d.diagnose(doc, &again, Fault{Code: "none"}); faults[0].Code != "none" || !reflect.DeepEqual(again, want) {
				t.Fatalf("%q: second pass %+v %+v", doc, faults, again)
			}
			return
		}
		if !slices.IsSortedFunc(faults, func(a, b Fault) int { return a.Offset - b.Offset }) {
			t.Fatalf("%q: not in order: %+v", doc, faults)
		}
		for _, f := range faults {
			if f.Code == "" || f.Offset < 0 || f.Offset > len(doc) {
				t.Fatalf("%q: %+v", doc, f)
			}
		}
	})
}
