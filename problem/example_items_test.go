package problem_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/forthright-http/forthright/problem"
)

type booking struct{ nights, guests int }

func (b booking) Validate() error {
	var errs problem.Items
	if b.nights < 1 {
		errs.Add("min", "must be at least 1.", "rooms", 0, "nights")
	}
	if b.guests > 4 {
		errs.Add("max", "must be at most 4.", "guests")
	}
	return errs.Err()
}

// All rules that the content breaks are listed at once, each with its place.
func ExampleItems() {
	problems, _ := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	if err := (booking{nights: 0, guests: 5}).Validate(); err != nil {
		problems.Write(w, httptest.NewRequest("POST", "/bookings", nil), err)
	}
	fmt.Println(w.Code)
	fmt.Print(w.Body)
	// Output:
	// 422
	// {"type":"/problems/invalid-content","title":"The content breaks a rule","status":422,"errors":[{"detail":"must be at least 1.","pointer":"#/rooms/0/nights","code":"min"},{"detail":"must be at most 4.","pointer":"#/guests","code":"max"}]}
}
