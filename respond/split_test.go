package respond_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// date is a string of a format: it has UnmarshalText.
type date time.Time

func (d *date) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	*d = date(t)
	return err
}

type splitItem struct {
	SKU string  `json:"sku" validate:"required,len=6"`
	N   int8    `json:"n" validate:"gte=0,lte=100"`
	P   float32 `json:"p"`
}

type splitOrder struct {
	Ref   string            `json:"ref" validate:"required,max=10"`
	Qty   uint              `json:"qty"`
	On    bool              `json:"on"`
	Any   any               `json:"any"`
	Tags  []string          `json:"tags" validate:"max=2,dive,min=2"`
	Attr  map[string]string `json:"attr" validate:"dive,email"`
	Buyer *splitBuyer       `json:"buyer"`
	Items []splitItem       `json:"items" validate:"dive"`
	Lines []any             `json:"lines"`
	When  time.Time         `json:"when"`
	From  date              `json:"from"`
	Until date              `json:"until" validate:"omitempty,gtfield=From"`
	Size  string            `json:"size" validate:"omitempty,oneof=s m l"`
}

type splitBuyer struct {
	Mail string `json:"mail" validate:"required,email"`
}

// splitNeed has required members of types that have a nil.
type splitNeed struct {
	P *int           `json:"p" validate:"required"`
	S []int          `json:"s" validate:"required"`
	M map[string]int `json:"m" validate:"required"`
	Z int            `json:"z" validate:"required"`
}

// splitLevel has a struct-level rule.
type splitLevel struct {
	A int `json:"a"`
	B int `json:"b"`
}

// splitMethod has its rule in a method.
type splitMethod struct {
	A    int    `json:"a" validate:"lte=9"`
	Mode string `json:"mode"`
}

func (m *splitMethod) Validate() error {
	switch m.Mode {
	case "items":
		var errs problem.Items
		errs.Add("odd", "must be even.", "a")
		return errs.Err()
	case "plain":
		return errors.New("s3cr3t of the domain")
	case "problem":
		return problem.Conflict("It is taken.")
	}
	return nil
}

// marker is what the client sends and must not get back.
const marker = "s3cr3t"

// splitRows are the rows of "The split between 400 and 422" in the
// specification of problems. A body of "" is sent without Content-Length.
var splitRows = []struct {
	name, path, body string
	status           int
	errors           string // "pointer code", joined by ", "
}{
	{"fine", "/order", `{"ref":"a","items":[{"sku":"AB-123","n":1,"p":1.5}],"when":"2027-01-04T00:00:00Z"}`, 201, ""},

	// Cannot be parsed: 400.
	{"white space", "/order", " \n", 400, "# empty"},
	{"no JSON", "/order", `s3cr3t`, 400, "# syntax"},
	{"broken within", "/order", `{"ref":"s3cr3t","qty":+1}`, 400, "#/qty syntax"},
	{"truncated", "/order", `{"ref":"s3cr3t","items":[{"sku":"AB`, 400, "#/items/0/sku truncated"},
	{"truncated between", "/order", `{"ref":"s3cr3t"`, 400, "# truncated"},
	{"trailing data", "/order", `{"ref":"s3cr3t"} {}`, 400, "# trailing_data"},
	{"trailing bracket", "/order", `{"ref":"s3cr3t"}]`, 400, "# trailing_data"},
	{"invalid UTF-8", "/order", "{\"ref\":\"s3cr3t\xff\"}", 400, "#/ref invalid_utf8"},
	{"lone surrogate", "/order", `{"ref":"s3cr3t\ud800"}`, 400, "#/ref invalid_utf8"},
	{"low surrogate first", "/order", `{"ref":"\udc00\ud800s3cr3t"}`, 400, "#/ref invalid_utf8"},
	{"byte order mark", "/order", "\ufeff" + `{"ref":"s3cr3t"}`, 400, "# syntax"},
	{"duplicate", "/order", `{"ref":"s3cr3t","ref":"b"}`, 400, "#/ref duplicate_member"},
	{"duplicate by escape", "/order", `{"ref":"s3cr3t","r\u0065f":"b"}`, 400, "#/ref duplicate_member"},
	{"duplicate deep inside", "/order", `{"ref":"s3cr3t","any":{"x":[{"a":1,"a":2}]}}`, 400, "#/any/x/0/a duplicate_member"},
	{"nested 10,000 deep", "/order", `{"ref":"s3cr3t","any":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`, 400, "#/any" + strings.Repeat("/0", 97) + "/ too_deep"},
	{"nested and cut", "/order", strings.Repeat("[", 100000), 400, "#" + strings.Repeat("/0", 99) + "/ too_deep"},
	{"1e400 for any", "/order", `{"ref":"s3cr3t","any":1e400}`, 400, "#/any range"},
	{"100,000 digits for any", "/order", `{"ref":"s3cr3t","any":` + strings.Repeat("9", 100000) + `}`, 400, "#/any range"},
	{"100,000 digits for an integer", "/order", `{"ref":"s3cr3t","qty":` + strings.Repeat("9", 100000) + `}`, 400, "#/qty range"},
	{"100,000 digits for a string", "/order", `{"ref":` + strings.Repeat("9", 100000) + `}`, 400, "#/ref type"},

	// Of the wrong type or range: 400, each of them listed.
	{"wrong types", "/order", `{"ref":1,"qty":"s3cr3t","on":0,"tags":{},"attr":[],"buyer":"s3cr3t","items":[1,{"sku":true,"n":"x","p":[]}],"when":1,"from":2}`, 400,
		"#/ref type, #/qty type, #/on type, #/tags type, #/attr type, #/buyer type, #/items/0 type, #/items/1/sku type, #/items/1/n type, #/items/1/p type, #/when type, #/from type"},
	{"root of the wrong type", "/order", `["s3cr3t"]`, 400, "# type"},
	{"out of range", "/order", `{"ref":"a","qty":-1,"items":[{"sku":"s3cr3t","n":128,"p":1e39}]}`, 400, "#/qty range, #/items/0/n range, #/items/0/p range"},
	{"1e400 for a float", "/order", `{"ref":"a","items":[{"sku":"s3cr3t","p":1e400}]}`, 400, "#/items/0/p range"},
	{"fraction", "/order", `{"ref":"s3cr3t","qty":1.5}`, 400, "#/qty integer"},
	{"2.0", "/order", `{"ref":"s3cr3t","qty":2.0}`, 400, "#/qty integer"},
	{"1e2", "/order", `{"ref":"s3cr3t","qty":1e2}`, 400, "#/qty integer"},
	{"null", "/order", `{"ref":null,"qty":null,"items":[null,{"sku":null}],"when":null,"from":null,"size":"s3cr3t"}`, 400,
		"#/ref null, #/qty null, #/items/0 null, #/items/1/sku null, #/when null, #/from null, #/size oneof"},
	{"null where there is a nil", "/order", `{"ref":"a","any":null,"tags":null,"attr":null,"buyer":null,"items":null}`, 201, ""},
	{"null as the whole", "/order", `null`, 400, "# null"},

	// Unknown: 400.
	{"unknown", "/order", `{"s3":1,"ref":"s3cr3t","items":[{"sku":"AB-123","x":{"y":1}}]}`, 400, "#/s3 unknown_member, #/items/0/x unknown_member"},
	{"another case", "/order", `{"Ref":"s3cr3t"}`, 400, "# required_ref, #/Ref unknown_member"},
	{"unknown, let pass", "/lenient", `{"x":"s3cr3t","ref":"a","items":[{"sku":"AB-123","x":{"y":1}}]}`, 201, ""},

	// Required: absent 400, there and empty 422.
	{"absent", "/order", `{"size":"m"}`, 400, "#/ref required"},
	{"absent in an element", "/order", `{"ref":"a","items":[{"sku":"AB-123"},{"n":1}]}`, 400, "#/items/1/sku required"},
	{"absent in a pointer", "/order", `{"ref":"a","buyer":{}}`, 400, "#/buyer/mail required"},
	{"empty", "/order", `{"ref":""}`, 422, "#/ref required"},
	{"empty in an element", "/order", `{"ref":"a","items":[{"sku":""}]}`, 422, "#/items/0/sku required"},
	{"absent and empty", "/order", `{"ref":"","items":[{}]}`, 400, "#/ref required, #/items/0/sku required"},
	{"zero, null and absent", "/need", `{"z":0,"p":null,"s":[]}`, 400, "#/m required, #/z required, #/p required"},
	{"zero and null", "/need", `{"z":0,"p":null,"s":null,"m":null}`, 422, "#/z required, #/p required, #/s required, #/m required"},
	{"pointer to zero", "/need", `{"z":1,"p":0,"s":[],"m":{}}`, 201, ""},

	// Not of its format: 422.
	{"no date", "/order", `{"ref":"a","from":"s3cr3t"}`, 422, "#/from format"},
	{"no time", "/order", `{"ref":"a","when":"s3cr3t"}`, 422, "#/when format"},
	{"empty date", "/order", `{"ref":"a","from":""}`, 422, "#/from format"},

	// Other rules: 422.
	{"max", "/order", `{"ref":"s3cr3ts3cr3t"}`, 422, "#/ref max"},
	{"in lists and maps", "/order", `{"ref":"a","tags":["s3cr3t","x"],"attr":{"b":"s3cr3t","a/~":"s3cr3t"},"items":[{"sku":"s3cr3t!"}]}`, 422,
		"#/tags/1 min, #/attr/b email, #/attr/a~1~0 email, #/items/0/sku len"},
	{"in the document's order", "/order", `{"size":"s3cr3t","items":[{"n":101,"sku":"s3cr3t!"}],"ref":"s3cr3ts3cr3t"}`, 422,
		"#/size oneof, #/items/0/n lte, #/items/0/sku len, #/ref max"},
	{"two members", "/order", `{"ref":"a","from":"2027-01-08","until":"2027-01-04"}`, 422, "#/until gtfield"},
	{"struct-level", "/level", `{"a":2,"b":1}`, 422, "#/b after_a"},
	{"Validate", "/method", `{"a":1,"mode":"items"}`, 422, "#/a odd"},
	{"Validate and a tag", "/method", `{"a":11,"mode":"items"}`, 422, "#/a lte, #/a odd"},
	{"Validate without a place", "/method", `{"a":1,"mode":"plain"}`, 422, "# validate"},
	{"Validate of its own mind", "/method", `{"a":1,"mode":"problem"}`, 409, ""},

	// Both kinds at once: 400, and all are listed.
	{"both kinds", "/order", `{"size":"s3cr3t","qty":-1,"x":0,"items":[{"sku":"s3cr3t!","n":1.5}],"until":"s3cr3t"}`, 400,
		"# required_ref, #/size oneof, #/qty range, #/x unknown_member, #/items/0/sku len, #/items/0/n integer, #/until format"},
	{"both kinds, Validate", "/method", `{"x":1,"mode":"items","a":2}`, 400, "#/x unknown_member, #/a odd"},
	{"unreadable, no rule about it", "/order", `{"ref":5,"items":[{"sku":7,"n":"s3cr3t"}],"tags":["s3cr3t",1]}`, 400, "#/ref type, #/items/0/sku type, #/items/0/n type, #/tags/1 type"},
	{"a format and a rule", "/order", `{"ref":"s3cr3ts3cr3t","from":"s3cr3t"}`, 422, "#/ref max, #/from format"},
}

func newSplitService(t *testing.T) (http.Handler, *logBook) {
	t.Helper()
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterStructValidation(func(sl validator.StructLevel) {
		if l := sl.Current().Interface().(splitLevel); l.B < l.A {
			sl.ReportError(l.B, "b", "B", "after_a", "")
		}
	}, splitLevel{})
	api, book := newAPI(t, respond.Options{})
	mux := http.NewServeMux()
	handleDecode(mux, api, "/order", respond.Must(respond.NewDecoder[splitOrder](respond.DecodeOptions{})))
	handleDecode(mux, api, "/lenient", respond.Must(respond.NewDecoder[splitOrder](respond.DecodeOptions{AllowUnknown: true})))
	handleDecode(mux, api, "/need", respond.Must(respond.NewDecoder[splitNeed](respond.DecodeOptions{})))
	handleDecode(mux, api, "/level", respond.Must(respond.NewDecoder[splitLevel](respond.DecodeOptions{Validator: v})))
	handleDecode(mux, api, "/method", respond.Must(respond.NewDecoder[splitMethod](respond.DecodeOptions{})))
	return api.Wrap(mux), book
}

// handleDecode mounts a handler that does nothing but decode.
func handleDecode[T any](mux *http.ServeMux, api *respond.API, path string, d *respond.Decoder[T]) {
	h := api.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := d.Decode(r); err != nil {
			return respond.Fail(err)
		}
		return respond.Created(path+"/1", nil), nil
	})
	for _, method := range []string{"POST", "PUT", "PATCH", "QUERY"} {
		mux.Handle(method+" "+path, h)
	}
}

func TestSplit(t *testing.T) {
	service, book := newSplitService(t)
	addr := startServer(t, service, book)
	for _, row := range splitRows {
		t.Run(row.name, func(t *testing.T) {
			book.worst()
			checkRow(t, addr, request("POST", row.path, row.body, jsonField), row.status, row.errors)
			checkRow(t, addr, chunked("POST", row.path, row.body, jsonField), row.status, row.errors)
			if level := book.worst(); level > slog.LevelInfo {
				t.Errorf("a mistake of the client is logged at %v", level)
			}
		})
	}
}

// checkRow sends a request and compares status, type and errors.
func checkRow(t *testing.T, addr, raw string, status int, want string) {
	t.Helper()
	res, body := exchangeRaw(t, addr, raw, false)
	if res.StatusCode != status {
		t.Fatalf("the status is %d, want %d: %s", res.StatusCode, status, cut(body))
	}
	head := new(strings.Builder)
	_ = res.Header.Write(head)
	if strings.Contains(body, marker) || strings.Contains(head.String(), marker) {
		t.Errorf("the answer holds what the client sent: %s%s", head, cut(body))
	}
	if status < 400 {
		return
	}
	typ, errs := wantProblem(t, res, body)
	if wantType := map[int]string{400: "invalid-request", 422: "invalid-content"}[status]; wantType != "" && typ != wantType {
		t.Errorf("the type is %q, want %q", typ, wantType)
	}
	// A required member that is absent stands where the object around it does.
	want = strings.ReplaceAll(want, "# required_ref", "#/ref required")
	if got := strings.Join(errs, ", "); got != want {
		t.Errorf("the errors are\n%s, want\n%s", cut(got), cut(want))
	}
}

func cut(s string) string { return s[:min(len(s), 1000)] }

// Requests do not see one another: a buffer that is used again is in no answer
// and no log record of the one before.
func TestSplitConcurrently(t *testing.T) {
	service, book := newSplitService(t)
	h := checked(t, service)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			own := "client" + strconv.Itoa(i)
			doc := strings.ReplaceAll(`{"size":"OWN","qty":"OWN","OWN":1,"from":"OWN","any":"`+strings.Repeat("x", i*1000)+`"}`, "OWN", own)
			for range 50 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, jsonRequestTo("/order", doc))
				body := w.Body.String()
				if w.Code != 400 || strings.Count(body, "client") != 1 || !strings.Contains(body, `"#/`+own+`"`) {
					t.Errorf("%d %s", w.Code, body)
					return
				}
			}
		})
	}
	wait.Wait()
	for line := range strings.Lines(book.String()) {
		i := strings.Index(line, "client")
		if i < 0 || strings.Count(line, "client") != strings.Count(line, line[i:i+len("client0")]) {
			t.Fatalf("a record mixes clients: %s", line)
		}
	}
}

// No content at all: 400, whatever its Content-Type.
func TestSplitNoContent(t *testing.T) {
	service, book := newSplitService(t)
	addr := startServer(t, service, book)
	for _, fields := range [][]string{nil, {jsonField}, {"Content-Type: text/plain"}, {"Content-Type: "}} {
		for _, raw := range []string{
			request("POST", "/order", "", fields...),
			request("POST", "/order", "", append(fields, "Content-Length: 0")...),
			chunked("POST", "/order", "", fields...),
		} {
			checkRow(t, addr, raw, 400, "# empty")
		}
	}
	if level := book.worst(); level > slog.LevelInfo {
		t.Errorf("logged at %v", level)
	}
}

// A thousand errors are listed, and no more; the time for them grows with the
// content and not with its square.
func TestSplitManyErrors(t *testing.T) {
	service, book := newSplitService(t)
	addr := startServer(t, service, book)
	attr := new(strings.Builder)
	for i := range 20000 {
		attr.WriteString(`,"` + strings.Repeat("].[", 5) + strconv.Itoa(i) + `":"s3cr3t"`)
	}
	for name, body := range map[string]string{
		"absent members": `{"ref":"a","items":[{}` + strings.Repeat(",{}", 50000) + `]}`,
		"in a map":       `{"ref":"a","attr":{` + attr.String()[1:] + `}}`,
		"unknown":        `{"ref":"a","items":[{"x":1}` + strings.Repeat(`,{"x":1}`, 50000) + `]}`,
	} {
		res, answer := exchangeRaw(t, addr, request("POST", "/order", body, jsonField), false)
		_, errs := wantProblem(t, res, answer)
		if len(errs) != 1000 {
			t.Errorf("%s: %d errors are listed, want 1000", name, len(errs))
		}
	}
}
