package respond_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

var cursorKey = bytes.Repeat([]byte("k1"), 16)

// cursorAt is a position of several types.
type cursorAt struct {
	Number int64     `json:"n"`
	Small  uint8     `json:"s,omitempty"`
	Name   string    `json:"name,omitempty"`
	At     time.Time `json:"at"`
	Back   bool      `json:"b,omitempty"`
	Ratio  float64   `json:"r,omitempty"`
	Path   []string  `json:"p,omitempty"`
}

func cursorsOf[P any](t testing.TB, o respond.CursorOptions) *respond.Cursors[P] {
	t.Helper()
	c, err := respond.NewCursors[P](cursorKey, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func cursorRequest(target string) *http.Request { return httptest.NewRequest("GET", target, nil) }

func cursorSeal[P any](t testing.TB, c *respond.Cursors[P], target string, position P) string {
	t.Helper()
	text, err := c.Seal(cursorRequest(target), position)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// cursorWith appends parameters to the query of a target.
func cursorWith(target, pairs string) string {
	if strings.Contains(target, "?") {
		return target + "&" + pairs
	}
	return target + "?" + pairs
}

// cursorRefused fails unless err is a 400 that says what is wrong about the
// parameter, and repeats nothing of secret.
func cursorRefused(t testing.TB, err error, want, secret string) {
	t.Helper()
	p, ok := err.(*problem.Problem)
	if !ok || p.Status() != 400 || p.Type() != problem.InvalidRequest {
		t.Fatalf("%v, want a 400 of the type invalid-request", err)
	}
	items := p.Errors()
	if len(items) != 1 || items[0].Parameter+" "+items[0].Code != want || items[0].Detail == "" {
		t.Errorf("the errors are %+v, want one: %s", items, want)
	}
	if body, _ := json.Marshal(p); secret != "" && strings.Contains(string(body), secret) {
		t.Errorf("the value is repeated: %s", body)
	}
}

func TestCursorRoundTrip(t *testing.T) {
	c := cursorsOf[cursorAt](t, respond.CursorOptions{})
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		letters := []rune("aZ0 \"\\/&=%#;+?\u00e4\u20ac\U0001F600\x00\n")
		b := make([]rune, random.IntN(20))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	for range 2000 {
		want := cursorAt{
			Number: int64(random.Uint64()), Small: uint8(random.Uint32()), Name: text(), Back: random.IntN(2) == 0, Ratio: random.NormFloat64(),
			At: time.Unix(random.Int64N(1<<33), random.Int64N(1e9)).In(time.FixedZone("", 60*random.IntN(600))),
		}
		if random.IntN(2) == 0 {
			want.Path = []string{text(), text()}
		}
		query := url.Values{"customer": {strings.ReplaceAll(text(), "\x00", "")}, "limit": {strconv.Itoa(random.IntN(100))}}
		target := "/" + url.PathEscape(text()) + "?" + query.Encode()
		sealed := cursorSeal(t, c, target, want)
		if strings.Trim(sealed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("RFC 3986 §2.3: a cursor of other than unreserved characters: %q", sealed)
		}
		got, ok, err := c.Open(cursorRequest(cursorWith(target, "cursor="+sealed)))
		if err != nil || !ok {
			t.Fatalf("%v %v: %s", ok, err, target)
		}
		if !got.At.Equal(want.At) {
			t.Fatalf("the time is %v, want %v", got.At, want.At)
		}
		got.At, want.At = time.Time{}, time.Time{}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
	}
}

func TestCursorOpenWithout(t *testing.T) {
	c := cursorsOf[int](t, respond.CursorOptions{})
	got, ok, err := c.Open(cursorRequest("/orders?limit=2"))
	if got != 0 || ok || err != nil {
		t.Errorf("%v %v %v, want the beginning", got, ok, err)
	}
}

// cursorOpens tells whether a text opens as the cursor of /orders.
func cursorOpens(t testing.TB, c *respond.Cursors[cursorAt], text string) bool {
	t.Helper()
	got, ok, err := c.Open(cursorRequest("/orders?cursor=" + url.QueryEscape(text)))
	if err != nil {
		cursorRefused(t, err, "cursor cursor", "")
		if ok || !reflect.DeepEqual(got, cursorAt{}) {
			t.Errorf("a refused cursor leaves %v %+v", ok, got)
		}
		return false
	}
	return ok
}

func TestCursorTampered(t *testing.T) {
	c := cursorsOf[cursorAt](t, respond.CursorOptions{})
	for _, position := range []cursorAt{{Number: 1}, {Number: 12}, {Number: 123}} { // of each length modulo 3
		sealed := cursorSeal(t, c, "/orders", position)
		if !cursorOpens(t, c, sealed) {
			t.Fatal("the cursor itself does not open")
		}
		data, err := base64.RawURLEncoding.DecodeString(sealed)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(data) {
			flipped := slices.Clone(data)
			flipped[bit/8] ^= 1 << (bit % 8)
			if cursorOpens(t, c, base64.RawURLEncoding.EncodeToString(flipped)) {
				t.Errorf("opens with bit %d flipped", bit)
			}
		}
		for i := range len(sealed) {
			if cursorOpens(t, c, sealed[:i]) {
				t.Errorf("opens cut to %d characters", i)
			}
			if i > 0 && cursorOpens(t, c, sealed[i:]) {
				t.Errorf("opens without its first %d characters", i)
			}
		}
		for b := range 256 { // other characters: RFC 4648 §3.3, and trailing bits (§3.5)
			char := string([]byte{byte(b)})
			if b > 127 || b == 0 {
				continue // refused as text, elsewhere
			}
			for i := range len(sealed) {
				if sealed[i] != byte(b) && cursorOpens(t, c, sealed[:i]+char+sealed[i+1:]) {
					t.Errorf("opens with %q in place of character %d", char, i)
				}
			}
			for _, i := range []int{0, 1, len(sealed) / 2, len(sealed) - 1, len(sealed)} {
				if cursorOpens(t, c, sealed[:i]+char+sealed[i:]) {
					t.Errorf("opens with %q put in at %d", char, i)
				}
			}
		}
		for _, more := range []string{"=", "==", "AA", sealed} {
			if cursorOpens(t, c, sealed+more) {
				t.Errorf("opens with %q behind it", more)
			}
		}
	}
}

func FuzzCursorOpen(f *testing.F) {
	c := cursorsOf[cursorAt](f, respond.CursorOptions{})
	sealed := cursorSeal(f, c, "/orders?customer=ana", cursorAt{Number: 7})
	f.Add("customer=ana&cursor=" + sealed)
	f.Add("cursor=" + sealed)
	f.Add("cursor=" + sealed + "&customer=ana;x")
	f.Add("customer=%zz&cursor=" + sealed)
	f.Add("c%75rsor=" + sealed[:20] + "%0a" + sealed[20:] + "&customer=an%61")
	f.Add("cursor=AQ&limit=1&customer=ana&customer=ana")
	f.Fuzz(func(t *testing.T, query string) {
		r := cursorRequest("/orders")
		r.URL.RawQuery = query
		got, ok, err := c.Open(r)
		switch {
		case err != nil:
			if p, is := err.(*problem.Problem); !is || p.Status() != 400 || ok {
				t.Fatalf("%v %v", ok, err)
			}
		case ok:
			values, err := url.ParseQuery(query)
			delete(values, "limit")
			want := url.Values{"customer": {"ana"}, "cursor": {sealed}}
			if err != nil || !reflect.DeepEqual(values, want) || got.Number != 7 {
				t.Fatalf("%+v was opened, which was never sealed: %q", got, query)
			}
		}
	})
}

// TestCursorForm holds the form fast, as clients have cursors when the service
// is changed: base64url of the version, the JSON, and 16 bytes of HMAC-SHA256
// over the hash of both and what they are bound to.
func TestCursorForm(t *testing.T) {
	c := cursorsOf[cursorAt](t, respond.CursorOptions{Bind: func(r *http.Request) string { return r.Host }})
	seal := func(version byte, data string) string {
		sealed := append([]byte{version}, data...)
		sum := sha256.Sum256(sealed)
		mac := hmac.New(sha256.New, cursorKey)
		mac.Write(sum[:])
		mac.Write([]byte("/a%2Fb/caf%C3%A9?customer=an+a&tag=2&tag=1#example.com"))
		return base64.RawURLEncoding.EncodeToString(append(sealed, mac.Sum(nil)[:16]...))
	}
	const target = "/a%2fb/caf%c3%a9?tag=2&customer=an%20a&tag=1&limit=3"
	const data = `{"n":7,"at":"0001-01-01T00:00:00Z"}`
	if got := cursorSeal(t, c, target, cursorAt{Number: 7}); got != seal(1, data) {
		t.Errorf("the cursor is %s, want %s", got, seal(1, data))
	}
	for _, row := range []struct {
		name, cursor string
		ok           bool
	}{
		{"as it is", seal(1, data), true},
		{"version 0", seal(0, data), false},
		{"version 2", seal(2, data), false},
		{"JSON of another type", seal(1, `{"n":"7"}`), false},
		{"half a position, and then another type", seal(1, `{"n":7,"name":7}`), false},
		{"no JSON", seal(1, ``), false},
	} {
		got, ok, err := c.Open(cursorRequest(target + "&cursor=" + row.cursor))
		if ok != row.ok || row.ok && got.Number != 7 || !row.ok && got.Number != 0 {
			t.Errorf("%s: %+v %v %v", row.name, got, ok, err)
		}
		if !row.ok {
			cursorRefused(t, err, "cursor cursor", row.cursor)
		}
	}
}

func TestCursorBound(t *testing.T) {
	plain := respond.CursorOptions{}
	who := respond.CursorOptions{Bind: func(r *http.Request) string { u, _, _ := r.BasicAuth(); return u }}
	none := respond.CursorOptions{Free: []string{}}
	both := respond.CursorOptions{Free: []string{"limit", "fields"}, Parameter: "page[after]"}
	for _, row := range []struct {
		name     string
		o        respond.CursorOptions
		from, to string
		ok       bool
	}{
		{"the same", plain, "/orders?customer=ana&tag=1", "/orders?customer=ana&tag=1", true},
		{"another order", plain, "/orders?customer=ana&tag=1", "/orders?tag=1&customer=ana", true},
		{"another order of one name", plain, "/orders?tag=1&tag=2", "/orders?tag=2&tag=1", false}, // sort=a&sort=b has a meaning
		{"RFC 3986 §6.2.2.2: another encoding", plain, "/orders?customer=ana%20b", "/orders?%63ustomer=%61na+b", true},
		{"RFC 3986 §6.2.2.1: hex in another case", plain, "/orders?customer=%C3%A4", "/orders?customer=%c3%a4", true},
		{"an empty pair", plain, "/orders?customer=ana", "/orders?&&customer=ana&", true},
		{"empty and absent value", plain, "/orders?open", "/orders?open=", true},
		{"another value", plain, "/orders?customer=ana", "/orders?customer=bob", false},
		{"another case of a value", plain, "/orders?customer=ana", "/orders?customer=Ana", false},
		{"another case of a name", plain, "/orders?customer=ana", "/orders?Customer=ana", false},
		{"a parameter more", plain, "/orders", "/orders?customer=ana", false},
		{"an empty parameter more", plain, "/orders", "/orders?customer=", false},
		{"a parameter less", plain, "/orders?customer=ana", "/orders", false},
		{"a value more", plain, "/orders?customer=ana", "/orders?customer=ana&customer=ana", false},
		{"a name that holds another parameter", plain, "/orders?a=1&b=2", "/orders?a=1%26b%3D2", false},
		{"another limit", plain, "/orders?limit=2", "/orders?limit=20", true},
		{"no limit any more", plain, "/orders?limit=2", "/orders", true},
		{"a limit twice", plain, "/orders", "/orders?limit=2&limit=3", true}, // for who reads it to refuse
		{"nothing is free", none, "/orders?limit=2", "/orders?limit=20", false},
		{"two are free", both, "/orders?limit=2&fields=id", "/orders?fields=total", true},
		{"the usual name is bound where another is used", both, "/orders", "/orders?cursor=x", false},
		{"another path", plain, "/orders", "/exports", false},
		{"a path below", plain, "/orders", "/orders/", false},
		{"another case of the path", plain, "/orders", "/Orders", false},
		{"RFC 3986 §6.2.2.2: a path encoded otherwise", plain, "/~ana/%C3%A4;v=1", "/%7eana/%c3%a4%3Bv=1", true},
		{"RFC 3986 §2.2: a slash in a segment", plain, "/a%2Fb", "/a/b", false},
		{"a question mark in a segment", plain, "/a%3Fb=1", "/a?b=1", false},
		{"RFC 9110 §4.2.3: an absolute target", plain, "/orders", "http://example.com/orders", true},
		{"another host", plain, "http://a.example/orders", "http://b.example/orders", true}, // unless Bind says so
		{"who asks", who, "http://ana:x@example.com/orders", "http://ana:y@example.com/orders", true},
		{"someone else", who, "http://ana:x@example.com/orders", "http://bob:x@example.com/orders", false},
		{"nobody", who, "http://ana:x@example.com/orders", "/orders", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := cursorsOf[int](t, row.o)
			parameter := "cursor"
			if row.o.Parameter != "" {
				parameter = row.o.Parameter
			}
			request := func(target string) *http.Request {
				r := cursorRequest(target)
				if user := r.URL.User; user != nil {
					r.SetBasicAuth(user.Username(), "")
				}
				return r
			}
			sealed, err := c.Seal(request(row.from), 7)
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := c.Open(request(cursorWith(row.to, url.QueryEscape(parameter)+"="+sealed)))
			if !row.ok {
				cursorRefused(t, err, parameter+" cursor", sealed)
				return
			}
			if err != nil || !ok || got != 7 {
				t.Errorf("%d %v %v", got, ok, err)
			}
		})
	}
}

// What url.URL.Query drops must not be a way around the binding.
func TestCursorMalformedQuery(t *testing.T) {
	c := cursorsOf[int](t, respond.CursorOptions{})
	sealed := cursorSeal(t, c, "/orders", 7)
	for _, row := range []struct{ name, query, want string }{
		{"RFC 3986 §2.1: no hex", "customer=%zz", "customer syntax"},
		{"RFC 3986 §2.1: cut", "customer=ana%", "customer syntax"},
		{"a semicolon", "customer=ana;x", " syntax"},
		{"a semicolon between", "customer=ana;limit=2", " syntax"},
		{"a name without hex", "%zz=ana", " syntax"},
		{"a free parameter", "limit=%zz", "limit syntax"},
		{"not UTF-8", "customer=an%ff", "customer invalid_utf8"},
		{"a name not in UTF-8", "an%ff=1", " syntax"},
		{"NUL", "customer=ana%00", "customer syntax"},
		{"the cursor", "cursor=%zz", "cursor syntax"},
		{"a long name", strings.Repeat("n", 5000) + "=%zz", strings.Repeat("n", 200) + " syntax"},
		{"more pairs than net/url takes", "customer=ana" + strings.Repeat("&", 10001), " syntax"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, query := range []string{row.query + "&cursor=" + sealed, "cursor=" + sealed + "&" + row.query} {
				r := cursorRequest("/orders")
				r.URL.RawQuery = query
				if row.name == "the cursor" {
					r.URL.RawQuery = row.query
				}
				_, ok, err := c.Open(r)
				if ok {
					t.Error("it opens")
				}
				cursorRefused(t, err, row.want, "ana")
			}
			r := cursorRequest("/orders")
			r.URL.RawQuery = row.query
			_, _, err := c.Open(r)
			cursorRefused(t, err, row.want, "ana")
			_, err = c.Seal(r, 7)
			cursorRefused(t, err, row.want, "ana")
			cursorRefused(t, c.Page(r, "v", respond.Page[int]{}).Err(), row.want, "ana")
		})
	}
}

func TestCursorRefusals(t *testing.T) {
	c := cursorsOf[string](t, respond.CursorOptions{})
	sealed := cursorSeal(t, c, "/orders", "x")
	url, log := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		position, _, err := c.Open(r)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.OK(position), nil
	})
	for _, row := range []struct {
		name, method, query, accept string
		status                      int
		want                        string
	}{
		{"one of ours", "GET", "cursor=" + sealed, "", 200, ""},
		{"empty", "GET", "cursor=", "", 400, "cursor cursor"},
		{"a word", "GET", "cursor=secretword", "", 400, "cursor cursor"},
		{"two", "GET", "cursor=" + sealed + "&cursor=" + sealed, "", 400, "cursor duplicate_parameter"},
		{"two in other encodings", "GET", "cursor=" + sealed + "&c%75rsor=secretword", "", 400, "cursor duplicate_parameter"},
		{"too long", "GET", "cursor=" + strings.Repeat("secretword", 205), "", 400, "cursor cursor"},
		{"HEAD", "HEAD", "cursor=" + sealed, "", 200, ""},
		{"RFC 9110 §15.5.7 goes before, where a method is not safe", "POST", "cursor=secretword", "image/png", 406, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			header := []string{"Accept", row.accept}
			if row.accept == "" {
				header = nil
			}
			res, body := fieldAsk(t, row.method, url+"/orders?"+row.query, "", header...)
			if res.StatusCode != row.status {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
			if row.status == 400 && fieldErrors(t, body) != row.want {
				t.Errorf("the errors are %s, want %s", fieldErrors(t, body), row.want)
			}
			if strings.Contains(body, "secretword") {
				t.Errorf("RFC 9457 §5: the value is repeated: %s", body)
			}
		})
	}
	if strings.Contains(log.String(), "secretword") || !strings.Contains(log.String(), "not made here") && !strings.Contains(log.String(), "version") {
		t.Errorf("the log holds the value, or not the cause: %s", log)
	}
}

func TestCursorKeys(t *testing.T) {
	key := func(s string) []byte { return bytes.Repeat([]byte(s), 32) }
	made := func(key []byte, old ...[]byte) *respond.Cursors[int] {
		c, err := respond.NewCursors[int](key, respond.CursorOptions{OldKeys: old})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	opens := func(c *respond.Cursors[int], sealed string) bool {
		got, ok, err := c.Open(cursorRequest("/orders?cursor=" + sealed))
		return err == nil && ok && got == 7
	}
	before := cursorSeal(t, made(key("a")), "/orders", 7)
	rotated := made(key("b"), key("0"), key("a"))
	after := cursorSeal(t, rotated, "/orders", 7)
	for _, row := range []struct {
		name string
		got  bool
		want bool
	}{
		{"an old key opens", opens(rotated, before), true},
		{"the new key opens", opens(rotated, after), true},
		{"the old key alone does not open what the new one seals", opens(made(key("a")), after), false},
		{"an old key that was dropped", opens(made(key("b")), before), false},
		{"another key", opens(made(key("c")), after), false},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v", row.name, row.got)
		}
	}
	mine := key("a")
	c := made(mine)
	mine[0] = 'x'
	if !opens(c, before) {
		t.Error("the key is the caller's, who has changed it")
	}
	for n := range 32 { // RFC 2104 §3
		if _, err := respond.NewCursors[int](make([]byte, n), respond.CursorOptions{}); err == nil {
			t.Errorf("RFC 2104 §3: a key of %d bytes is taken", n)
		}
		if _, err := respond.NewCursors[int](key("a"), respond.CursorOptions{OldKeys: [][]byte{make([]byte, n)}}); err == nil {
			t.Errorf("RFC 2104 §3: an old key of %d bytes is taken", n)
		}
	}
	if _, err := respond.NewCursors[int](nil, respond.CursorOptions{}); err == nil || strings.Contains(err.Error(), "kkk") {
		t.Errorf("no key: %v", err)
	}
}

func TestCursorOptionsAreCopied(t *testing.T) {
	free := []string{"limit"}
	c := cursorsOf[int](t, respond.CursorOptions{Free: free})
	free[0] = "customer"
	sealed := cursorSeal(t, c, "/orders?customer=ana", 7)
	if _, ok, _ := c.Open(cursorRequest("/orders?customer=bob&cursor=" + sealed)); ok {
		t.Error("a parameter became free after NewCursors")
	}
}

type cursorBase struct{ ID int }

type cursorDay struct{ time.Time }

type cursorHidden struct{ n int }

type cursorMixed struct {
	Number int
	last   string
}

type cursorPromoted struct {
	time.Time
	ID int
}

type cursorHalf int

func (cursorHalf) MarshalText() ([]byte, error) { return []byte("one"), nil }

func cursorHolds[P any](want P) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		c := cursorsOf[P](t, respond.CursorOptions{})
		got, ok, err := c.Open(cursorRequest("/orders?cursor=" + cursorSeal(t, c, "/orders", want)))
		if err != nil || !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v %v %v, want %+v", got, ok, err, want)
		}
	}
}

func cursorCannotHold[P any](word string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		_, err := respond.NewCursors[P](cursorKey, respond.CursorOptions{})
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v, want an error with %q", err, word)
		}
	}
}

func TestCursorPositions(t *testing.T) {
	at := time.Date(2027, 1, 4, 12, 0, 0, 123456789, time.UTC)
	for name, test := range map[string]func(*testing.T){
		"int64":         cursorHolds[int64](math.MinInt64),
		"uint64":        cursorHolds[uint64](math.MaxUint64),
		"string":        cursorHolds("\u00e4\u20ac\U0001F600 \"\\</script>\u2028"),
		"time":          cursorHolds(at),
		"pointer":       cursorHolds(&cursorBase{7}),
		"slice":         cursorHolds([]any{"a", 1.5, nil}),
		"map":           cursorHolds(map[string]int{"a": 1}),
		"embedded":      cursorHolds(struct{ cursorBase }{cursorBase{7}}),
		"embedded time": cursorHolds(cursorDay{at}),
		"left out": cursorHolds(struct {
			ID    int
			Cache int `json:"-"`
		}{ID: 7}),
		"unexported":                   cursorCannotHold[cursorHidden]("field n"),
		"one unexported":               cursorCannotHold[cursorMixed]("field last"),
		"an embedded time hides an ID": cursorCannotHold[cursorPromoted]("field ID"),
		"func":                         cursorCannotHold[func()]("func"),
		"chan":                         cursorCannotHold[struct{ C chan int }]("chan"),
		"written and not read":         cursorCannotHold[cursorHalf]("hold"),
	} {
		t.Run(name, test)
	}
	_ = cursorHidden{1}.n
	_ = cursorMixed{}.last
}

func TestCursorLengths(t *testing.T) {
	c := cursorsOf[string](t, respond.CursorOptions{})
	longest := 0
	for n := 1400; n < 1600; n++ {
		sealed, err := c.Seal(cursorRequest("/orders"), strings.Repeat("x", n))
		if err != nil {
			continue
		}
		longest = n
		if len(sealed) > 2048 {
			t.Errorf("a cursor of %d characters", len(sealed))
		}
		if _, ok, err := c.Open(cursorRequest("/orders?cursor=" + sealed)); !ok {
			t.Errorf("what was sealed does not open: %v", err)
		}
	}
	if longest != 2048/4*3-1-16-2 {
		t.Errorf("the longest position has %d bytes", longest)
	}
	long := strings.Repeat("secret", 300)
	fieldFails(t, c.Page(cursorRequest("/orders"), "v", respond.Page[string]{Next: &long}), "a cursor would have")
	nan := math.NaN()
	fieldFails(t, cursorsOf[float64](t, respond.CursorOptions{}).Page(cursorRequest("/orders"), "v", respond.Page[float64]{Prev: &nan}), "cannot hold")
}
