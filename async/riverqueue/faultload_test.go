package riverqueue_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// faultService is the processes of one service, and those who use it.
type faultService struct {
	*faultLedger
	settings faultSettings // of each, but for name and workers
	pool     *pgxpool.Pool
	takes    int64 // how long a job runs, in milliseconds, about

	mu      sync.Mutex
	webs    []*faultProcess
	workers []*faultProcess
	all     []*faultProcess // those that have ended, too
	stop    context.CancelFunc
	users   sync.WaitGroup
}

const faultWorkers = 8 // attempts at once in a process that works

// newFaultService starts so many processes that accept and that work.
func newFaultService(t *testing.T, webs, workers int, change func(*faultSettings)) *faultService {
	t.Helper()
	url := postgresURL(t)
	pool, schema := newSchema(t)
	s := &faultService{
		faultLedger: newFaultLedger(), pool: pool, takes: 40,
		settings: faultSettings{URL: url, Schema: schema, Lease: killLease, Drain: time.Second, MaxInterrupted: 3},
		webs:     make([]*faultProcess, webs), workers: make([]*faultProcess, workers),
	}
	if change != nil {
		change(&s.settings)
	}
	for i := range webs {
		s.replaceWeb(t, i)
	}
	for i := range workers {
		s.replaceWorker(t, i)
	}
	return s
}

func (s *faultService) replaceWeb(t *testing.T, i int) {
	t.Helper()
	s.replace(t, s.webs, i, "web", -1)
}

func (s *faultService) replaceWorker(t *testing.T, i int) {
	t.Helper()
	s.replace(t, s.workers, i, "worker", faultWorkers)
}

func (s *faultService) replace(t *testing.T, in []*faultProcess, i int, name string, workers int) {
	t.Helper()
	settings := s.settings
	settings.Name, settings.Workers = fmt.Sprint(name, " ", i, ".", len(s.all)), workers
	p := startFault(t, settings, s.heard(settings.Name))
	s.mu.Lock()
	defer s.mu.Unlock()
	in[i] = p
	s.all = append(s.all, p)
}

// web is one of those that accept.
func (s *faultService) web(n int) *faultProcess {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.webs[n%len(s.webs)]
}

const (
	faultSubmitters = 16
	faultWindow     = 8 // jobs of a submitter that have not finished
)

// load has submitters work until rest is called.
func (s *faultService) load() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	for i := range faultSubmitters {
		s.users.Go(func() { s.submitter(ctx, i) })
	}
}

// rest ends the load, and waits until every job that was accepted has ended.
func (s *faultService) rest(t *testing.T) {
	t.Helper()
	s.stop()
	done := make(chan struct{})
	go func() { s.users.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(4 * patience):
		s.tell(t)
		t.Fatal("not every job that was accepted comes to its end")
	}
}

func (s *faultService) submitter(ctx context.Context, i int) {
	window := make(chan struct{}, faultWindow)
	var following sync.WaitGroup
	defer following.Wait()
	for n := 0; ctx.Err() == nil; n++ {
		window <- struct{}{}
		key := fmt.Sprintf("key-%d-%d", i, n)
		body := fmt.Sprintf(`{"name":%q,"takes":%d,"fails":%v}`, key, s.takes/2+int64(n*7%int(s.takes+1)), n%10 == 7)
		id := s.submit(i+n, key, body)
		if id == "" {
			return
		}
		following.Go(func() {
			defer func() { <-window }()
			if n%5 == 0 {
				s.submit(i+n+1, key, body) // the same again, on another process
			}
			switch n % 16 {
			case 3:
				s.cancel(i+n, id)
			case 11:
				s.follow(i+n, id, "running")
				s.cancel(i+n+1, id)
			}
			s.follow(i+n, id, "")
		})
	}
}

// submit sends a job until it is accepted, as a client does that has patience: with the
// same key after a 503 and after an answer that was lost.
func (s *faultService) submit(n int, key, body string) (id string) {
	for begun := time.Now(); time.Since(begun) < 4*patience; n++ {
		p := s.web(n)
		a := s.ask(p, "POST", "/v1/work", body, "Idempotency-Key", key)
		if a.status == http.StatusAccepted {
			where := a.header.Get("Location")
			id = where[strings.LastIndexByte(where, '/')+1:]
			s.keep(p.name, key, id)
			return id
		}
		calm(a)
	}
	s.fault("the key %s is not accepted for ever", key)
	return ""
}

// calm waits before a request is repeated: a tenth of what the answer asks for, so that
// more can be seen of the time of a fault.
func calm(a faultAnswer) {
	after, _ := strconv.Atoi(a.header.Get("Retry-After"))
	time.Sleep(max(20*time.Millisecond, time.Duration(after)*time.Second/10))
}

// cancel asks a job to stop.
func (s *faultService) cancel(n int, id string) {
	s.faultLedger.mu.Lock()
	s.job(id).stopped = true
	s.faultLedger.mu.Unlock()
	for begun := time.Now(); time.Since(begun) < 4*patience; n++ {
		a := s.ask(s.web(n), "DELETE", "/v1/jobs/"+id, "")
		if a.status/100 == 2 || a.status == http.StatusConflict {
			return
		}
		calm(a)
	}
	s.fault("%s cannot be cancelled", id)
}

// follow reads the status of a job from one process after the other until it has this
// status or has ended, and then once more from each.
func (s *faultService) follow(n int, id, status string) {
	left := 2
	for begun := time.Now(); time.Since(begun) < 4*patience; n++ {
		a, ok := s.read(s.web(n), id, "Prefer", "wait=5")
		if !ok {
			calm(a)
			continue
		}
		if a.status == http.StatusOK || status != "" && a.document().Status == status {
			if status != "" {
				return
			}
			if left--; left < 0 {
				return
			}
		}
	}
	s.fault("%s does not end", id)
}

// begins waits until so many more attempts have begun in a process.
func (s *faultService) begins(t *testing.T, n int, by string) {
	t.Helper()
	s.until(t, "attempts begin in "+by, func() bool {
		found := 0
		for _, m := range s.begun {
			if m.by == by {
				found++
			}
		}
		return found >= n
	})
}
