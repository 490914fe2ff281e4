package respond_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

func TestNewHints(t *testing.T) {
	for _, c := range []struct {
		hint respond.Hint
		want string // "" is refused
	}{
		{respond.Hint{Target: "/a.css", As: "style"}, "</a.css>; rel=preload; as=style"},
		{respond.Hint{Target: "https://cdn.example", Rel: "preconnect"}, "<https://cdn.example>; rel=preconnect"},
		{respond.Hint{Target: "/f.woff2", As: "font", Attributes: map[string]string{"type": "font/woff2", "crossorigin": ""}},
			`</f.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"`},
		{respond.Hint{Target: "/a b", As: "style"}, "</a%20b>; rel=preload; as=style"},
		{respond.Hint{Target: "/a", Rel: "next prev"}, `</a>; rel="next prev"`},
		{respond.Hint{As: "style"}, ""},
		{respond.Hint{Target: "/a.css"}, ""},
		{respond.Hint{Target: "/a\r\nX: y", As: "style"}, ""},
		{respond.Hint{Target: "/a", As: "st\nyle"}, ""},
		{respond.Hint{Target: "/a", Rel: "x\x00"}, ""},
		{respond.Hint{Target: "/a", As: "style", Attributes: map[string]string{"a b": ""}}, ""},
		{respond.Hint{Target: "/a", As: "style", Attributes: map[string]string{"as": "script"}}, ""},
	} {
		e, err := respond.NewHints(respond.HintOptions{}, c.hint)
		if (err == nil) != (c.want != "") {
			t.Errorf("%+v: %v", c.hint, err)
		}
		if err != nil {
			continue
		}
		w := httptest.NewRecorder()
		e.Send(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Header()["Link"]; len(got) != 1 || got[0] != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if _, err := respond.NewHints(respond.HintOptions{}); err == nil {
		t.Error("no links")
	}
	defer func() {
		if recover() == nil {
			t.Error("Must does not panic")
		}
	}()
	respond.Must(respond.NewHints(respond.HintOptions{}))
}

func TestHints(t *testing.T) {
	api, _ := logged(t)
	a := respond.Hint{Target: "/a.css", As: "style"}
	b := respond.Hint{Target: "/b.js", As: "script"}
	links := []string{"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"}
	e := respond.Must(respond.NewHints(respond.HintOptions{HTTP1: true}, a, b, a))
	by2 := respond.Must(respond.NewHints(respond.HintOptions{}, a, b))
	ok := func(*http.Request) (respond.Response, error) {
		return respond.OK(1).Link("/next", "next"), nil
	}
	mux := http.NewServeMux()
	mux.Handle("/ok", e.Handler(api.Handle(ok)))
	mux.Handle("/twice", e.Handler(e.Handler(api.Handle(ok))))
	mux.Handle("/by2", by2.Handler(api.Handle(ok)))
	mux.Handle("/bad", e.Handler(api.Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(errTest) })))
	mux.Handle("/late", api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		w.WriteHeader(200)
		e.Send(w, r)
		return nil
	}))
	mux.Handle("/taken", api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		e.Send(w, r)
		w.Header().Del("Link")
		return nil
	}))
	mux.Handle("/stream", api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		e.Send(w, r)
		return respond.Lines(w, r, counting(1, nil)(r))
	}))
	next := `</next>; rel="next"`
	overBoth(t, api.Wrap(mux), func(t *testing.T, s *httptest.Server) {
		http2 := s.EnableHTTP2
		for _, c := range []struct {
			method, path string
			hints        int
			status       int
			links        []string
		}{
			{"GET", "/ok", 1, 200, append(slices.Clone(links), next)},
			{"HEAD", "/ok", 0, 200, append(slices.Clone(links), next)},
			{"POST", "/ok", 0, 200, []string{next}},
			{"GET", "/twice", 2, 200, append(slices.Clone(links), next)},
			{"GET", "/by2", map[bool]int{true: 1}[http2], 200, append(slices.Clone(links), next)},
			{"GET", "/bad", 1, 500, links},
			{"GET", "/late", 0, 200, nil},
			{"GET", "/taken", 1, 200, nil},
			{"GET", "/stream", 1, 200, links},
		} {
			var early []textproto.MIMEHeader
			req, _ := http.NewRequest(c.method, s.URL+c.path, nil)
			req = req.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
					if code != 103 {
						t.Error(c, code)
					}
					early = append(early, h)
					return nil
				},
			}))
			res, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(c, err)
			}
			if _, err := io.ReadAll(res.Body); err != nil {
				t.Error(c, err)
			}
			res.Body.Close()
			if len(early) != c.hints || res.StatusCode != c.status || !slices.Equal(res.Header["Link"], c.links) || res.Header.Get("X-Request-Id") == "" {
				t.Errorf("%v: %d hints, %d, %q", c, len(early), res.StatusCode, res.Header)
			}
			for _, h := range early {
				if !slices.Equal(h["Link"], links) || len(h) != 1 {
					t.Errorf("%v: the 103 has %q", c, h)
				}
			}
		}
	})
	// Shared by all answers: nobody may have written into it.
	w := httptest.NewRecorder()
	by2.Send(w, httptest.NewRequest("GET", "/", nil))
	if !slices.Equal(w.Header()["Link"], links) {
		t.Error(w.Header())
	}
}

func TestHintsOnTheWire(t *testing.T) {
	api, _ := logged(t)
	e := respond.Must(respond.NewHints(respond.HintOptions{HTTP1: true}, respond.Hint{Target: "/a.css", As: "style"}))
	s := httptest.NewTLSServer(checked(t, api.Wrap(e.Handler(api.Handle(func(*http.Request) (respond.Response, error) { return respond.NoContent(), nil })))))
	defer s.Close()
	b, _ := io.ReadAll(bufio.NewReader(raw(t, s, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")))
	want := "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\nHTTP/1.1 204 No Content\r\n"
	if !strings.HasPrefix(string(b), want) {
		t.Errorf("%q", b)
	}
	b, _ = io.ReadAll(bufio.NewReader(raw(t, s, "GET / HTTP/1.0\r\n\r\n")))
	if !strings.HasPrefix(string(b), "HTTP/1.0 204") {
		t.Errorf("%q", b)
	}
}
