package respond_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// varyAsk looks at Accept-Language, Accept-Charset and Prefer.
func varyAsk(r *http.Request) {
	respond.Language(r, "en", "de")
	respond.Charset(r, "utf-8", "latin1")
	respond.Prefer(r)
}

// varyElements are the names in Vary, in lower case.
func varyElements(res *http.Response) []string {
	var names []string
	for name := range strings.SplitSeq(strings.ToLower(strings.Join(res.Header["Vary"], ",")), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// varyIs fails unless Vary has these names, each once, in whatever order.
func varyIs(t *testing.T, what string, res *http.Response, names ...string) {
	t.Helper()
	got := varyElements(res)
	count := make(map[string]int)
	for _, name := range got {
		count[name]++
	}
	for _, name := range names {
		if count[strings.ToLower(name)] != 1 {
			t.Errorf("RFC 9110 §12.5.5 %s: Vary is %q, want %q once", what, got, name)
		}
	}
	if len(got) != len(names) {
		t.Errorf("RFC 9110 §12.5.5 %s: Vary is %q, want %q", what, got, names)
	}
}

// Vary names what an answer was chosen by, also where the request has no such
// field (RFC 9110 §12.5.5), on every answer.
func TestVary(t *testing.T) {
	api, _ := logged(t)
	ask := func(s respond.Response, err error) respond.Handler {
		return func(r *http.Request) (respond.Response, error) {
			varyAsk(r)
			varyAsk(r)
			return s, err
		}
	}
	all := []string{"Accept-Language", "Accept-Charset", "Prefer"}
	for _, c := range []struct {
		name   string
		method string
		h      respond.Handler
		header []string
		status int
		vary   []string
	}{
		{"200", "GET", ask(respond.OK(1), nil), nil, 200, append(all, "Accept")},
		{"200 with the fields", "GET", ask(respond.OK(1), nil), []string{"Accept-Language", "de", "Prefer", "wait=1", "Accept", "*/*"}, 200, append(all, "Accept")},
		{"200 of bytes", "GET", ask(respond.Bytes("text/plain", []byte("abc")), nil), nil, 200, all},
		{"200 of nothing", "GET", ask(respond.OK(nil), nil), nil, 200, all},
		{"206", "GET", ask(respond.Bytes("text/plain", []byte("abc")), nil), []string{"Range", "bytes=0-1"}, 206, all},
		{"201", "POST", ask(respond.Created("/x", 1), nil), nil, 201, append(all, "Accept")},
		{"204", "PUT", ask(respond.NoContent(), nil), nil, 204, all},
		{"303", "POST", ask(respond.SeeOther("/x"), nil), nil, 303, all},
		{"304", "GET", ask(respond.OK(1).ETag("v1"), nil), []string{"If-None-Match", `"v1"`}, 304, append(all, "Accept")},
		{"304 of a computed tag", "GET", ask(respond.OK(1).ComputeETag(), nil), []string{"If-None-Match", "*"}, 304, append(all, "Accept")},
		{"304 of bytes", "GET", ask(respond.Bytes("text/plain", []byte("abc")).ETag("v1"), nil), []string{"If-None-Match", `"v1"`}, 304, all},
		{"406", "GET", ask(respond.OK(1), nil), []string{"Accept", "image/png"}, 406, append(all, "Accept")},
		{"406 of a write", "PUT", func(r *http.Request) (respond.Response, error) {
			ask(respond.Response{}, nil)(r)
			return respond.Fail(respond.Acceptable(r))
		}, []string{"Accept", "image/png"}, 406, append(all, "Accept")},
		{"412", "GET", ask(respond.OK(1).ETag("v1"), nil), []string{"If-Match", `"x"`}, 412, append(all, "Accept")},
		{"416", "GET", ask(respond.Bytes("text/plain", []byte("abc")), nil), []string{"Range", "bytes=9-"}, 416, all},
		{"404", "GET", ask(respond.Response{}, problem.NotFound("")), nil, 404, all},
		{"500", "GET", ask(respond.Response{}, errors.New("a secret")), nil, 500, all},
		{"500 of a defect", "GET", ask(respond.OK(1).Header("X", "\n"), nil), nil, 500, all},
		{"500 of the encoder", "GET", ask(respond.OK(func() {}), nil), nil, 500, append(all, "Accept")},
		{"nothing asked", "GET", func(*http.Request) (respond.Response, error) { return respond.OK(1), nil }, nil, 200, []string{"Accept"}},
		{"nothing asked, no value", "GET", func(*http.Request) (respond.Response, error) { return respond.NoContent(), nil }, nil, 204, nil},
		{"an author's", "GET", ask(respond.OK(1).Vary("X-Own", "prefer", "ACCEPT"), nil), nil, 200, append(all, "Accept", "X-Own")},
		{"an author's *", "GET", ask(respond.OK(1).Vary("*"), nil), nil, 200, []string{"*"}},
		{"an author's on a 304", "GET", ask(respond.OK(1).ETag("v1").Vary("X-Own"), nil), []string{"If-None-Match", `"v1"`}, 304, append(all, "Accept", "X-Own")},
	} {
		for name, wrap := range map[string]func(http.Handler) http.Handler{
			"alone": func(h http.Handler) http.Handler { return h },
			"Wrap":  api.Wrap,
			"a copy before": func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.Clone(r.Context())) })
			},
			"in a mux": func(h http.Handler) http.Handler {
				mux := http.NewServeMux()
				mux.Handle("/{a...}", h)
				return mux
			},
			"Wrap, in a mux": func(h http.Handler) http.Handler {
				mux := http.NewServeMux()
				mux.Handle("/{a...}", h)
				return api.Wrap(mux)
			},
		} {
			url := fieldServe(t, wrap(api.Handle(c.h)))
			res, _ := fieldAsk(t, c.method, url, "", c.header...)
			if res.StatusCode != c.status {
				t.Errorf("%s, %s: %d", c.name, name, res.StatusCode)
			}
			varyIs(t, c.name+", "+name, res, c.vary...)
			if c.method == "GET" && c.status != 206 && c.status != 416 && c.status != 500 { // 500s differ by their instance
				condHead(t, url, c.header...)
			}
			// A middleware has named others before.
			for before, names := range map[string][]string{"Origin": {"Origin"}, "accept, ORIGIN": {"Origin"}, "*": {"*"}} {
				url := fieldServe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Vary", before)
					wrap(api.Handle(c.h)).ServeHTTP(w, r)
				}))
				res, _ := fieldAsk(t, c.method, url, "", c.header...)
				want := append(names, c.vary...)
				if strings.Contains(strings.Join(want, " "), "*") {
					want = []string{"*"}
				} else if strings.Contains(before, "accept") && !strings.Contains(strings.Join(c.vary, " ")+" ", "Accept ") {
					want = append(want, "Accept")
				}
				varyIs(t, c.name+", "+name+", after "+before, res, want...)
			}
		}
	}
}

// One name that is part of another is still another.
func TestVaryNamesInNames(t *testing.T) {
	type parameters struct {
		Long  string `header:"X-Prefer-More"`
		Short string `header:"Prefer-More"`
	}
	h := respond.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := respond.Params[parameters](r); err != nil {
			return respond.Fail(err)
		}
		respond.Prefer(r)
		return respond.NoContent(), nil
	})
	for name, url := range map[string]string{"alone": fieldServe(t, h), "Wrap": fieldServe(t, respond.Wrap(h))} {
		res, _ := fieldAsk(t, "GET", url, "")
		varyIs(t, name, res, "X-Prefer-More", "Prefer-More", "Prefer")
	}
}

// A handler may ask with a copy of its request. Under Wrap the note is kept
// however it was copied; without it, where something was asked for before.
func TestVaryOfCopies(t *testing.T) {
	type key struct{}
	copies := map[string]func(*http.Request) *http.Request{
		"WithContext": func(r *http.Request) *http.Request { return r.WithContext(context.WithValue(r.Context(), key{}, 1)) },
		"Clone":       func(r *http.Request) *http.Request { return r.Clone(r.Context()) },
	}
	for name, dup := range copies {
		for _, first := range []bool{false, true} {
			h := respond.Handle(func(r *http.Request) (respond.Response, error) {
				if first {
					respond.Prefer(r)
				}
				respond.Language(dup(r), "en")
				return respond.NoContent(), nil
			})
			want := []string{"Accept-Language"}
			if first {
				want = append(want, "Prefer")
			}
			res, _ := fieldAsk(t, "GET", fieldServe(t, respond.Wrap(h)), "")
			varyIs(t, name+" under Wrap", res, want...)
			if first && name == "WithContext" {
				res, _ := fieldAsk(t, "GET", fieldServe(t, h), "")
				varyIs(t, name+" alone", res, want...)
			}
		}
	}
}

// The notes of one request are not those of another.
func TestVaryIsOfOneRequest(t *testing.T) {
	h := respond.Handle(func(r *http.Request) (respond.Response, error) {
		if r.URL.Path == "/language" {
			respond.Language(r, "en")
		}
		return respond.NoContent(), nil
	})
	for _, url := range []string{fieldServe(t, h), fieldServe(t, respond.Wrap(h))} {
		for range 3 {
			res, _ := fieldAsk(t, "GET", url+"/language", "")
			varyIs(t, "asked", res, "Accept-Language")
			res, _ = fieldAsk(t, "GET", url+"/none", "")
			varyIs(t, "not asked", res)
		}
	}
}
