package redisstore_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// child is the variable whose value is the prefix of the keys, in a process that
// TestProcesses starts.
const child = "FORTHRIGHT_REDISSTORE_CHILD"

// TestProcesses: 4 processes of 64 goroutines, one key, a limit of 1,000.
func TestProcesses(t *testing.T) {
	if prefix := os.Getenv(child); prefix != "" {
		fmt.Printf("\npassed %d\n", passes(t, prefix))
		return
	}
	c := clientOf(t, redisURL(t))
	for round := range 2 {
		prefix := prefixOf(t, c)
		var sum atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				cmd := exec.Command(os.Args[0], "-test.run=^TestProcesses$", "-test.count=1")
				cmd.Env = append(os.Environ(), child+"="+prefix)
				out, err := cmd.Output()
				_, rest, _ := strings.Cut(string(out), "\npassed ")
				line, _, _ := strings.Cut(rest, "\n")
				n, bad := strconv.Atoi(line)
				if err != nil || bad != nil {
					t.Errorf("a process: %v\n%s", err, out)
				}
				sum.Add(int64(n))
			})
		}
		wg.Wait()
		if sum.Load() != 1000 {
			t.Errorf("round %d: %d passed a limit of 1000", round+1, sum.Load())
		}
		s := newStore(t, c, redisstore.Options{Prefix: prefix})
		if d := mustPeek(t, s, "k", limit...); d[0].Remaining != 0 || d[1].Remaining != 9000 {
			t.Errorf("round %d: what is left is %+v", round+1, d)
		}
	}
}

// limit is what all processes hold one key against: the second is charged as often as
// the first lets pass.
var limit = []ratelimit.Policy{hourly("p", 1000), hourly("q", 10_000)}

// passes is how many of 1,600 pass in this process.
func passes(t *testing.T, prefix string) int64 {
	s := newStore(t, clientOf(t, redisURL(t)), redisstore.Options{Prefix: prefix})
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 25 {
				d := make([]ratelimit.Decision, 2)
				if err := s.Take(t.Context(), "k", 1, limit, d); err != nil {
					t.Error(err)
				} else if d[0].Allowed {
					n.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return n.Load()
}
