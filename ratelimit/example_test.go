package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

func ExampleNew() {
	store, err := ratelimit.NewMemory(ratelimit.MemoryOptions{})
	if err != nil {
		panic(err)
	}
	limits, err := ratelimit.New(store, ratelimit.Options{
		Policies: []ratelimit.Policy{
			{Name: "burst", Quota: 20, Window: time.Second},
			{Name: "hour", Quota: 5000, Window: time.Hour},
		},
		Key:      ratelimit.By(authn.Subject), // by address where there is none
		Problems: httpQuiet,
	})
	if err != nil {
		panic(err)
	}
	v1 := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	mux := http.NewServeMux()
	mux.Handle("/v1/", limits.Handler(v1))

	w := httptest.NewRecorder()
	for w.Code == http.StatusOK {
		w = httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/v1/", nil))
	}
	fmt.Println(w.Code)
	for _, name := range []string{"Content-Type", "RateLimit-Policy", "RateLimit", "Retry-After"} {
		fmt.Println(name+":", w.Header().Get(name))
	}
	fmt.Println(w.Body)
	// Output:
	// 429
	// Content-Type: application/problem+json
	// RateLimit-Policy: "burst";q=20;w=1, "hour";q=5000;w=3600
	// RateLimit: "burst";r=0;t=1
	// Retry-After: 1
	// {"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"The quota is exceeded","status":429,"detail":"Used up: burst.","violated-policies":["burst"]}
}

// The whole nesting, behind a proxy of 10.0.0.0/8.
func Example() {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	store, err := ratelimit.NewMemory(ratelimit.MemoryOptions{})
	must(err)
	clients, err := ratelimit.NewAddresses(ratelimit.AddressOptions{Trusted: []string{"10.0.0.0/8"}})
	must(err)
	hash, err := authn.HashPassword("right")
	must(err)

	guard, err := ratelimit.New(store, ratelimit.Options{ // outermost: it spares the password hash
		Policies: []ratelimit.Policy{{Name: "failed-logins", Quota: 3, Window: time.Minute, WhenDown: ratelimit.Closed}},
		Key:      clients.Key,
		Count:    ratelimit.Statuses(http.StatusUnauthorized),
		Quiet:    true,
		Problems: httpQuiet,
	})
	must(err)
	auth, err := authn.New(authn.Options{
		Schemes:  []authn.Scheme{authn.Basic{Users: authn.Users{"alice": {Hash: hash}}}},
		Problems: httpQuiet,
	})
	must(err)
	limits, err := ratelimit.New(store, ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "hour", Quota: 5000, Window: time.Hour}},
		Key:      ratelimit.By(authn.Subject, clients.Key),
		Count:    func(status int) bool { return status != http.StatusServiceUnavailable }, // not what is shed
		Problems: httpQuiet,
	})
	must(err)
	capacity, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyOptions{Max: 100, Queue: 200, Problems: httpQuiet})
	must(err)
	v1 := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	mux := http.NewServeMux()
	mux.Handle("/v1/", guard.Handler(auth.Handler(limits.Handler(capacity.Handler(v1)))))

	for _, c := range []struct{ client, password string }{
		{"198.51.100.7", "right"}, {"198.51.100.7", "wrong"}, {"198.51.100.7", "wrong"}, {"198.51.100.7", "wrong"},
		{"198.51.100.7", "right"}, // the address has used up its failures
		{"192.0.2.9", "right"},
	} {
		r := httptest.NewRequest("GET", "/v1/", nil)
		r.RemoteAddr = "10.0.0.2:443"
		r.Header.Set("X-Forwarded-For", c.client)
		r.SetBasicAuth("alice", c.password)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Printf("%s, %s: %d [%s]\n", c.client, c.password, w.Code, w.Header().Get("RateLimit"))
	}
	r := httptest.NewRequest("GET", "/v1/", nil)
	r.RemoteAddr = "10.0.0.2:443"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	must(guard.Reset(r.Context(), guard.KeyOf(r)))
	fmt.Println(guard.KeyOf(r), "is let in again")
	// Output:
	// 198.51.100.7, right: 200 ["hour";r=4999;t=3600]
	// 198.51.100.7, wrong: 401 []
	// 198.51.100.7, wrong: 401 []
	// 198.51.100.7, wrong: 401 []
	// 198.51.100.7, right: 429 ["failed-logins";r=0;t=20]
	// 192.0.2.9, right: 200 ["hour";r=4998;t=3600]
	// 198.51.100.7 is let in again
}

// Wrong passwords are counted by address, outside authentication.
func ExampleFailures() {
	store, err := ratelimit.NewMemory(ratelimit.MemoryOptions{})
	if err != nil {
		panic(err)
	}
	guard, err := ratelimit.New(store, ratelimit.Options{
		Policies: []ratelimit.Policy{{Name: "login", Quota: 2, Window: time.Minute}},
		Count:    ratelimit.Failures, // reserved before, given back after a success
		Problems: httpQuiet,
	})
	if err != nil {
		panic(err)
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			httpQuiet.Write(w, r, problem.Unauthorized(`Basic realm="example"`))
		}
	})
	h := guard.Handler(login)
	for _, password := range []string{"right", "right", "right", "wrong", "wrong", "right"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth("alice", password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(password, w.Code)
	}
	// Output:
	// right 200
	// right 200
	// right 200
	// wrong 401
	// wrong 401
	// right 429
}

func ExampleParsePolicy() {
	for _, s := range []string{"burst=10/1s", "hour=5000/1h+50", "login=5-M", "hour=lots"} {
		p, err := ratelimit.ParsePolicy(s)
		fmt.Println(p.Quota, p.Window, p.Burst, err)
	}
	// Output:
	// 10 1s 10 <nil>
	// 5000 1h0m0s 50 <nil>
	// 5 1m0s 5 <nil>
	// 0 0s 0 ratelimit: "hour=lots": "lots" is not QUOTA/WINDOW, such as 10/1s, nor QUOTA-UNIT, such as 10-S
}
