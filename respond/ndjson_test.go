package respond_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func lines[T any](api *respond.API, seq func(*http.Request) iter.Seq2[T, error]) http.Handler {
	return api.Wrap(api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Lines(w, r, seq(r))
	}))
}

// counting is 0 to n-1, and then err.
func counting(n int, err error) func(*http.Request) iter.Seq2[any, error] {
	return func(*http.Request) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
			}
		}
	}
}

func TestLines(t *testing.T) {
	unencodable := func(n int) func(*http.Request) iter.Seq2[any, error] {
		return func(*http.Request) iter.Seq2[any, error] {
			return func(yield func(any, error) bool) {
				for range n {
					if !yield("x", nil) {
						return
					}
				}
				if yield(math.Inf(1), nil) {
					t.Error("asked for more after an error")
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		seq    func(*http.Request) iter.Seq2[any, error]
		status int // 0: aborted
		lines  int
		length bool // Content-Length is known
	}{
		{"none", counting(0, nil), 200, 0, true},
		{"one", counting(1, nil), 200, 1, true},
		{"some", counting(3, nil), 200, 3, true},
		{"many", counting(50000, nil), 200, 50000, false},
		{"an error first", counting(0, errTest), 500, 0, true},
		{"an error soon", counting(3, errTest), 500, 0, true},
		{"an error late", counting(50000, errTest), 0, 0, false},
		{"what JSON has not, first", unencodable(0), 500, 0, true},
		{"what JSON has not, late", unencodable(50000), 0, 0, false},
	} {
		api, log := logged(t)
		t.Run(c.name, func(t *testing.T) {
			overBoth(t, lines(api, c.seq), func(t *testing.T, s *httptest.Server) {
				res, body, err := get(t, s.Client(), s.URL)
				if c.status == 0 {
					if err == nil {
						t.Fatal("the client took a part for the whole")
					}
					if !strings.Contains(log.String(), "after the header was sent") {
						t.Error(log)
					}
					return
				}
				if err != nil || res.StatusCode != c.status {
					t.Fatal(res, err)
				}
				if c.status != 200 {
					if res.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(body, "secret") {
						t.Error(res.Header, body)
					}
					return
				}
				if got := res.Header.Get("Content-Type"); got != "application/x-ndjson" {
					t.Error(got)
				}
				if known := res.ContentLength >= 0; known != c.length {
					t.Error("Content-Length:", res.ContentLength)
				}
				d := json.NewDecoder(strings.NewReader(body))
				for i := range c.lines {
					var n int
					if err := d.Decode(&n); err != nil || n != i {
						t.Fatal(n, i, err)
					}
				}
				if strings.Count(body, "\n") != c.lines || d.More() {
					t.Error("not one value a line")
				}
			})
		})
	}
}

// Lines arrive as they are made, at most 100 milliseconds late; the server's
// WriteTimeout ends nothing; other types are left alone.
func TestLinesSlow(t *testing.T) {
	for _, version := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			api, _ := logged(t)
			client, stop := piped(t, api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Content-Type", "application/jsonl")
				return respond.Lines(w, r, func(yield func(time.Time, error) bool) {
					for yield(time.Now(), nil) {
						time.Sleep(7 * time.Second)
						if time.Now().Second() >= 28 {
							return
						}
					}
				})
			}), version, func(s *http.Server) { s.WriteTimeout = 5 * time.Second })
			defer stop()
			res, err := client.Get("http://x/")
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.Header.Get("Content-Type") != "application/jsonl" {
				t.Error(res.Header)
			}
			d := json.NewDecoder(res.Body)
			n := 0
			for ; ; n++ {
				var made time.Time
				if err := d.Decode(&made); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if late := time.Since(made); late != 100*time.Millisecond {
					t.Errorf("HTTP/%d: line %d came after %v", version, n, late)
				}
			}
			if n != 4 {
				t.Error(n)
			}
		})
	}
}

// The sequence is left when the client is stuck or gone, and an error of a
// sequence that watches its context is no error of the service.
func TestLinesStuckClient(t *testing.T) {
	for _, version := range []int{1, 2} {
		for _, leave := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				api, log := logged(t)
				left := make(chan time.Duration, 1)
				client, stop := piped(t, lines(api, func(r *http.Request) iter.Seq2[string, error] {
					return func(yield func(string, error) bool) {
						began := time.Now()
						for yield(strings.Repeat("x", 1000), nil) {
							if leave {
								time.Sleep(time.Millisecond)
							}
						}
						left <- time.Since(began)
					}
				}), version, nil)
				defer stop()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req, _ := http.NewRequestWithContext(ctx, "GET", "http://x/", nil)
				res, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				if leave {
					cancel()
				}
				if took := <-left; !leave && took != 30*time.Second {
					t.Errorf("HTTP/%d: left after %v", version, took)
				}
				synctest.Wait()
				if !strings.Contains(log.String(), "status=499") {
					t.Errorf("HTTP/%d: %s", version, log)
				}
				res.Body.Close()
			})
		}
	}
}

func TestLinesHEAD(t *testing.T) {
	api, _ := logged(t)
	asked := 0
	mux := http.NewServeMux()
	mux.Handle("GET /ok", lines(api, func(*http.Request) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for asked = 1; yield(asked, nil) && asked < 10; asked++ {
			}
		}
	}))
	mux.Handle("GET /none", lines(api, counting(0, nil)))
	mux.Handle("GET /bad", lines(api, counting(0, errTest)))
	overBoth(t, mux, func(t *testing.T, s *httptest.Server) {
		for path, want := range map[string]int{"/ok": 200, "/none": 200, "/bad": 500} {
			res, err := s.Client().Head(s.URL + path)
			if err != nil || res.StatusCode != want {
				t.Error(path, res, err)
			}
			if want == 200 && res.Header.Get("Content-Type") != "application/x-ndjson" {
				t.Error(res.Header)
			}
		}
		if asked != 1 {
			t.Error("HEAD asked for", asked)
		}
	})
}

// A panic of the sequence is a 500, or aborts.
func TestLinesPanic(t *testing.T) {
	for _, n := range []int{0, 50000} {
		api, log := logged(t)
		h := lines(api, func(*http.Request) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for i := range n {
					if !yield(i, nil) {
						return
					}
				}
				panic("in the sequence")
			}
		})
		overBoth(t, h, func(t *testing.T, s *httptest.Server) {
			res, _, err := get(t, s.Client(), s.URL)
			if n == 0 && (err != nil || res.StatusCode != 500) || n > 0 && err == nil {
				t.Error(n, res, err)
			}
		})
		if !strings.Contains(log.String(), "in the sequence") {
			t.Error(log)
		}
	}
}

// An aborted HTTP/1.1 stream lacks its last chunk (RFC 9112 §7.1), and a
// whole one has it.
func TestLinesLastChunk(t *testing.T) {
	for _, bad := range []error{nil, errors.New("bad")} {
		api, _ := logged(t)
		s := httptest.NewTLSServer(checked(t, lines(api, counting(50000, bad))))
		all, _ := io.ReadAll(bufio.NewReader(raw(t, s, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")))
		if whole := strings.HasSuffix(string(all), "\r\n0\r\n\r\n"); whole != (bad == nil) {
			t.Errorf("error %v, last chunk: %v", bad, whole)
		}
		s.Close()
	}
}
