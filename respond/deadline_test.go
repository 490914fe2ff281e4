package respond_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func TestDeadline(t *testing.T) {
	wait := func(ctx context.Context) { <-ctx.Done() }
	for _, c := range []struct {
		name    string
		handler func(*http.Request) (respond.Response, error)
		status  int
		retry   string
	}{
		{"in time", func(r *http.Request) (respond.Response, error) { return respond.OK("x"), nil }, 200, ""},
		{"ctx.Err()", func(r *http.Request) (respond.Response, error) {
			wait(r.Context())
			return respond.Fail(r.Context().Err())
		}, 503, "5"},
		{"wrapped", func(r *http.Request) (respond.Response, error) {
			wait(r.Context())
			return respond.Fail(fmt.Errorf("query: %w", r.Context().Err()))
		}, 503, "5"},
		{"the cause", func(r *http.Request) (respond.Response, error) {
			wait(r.Context())
			return respond.Fail(context.Cause(r.Context()))
		}, 503, "5"},
		{"elsewhere", func(r *http.Request) (respond.Response, error) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			wait(ctx)
			return respond.Fail(ctx.Err())
		}, 504, ""},
		{"elsewhere, with more time than there is", func(r *http.Request) (respond.Response, error) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Hour)
			defer cancel()
			wait(ctx)
			return respond.Fail(ctx.Err())
		}, 503, "5"},
		{"ignored", func(r *http.Request) (respond.Response, error) {
			time.Sleep(time.Minute)
			return respond.OK("late"), nil
		}, 200, ""},
		{"another error, late", func(r *http.Request) (respond.Response, error) {
			wait(r.Context())
			return respond.Fail(errTest)
		}, 500, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api, log := logged(t)
				client, stop := piped(t, api.Wrap(api.Deadline(2*time.Second)(api.Handle(c.handler))), 1, nil)
				defer stop()
				began := time.Now()
				res, body, err := get(t, client, "http://x/")
				if err != nil {
					t.Fatal(err)
				}
				if res.StatusCode != c.status || res.Header.Get("Retry-After") != c.retry {
					t.Errorf("%d, Retry-After %q: %s", res.StatusCode, res.Header.Get("Retry-After"), body)
				}
				if c.status == 503 && time.Since(began) != 2*time.Second {
					t.Errorf("after %v", time.Since(began))
				}
				if c.name == "the cause" && !strings.Contains(log.String(), "after 2s, has passed") {
					t.Error(log)
				}
			})
		})
	}
}

// A connection may see the deadline before the context's own timer does.
func TestDeadlineNoticedEarly(t *testing.T) {
	api, _ := logged(t)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	checked(t, api.Handle(func(*http.Request) (respond.Response, error) {
		return respond.Fail(context.DeadlineExceeded)
	})).ServeHTTP(w, r.WithContext(slowTimer{r.Context()}))
	if w.Code != 503 {
		t.Error(w.Code)
	}
}

type slowTimer struct{ context.Context }

func (slowTimer) Deadline() (time.Time, bool) { return time.Now(), true }

func TestDeadlineAfterCommit(t *testing.T) {
	api, _ := logged(t)
	h := api.Wrap(api.Deadline(time.Millisecond)(api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return r.Context().Err()
	})))
	overBoth(t, h, func(t *testing.T, s *httptest.Server) {
		res, body, err := get(t, s.Client(), s.URL)
		if err == nil || res.StatusCode != 200 || body != "half" {
			t.Errorf("%v %q %v", res, body, err)
		}
	})
}

// A server's ReadTimeout has nothing to do with it, and its WriteTimeout has:
// the doc of Deadline warns of it.
func TestDeadlineAndServerTimeouts(t *testing.T) {
	h := func(r *http.Request) (respond.Response, error) {
		<-r.Context().Done()
		return respond.Fail(r.Context().Err())
	}
	for _, c := range []struct {
		read, write time.Duration
		answered    bool
	}{{time.Second, 0, true}, {0, time.Hour, true}, {0, time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			api, _ := logged(t)
			client, stop := piped(t, api.Wrap(api.Deadline(time.Minute)(api.Handle(h))), 1, func(s *http.Server) {
				s.ReadTimeout, s.WriteTimeout = c.read, c.write
			})
			defer stop()
			res, _, err := get(t, client, "http://x/")
			if c.answered && (err != nil || res.StatusCode != 503) || !c.answered && err == nil {
				t.Errorf("%+v: %v %v", c, res, err)
			}
		})
	}
}

func TestDeadlinePanics(t *testing.T) {
	api := new(respond.API)
	ok := func(*http.Request) (respond.Response, error) { return respond.NoContent(), nil }
	for name, f := range map[string]func(){
		"zero":     func() { api.Deadline(0) },
		"negative": func() { api.Deadline(-1) },
		"nil":      func() { api.Deadline(1)(nil) },
		"within 0": func() { api.HandleWithin(0, ok) },
		"within":   func() { api.HandleWithin(1, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name)
				}
			}()
			f()
		}()
	}
}

func TestHandleWithin(t *testing.T) {
	release := make(chan struct{})
	gone := make(chan error, 1)
	api, log := logged(t)
	mux := http.NewServeMux()
	mux.Handle("/ok", api.HandleWithin(time.Hour, func(r *http.Request) (respond.Response, error) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.OK(string(b) + respond.RequestIDFrom(r.Context())), nil
	}))
	mux.Handle("/fail", api.HandleWithin(time.Hour, func(*http.Request) (respond.Response, error) { return respond.Fail(errTest) }))
	mux.Handle("/panic", api.HandleWithin(time.Hour, func(*http.Request) (respond.Response, error) { panic("in time") }))
	mux.Handle("/abort", api.HandleWithin(time.Hour, func(*http.Request) (respond.Response, error) { panic(http.ErrAbortHandler) }))
	mux.Handle("/late", api.HandleWithin(time.Millisecond, func(*http.Request) (respond.Response, error) {
		<-release
		return respond.OK("late"), nil
	}))
	mux.Handle("/latepanic", api.HandleWithin(time.Millisecond, func(*http.Request) (respond.Response, error) {
		<-release
		panic("too late")
	}))
	mux.Handle("/read", api.HandleWithin(20*time.Millisecond, func(r *http.Request) (respond.Response, error) {
		_, err := io.ReadAll(r.Body) // waits for a client that sends nothing
		if err == nil {
			err = errors.New("read all")
		}
		_, again := r.Body.Read(make([]byte, 1))
		gone <- errors.Join(err, again, r.Body.Close())
		return respond.OK("read"), nil
	}))
	overBoth(t, api.Wrap(mux), func(t *testing.T, s *httptest.Server) {
		for _, c := range []struct {
			path   string
			status int
		}{{"/ok", 200}, {"/fail", 500}, {"/panic", 500}, {"/late", 503}, {"/latepanic", 503}} {
			req, _ := http.NewRequest("POST", s.URL+c.path, strings.NewReader("in:"))
			req.Header.Set("X-Request-Id", "id-of"+strings.ReplaceAll(c.path, "/", "-"))
			res, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(c.path, err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != c.status || c.status == 503 && res.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %d %s", c.path, res.StatusCode, body)
			}
			if c.path == "/ok" && string(body) != "\"in:id-of-ok\"\n" {
				t.Errorf("%s", body)
			}
		}
		if _, _, err := get(t, s.Client(), s.URL+"/abort"); err == nil {
			t.Error("a handler that aborts was answered")
		}
		release <- struct{}{}
		release <- struct{}{}
		for !strings.Contains(log.String(), "too late") { // logged by a goroutine of its own
			time.Sleep(time.Millisecond)
		}

		pr, pw := io.Pipe()
		req, _ := http.NewRequest("POST", s.URL+"/read", pr)
		go pw.Write([]byte("some"))
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 503 {
			t.Error(res.Status)
		}
		pw.Close()
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err := <-gone; !strings.Contains(err.Error(), "has been answered") || strings.Contains(err.Error(), "read all") {
			t.Error(err)
		}
	})
	for _, want := range []string{"in time", "too late", "id-of-latepanic", "deadline_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %q", want)
		}
	}
	if strings.Contains(log.String(), "client went away") {
		t.Errorf("a late panic was taken for a client that went away: %s", log)
	}
}

// The client that only reads its answer after it has sent all of its content
// still gets the 503, and the connection is closed.
func TestHandleWithinClosesHTTP1(t *testing.T) {
	api, _ := logged(t)
	h := api.Wrap(api.HandleWithin(20*time.Millisecond, func(r *http.Request) (respond.Response, error) {
		_, err := io.ReadAll(r.Body)
		return respond.Fail(err)
	}))
	s := httptest.NewTLSServer(checked(t, h))
	defer s.Close()
	c := raw(t, s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 503 || !res.Close {
		t.Error(res.Status, res.Header)
	}
}

// A panic after the client went away is still the service's own.
func TestHandleWithinPanicsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, log := logged(t)
		ctx, cancel := context.WithCancel(t.Context())
		h := api.HandleWithin(time.Hour, func(r *http.Request) (respond.Response, error) {
			cancel()
			time.Sleep(time.Second)
			panic("all alone")
		})
		func() {
			defer func() {
				if e := recover(); e != http.ErrAbortHandler {
					t.Error(e)
				}
			}()
			checked(t, h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
		}()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := log.String(); !strings.Contains(got, "status=499") || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "all alone") {
			t.Error(got)
		}
	})
}
