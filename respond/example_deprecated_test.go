package respond_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func ExampleDeprecated() {
	deprecated, err := respond.Deprecated(respond.Deprecation{
		Since:     time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC),
		Sunset:    time.Date(2027, time.July, 1, 0, 0, 0, 0, time.UTC),
		Info:      "https://developer.example.com/deprecation",
		Successor: func(r *http.Request) string { return strings.Replace(r.URL.EscapedPath(), "/v0/", "/v1/", 1) },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v0/books", deprecated(respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK([]string{"Emma"}), nil
	})))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/v0/books", nil))
	fmt.Println(w.Header().Get("Deprecation"))
	fmt.Println(w.Header().Get("Sunset"))
	fmt.Println(strings.Join(w.Header()["Link"], "\n"))
	// Output:
	// @1798761600
	// Thu, 01 Jul 2027 00:00:00 GMT
	// <https://developer.example.com/deprecation>; rel="deprecation"
	// </v1/books>; rel="successor-version"
}
