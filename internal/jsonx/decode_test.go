package jsonx

//lint:file-ignore U1000 the unexported fields are there to be ignored

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

type date string

func (d *date) UnmarshalText(b []byte) error {
	if _, err := time.Parse(time.DateOnly, string(b)); err != nil {
		return err
	}
	*d = date(b)
	return nil
}

type row struct {
	S   string               `json:"s"`
	I   int                  `json:"i"`
	I8  int8                 `json:"i8"`
	U   uint                 `json:"u"`
	F   float64              `json:"f"`
	F32 float32              `json:"f32"`
	B   bool                 `json:"b"`
	P   *int                 `json:"p"`
	L   []int                `json:"l"`
	A   [2]int               `json:"a"`
	M   map[string]int       `json:"m"`
	K   map[int]string       `json:"k"`
	O   point                `json:"o"`
	X   any                  `json:"x"`
	Raw json.RawMessage      `json:"raw"`
	N   json.Number          `json:"n"`
	D   date                 `json:"d"`
	T   time.Time            `json:"t"`
	Dur time.Duration        `json:"dur"`
	IP  netip.Addr           `json:"ip"`
	Big big.Int              `json:"big"`
	Bin []byte               `json:"bin"`
	Q   int                  `json:"q,string"`
	Mon money                `json:"mon"`
	Sub map[string][]address `json:"sub/~"`
}

// short writes faults as "pointer code want@offset".
func short(faults []Fault, offsets bool) []string {
	var out []string
	for _, f := range faults {
		s := strings.TrimSpace(f.Pointer + " " + f.Code + " " + f.Want)
		if offsets {
			s += "@" + strconv.Itoa(f.Offset)
		}
		out = append(out, s)
	}
	return out
}

// TestSplit is the structural half of the table of problem.md, and the rule
// for a string that is not of its format.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		doc  string
		want []string
	}{
		{`{}`, nil},
		{" \n{\t}\r ", nil},
		{``, []string{"empty@0"}},
		{" \n", []string{"empty@0"}},
		// Not JSON.
		{`{"s":}`, []string{"/s syntax@5"}},
		{`{s:1}`, []string{"syntax@1"}},
		{`{'s':1}`, []string{"syntax@1"}},
		{`{"i":01}`, []string{"syntax@6"}},
		{`{"i":+1}`, []string{"/i syntax@5"}},
		{`{"f":NaN}`, []string{"/f syntax@5"}},
		{`{"f":.5}`, []string{"/f syntax@5"}},
		{"{\"s\":\"a\nb\"}", []string{"/s syntax@7"}},
		{`{"s":"\x"}`, []string{"/s syntax@6"}},
		{"\ufeff{}", []string{"syntax@0"}},
		{`x`, []string{"syntax@0"}},
		{`{"s":"a"`, []string{"truncated@8"}},
		{`{"s":"a`, []string{"/s truncated@7"}},
		{`{"s"`, []string{"/s truncated@4"}},
		{`{"b":tru`, []string{"/b truncated@8"}},
		{`{"l":[1,`, []string{"/l/1 truncated@8"}},
		{`{`, []string{"truncated@1"}},
		{`{} {}`, []string{"trailing_data@3"}},
		{`{}x`, []string{"trailing_data@2"}},
		{`{}}`, []string{"trailing_data@2"}},
		{"{}\x00", []string{"trailing_data@2"}},
		{"{\"s\":\"a\xff\"}", []string{"/s invalid_utf8@7"}},
		{"{\"s\xff\":1}", []string{"invalid_utf8@3"}},
		{"\xff\xfe{\x00}\x00", []string{"invalid_utf8@0"}},
		{`{"s":"\ud800"}`, []string{"/s invalid_utf8@6"}},
		{`{"s":"\udc00\ud800"}`, []string{"/s invalid_utf8@6"}},
		{`{"raw":"\ud800"}`, []string{"/raw invalid_utf8@8"}},
		{`{"x":["\ud83d\ude00"]}`, nil},
		// Names.
		{`{"i":1,"i":2}`, []string{"/i duplicate_member@7"}},
		{`{"i":1,"\u0069":2}`, []string{"/i duplicate_member@7"}},
		{`{"x":{"a":1,"a":2}}`, []string{"/x/a duplicate_member@12"}},
		{`{"raw":[{"a":1,"a":2}]}`, []string{"/raw/0/a duplicate_member@15"}},
		{`{"m":{"a/b":1,"a/b":2}}`, []string{"/m/a~1b duplicate_member@14"}},
		{`{"k":{"0":"a","-0":"b"}}`, []string{"/k/-0 duplicate_member@14"}},
		{`{"I":1}`, []string{"/I unknown_member@1"}},
		{`{"z":{"a":1,"a":2},"":0}`, []string{"/z unknown_member@1", "/z/a duplicate_member@12", "/ unknown_member@19"}},
		{`{"o":{"Z":1}}`, []string{"/o/Z unknown_member@6"}},
		// JSON types.
		{`[]`, []string{"type object@0"}},
		{` "a"`, []string{"type object@1"}},
		{`{"s":1}`, []string{"/s type string@5"}},
		{`{"s":["a"]}`, []string{"/s type string@5"}},
		{`{"i":"1"}`, []string{"/i type integer@5"}},
		{`{"u":true}`, []string{"/u type integer@5"}},
		{`{"f":"1"}`, []string{"/f type number@5"}},
		{`{"b":"true"}`, []string{"/b type boolean@5"}},
		{`{"b":0}`, []string{"/b type boolean@5"}},
		{`{"p":"1"}`, []string{"/p type integer@5"}},
		{`{"l":{}}`, []string{"/l type array@5"}},
		{`{"a":1}`, []string{"/a type array@5"}},
		{`{"m":[]}`, []string{"/m type object@5"}},
		{`{"o":[1,2]}`, []string{"/o type object@5"}},
		{`{"n":"1"}`, []string{"/n type number@5"}},
		{`{"d":20240101}`, []string{"/d type string@5"}},
		{`{"t":0}`, []string{"/t type string@5"}},
		{`{"dur":"1s"}`, []string{"/dur type integer@7"}},
		{`{"ip":[127,0,0,1]}`, []string{"/ip type string@6"}},
		{`{"bin":1}`, []string{"/bin type string@7"}},
		{`{"q":1}`, []string{"/q type string@5"}},
		{`{"mon":{}}`, []string{"/mon type@7"}},
		{`{"big":{}}`, []string{"/big type@7"}},
		{`{"s":{"a":1,"a":2}}`, []string{"/s type string@5", "/s/a duplicate_member@12"}},
		// Numbers.
		{`{"i8":128}`, []string{"/i8 range integer@6"}},
		{`{"i8":-129}`, []string{"/i8 range integer@6"}},
		{`{"i":9223372036854775808}`, []string{"/i range integer@5"}},
		{`{"i":100000000000000000000000000}`, []string{"/i range integer@5"}},
		{`{"u":-1}`, []string{"/u range integer@5"}},
		{`{"f":1e400}`, []string{"/f range number@5"}},
		{`{"f32":1e39}`, []string{"/f32 range number@7"}},
		{`{"x":[1,{"a":-1e400}]}`, []string{"/x/1/a range number@13"}},
		{`{"i":2.0}`, []string{"/i integer integer@5"}},
		{`{"i":1e3}`, []string{"/i integer integer@5"}},
		{`{"u":0.5}`, []string{"/u integer integer@5"}},
		{`{"dur":1E2}`, []string{"/dur integer integer@7"}},
		// null.
		{`null`, []string{"null object@0"}},
		{`{"s":null}`, []string{"/s null string@5"}},
		{`{"i":null}`, []string{"/i null integer@5"}},
		{`{"f":null,"b":null}`, []string{"/f null number@5", "/b null boolean@14"}},
		{`{"a":null,"o":null}`, []string{"/a null array@5", "/o null object@14"}},
		{`{"l":[1,null]}`, []string{"/l/1 null integer@8"}},
		{`{"m":{"a":null}}`, []string{"/m/a null integer@10"}},
		{`{"n":null,"d":null,"t":null,"ip":null,"q":null}`, []string{"/n null number@5", "/d null string@14", "/t null string@23", "/ip null string@33", "/q null string@42"}},
		{`{"sub/~":{"k":[{"\u0063ity":null}]}}`, []string{"/sub~1~0/k/0/city null string@28"}},
		{`{"p":null,"l":null,"m":null,"k":null,"x":null,"raw":null,"mon":null,"bin":null,"big":null}`, nil},
		{`{"x":[null,{"a":null}],"raw":[null],"s":"null"}`, nil},
		// Formats.
		{`{"d":"2024-02-30"}`, []string{"/d format@5"}},
		{`{"t":"yesterday"}`, []string{"/t format@5"}},
		{`{"t":"2024-01-01 00:00:00Z"}`, []string{"/t format@5"}},
		{`{"ip":"::g"}`, []string{"/ip format@6"}},
		{`{"bin":"?"}`, []string{"/bin format@7"}},
		{`{"q":"x"}`, []string{"/q format@5"}},
		{`{"q":"1.5"}`, []string{"/q format@5"}},
		{`{"mon":"x"}`, []string{"/mon format@7"}},
		{`{"k":{"x":"a","1":2}}`, []string{"/k/x format@6", "/k/1 type string@18"}},
		// An array of another length, as encoding/json has it.
		{`{"a":[1]}`, nil},
		{`{"a":[1,2,3]}`, nil},
		{`{"a":[1,2,{"z":1,"z":2}]}`, []string{"/a/2/z duplicate_member@17"}},
		// All at once, and what is not JSON last.
		{`{"s":1,"z":0,"i":"1","l":[1,"2",3.5`, []string{"/s type string@5", "/z unknown_member@7", "/i type integer@17", "/l/1 type integer@28", "/l/2 integer integer@32", "/l truncated@35"}},
		{`{"i":null}{`, []string{"/i null integer@5", "trailing_data@10"}},
	} {
		d := mustNew[row](t, Options{})
		var v row
		faults := d.Decode([]byte(c.doc), &v)
		if c.want == nil && faults != nil || !slices.Equal(short(faults, true), c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.doc, short(faults, true), c.want)
		}
		for _, f := range faults {
			if f.Structural() != (f.Code != "format") {
				t.Errorf("%s: Structural", f.Code)
			}
		}
	}
}

func TestScalarDocuments(t *testing.T) {
	for doc, want := range map[string][]string{
		"1": nil, " 1 ": nil, "01": {"syntax@1"}, "1 2": {"trailing_data@2"}, "1.": {"truncated@2"},
		"-": {"truncated@1"}, "1x": {"syntax@1"}, "null": {"null integer@0"}, "nullx": {"null integer@0", "syntax@4"},
	} {
		var v int
		if got := short(mustNew[int](t, Options{}).Decode([]byte(doc), &v), true); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
}

// TestTenErrors: all in one pass, in the document's order, and the rest is there.
func TestTenErrors(t *testing.T) {
	doc := `{
		"paid": "yes", "id": 7, "total": "1",
		"customer": {"name": "Ada", "age": 300, "address": {"zip": 12345, "city": "London"}},
		"items": [
			{"sku": "a", "quantity": "1", "price": true},
			{"sku": null, "quantity": 2.0, "gift": 1, "colour": "red"},
			{"sku": "c", "quantity": 3}
		],
		"meta": {"a": "b"}
	}`
	o := order{ID: "left over"}
	faults := mustNew[order](t, Options{}).Decode([]byte(doc), &o)
	want := []string{
		"/paid type boolean", "/id type string", "/total type number", "/customer/age range integer",
		"/customer/address/zip type string", "/items/0/quantity type integer", "/items/0/price type number",
		"/items/1/sku null string", "/items/1/quantity integer integer", "/items/1/gift type boolean", "/items/1/colour unknown_member",
	}
	if got := short(faults, false); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	rest := order{
		Customer: customer{Name: "Ada", Address: address{City: "London"}},
		Items:    []item{{SKU: "a"}, {}, {SKU: "c", Quantity: 3}},
		Meta:     map[string]string{"a": "b"},
	}
	if !reflect.DeepEqual(o, rest) {
		t.Errorf("rest: %+v", o)
	}
	for _, f := range faults {
		if off, ok := Find([]byte(doc), f.Pointer); !ok || f.Code != Unknown && off != f.Offset {
			t.Errorf("%s: Find %d %v, fault at %d", f.Pointer, off, ok, f.Offset)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		doc  string
		want []string
	}{
		{Options{AllowUnknown: true}, `{"z":1}`, nil},
		{Options{AllowUnknown: true}, `{"z":1,"s":2}`, []string{"/s type string"}},
		{Options{AllowUnknown: true}, `{"z":1,"z":2}`, []string{"/z duplicate_member"}},
		{Options{AllowUnknown: true}, `{"z":null}`, nil},
		{Options{Null: NullPointersOnly}, `{"p":null,"x":null,"raw":null,"mon":null}`, nil},
		{Options{Null: NullPointersOnly}, `{"l":null,"m":null,"bin":null}`, []string{"/l null array", "/m null object", "/bin null string"}},
		{Options{Null: NullAnywhere}, `{"s":null,"i":null,"a":null,"o":null,"n":null,"d":null,"t":null,"q":null,"l":[null]}`, nil},
		{Options{Null: NullAnywhere}, `{"s":null,"i":""}`, []string{"/i type integer"}},
		{Options{Null: NullAnywhere}, `null`, nil},
		{Options{MaxDepth: 2}, `{"x":[]}`, nil},
		{Options{MaxDepth: 2}, `{"x":[[]]}`, []string{"/x/0 too_deep"}},
		{Options{MaxDepth: 2}, `{"x":[[}`, []string{"/x/0 too_deep"}},
		{Options{MaxDepth: 2}, `{"x":[],"l":[],"m":{},"s":"[[[{{{"}`, nil},
		{Options{MaxDepth: 2}, `{"x"[[[[`, []string{"/x syntax"}},
		{Options{MaxDepth: 2}, `{} [[[[`, []string{"trailing_data"}},
		{Options{MaxDepth: 2}, `{"s":1,"z":[[1]]}`, []string{"/s type string", "/z unknown_member", "/z/0 too_deep"}},
	} {
		var v row
		if got := short(mustNew[row](t, c.o).Decode([]byte(c.doc), &v), false); !slices.Equal(got, c.want) {
			t.Errorf("%+v %s:\n got %q\nwant %q", c.o, c.doc, got, c.want)
		}
	}
}

// moody accepts every second time.
type moody struct{ n *int }

var moods int

func (m *moody) UnmarshalJSON([]byte) error {
	if moods++; moods%2 == 1 {
		return errors.New("not today")
	}
	return nil
}

func TestNeverNil(t *testing.T) {
	var v moody
	if got := short(mustNew[moody](t, Options{}).Decode([]byte("{}"), &v), false); !slices.Equal(got, []string{"type"}) {
		t.Errorf("%q", got)
	}
}

func TestPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic for a value of another type")
		}
	}()
	mustNew[int](t, Options{}).Decode([]byte("1"), new(string))
}
