package asynctest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// What a child process is told by its environment.
const (
	roleVariable = "ASYNCTEST_ROLE"
	dirVariable  = "ASYNCTEST_DIR"
	roleLoad     = "load"
	roleHold     = "hold"
	again        = "+" // behind a role: reopened
)

// event is a line of a child.
type event struct {
	what                 string
	id, key              string
	version              int64
	attempt, interrupted int
	at                   time.Time
}

const eventPrefix = "asynctest: "

func (e event) line() string {
	return fmt.Sprintf("%s%s %q %q %d %d %d\n", eventPrefix, e.what, e.id, e.key, e.version, e.attempt, e.interrupted)
}

func parseEvent(line string) (e event, ok bool) {
	rest, ok := strings.CutPrefix(line, eventPrefix)
	if !ok {
		return e, false
	}
	_, err := fmt.Sscanf(rest, "%s %q %q %d %d %d", &e.what, &e.id, &e.key, &e.version, &e.attempt, &e.interrupted)
	e.at = time.Now()
	return e, err == nil
}

// ledger is what the children said.
type ledger struct {
	mu     sync.Mutex
	kept   map[string]string // id to key
	ended  map[string]int64  // id to version
	counts map[string]int
	twice  int // runs of what had ended
}

func newLedger() *ledger {
	return &ledger{kept: map[string]string{}, ended: map[string]int64{}, counts: map[string]int{}}
}

func (l *ledger) note(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[e.what]++
	switch e.what {
	case "kept":
		l.kept[e.id] = e.key
	case "end":
		l.ended[e.id] = e.version
	case "run":
		if _, ok := l.ended[e.id]; ok {
			l.twice++
		}
	}
}

func (l *ledger) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[what]
}

// process is a child.
type process struct {
	c      *check
	cmd    *exec.Cmd
	stdin  io.Closer
	events chan event
	other  []string // what else it printed
	done   chan struct{}
}

// process starts this test again, in a role.
func (c *check) process(role string, l *ledger) *process {
	c.Helper()
	if c.setup.Reopened {
		role += again
	}
	program, err := os.Executable()
	if err != nil {
		c.Fatalf("the test binary: %v", err)
	}
	name, _ := strings.CutSuffix(c.t.Name(), "/Load")
	name, _ = strings.CutSuffix(name, "/Interrupted")
	var pattern []string
	for part := range strings.SplitSeq(name, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	cmd := exec.Command(program, "-test.run="+strings.Join(pattern, "/"), "-test.count=1", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+c.setup.Dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // its end tells the child that this process is gone
	if err != nil {
		c.Fatalf("a child: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.Fatalf("a child: %v", err)
	}
	if err := cmd.Start(); err != nil {
		c.Fatalf("a child: %v", err)
	}
	p := &process{c: c, cmd: cmd, stdin: stdin, events: make(chan event, 1<<16), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer close(p.events)
		for s := bufio.NewScanner(out); s.Scan(); {
			e, ok := parseEvent(s.Text())
			if !ok {
				p.other = append(p.other, s.Text())
				continue
			}
			l.note(e)
			select {
			case p.events <- e:
			default: // it is in the ledger
			}
		}
	}()
	return p
}

// next waits for an event of this name.
func (p *process) next(what string) event {
	p.c.Helper()
	timer := time.NewTimer(p.c.o.Patience)
	defer timer.Stop()
	for {
		select {
		case e, ok := <-p.events:
			if !ok {
				p.kill()
				p.c.Fatalf("the child ended before %q: %s", what, strings.Join(p.other, "\n"))
			}
			if e.what == what {
				return e
			}
		case <-timer.C:
			p.kill()
			p.c.Fatalf("the child did not tell of %q within %v", what, p.c.o.Patience)
		}
	}
}

// kill kills the child, and reads what it had said before.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
	_ = p.cmd.Wait() // it was killed
	_ = p.stdin.Close()
}
