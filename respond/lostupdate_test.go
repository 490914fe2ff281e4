package respond_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// versions is a store that compares while it writes.
type versions struct {
	mu      sync.Mutex
	version int
}

func (v *versions) get() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.version
}

func (v *versions) swap(old int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.version != old {
		return false
	}
	v.version++
	return true
}

// The lost update problem (RFC 9110 §13.1.1): of many clients with the same
// tag one alone writes, of many that create (§13.1.2) one alone creates.
func TestLostUpdate(t *testing.T) {
	for _, c := range []struct {
		name   string
		begin  int // 0: it does not exist
		header string
		value  string
		status int
	}{
		{"§13.1.1 If-Match", 1, "If-Match", `"1"`, 200},
		{"§13.1.2 If-None-Match: *", 0, "If-None-Match", "*", 201},
	} {
		store := &versions{version: c.begin}
		var ready sync.WaitGroup
		const clients = 32
		ready.Add(clients)
		url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
			now := store.get()
			state := &respond.State{ETag: strconv.Itoa(now)}
			if now == 0 {
				state = nil
			}
			if _, err := respond.Decode[orderedValue](r, respond.Preconditions(state)); err != nil {
				return respond.Fail(err)
			}
			ready.Done()
			ready.Wait() // all have come this far
			if !store.swap(now) {
				return respond.Fail(problem.PreconditionFailed("Another was faster."))
			}
			if now == 0 {
				return respond.Created("/x", 1).ETag("1"), nil
			}
			return respond.OK(1).ETag(strconv.Itoa(now + 1)), nil
		})
		var mu sync.Mutex
		seen := make(map[int]int)
		var clientsDone sync.WaitGroup
		for range clients {
			clientsDone.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), "PUT", url, strings.NewReader(`{"name":"a"}`))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set(c.header, c.value)
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				res.Body.Close()
				mu.Lock()
				defer mu.Unlock()
				seen[res.StatusCode]++
			})
		}
		clientsDone.Wait()
		if seen[c.status] != 1 || seen[412] != clients-1 {
			t.Errorf("%s: %v", c.name, seen)
		}
		// And whoever comes later is stale before the store is asked.
		if res, _ := fieldAsk(t, "PUT", url, `{"name":"a"}`, c.header, c.value); res.StatusCode != 412 {
			t.Errorf("%s: later: %d", c.name, res.StatusCode)
		}
	}
}
