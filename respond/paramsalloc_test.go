package respond

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
)

type paramsSmall struct {
	Customer string        `query:"customer"`
	Limit    int           `query:"limit" default:"20"`
	Open     bool          `query:"open"`
	Wait     time.Duration `query:"wait"`
	Trace    string        `header:"X-Trace"`
}

type paramsRuled struct {
	Customer string        `query:"customer" validate:"omitempty,max=50"`
	Limit    int           `query:"limit" default:"20" validate:"gte=1,lte=100"`
	Open     bool          `query:"open"`
	Wait     time.Duration `query:"wait" validate:"lte=1m"`
	Trace    string        `header:"X-Trace" validate:"max=20"`
}

func paramsRequest() *http.Request {
	r := httptest.NewRequest("POST", "/orders?customer=ana&limit=50&open=true&wait=10s", nil)
	r.Header.Set("X-Trace", "abc")
	return r
}

func TestParamsAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := paramsRequest()
	run := func(name string, want float64, f func() error) {
		if got := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); got > want {
			t.Errorf("%s: %v allocations, want at most %v", name, got, want)
		}
	}
	run("5 fields", 1, func() error { _, err := Params[paramsSmall](r); return err })
	rules := validator.New(validator.WithRequiredStructEnabled())
	own := testing.AllocsPerRun(100, func() {
		if err := rules.Struct(&paramsRuled{Customer: "ana", Limit: 50}); err != nil {
			t.Fatal(err)
		}
	})
	run("5 fields with rules, beside the validator's own", 1+own, func() error { _, err := Params[paramsRuled](r); return err })
}

func BenchmarkParams(b *testing.B) {
	r := paramsRequest()
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Params[paramsSmall](r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Params[paramsRuled](r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("url.Values", func(b *testing.B) { // what the parsing alone would cost
		b.ReportAllocs()
		for b.Loop() {
			if q := r.URL.Query(); q.Get("limit") != "50" {
				b.Fatal(q)
			}
		}
	})
}
