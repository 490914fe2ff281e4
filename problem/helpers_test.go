package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// quiet is a logger that is off.
var quiet = slog.New(slog.DiscardHandler)

// book keeps the records of a logger.
type book struct {
	mu      sync.Mutex
	records []record
}

type record struct {
	level   slog.Level
	message string
	attrs   map[string]any
}

func (b *book) Enabled(context.Context, slog.Level) bool { return true }
func (b *book) WithAttrs([]slog.Attr) slog.Handler       { panic("not used") }
func (b *book) WithGroup(string) slog.Handler            { panic("not used") }
func (b *book) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]any{}
	r.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.Any(); return true })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, record{r.Level, r.Message, attrs})
	return nil
}

// one returns the only record.
func (b *book) one(t *testing.T) record {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.records) != 1 {
		t.Fatalf("%d log records, want 1: %+v", len(b.records), b.records)
	}
	return b.records[0]
}

// newWriter makes a Writer of valid options; without a logger it is quiet.
func newWriter(t testing.TB, o problem.Options) *problem.Writer {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet
	}
	w, err := problem.NewWriter(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// logged makes a Writer and the book that its logger writes.
func logged(t testing.TB, o problem.Options) (*problem.Writer, *book) {
	b := new(book)
	o.Logger = slog.New(b)
	return newWriter(t, o), b
}

func get() *http.Request { return httptest.NewRequest("GET", "/orders/1", nil) }

// answer is what a client gets for err by a Writer with the defaults.
func answer(t testing.TB, err error, off ...map[string]string) *http.Response {
	t.Helper()
	return answerTo(t, newWriter(t, problem.Options{}), get(), err, off...)
}

func answerTo(t testing.TB, w *problem.Writer, r *http.Request, err error, off ...map[string]string) *http.Response {
	t.Helper()
	rec := httptest.NewRecorder()
	send(t, w, rec, r, err, off...)
	return rec.Result()
}

// send lets w answer err, and fails the test if that breaks a rule of package
// conform.
func send(t testing.TB, w *problem.Writer, rw http.ResponseWriter, r *http.Request, err error, off ...map[string]string) {
	t.Helper()
	conformtest.Handler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.Write(rw, r, err) }), rules(append(off, anyRequest)...)).ServeHTTP(rw, r)
}

// rules is the check of package conform but for rules that a test breaks on
// purpose, each with the reason.
func rules(off ...map[string]string) conform.Options {
	o := conform.Options{Off: map[string]string{}}
	for _, m := range off {
		maps.Copy(o.Off, m)
	}
	return o
}

// except makes the same reason of several rules.
func except(reason string, rules ...string) map[string]string {
	off := map[string]string{}
	for _, rule := range rules {
		off[rule] = reason
	}
	return off
}

var (
	// anyRequest are the rules about what was asked for.
	anyRequest = except("a plain GET is answered with any problem there is",
		"403-anonymous", "406-asked", "406-vary", "412", "415-encoding", "416-asked", "417", "422-content", "425", "501-read")
	// anyStatus are the rules about what belongs to a status.
	anyStatus = except("problem.New makes any status; what belongs to it is for the constructors",
		"408", "415-names", "416-size", "422-list", "429-retry", "451-link", "503", "511", "G1-registered")
)

// aborts reports whether f panics with http.ErrAbortHandler.
func aborts(f func()) (aborted bool) {
	defer func() {
		if e := recover(); e != nil {
			err, ok := e.(error)
			if !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(e)
			}
			aborted = true
		}
	}()
	f()
	return false
}

// panics returns what f panics with, nil if it does not.
func panics(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// members decodes the body of a problem.
func members(t testing.TB, res *http.Response) map[string]any {
	t.Helper()
	b := body(t, res)
	var m map[string]any
	if err := json.Unmarshal([]byte(b), &m); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return m
}

// parse decodes JSON that the test itself holds.
func parse(t testing.TB, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// encode is the body of p, decoded.
func encode(t testing.TB, p *problem.Problem) map[string]any {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(b)).(map[string]any)
}

func itoa(n int) string { return strconv.Itoa(n) }

func eq[T comparable](t testing.TB, name string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

func contextFor(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func content(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// withoutInstance cuts the instance, which is another one each time.
func withoutInstance(body string) string {
	if i := strings.Index(body, `,"instance":`); i >= 0 {
		return body[:i] + "}"
	}
	return strings.TrimSpace(body)
}
