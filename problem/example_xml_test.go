package problem_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/forthright-http/forthright/problem"
)

// A client that reads XML names the type of a problem in Accept.
func ExampleWriter_Write_xml() {
	outOfCredit := problem.NewType("out-of-credit", http.StatusConflict, "You do not have enough credit.")
	w, _ := problem.NewWriter(problem.Options{Base: "https://example.com/probs/", Logger: slog.New(slog.DiscardHandler)})

	r := httptest.NewRequest("POST", "/pay", nil)
	r.Header.Set("Accept", "application/xml, application/problem+xml")
	rec := httptest.NewRecorder()
	w.Write(rec, r, outOfCredit.New("").With("balance", 30).With("accounts", []string{"/account/12345", "/account/67890"}))
	fmt.Println(rec.Header().Get("Content-Type"))
	fmt.Println(rec.Body)
	// Output:
	// application/problem+xml
	// <?xml version="1.0" encoding="UTF-8"?>
	// <problem xmlns="urn:ietf:rfc:7807"><type>https://example.com/probs/out-of-credit</type><title>You do not have enough credit.</title><status>409</status><balance>30</balance><accounts><i>/account/12345</i><i>/account/67890</i></accounts></problem>
}
