package respond

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// benchOrder is an order of about 1 KB with 8 items, its rules in tags.
type benchOrder struct {
	Reference string      `json:"reference" validate:"required,max=64"`
	Customer  string      `json:"customer" validate:"required,email"`
	Currency  string      `json:"currency" validate:"required,len=3"`
	Items     []benchItem `json:"items" validate:"required,min=1,max=100,dive"`
	After     day         `json:"deliver_after" validate:"required"`
	Before    day         `json:"deliver_before" validate:"required,gtfield=After"`
	Note      string      `json:"note" validate:"max=500"`
}

type benchItem struct {
	SKU      string `json:"sku" validate:"required,len=6"`
	Quantity int    `json:"quantity" validate:"required,gte=1,lte=1000"`
	Price    string `json:"unit_price" validate:"required,numeric"`
	Text     string `json:"text" validate:"max=100"`
}

// day is a date, "2027-01-04".
type day time.Time

func (d *day) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	*d = day(t)
	return err
}

// plainOrder has the same members, and its rules in a method.
type plainOrder struct {
	Reference string      `json:"reference"`
	Customer  string      `json:"customer"`
	Currency  string      `json:"currency"`
	Items     []plainItem `json:"items"`
	After     day         `json:"deliver_after"`
	Before    day         `json:"deliver_before"`
	Note      string      `json:"note"`
}

type plainItem struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Price    string `json:"unit_price"`
	Text     string `json:"text"`
}

func (o *plainOrder) Validate() error {
	var errs problem.Items
	if o.Reference == "" || len(o.Reference) > 64 {
		errs.Add("max", "must have 1 to 64 characters.", "reference")
	}
	if !time.Time(o.Before).After(time.Time(o.After)) {
		errs.Add("gtfield", "must be later.", "deliver_before")
	}
	for i := range o.Items {
		if q := o.Items[i].Quantity; q < 1 || q > 1000 {
			errs.Add("gte", "must be 1 to 1000.", "items", i, "quantity")
		}
	}
	return errs.Err()
}

var benchBody = benchContent(`{"sku":"AB-123","quantity":2,"unit_price":"12.50","text":"a blue one, of the good sort, with handle"}`, 8)

func benchContent(item string, n int) []byte {
	b := []byte(`{"reference":"web-1","customer":"ana@example.com","currency":"EUR","items":[`)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return append(b, `],"deliver_after":"2027-01-04","deliver_before":"2027-01-08","note":"leave it at the door, please"}`...)
}

// sink is a ResponseWriter that does nothing.
type sink struct {
	h      http.Header
	status int
}

func (w *sink) Header() http.Header         { return w.h }
func (w *sink) WriteHeader(s int)           { w.status = s }
func (w *sink) Write(b []byte) (int, error) { return len(b), nil }

// exchange is a request that is sent again and again.
type exchange struct {
	w    sink
	r    *http.Request
	body *bytes.Reader
	h    http.Handler
}

func newExchange(h http.Handler, method string, content []byte) *exchange {
	e := &exchange{body: bytes.NewReader(content), h: h}
	e.r = httptest.NewRequest(method, "/orders", nil)
	if content != nil {
		e.r.Header.Set("Content-Type", "application/json")
		e.r.Body = io.NopCloser(e.body)
		e.r.ContentLength = int64(len(content))
	}
	e.w.h = make(http.Header, 8)
	return e
}

func (e *exchange) run() {
	_, _ = e.body.Seek(0, io.SeekStart)
	clear(e.w.h)
	e.w.status = http.StatusOK
	e.h.ServeHTTP(&e.w, e.r)
}

var smallAnswer = struct {
	ID string `json:"id"`
}{"1"}

func create[T any]() http.Handler {
	return quietAPI.Handle(func(r *http.Request) (Response, error) {
		if _, err := Decode[T](r); err != nil {
			return Fail(err)
		}
		return Created("/orders/1", &smallAnswer), nil
	})
}

func allocCases() []struct {
	name   string
	limit  float64
	status int
	*exchange
} {
	get := quietAPI.Handle(func(*http.Request) (Response, error) { return OK(&smallAnswer), nil })
	wrong := benchContent(`{"sku":"AB-123","quantity":2,"unit_price":"12.50","text":"a blue one, of the good sort, with handle"}`, 5)
	wrong = bytes.Replace(wrong, []byte(`"quantity":2`), []byte(`"quantity":0`), 2)
	wrong = bytes.Replace(wrong, []byte(`ana@example.com`), []byte(`ana.example.com`), 1)
	return []struct {
		name   string
		limit  float64
		status int
		*exchange
	}{
		{"get", 2, 200, newExchange(get, "GET", nil)},
		{"create with tags", 75, 201, newExchange(create[benchOrder](), "POST", benchBody)},
		{"create with a method", 20, 201, newExchange(create[plainOrder](), "POST", benchBody)},
		{"three broken rules", 100, 422, newExchange(create[benchOrder](), "POST", wrong)},
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, c := range allocCases() {
		if c.run(); c.w.status != c.status {
			t.Fatalf("%s: the status is %d, want %d", c.name, c.w.status, c.status)
		}
		got := testing.AllocsPerRun(200, c.run)
		t.Logf("%s: %v allocations", c.name, got)
		if got > c.limit {
			t.Errorf("%s: %v allocations, want at most %v", c.name, got, c.limit)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	for _, c := range allocCases() {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}
