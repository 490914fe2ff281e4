package problem_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// A client and a service share the type as one Go value.
func ExampleFromResponse() {
	outOfCredit := problem.NewType("out-of-credit", http.StatusConflict, "You do not have enough credit.")
	quietly, _ := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		quietly.Write(w, r, outOfCredit.New("Your balance is 30, but that costs 50.").
			With("balance", 30).With("cost", 50).WithRetryAfter(time.Hour))
	}))
	defer service.Close()

	pay := func() error {
		res, err := http.Post(service.URL+"/pay", "", nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		return problem.FromResponse(res, outOfCredit)
	}

	err := pay()
	fmt.Println(errors.Is(err, outOfCredit))
	if p, ok := errors.AsType[*problem.Remote](err); ok {
		var credit struct{ Balance, Cost int }
		if err := p.Decode(&credit); err != nil {
			fmt.Println(err)
		}
		after, _ := p.RetryAfter()
		fmt.Println(p.Status(), p.Detail(), credit.Cost-credit.Balance, "are missing; try again in", after)
	}
	// Output:
	// true
	// 409 Your balance is 30, but that costs 50. 20 are missing; try again in 1h0m0s
}

// A gateway passes on what it vouches for; any other answer of the service
// behind it is a 502.
func ExampleRemote_Relay() {
	noStock := problem.NewType("no-stock", http.StatusConflict, "There is not enough in stock")
	w, _ := problem.NewWriter(problem.Options{
		Logger: slog.New(slog.DiscardHandler),
		Map: []problem.Mapping{problem.MapAs(func(p *problem.Remote) *problem.Problem {
			if p.Type() == noStock {
				return p.Relay()
			}
			return nil
		})},
	})
	for _, body := range []string{
		`{"type":"/problems/no-stock","detail":"2 are left.","left":2}`,
		`{"type":"/problems/disk-full","detail":"stock-7.internal: /dev/sda1 is full"}`,
	} {
		behind := &http.Response{StatusCode: 409, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: content(body)}
		rec := httptest.NewRecorder()
		w.Write(rec, httptest.NewRequest("GET", "/", nil), problem.FromResponse(behind, noStock))
		fmt.Println(rec.Code, withoutInstance(rec.Body.String()))
	}
	// Output:
	// 409 {"type":"/problems/no-stock","title":"There is not enough in stock","status":409,"detail":"2 are left.","left":2}
	// 502 {"type":"about:blank","title":"Bad Gateway","status":502}
}
