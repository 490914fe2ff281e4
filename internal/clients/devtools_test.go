package clients_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a Chromium without a window, told what to do by the Chrome DevTools
// Protocol: messages in JSON that end in a zero byte, on the descriptors 3 and 4.
type browser struct {
	t       *testing.T
	orders  *os.File
	answers *os.File
	read    *bufio.Reader
	id      int
}

// newBrowser starts one with a profile of its own, until the test ends.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := program(t, "chromium", "chromium-browser")
	profile, err := os.MkdirTemp("", "forthright-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	theirIn, orders, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, orders: orders, answers: answers, read: bufio.NewReader(answers)}
	t.Cleanup(func() {
		late := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = b.send("", "Browser.close", nil)
		_, _ = io.Copy(io.Discard, answers) // until its last process has let go of it
		orders.Close()
		answers.Close()
		_ = cmd.Wait()
	})
	return b
}

func (b *browser) send(session, method string, params map[string]any) error {
	b.id++
	message := map[string]any{"id": b.id, "method": method}
	if session != "" {
		message["sessionId"] = session
	}
	if params != nil {
		message["params"] = params
	}
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = b.orders.Write(append(text, 0))
	return err
}

// call sends a command and returns its result in v; events are passed over.
func (b *browser) call(session, method string, params map[string]any, v any) {
	b.t.Helper()
	if err := b.send(session, method, params); err != nil {
		b.t.Fatal(err)
	}
	_ = b.answers.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		text, err := b.read.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("%s: the browser does not answer: %v", method, err)
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			b.t.Fatal(err)
		}
		if answer.ID != b.id {
			continue
		}
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if err := json.Unmarshal(answer.Result, v); err != nil {
			b.t.Fatal(err)
		}
		return
	}
}

// tab is a page that is open.
type tab struct {
	*browser
	session string
}

// open opens a page.
func (b *browser) open(url string) tab {
	b.t.Helper()
	var target struct{ TargetID, SessionID string }
	b.call("", "Target.createTarget", map[string]any{"url": url}, &target)
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	return tab{b, target.SessionID}
}

// eval is the value of an expression in the page, "" where it throws or is no string.
func (p tab) eval(expression string) string {
	p.t.Helper()
	var got struct{ Result struct{ Value any } }
	p.call(p.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	text, _ := got.Result.Value.(string)
	return text
}

// shows waits until an expression has a value.
func (p tab) shows(expression, want string) {
	p.t.Helper()
	got := ""
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = p.eval(expression); got == want {
			return
		}
	}
	p.t.Fatalf("the page shows %q, want %q", got, want)
}
