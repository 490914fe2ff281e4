package riverqueue_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// faultProcess is a process of the service.
type faultProcess struct {
	name    string
	address string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	going   atomic.Bool // it was killed, or is to end
	done    chan struct{}

	mu    sync.Mutex
	logs  []string
	other []string // what else it printed
	ended bool     // as it should
}

// startFault starts a process and waits until it serves. heard is called with each
// attempt that begins there. It is killed with the test.
func startFault(t *testing.T, s faultSettings, heard func(faultEvent)) *faultProcess {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	settings, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProcess{name: s.Name, done: make(chan struct{})}
	p.cmd = exec.Command(program, "-test.run=^"+regexp.QuoteMeta(name)+"$", "-test.count=1", "-test.timeout=30m")
	p.cmd.Env = append(os.Environ(), faultVariable+"="+string(settings))
	p.cmd.Stderr = os.Stderr
	p.stdin, err = p.cmd.StdinPipe() // its end tells the process that this one is gone
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	ready := make(chan string, 1)
	go p.listen(out, ready, heard)
	select {
	case p.address = <-ready:
	case <-p.done:
		t.Fatalf("%s ended before it was ready: %s", p.name, strings.Join(p.other, "\n"))
	case <-time.After(patience):
		t.Fatalf("%s is not ready", p.name)
	}
	return p
}

func (p *faultProcess) listen(out io.Reader, ready chan<- string, heard func(faultEvent)) {
	defer close(p.done)
	for s := bufio.NewScanner(out); s.Scan(); {
		text, ours := strings.CutPrefix(s.Text(), faultPrefix)
		var e faultEvent
		ours = ours && json.Unmarshal([]byte(text), &e) == nil
		p.mu.Lock()
		switch {
		case !ours:
			p.other = append(p.other, s.Text())
		case e.What == "log":
			p.logs = append(p.logs, strings.TrimSpace(e.Text))
		case e.What == "ended":
			p.ended = true
		}
		p.mu.Unlock()
		switch {
		case ours && e.What == "ready":
			ready <- e.Text
		case ours && e.What == "begin" && heard != nil:
			heard(e)
		}
	}
}

// kill ends the process without warning.
func (p *faultProcess) kill() {
	p.going.Store(true)
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
	_ = p.cmd.Wait() // it was killed
	_ = p.stdin.Close()
}

// end has the process drain and end by itself.
func (p *faultProcess) end(t *testing.T) {
	t.Helper()
	p.going.Store(true)
	if _, err := p.stdin.Write([]byte("end\n")); err != nil {
		t.Errorf("%s cannot be told to end: %v", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Errorf("%s does not end", p.name)
		p.kill()
	}
	if p.mu.Lock(); !p.ended {
		t.Errorf("%s did not end as it should: %s", p.name, strings.Join(p.other, "\n"))
	}
	p.mu.Unlock()
}

// logged are the records of the process that have a text.
func (p *faultProcess) logged(text string) (found []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.logs {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}
