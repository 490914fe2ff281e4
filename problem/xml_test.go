package problem_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
)

const problemXML = "application/problem+xml"

// asXML is the answer to a request that wants XML.
func asXML(t testing.TB, err error) *http.Response {
	t.Helper()
	r := get()
	r.Header.Set("Accept", problemXML)
	return answerTo(t, newWriter(t, problem.Options{}), r, err)
}

// tree reads XML as RFC 9457 Appendix B has it: an element with children is an
// object, one with nothing but <i> a list, any other a text.
func tree(t testing.TB, doc string) map[string]any {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, doc)
		}
		if start, ok := token.(xml.StartElement); ok {
			eq(t, "root", start.Name, xml.Name{Space: "urn:ietf:rfc:7807", Local: "problem"})
			v := subtree(t, d)
			if token, err := d.Token(); err != nil || strings.TrimSpace(string(token.(xml.CharData))) != "" {
				t.Errorf("after the end: %v, %v", token, err)
			}
			m, _ := v.(map[string]any)
			return m
		}
	}
}

func subtree(t testing.TB, d *xml.Decoder) any {
	var content strings.Builder
	var list []any
	members, array := map[string]any{}, true
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			content.Write(token)
		case xml.StartElement:
			// "using only that namespace"
			eq(t, token.Name.Local, token.Name.Space, "urn:ietf:rfc:7807")
			eq(t, token.Name.Local+" attributes", len(token.Attr), 0)
			v := subtree(t, d)
			list, members[token.Name.Local] = append(list, v), v
			array = array && token.Name.Local == "i"
		case xml.EndElement:
			switch {
			case len(list) == 0:
				return content.String()
			case array:
				return list
			}
			return members
		default:
			t.Fatalf("%T in the document", token)
		}
	}
}

func TestRFC9457AppendixB_Example(t *testing.T) {
	res := asXML(t, outOfCredit.New("Your current balance is 30, but that costs 50.").
		WithInstance("https://example.net/account/12345/msgs/abc").With("balance", 30).
		With("accounts", []string{"https://example.net/account/12345", "https://example.net/account/67890"}))
	eq(t, "status", res.StatusCode, 403)
	eq(t, "Content-Type", res.Header.Get("Content-Type"), problemXML)
	got := body(t, res)
	eq(t, "Content-Length", res.Header.Get("Content-Length"), itoa(len(got)))
	eq(t, "declaration", strings.HasPrefix(got, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<problem xmlns"), true)
	want := tree(t, `<?xml version="1.0" encoding="UTF-8"?>
   <problem xmlns="urn:ietf:rfc:7807"><type>https://example.com/probs/out-of-credit</type>`+
		`<title>You do not have enough credit.</title>`+
		`<detail>Your current balance is 30, but that costs 50.</detail>`+
		`<instance>https://example.net/account/12345/msgs/abc</instance>`+
		`<balance>30</balance><accounts><i>https://example.net/account/12345</i>`+
		`<i>https://example.net/account/67890</i></accounts></problem>`+"\n")
	want["status"] = "403"
	if got := tree(t, got); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRFC9110Section12_5_1_XMLWhereAcceptPrefersIt(t *testing.T) {
	srv := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		newWriter(t, problem.Options{}).Write(w, r, problem.NotFound(""))
	})
	for _, tt := range []struct {
		name   string
		accept []string
		xml    bool
	}{
		{"absent", nil, false},
		{"*/*", []string{"*/*"}, false},
		{"application/*", []string{"application/*"}, false},
		{"JSON", []string{"application/json"}, false},
		{"XML", []string{problemXML}, true},
		{"case", []string{"Application/Problem+XML"}, true},
		{"a weight of its own", []string{problemXML + ";q=0.1"}, true},
		{"both: ours first", []string{problemXML + ", application/problem+json"}, false},
		{"both, with the plain type", []string{problemXML + ", application/json"}, false},
		{"XML above JSON", []string{"application/problem+json;q=0.8, " + problemXML + ";q=0.9"}, true},
		{"JSON above XML", []string{"application/problem+json;q=0.9, " + problemXML + ";q=0.8"}, false},
		{"XML above the rest", []string{problemXML + ", */*;q=0.1"}, true},
		{"the rest above XML", []string{problemXML + ";q=0.1, */*"}, false},
		{"as good as the rest", []string{problemXML + ", */*"}, false},
		{"two lines", []string{"application/xml", problemXML}, true},
		{"refused", []string{problemXML + ";q=0"}, false},
		{"JSON refused", []string{"application/problem+json;q=0, application/json;q=0, " + problemXML + ";q=0.2"}, true},
		{"JSON refused, and XML not named", []string{"application/problem+json;q=0, application/json;q=0, */*"}, false},
		{"application/xml says nothing of problems", []string{"application/xml"}, false},
		{"text/xml", []string{"text/xml"}, false},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}, false},
		{"another name", []string{"application/problem+xmlish"}, false},
		{"within a parameter", []string{`text/plain;a="problem+xml"`}, false},
		{"+ at the ends", []string{"+", "problem+", "application/problem+xm", "x+xml"}, false},
		{"malformed", []string{problemXML + ";q=2"}, false},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		req.Header["Accept"] = tt.accept
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		want, vary := "application/problem+json", ""
		if tt.xml {
			want, vary = problemXML, "Accept"
		}
		eq(t, tt.name, res.StatusCode, 404)
		eq(t, tt.name, res.Header.Get("Content-Type"), want)
		eq(t, tt.name+": Vary", res.Header.Get("Vary"), vary)
		if tt.xml {
			eq(t, tt.name, tree(t, body(t, res))["title"], any("Not Found"))
		} else {
			eq(t, tt.name, members(t, res)["title"], any("Not Found"))
		}
		res.Body.Close()
	}
}

// A problem that may be stored varies by Accept in both forms, also where the
// request had none; one that is not stored has nothing to tell a cache.
func TestRFC9110Section12_5_5_VaryOfWhatMayBeStored(t *testing.T) {
	stored := problem.Gone("").WithHeader("Cache-Control", "max-age=60")
	for _, tt := range []struct {
		name, accept, had string
		p                 *problem.Problem
		want              string
	}{
		{"JSON", "", "", problem.Gone(""), ""},
		{"JSON beside Origin", "", "Origin", problem.Gone(""), "Origin"},
		{"JSON, stored", "", "", stored, "Accept"},
		{"JSON, stored, beside Origin", "*/*", "Origin", stored, "Origin, Accept"},
		{"JSON, stored, beside itself", "", "accept", stored, "accept"},
		{"JSON, stored, beside *", "", "*", stored, "*"},
		{"JSON, said to be not stored", "", "", problem.Gone("").WithHeader("Cache-Control", "private, no-store"), ""},
		{"JSON, stored, with one of its own", "", "", stored.WithHeader("Vary", "Cookie"), "Cookie, Accept"},
		{"XML", problemXML, "", problem.Gone(""), "Accept"},
		{"XML, stored, beside Origin", problemXML, "Origin", stored, "Origin, Accept"},
	} {
		for range 3 { // also where it is kept
			h, r := http.Header{}, get()
			if tt.had != "" {
				h.Set("Vary", tt.had)
			}
			if tt.accept != "" {
				r.Header.Set("Accept", tt.accept)
			}
			send(t, newWriter(t, problem.Options{}), nowhere{h}, r, tt.p, except("stored ones are meant to be", "G19"))
			eq(t, tt.name, strings.Join(h["Vary"], ", "), tt.want)
		}
	}
}

// xmlTest has every kind of JSON value.
type xmlTest struct {
	Text    string           `json:"text"`
	Number  float64          `json:"number"`
	Large   uint64           `json:"large"`
	Yes     bool             `json:"yes"`
	Null    *int             `json:"null"`
	Empty   string           `json:"empty"`
	None    []int            `json:"none"`
	List    []any            `json:"list"`
	Nested  [][]int          `json:"nested"`
	Objects []map[string]int `json:"objects"`
}

func TestRFC9457AppendixB_Values(t *testing.T) {
	res := asXML(t, problem.Conflict("").With("member", xmlTest{
		Text: `a < b & "c" > 'd' ]]>`, Number: 1e21, Large: 1<<64 - 1, Yes: true, None: []int{},
		List: []any{"a", nil, 2, false}, Nested: [][]int{{1, 2}, {3}}, Objects: []map[string]int{{"a": 1, "b": 2}},
	}))
	got := tree(t, body(t, res))["member"]
	want := map[string]any{
		"text": `a < b & "c" > 'd' ]]>`, "number": "1e+21", "large": "18446744073709551615", "yes": "true",
		"empty": "", "none": "", // nothing tells an empty list from an empty text
		"list": []any{"a", "", "2", "false"}, "nested": []any{[]any{"1", "2"}, []any{"3"}},
		"objects": []any{map[string]any{"a": "1", "b": "2"}},
	}
	if !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	res = asXML(t, problem.Invalid(problem.Item{Detail: "must be at most 64.", Pointer: "#/a", Code: "max", Params: map[string]any{"max": 64}}))
	if got, want := tree(t, body(t, res))["errors"], any([]any{map[string]any{
		"detail": "must be at most 64.", "pointer": "#/a", "code": "max", "params": map[string]any{"max": "64"}}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// "they will need to conform to the Name rule" (§3.2): those of nested objects
// are anything that Go can write.
func TestRFC9457Section3_2_NamesInXML(t *testing.T) {
	for name, want := range map[string]string{
		"balance": "balance", "Balance_2": "Balance_2", "a-b.c": "a-b.c", "_a": "_a", "ab_x": "ab_x005F_x", "ii": "ii",
		"a b": "a_x0020_b", "1a": "_x0031_a", "-a": "_x002D_a", ".a": "_x002E_a", "a:b": "a_x003A_b", "<": "_x003C_",
		"é": "_x00E9_", "😀": "_x0001F600_", "i": "_x0069_", "xmlns": "_x0078_mlns", "XMLa": "_x0058_MLa", "xm": "xm",
		"a_x0020_b": "a_x005F_x0020_b", "": "_", "a\x00": "a_x0000_", "]]>": "_x005D__x005D__x003E_",
	} {
		got := tree(t, body(t, asXML(t, problem.Conflict("").With("member", map[string]string{name: "v"}))))["member"]
		if want := any(map[string]any{want: "v"}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
	// At the top level all that With takes is a name, but what XML reserves.
	got := tree(t, body(t, asXML(t, problem.Conflict("").With("xmlns", "v"))))
	eq(t, "xmlns", got["_x0078_mlns"], any("v"))
}

// XML 1.0 §2.2: what is no character there is replaced.
func TestXML10Section2_2_Characters(t *testing.T) {
	var all strings.Builder
	for c := range rune(0x100) {
		all.WriteRune(c)
	}
	all.WriteString("\ufffe\uffff\u2028\U0010ffff\xff")
	got := body(t, asXML(t, problem.Conflict(all.String()).With("member", all.String())))
	for _, c := range got {
		if c < 0x20 && c != '\n' || c == 0xfffe || c == 0xffff {
			t.Errorf("%U is in the document", c)
		}
	}
	value, _ := tree(t, got)["member"].(string)
	for _, want := range []string{"\ufffd\ufffd\t\n\ufffd\ufffd\r\ufffd", "<=>?", "\u2028\U0010ffff\ufffd"} {
		if !strings.Contains(value, want) {
			t.Errorf("%q is not in %q", want, value)
		}
	}
}

// What is kept of the JSON form is not sent as XML, nor the other way round.
func TestBothFormsOfOneProblem(t *testing.T) {
	p := problem.NotFound("d")
	w := newWriter(t, problem.Options{})
	for i := range 8 {
		r := get()
		if i%3 == 1 {
			r.Header.Set("Accept", problemXML)
		}
		res := answerTo(t, w, r, p)
		b := body(t, res)
		eq(t, "length", res.Header.Get("Content-Length"), itoa(len(b)))
		eq(t, "form", strings.HasPrefix(b, "<?xml"), i%3 == 1)
		eq(t, "type", res.Header.Get("Content-Type") == problemXML, i%3 == 1)
	}
}

func TestXMLOfHEADAndOf500(t *testing.T) {
	w, log := logged(t, problem.Options{})
	r := get()
	r.Method = "HEAD"
	r.Header.Set("Accept", problemXML)
	res := answerTo(t, w, r, problem.NotFound(""))
	eq(t, "Content-Type", res.Header.Get("Content-Type"), problemXML)
	eq(t, "body", body(t, res), "")
	eq(t, "has a length", res.Header.Get("Content-Length") != "0", true)

	canary := problemtest.NewCanary()
	for name, err := range map[string]error{
		"unknown":        canary,
		"unencodable":    problem.NotFound(canary.Error()).With("first", canary.Error()).With("second", unencodable{canary}),
		"a bad instance": fmt.Errorf("%w", problem.NotFound("").WithInstance(canary.Error()+" x")),
	} {
		log.records = nil
		r := get()
		r.Header.Set("Accept", problemXML)
		res := answerTo(t, w, r, err)
		eq(t, name, res.StatusCode, 500)
		eq(t, name, res.Header.Get("Content-Type"), problemXML)
		canary.WantAbsent(t, res)
		eq(t, name, tree(t, body(t, res))["instance"], log.one(t).attrs["instance"])
	}
}

// Any member makes a document that a parser takes, with the same texts.
func FuzzXML(f *testing.F) {
	for _, s := range []string{`{"a":[1,"b",null,{"i":true}]}`, `[[],{},""]`, `"\u0000<&>\ud800"`, `{"":{"xml":1},"i":[1],"_x0041_":2}`, `1e400`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			t.Skip()
		}
		doc := body(t, asXML(t, problem.Conflict(s).With("member", v)))
		tree(t, doc)
		d := xml.NewDecoder(strings.NewReader(doc))
		var texts []string
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if c, ok := token.(xml.CharData); ok {
				texts = append(texts, string(c))
			}
		}
		for _, want := range leaves(v) {
			if !slices.Contains(texts, want) {
				t.Errorf("%q is not in %q", want, texts)
			}
		}
	})
}

// leaves are the texts in v that XML can hold.
func leaves(v any) (all []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			all = append(all, leaves(e)...)
		}
	case map[string]any:
		for _, e := range v {
			all = append(all, leaves(e)...)
		}
	case string:
		if v != "" && !strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r == 0xfffe || r == 0xffff }) {
			all = append(all, v)
		}
	}
	return all
}
