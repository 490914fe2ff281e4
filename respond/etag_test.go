package respond_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/respond"
)

// One strong tag never stands for two representations (RFC 9110 §8.8.3), and
// a write takes the tag of any of them.
func TestETagOfForms(t *testing.T) {
	api, _ := logged(t)
	// Types whose subtypes are the same, and a type with two parameters.
	encoders := []respond.Encoder{
		respond.AsJSON, asHTML, asCSV, booksAsCSV{"application/csv"}, booksAsCSV{"text/csv;header=present"}, booksAsCSV{"application/CSV.3"},
	}
	get := func(s respond.Response) string {
		return fieldServe(t, api.Offer(encoders...).Handle(func(*http.Request) (respond.Response, error) { return s, nil }))
	}
	strong, weak := get(respond.OK(listedBooks).ETag("v1")), get(respond.OK(listedBooks).WeakETag("v1"))
	put := fieldServe(t, api.Handle(func(r *http.Request) (respond.Response, error) {
		return respond.NoContent(), respond.RequireMatch(r, "v1")
	}))
	check := fieldServe(t, api.Handle(func(r *http.Request) (respond.Response, error) {
		return respond.NoContent(), respond.CheckPreconditions(r, &respond.State{WeakETag: "v1"})
	}))
	tags := make(map[string]string)
	for i, e := range encoders {
		accept := []string{"Accept", e.MediaType()}
		res, _ := condHead(t, strong, accept...)
		if got := res.Header.Get("Content-Type"); got != e.MediaType() {
			t.Fatalf("%s is answered with %s", e.MediaType(), got)
		}
		tag := res.Header.Get("Etag")
		if _, ok := httpfield.ParseETag(tag); !ok || strings.HasPrefix(tag, "W/") {
			t.Errorf("§8.8.3 %s: ETag %s", e.MediaType(), tag)
		}
		if i == 0 && tag != `"v1"` || i == 1 && tag != `"v1;html"` || i == 2 && tag != `"v1;csv"` {
			t.Errorf("%s: ETag %s", e.MediaType(), tag)
		}
		if other := tags[tag]; other != "" {
			t.Errorf("§8.8.3: %s stands for %s and %s", tag, other, e.MediaType())
		}
		tags[tag] = e.MediaType()
		if res, _ := condHead(t, strong, append(accept, "If-None-Match", tag)...); res.StatusCode != 304 || res.Header.Get("Etag") != tag {
			t.Errorf("§13.1.2 %s: its own tag: %d", e.MediaType(), res.StatusCode)
		}
		if res, _ := condHead(t, strong, append(accept, "If-Match", tag)...); res.StatusCode != 200 {
			t.Errorf("§13.1.1 %s: its own tag: %d", e.MediaType(), res.StatusCode)
		}
		res, _ = condHead(t, weak, accept...)
		if got := res.Header.Get("Etag"); got != "W/"+tag {
			t.Errorf("§8.8.3 %s: weak ETag %s", e.MediaType(), got)
		}
		if res, _ := condHead(t, weak, append(accept, "If-None-Match", tag)...); res.StatusCode != 304 {
			t.Errorf("§8.8.3.2 %s: weak comparison: %d", e.MediaType(), res.StatusCode)
		}
		if res, _ := fieldAsk(t, "PUT", put, "", "If-Match", tag); res.StatusCode != 204 {
			t.Errorf("§13.1.1 a write with the tag of %s: %d", e.MediaType(), res.StatusCode)
		}
		if res, _ := fieldAsk(t, "PUT", put, "", "If-Match", "W/"+tag); res.StatusCode != 412 {
			t.Errorf("§8.8.3.2 a write with the weak tag of %s: %d", e.MediaType(), res.StatusCode)
		}
		if res, _ := fieldAsk(t, "PUT", check, "", "If-Match", tag); res.StatusCode != 412 {
			t.Errorf("§8.8.3.2 a write on a weak state with the tag of %s: %d", e.MediaType(), res.StatusCode)
		}
	}
	// The tag of another form is another tag.
	for tag, mediaType := range tags {
		for other, accept := range tags {
			res, _ := condHead(t, strong, "Accept", accept, "If-None-Match", tag)
			if want := map[bool]int{true: 304, false: 200}[tag == other]; res.StatusCode != want {
				t.Errorf("§13.1.2 %s with the tag of %s: %d", accept, mediaType, res.StatusCode)
			}
		}
	}
}

// What If-Match may not be taken for.
func TestETagOfFormsFalseMatches(t *testing.T) {
	tag := ""
	url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		return respond.NoContent(), respond.RequireMatch(r, tag)
	})
	for _, c := range []struct {
		name, current string
		field         []string
		status        int
	}{
		{"first of a list", "v1", []string{`"v1;csv", "x"`}, 204},
		{"last of a list", "v1", []string{`"x" ,"v1;csv"`}, 204},
		{"after a weak one", "v1", []string{`W/"v1;csv","v1;csv"`}, 204},
		{"after an empty tag", "v1", []string{`"", "v1;csv"`}, 204},
		{"in the second line", "v1", []string{`"x"`, `"v1;csv"`}, 204},
		{"a longer one", "v1", []string{`"v1x"`}, 412},
		{"a longer one with a form", "v1", []string{`"v1x;csv"`}, 412},
		{"a shorter one", "v1", []string{`"v;csv"`}, 412},
		{"a weak one", "v1", []string{`W/"v1;csv"`}, 412},
		{"a weak one in a list", "v1", []string{`"x", W/"v1;csv"`}, 412},
		{"no form", "v1", []string{`"v1;"`}, 412},
		{"no token", "v1", []string{`"v1;a,b"`}, 412},
		{"two ends", "v1", []string{`"v1;a;b"`}, 412},
		{"another end", "v1", []string{`"v1,csv"`}, 412},
		{"inside another tag", "v1", []string{`"x;v1;csv"`}, 412},
		{"between two tags", "v1", []string{`"x"v1;"`}, 412},
		{"between two tags of a list", "v1", []string{`"x"v1;csv", "y"`}, 412},
		{"between two tags, as a list", "v1", []string{`"x",v1;csv"`}, 412},
		{"without a comma before", "v1", []string{`"x" "v1;csv"`}, 412},
		{"without a comma behind", "v1", []string{`"v1;csv" "x"`}, 412},
		{"an open quote", "v1", []string{`"v1;csv`}, 412},
		{"an open quote before", "v1", []string{`"x, "v1;csv"`}, 412},
		{"over two lines", "v1", []string{`"v1`, `;csv"`}, 412},
		{"a quoted string", "v1", []string{`"\"v1;csv"`}, 412},
		{"another case", "v1", []string{`"V1;csv"`}, 412},
		{"no quotes", "v1", []string{`v1;csv`}, 412},
		{"a space in it", "v1", []string{`"v1;csv "`}, 412},
		{"a comma for a version", ",", []string{`"a",";csv"`}, 412},
		{"a version with a comma", "v,1", []string{`"v,1;csv"`}, 204},
		{"a version that begins like another", "v1", []string{`"v10;csv"`}, 412},
		{"the first form of a version with a form", "v1;csv", []string{`"v1"`}, 412},
		{"no version", "", []string{`";csv"`, `""`}, 412},
		{"no version, *", "", []string{`*`}, 204},
	} {
		tag = c.current
		var header []string
		for _, line := range c.field {
			header = append(header, "If-Match", line)
		}
		if res, _ := fieldAsk(t, "PUT", url, "", header...); res.StatusCode != c.status {
			t.Errorf("§13.1.1 %s: %q of %q: %d, want %d", c.name, c.field, c.current, res.StatusCode, c.status)
		}
	}
}

func TestComputeETag(t *testing.T) {
	api, _ := logged(t)
	var value any
	serve := func(s func() respond.Response) string {
		return fieldServe(t, api.Offer(respond.AsJSON, respond.AsJSONType("application/vnd.x+json")).Handle(func(*http.Request) (respond.Response, error) {
			return s().ComputeETag().LastModified(changed), nil
		}))
	}
	values := serve(func() respond.Response { return respond.OK(value) })
	text := serve(func() respond.Response { return respond.Bytes("text/plain", fmt.Append(nil, value)) })
	page := serve(func() respond.Response { return respond.Bytes("text/html", fmt.Append(nil, value)) })
	seen := map[string]string{}
	for _, v := range []any{"a", "b", "", strings.Repeat("a", 5000), strings.Repeat("a", 5001)} {
		value = v
		for name, q := range map[string][2]string{
			"JSON": {values, "application/json"}, "other JSON": {values, "application/vnd.x+json"}, "text": {text, "*/*"}, "HTML": {page, "*/*"},
		} {
			url, accept := q[0], q[1]
			res, body := condHead(t, url, "Accept", accept)
			tag := res.Header.Get("Etag")
			parsed, ok := httpfield.ParseETag(tag)
			if res.StatusCode != 200 || !ok || parsed.Weak || len(parsed.Opaque) < 4 {
				t.Fatalf("§8.8.3 %s: %d, ETag %s", name, res.StatusCode, tag)
			}
			key := name + " " + body
			if other, ok := seen[tag]; ok && other != key {
				t.Errorf("§8.8.1: %s stands for %.20q and %.20q", tag, other, key)
			}
			seen[tag] = key
			again, _ := fieldAsk(t, "GET", url, "", "Accept", accept)
			if got := again.Header.Get("Etag"); got != tag {
				t.Errorf("§8.8.3 %s: %s, and then %s", name, tag, got)
			}
			for _, c := range []struct {
				header []string
				status int
			}{
				{[]string{"If-None-Match", tag}, 304},
				{[]string{"If-None-Match", "W/" + tag}, 304},
				{[]string{"If-None-Match", `"x"`, "If-Modified-Since", laterDate}, 200},
				{[]string{"If-Modified-Since", changedDate}, 304},
				{[]string{"If-Match", tag}, 200},
				{[]string{"If-Match", `"x"`}, 412},
				{[]string{"If-Match", "W/" + tag}, 412},
			} {
				res, body := condHead(t, url, append(c.header, "Accept", accept)...)
				if res.StatusCode != c.status {
					t.Errorf("§13.2.2 %s, %q: %d", name, c.header, res.StatusCode)
				}
				if res.StatusCode == 304 && (res.Header.Get("Etag") != tag || body != "") {
					t.Errorf("§15.4.5 %s: %v", name, res.Header)
				}
				if res.StatusCode == 412 {
					condProblem(t, res, body)
				}
				condWireHead(t, url, c.header...)
			}
		}
	}
	// A part of content with a computed tag (§13.1.5).
	value = alphabet
	whole, _ := fieldAsk(t, "GET", text, "")
	if res, body := fieldAsk(t, "GET", text, "", "Range", "bytes=0-2", "If-Range", whole.Header.Get("Etag")); res.StatusCode != 206 || body != "abc" || res.Header.Get("Etag") != whole.Header.Get("Etag") {
		t.Errorf("§13.1.5: %d %q", res.StatusCode, body)
	}
	// Nothing to compute it from: the other validators still count.
	none, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
		return respond.OK(nil).ComputeETag().LastModified(changed), nil
	})
	if res, _ := condHead(t, none, "If-Unmodified-Since", earlierDate); res.StatusCode != 412 {
		t.Errorf("§13.1.4: %d", res.StatusCode)
	}
}

func TestContentDigest(t *testing.T) {
	// RFC 9530 §B.1: {"hello": "world"} and a line feed, and §B.2: nothing.
	const example = "{\"hello\": \"world\"}\n"
	const digest = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
	const ofNothing = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
	for _, c := range []struct {
		name, want string
		s          respond.Response
	}{
		{"RFC 9530 §B.1", digest, respond.Bytes("application/json", []byte(example))},
		{"RFC 9530 §B.1 beside a computed tag", digest, respond.Bytes("application/json", []byte(example)).ComputeETag()},
		{"RFC 9530 §B.2", ofNothing, respond.Bytes("text/plain", nil)},
		{"a value", "", respond.OK(listedBooks)},
		{"a value with a computed tag", "", respond.OK(listedBooks).ComputeETag()},
		{"a long value", "", respond.OK(strings.Repeat("a", 100_000))},
		{"long bytes", "", respond.Bytes("text/plain", []byte(strings.Repeat("a", 100_000)))},
		{"a 201", "", respond.Created("/x", listedBooks)},
	} {
		url := fieldServe(t, except(condAnswer(c.s.ContentDigest()), "it answers HEAD, too", "201-method"))
		method := "GET"
		if c.s.Code() == 201 {
			method = "POST"
		}
		res, body := fieldAsk(t, method, url, "")
		sum := sha256.Sum256([]byte(body))
		want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
		if c.want != "" && want != c.want {
			t.Fatalf("%s: the content is %q", c.name, body)
		}
		if got := res.Header["Content-Digest"]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: Content-Digest %q, want %s", c.name, got, want)
		}
		// RFC 9530 §B.2: to HEAD it would be that of nothing; it is left out.
		head, _ := fieldAsk(t, "HEAD", url, "")
		if got := head.Header.Get("Content-Digest"); got != "" && got != ofNothing {
			t.Errorf("%s: HEAD has Content-Digest %s", c.name, got)
		}
		if method == "GET" {
			condHead(t, url)
		}
	}
	// The whole stays whole where a Range is ignored, and an error has none.
	url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
		return respond.Bytes("application/json", []byte(example)).ContentDigest().ETag("v1"), nil
	})
	for _, c := range []struct{ name, value, want string }{
		{"Range", "items=0-1", digest},
		{"Range", "bytes=0-1", ""},
		{"Range", "bytes=99-", ""},
		{"If-Match", `"x"`, ""},
		{"If-None-Match", `"v1"`, ""},
	} {
		if res, _ := fieldAsk(t, "GET", url, "", c.name, c.value); res.Header.Get("Content-Digest") != c.want {
			t.Errorf("RFC 9530 §2: %s: %s: %d with Content-Digest %s", c.name, c.value, res.StatusCode, res.Header.Get("Content-Digest"))
		}
	}
}
