package async_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/forthright-http/forthright/async"
)

// A whole service: work is accepted, done beside the request, and fetched.
func Example() {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()

	jobs, err := async.New(backend, async.Options{
		URL:   server.URL + "/jobs",
		Owner: func(*http.Request) (string, bool) { return "ana", true }, // authn.Subject
	})
	if err != nil {
		log.Fatal(err)
	}
	type query struct {
		Word string `json:"word" validate:"required"`
	}
	count, err := async.Define(jobs, "count", func(ctx context.Context, task *async.Task, in query) (map[string]int, error) {
		task.Progress(1, 1)
		return map[string]int{"letters": len(in.Word)}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("POST /counts", count)
	mux.Handle("/jobs/", jobs)
	mux.Handle("/jobs", jobs)

	ctx, stop := context.WithCancel(context.Background())
	drained := make(chan error)
	go func() { drained <- jobs.Run(ctx) }()

	// A client.
	res, err := http.Post(server.URL+"/counts", "application/json", strings.NewReader(`{"word":"forthright"}`))
	if err != nil {
		log.Fatal(err)
	}
	res.Body.Close()
	fmt.Println(res.Status, res.Header.Get("Location") == res.Header.Get("Operation-Location"))

	req, err := http.NewRequest("GET", res.Header.Get("Location")+"/result", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Prefer", "wait=10")
	res, err = http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, string(body))

	stop()
	fmt.Println(<-drained)
	// Output:
	// 202 Accepted true
	// 200 OK {"letters":10}
	// <nil>
}

// A POST handler that answers by itself is carried out once for each key.
func ExampleIdempotent() {
	store, err := async.NewMemoryReplays(async.MemoryReplayOptions{})
	if err != nil {
		log.Fatal(err)
	}
	once, err := async.Idempotent(store, async.IdempotentOptions{
		Owner: func(*http.Request) (string, bool) { return "ana", true }, // authn.Subject
	})
	if err != nil {
		log.Fatal(err)
	}
	orders := 0
	handler := once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		orders++
		w.Header().Set("Location", fmt.Sprint("/orders/", orders))
		w.WriteHeader(http.StatusCreated)
	}))
	for range 2 {
		r := httptest.NewRequest("POST", "/orders", strings.NewReader(`{"sku":"AB-123"}`))
		r.Header.Set("Idempotency-Key", `"8e03978e-40d5-43dd-bc93-6894a57f9324"`)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %s replayed=%q\n", w.Code, w.Header().Get("Location"), w.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// 201 /orders/1 replayed=""
	// 201 /orders/1 replayed="true"
}
