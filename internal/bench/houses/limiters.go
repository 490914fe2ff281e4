package houses

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/didip/tollbooth/v8"
	"github.com/didip/tollbooth/v8/limiter"
	"github.com/go-chi/httprate"
)

var served = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "ok")
})

// twice is a request that is let through, and one that is not.
func twice(path string) []Ask {
	return []Ask{
		{What: "within the limit", Method: "GET", Path: path},
		{What: "over the limit", Method: "GET", Path: path},
		{What: "over the limit, HEAD", Method: "HEAD", Path: path},
	}
}

// brokenStore is a counter whose store is down.
type brokenStore struct{}

func (brokenStore) Config(int, time.Duration)         {}
func (brokenStore) Increment(string, time.Time) error { return errors.New("redis: 10.0.0.7 refused") }
func (brokenStore) IncrementBy(string, time.Time, int) error {
	return errors.New("redis: 10.0.0.7 refused")
}
func (brokenStore) Get(string, time.Time, time.Time) (int, int, error) {
	return 0, 0, errors.New("redis: 10.0.0.7 refused")
}

func httprateHouse() House {
	mux := http.NewServeMux()
	mux.Handle("/limited", httprate.LimitBy(1, time.Hour, httprate.Key("*"))(served))
	mux.Handle("/broken", httprate.LimitBy(1, time.Hour, httprate.Key("*"), httprate.WithLimitCounter(brokenStore{}))(served))
	return House{Name: "httprate", Module: "github.com/go-chi/httprate", Handler: mux, Asks: append(twice("/limited"),
		Ask{What: "the store is down", Method: "GET", Path: "/broken"})}
}

func tollboothHouse() House {
	l := tollbooth.NewLimiter(0.001, nil)
	l.SetBurst(1)
	l.SetIPLookup(limiter.IPLookup{Name: "RemoteAddr"})
	mux := http.NewServeMux()
	mux.Handle("/limited", tollbooth.HTTPMiddleware(l)(served))
	return House{Name: "tollbooth", Module: "github.com/didip/tollbooth/v8", Handler: mux, Asks: twice("/limited")}
}
