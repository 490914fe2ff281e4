package authntest

import (
	"net/http"
	"strings"
	"sync"
)

// Endpoint is one of an issuer's: its key set, its metadata, its introspection.
// It can be made to fail.
type Endpoint struct {
	url   string
	serve http.HandlerFunc
	ended <-chan struct{} // the test is over

	mu     sync.Mutex
	state  State
	change chan struct{} // closed when the state changes
	calls  int
}

// State is how an [Endpoint] answers.
type State string

// The states of an endpoint.
const (
	Up      State = "up"      // as it should: at first
	Down    State = "down"    // 500
	Hanging State = "hanging" // no answer until the state changes, the client leaves or the test ends
	HTML    State = "HTML"    // 200 and a web page, as from a captive portal
	Empty   State = "empty"   // 200 and an object without members; of the key set, a set without keys
	Huge    State = "huge"    // 200 and JSON of 200 MB, sent for as long as the client reads
)

// URL is where the endpoint is, on loopback.
func (e *Endpoint) URL() string { return e.url }

// Set makes the endpoint answer so from now on, and releases what hangs.
func (e *Endpoint) Set(s State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = s
	close(e.change)
	e.change = make(chan struct{})
}

// Calls is how many requests have come.
func (e *Endpoint) Calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.calls++
	e.mu.Unlock()
	for {
		e.mu.Lock()
		state, change := e.state, e.change
		e.mu.Unlock()
		if state != Hanging {
			e.answer(w, r, state)
			return
		}
		select {
		case <-change:
		case <-r.Context().Done():
			return
		case <-e.ended:
			return
		}
	}
}

func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request, s State) {
	w.Header().Set("Content-Type", "application/json")
	switch s {
	case Down:
		http.Error(w, "down", http.StatusInternalServerError)
	case HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>Welcome</title><p>Please log in to the network.\n"))
	case Empty:
		w.Write([]byte(e.empty()))
	case Huge:
		e.pour(w)
	default:
		e.serve(w, r)
	}
}

func (e *Endpoint) empty() string {
	if strings.HasSuffix(e.url, keySetPath) {
		return `{"keys":[]}`
	}
	return `{}`
}

// pour sends white space inside of an array that never ends.
func (e *Endpoint) pour(w http.ResponseWriter) {
	const size, piece = 200 << 20, 64 << 10
	space := []byte(strings.Repeat(" ", piece))
	w.Write([]byte(`{"keys":[`))
	for range size / piece {
		select {
		case <-e.ended:
			return
		default:
		}
		if _, err := w.Write(space); err != nil {
			return
		}
	}
}
