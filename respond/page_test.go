package respond_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/respond"
)

// pageLink is a link of a Link field: its target and parameters.
type pageLink struct {
	target string
	params [][2]string
}

func (l pageLink) rel() string {
	for _, p := range l.params {
		if strings.EqualFold(p[0], "rel") {
			return p[1] // the first counts (RFC 8288 §3.3)
		}
	}
	return ""
}

// The grammar of RFC 8288 §3, with the token and quoted-string of RFC 9110
// §5.6.2 and §5.6.4, and the characters of RFC 3986 §2 in a URI-Reference.
const (
	pageToken  = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	pageQuoted = `"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"`
)

var (
	pageTarget = regexp.MustCompile(`^<((?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)>`)
	pageParam  = regexp.MustCompile(`^[\t ]*;[\t ]*(` + pageToken + `)(?:[\t ]*=[\t ]*(` + pageToken + `|` + pageQuoted + `))?`)
	pageComma  = regexp.MustCompile(`^[\t ]*,[\t ]*|^[\t ]*$`)
	pageEscape = regexp.MustCompile(`\\(.)`)
)

// pageParse reads the lines of a Link field, independently of internal/httpfield,
// and checks that this one agrees.
func pageParse(t *testing.T, lines []string) (links []pageLink) {
	t.Helper()
	rest := strings.Join(lines, ", ") // RFC 9110 §5.3
	for rest != "" {
		m := pageTarget.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("RFC 8288 §3: no link-value at %q of %q", rest, lines)
		}
		link := pageLink{target: m[1]}
		rest = rest[len(m[0]):]
		for m = pageParam.FindStringSubmatch(rest); m != nil; m = pageParam.FindStringSubmatch(rest) {
			value := m[2]
			if strings.HasPrefix(value, `"`) {
				value = pageEscape.ReplaceAllString(value[1:len(value)-1], "$1")
			}
			link.params = append(link.params, [2]string{m[1], value})
			rest = rest[len(m[0]):]
		}
		if link.rel() == "" {
			t.Errorf("RFC 8288 §3.3: a link without rel: %q", lines)
		}
		links = append(links, link)
		m = pageComma.FindStringSubmatch(rest)
		if m == nil {
			t.Fatalf("RFC 8288 §3: neither a comma nor the end at %q of %q", rest, lines)
		}
		rest = rest[len(m[0]):]
	}
	own, err := httpfield.ParseLinks(lines)
	if err != nil || len(own) != len(links) {
		t.Fatalf("httpfield reads %v, %v of %q", own, err, lines)
	}
	for i, l := range own {
		if rel, _ := l.Param("rel"); l.Target != links[i].target || rel != links[i].rel() {
			t.Errorf("httpfield reads %+v, want %+v", l, links[i])
		}
	}
	return links
}

// pageRel returns the target of the only link with a relation, resolved against
// where the answer came from; "" where there is none.
func pageRel(t *testing.T, res *http.Response, rel string) string {
	t.Helper()
	target := ""
	for _, l := range pageParse(t, res.Header["Link"]) {
		if l.rel() != rel {
			continue
		}
		if target != "" {
			t.Errorf("two links with rel %s", rel)
		}
		u, err := res.Request.URL.Parse(l.target)
		if err != nil {
			t.Fatal(err)
		}
		target = u.String()
	}
	return target
}

// pageList answers with a page of the numbers below n: {"items":[...]}.
func pageList(c *respond.Cursors[pagePlace], n int) respond.Handler {
	return func(r *http.Request) (respond.Response, error) {
		at, ok, err := c.Open(r)
		if err != nil {
			return respond.Fail(err)
		}
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil {
			limit = 20
		}
		begin, end := 0, 0
		switch {
		case !ok:
		case at.Back:
			begin = max(at.Index-limit, 0)
		default:
			begin = at.Index
		}
		if end = min(begin+limit, n); ok && at.Back {
			end = at.Index
		}
		var page respond.Page[pagePlace]
		if end < n {
			page.Next = &pagePlace{Index: end}
		}
		if begin > 0 {
			page.Prev = &pagePlace{Index: begin, Back: true}
		}
		items := []int{}
		for i := begin; i < end; i++ {
			items = append(items, i)
		}
		return c.Page(r, map[string]any{"items": items}, page), nil
	}
}

type pagePlace struct {
	Index int  `json:"i"`
	Back  bool `json:"b,omitempty"`
}

func pageItems(t *testing.T, target string) (*http.Response, []int) {
	t.Helper()
	res, body := fieldAsk(t, "GET", target, "")
	if res.StatusCode != 200 {
		t.Fatalf("%d %s from %s", res.StatusCode, body, target)
	}
	var page struct{ Items []int }
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	return res, page.Items
}

func TestPageWalk(t *testing.T) {
	c := cursorsOf[pagePlace](t, respond.CursorOptions{})
	for _, n := range []int{0, 1, 20, 21, 45} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			url, _ := fieldServer(t, pageList(c, n))
			start := url + "/list?q=a%20b"
			var forth, back []int
			var pages int
			last := start
			for at := start; at != ""; pages++ {
				res, items := pageItems(t, at)
				if first := pageRel(t, res, "first"); first != url+"/list?q=a+b" {
					t.Fatalf("first is %s", first)
				}
				if (pageRel(t, res, "prev") == "") != (pages == 0) {
					t.Errorf("prev of page %d is %q", pages, pageRel(t, res, "prev"))
				}
				forth = append(forth, items...)
				last, at = at, pageRel(t, res, "next")
			}
			if want := max((n+19)/20, 1); pages != want {
				t.Errorf("%d pages, want %d", pages, want)
			}
			for at := last; at != ""; {
				res, items := pageItems(t, at)
				back = append(items, back...)
				at = pageRel(t, res, "prev")
			}
			var want []int
			for i := range n {
				want = append(want, i)
			}
			if !slices.Equal(forth, want) {
				t.Errorf("forwards: %v", forth)
			}
			if !slices.Equal(back, want) {
				t.Errorf("backwards: %v", back)
			}
		})
	}
}

func TestPageLimitMayChange(t *testing.T) {
	c := cursorsOf[pagePlace](t, respond.CursorOptions{})
	origin, _ := fieldServer(t, pageList(c, 45))
	var all []int
	limits := []string{"1", "7", "30", "100"}
	for at := origin + "/list?limit=3"; at != ""; {
		res, items := pageItems(t, at)
		all = append(all, items...)
		if at = pageRel(t, res, "next"); at == "" {
			break
		}
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("limit", limits[0])
		limits = limits[1:]
		u.RawQuery = q.Encode()
		at = u.String()
	}
	if len(all) != 45 || !slices.IsSorted(all) {
		t.Errorf("%v", all)
	}
}

// Each link leads back to the same handler and list, whatever the request URI.
func TestPageTargets(t *testing.T) {
	c := cursorsOf[pagePlace](t, respond.CursorOptions{Bind: func(r *http.Request) string { return r.PathValue("shop") }})
	api, _ := logged(t)
	list := api.Handle(pageList(c, 3))
	mux := http.NewServeMux()
	mux.Handle("/list", list)
	mux.Handle("/shops/{shop}/list", list)
	mux.Handle("/v0/", http.StripPrefix("/v0", list))
	mux.Handle("/wrapped/", http.StripPrefix("/wrapped", api.Mux(mux)))
	origin := fieldServe(t, mux)
	bare := fieldServe(t, list)
	for _, row := range []struct {
		name, origin, target string
		path                 string // of the links
		query                url.Values
	}{
		{"no query", origin, "/list", "/list", nil},
		{"other parameters", origin, "/list?b=2&a=1&b=1", "/list", url.Values{"a": {"1"}, "b": {"2", "1"}}},
		{"an empty one", origin, "/list?a=&b", "/list", url.Values{"a": {""}, "b": {""}}},
		{"Unicode", origin, "/list?q=%C3%A4%E2%82%AC&%F0%9F%98%80=1", "/list", url.Values{"q": {"ä€"}, "😀": {"1"}}},
		{"RFC 3986 §2.2: delimiters in values", origin, "/list?q=%3E%3B%20rel%3D%22x%22%2C%3C&r=%26%3D%23%2B%25", "/list", url.Values{"q": {`>; rel="x",<`}, "r": {"&=#+%"}}},
		{"a percent-encoded path", origin, "/shops/caf%C3%A9%20%26%20co/list", "/shops/caf%C3%A9%20%26%20co/list", nil},
		{"a slash in a segment", origin, "/shops/a%2Fb/list?limit=1", "/shops/a%2Fb/list", url.Values{"limit": {"1"}}},
		{"hex in lower case", origin, "/shops/caf%c3%a9/list", "/shops/caf%c3%a9/list", nil},
		{"brackets", origin, "/shops/a[1]/list", "/shops/a%5B1%5D/list", nil},
		{"http.StripPrefix", origin, "/v0/anything?a=1", "/v0/anything", url.Values{"a": {"1"}}},
		{"http.StripPrefix around a mux", origin, "/wrapped/shops/a%2Fb/list", "/wrapped/shops/a%2Fb/list", nil},
		{"no mux", bare, "/", "/", nil},
		{"a semicolon in the path", bare, "/a;v=1,2", "/a;v=1,2", nil},
		{"RFC 3986 §4.2: two slashes are no host", bare, "//evil.example/list", "//evil.example/list", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			limit := "?limit=1"
			if strings.Contains(row.target, "?") {
				limit = "&limit=1"
			}
			res, _ := pageItems(t, row.origin+row.target+limit)
			want := url.Values{"limit": {"1"}}
			for name, values := range row.query {
				want[name] = values
			}
			if row.name == "a slash in a segment" {
				want["limit"] = []string{"1", "1"}
			}
			for _, rel := range []string{"first", "next"} {
				target := pageRel(t, res, rel)
				u, err := url.Parse(target)
				if err != nil {
					t.Fatal(err)
				}
				query := u.Query()
				if (query.Get("cursor") != "") != (rel == "next") || len(query["cursor"]) > 1 {
					t.Errorf("%s has the cursor %q", rel, query["cursor"])
				}
				query.Del("cursor")
				if u.Scheme+"://"+u.Host != row.origin || u.EscapedPath() != row.path || query.Encode() != want.Encode() {
					t.Errorf("%s leads to %s, want %s and %v", rel, target, row.path, want)
				}
			}
			after, items := pageItems(t, pageRel(t, res, "next"))
			if !slices.Equal(items, []int{1}) {
				t.Errorf("next has %v", items)
			}
			if _, items = pageItems(t, pageRel(t, after, "prev")); !slices.Equal(items, []int{0}) {
				t.Errorf("prev has %v", items)
			}
			if _, items = pageItems(t, pageRel(t, after, "first")); !slices.Equal(items, []int{0}) {
				t.Errorf("first has %v", items)
			}
		})
	}
}

// RFC 9112 §3.2.2: the target of a request may be absolute, and without a path.
func TestPageAbsoluteTarget(t *testing.T) {
	c := cursorsOf[pagePlace](t, respond.CursorOptions{})
	origin, _ := fieldServer(t, pageList(c, 3))
	host := strings.TrimPrefix(origin, "http://")
	for target, want := range map[string]string{
		"http://" + host + "?limit=1":       "/?limit=1",
		"http://" + host + "/list?limit=1":  "/list?limit=1",
		"http://other.example/list?limit=1": "/list?limit=1",
	} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, host)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if links := pageParse(t, res.Header["Link"]); res.StatusCode != 200 || len(links) != 2 || links[0].target != want {
			t.Errorf("%s: %d %q, want first to be %s", target, res.StatusCode, links, want)
		}
	}
}

func TestPageResponse(t *testing.T) {
	c := cursorsOf[pagePlace](t, respond.CursorOptions{})
	origin, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		s, err := pageList(c, 45)(r)
		return s.Link("/help", "help").ComputeETag().CacheControl(respond.Private, respond.NoCache), err
	})
	t.Run("a link of one's own stays beside them", func(t *testing.T) {
		res, _ := fieldAsk(t, "GET", origin+"/list", "")
		var rels []string
		for _, l := range pageParse(t, res.Header["Link"]) {
			rels = append(rels, l.rel())
		}
		if !slices.Equal(rels, []string{"first", "next", "help"}) {
			t.Errorf("%v", rels)
		}
	})
	t.Run("RFC 9110 §9.3.2: HEAD", func(t *testing.T) {
		get, _ := fieldAsk(t, "GET", origin+"/list", "")
		head, body := fieldAsk(t, "HEAD", origin+"/list", "")
		if body != "" || head.Header.Get("Etag") == "" || head.Header.Get("Etag") != get.Header.Get("Etag") || !slices.Equal(head.Header["Link"], get.Header["Link"]) {
			t.Errorf("%v, want %v", head.Header, get.Header)
		}
	})
	t.Run("RFC 9110 §15.4.5: 304", func(t *testing.T) {
		get, _ := fieldAsk(t, "GET", origin+"/list", "")
		res, _ := fieldAsk(t, "GET", origin+"/list", "", "If-None-Match", get.Header.Get("Etag"))
		if res.StatusCode != 304 {
			t.Errorf("%d", res.StatusCode)
		}
	})
	t.Run("RFC 9457: a malformed query, unseen by Open", func(t *testing.T) {
		origin, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
			return c.Page(r, "v", respond.Page[pagePlace]{Next: &pagePlace{}}), nil
		})
		res, body := fieldAsk(t, "GET", origin+"/list?customer=ana;x", "")
		if res.StatusCode != 400 || fieldErrors(t, body) != " syntax" || res.Header["Link"] != nil {
			t.Errorf("%d %s %q", res.StatusCode, body, res.Header["Link"])
		}
	})
}
