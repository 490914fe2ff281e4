//go:build unix

package redisstore_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

const (
	quota    = 10
	machines = 5 // so that each alone lets 2 pass
	margin   = time.Second
)

// service is a store, and a limiter for each choice of what to do while it is down.
type service struct {
	t        *testing.T
	store    *redisstore.Store
	open     atomic.Bool // the breaker
	opened   atomic.Int64
	failures atomic.Int64
	hurried  map[ratelimit.WhenDown]http.Handler // with the default deadline
	patient  map[ratelimit.WhenDown]http.Handler
}

var choices = []ratelimit.WhenDown{ratelimit.Open, ratelimit.Closed, ratelimit.Local}

func newService(t *testing.T, url string) *service {
	t.Helper()
	s := &service{t: t, hurried: map[ratelimit.WhenDown]http.Handler{}, patient: map[ratelimit.WhenDown]http.Handler{}}
	var err error
	s.store, err = redisstore.Open(url, redisstore.Options{
		Rest: 200 * time.Millisecond,
		OnCall: func(operation string, took time.Duration, err error) {
			if err != nil {
				s.failures.Add(1)
			}
		},
		OnBreaker: func(open bool) {
			s.open.Store(open)
			if open {
				s.opened.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range choices {
		s.hurried[c] = s.handler(c, 0)
		s.patient[c] = s.handler(c, 10*time.Second)
	}
	return s
}

func (s *service) handler(c ratelimit.WhenDown, deadline time.Duration) http.Handler {
	s.t.Helper()
	quiet, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := ratelimit.New(s.store, ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "p" + strconv.Itoa(int(c)), Quota: quota, Window: time.Hour, WhenDown: c}},
		Key:      func(r *http.Request) (string, bool) { return r.Header.Get("User"), true },
		Machines: machines, Deadline: deadline, Problems: quiet,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return conformtest.Handler(s.t, l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"], w.Header()["Cache-Control"] = []string{"text/plain"}, []string{"no-store"}
		w.Write([]byte("ok"))
	})))
}

// ask asks once, and fails where the answer takes longer than the deadline, or makes no
// sense.
func (s *service) ask(h http.Handler, key string) int {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("User", key)
	w := httptest.NewRecorder()
	begin := time.Now()
	h.ServeHTTP(w, r)
	if took := time.Since(begin); took > 50*time.Millisecond+margin {
		s.t.Errorf("an answer took %v", took)
	}
	switch seconds, err := strconv.Atoi(w.Header().Get("Retry-After")); {
	case w.Code == http.StatusOK:
	case w.Code != http.StatusTooManyRequests && w.Code != http.StatusServiceUnavailable:
		s.t.Errorf("the answer is %d", w.Code)
	case err != nil || seconds < 1:
		s.t.Errorf("a %d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	return w.Code
}

// take asks n times and returns how often each status came.
func (s *service) take(h http.Handler, key string, n int) map[int]int {
	statuses := map[int]int{}
	for range n {
		statuses[s.ask(h, key)]++
	}
	return statuses
}

// want fails where other statuses came than want, which is a list of pairs.
func want(t *testing.T, when string, got map[int]int, want ...int) {
	t.Helper()
	n := 0
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] == want[i+1] {
			n++
		}
	}
	if n != len(want)/2 || len(got) != n {
		t.Errorf("%s: statuses %v, want %v", when, got, want)
	}
}

// down asks while Redis is down: each choice is kept to, by many at once.
func (s *service) down() {
	s.t.Helper()
	for _, c := range choices {
		got := map[int]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				own := s.take(s.hurried[c], "k", 5)
				mu.Lock()
				defer mu.Unlock()
				for status, n := range own {
					got[status] += n
				}
			})
		}
		wg.Wait()
		switch c {
		case ratelimit.Open:
			want(s.t, "open", got, 200, 40)
		case ratelimit.Closed:
			want(s.t, "closed", got, 503, 40)
		case ratelimit.Local:
			want(s.t, "local", got, 200, quota/machines, 429, 40-quota/machines)
		}
	}
	if !s.open.Load() {
		s.t.Error("the breaker is not open")
	}
}

// back waits until Redis is asked again.
func (s *service) back() {
	s.t.Helper()
	eventually(s.t, "it comes back by itself", func() bool {
		return s.ask(s.patient[ratelimit.Closed], "somebody else") != 503 && !s.open.Load()
	})
}

// left takes all that is left, by each choice.
func (s *service) left(least, most int) {
	s.t.Helper()
	for _, c := range choices {
		got := s.take(s.patient[c], "k", quota+2)
		if n := got[200]; n < least || n > most || got[429] != quota+2-n {
			s.t.Errorf("choice %d: after it came back, statuses %v, want %d to %d times 200 and else 429", c, got, least, most)
		}
	}
}

// end closes the store, and looks for what still runs.
func (s *service) end(goroutines int) {
	s.t.Helper()
	if err := s.store.Close(); err != nil {
		s.t.Error(err)
	}
	eventually(s.t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestDownAtStart(t *testing.T) {
	r := newServer(t)
	before := runtime.NumGoroutine()
	s := newService(t, r.url())
	s.down()
	r.start()
	s.back()
	s.left(quota, quota)
	s.end(before)
}

func TestKilled(t *testing.T) {
	r := startServer(t)
	before := runtime.NumGoroutine()
	s := newService(t, r.url())
	for _, c := range choices {
		want(t, "before", s.take(s.patient[c], "k", 3), 200, 3)
	}
	r.kill()
	s.down()
	r.start()
	s.back()
	s.left(quota, quota) // it kept nothing
	s.end(before)
}

// TestHung: Redis answers nothing for a while. What was sent to it meanwhile may be
// counted when it goes on, and no more than that.
func TestHung(t *testing.T) {
	r := startServer(t)
	before := runtime.NumGoroutine()
	s := newService(t, r.url())
	for _, c := range choices {
		want(t, "before", s.take(s.patient[c], "k", 3), 200, 3)
	}
	r.stop()
	s.down()
	sent := int(s.failures.Load())
	r.goOn()
	s.back()
	s.left(max(0, quota-3-sent), quota-3)
	s.end(before)
}

// TestSlow: Redis answers late, but in time: nobody sees more of it than that.
func TestSlow(t *testing.T) {
	r := startServer(t)
	s := newService(t, r.url())
	defer s.store.Close()
	want(t, "before", s.take(s.patient[ratelimit.Closed], "k", 1), 200, 1)
	for range 3 {
		r.stop()
		go func() {
			time.Sleep(100 * time.Millisecond)
			r.goOn()
		}()
		want(t, "slow", s.take(s.patient[ratelimit.Closed], "k", 1), 200, 1)
	}
	if s.failures.Load() != 0 || s.opened.Load() != 0 {
		t.Errorf("%d calls failed, and the breaker opened %d times", s.failures.Load(), s.opened.Load())
	}
	want(t, "after", s.take(s.patient[ratelimit.Closed], "k", 10), 200, quota-4, 429, 4)
}

// TestFlushed: what Redis forgot is a full bucket, and it goes on from there.
func TestFlushed(t *testing.T) {
	r := startServer(t)
	c := clientOf(t, r.url())
	s := newService(t, r.url())
	defer s.store.Close()
	want(t, "before", s.take(s.patient[ratelimit.Closed], "k", 4), 200, 4)
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.left(quota, quota)
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Reset(t.Context(), "k", []ratelimit.Policy{hourly("p", 1)}); err != nil { // forgets the denials
		t.Fatal(err)
	}
	s.left(quota, quota)
}

// TestKilledUnderLoad: it is killed and started again while many ask.
func TestKilledUnderLoad(t *testing.T) {
	r := startServer(t)
	before := runtime.NumGoroutine()
	s := newService(t, r.url())
	var asked, passed atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 12 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				c := choices[(i+n)%len(choices)]
				status := s.ask(s.hurried[c], strconv.Itoa(i)+"-"+strconv.Itoa(n/30))
				asked.Add(1)
				switch {
				case status == 200:
					passed.Add(1)
				case status == 503 && c != ratelimit.Closed:
					t.Errorf("choice %d: 503", c)
				}
			}
		})
	}
	for round := range int64(2) {
		eventually(t, "requests pass", func() bool { return passed.Load() > (round+1)*100 && !s.open.Load() })
		r.kill()
		eventually(t, "the breaker opens", func() bool { return s.opened.Load() > round })
		n := asked.Load()
		eventually(t, "requests are answered", func() bool { return asked.Load() > n+100 })
		r.start()
		eventually(t, "the breaker closes", func() bool { return !s.open.Load() })
	}
	close(stop)
	wg.Wait()
	s.back()
	s.left(quota, quota)
	s.end(before)
}
