package riverqueue_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFaultAcross submits a job on one process, listens to it on another, cancels it on
// a third, and has it run on a fourth.
func TestFaultAcross(t *testing.T) {
	faultChild()
	s := newFaultService(t, 3, 1, func(o *faultSettings) { o.Lease = time.Minute }) // so that no heartbeat helps
	a, b, c := s.webs[0], s.webs[1], s.webs[2]
	var asked, ended []time.Duration
	for i := range 12 {
		key := fmt.Sprint("across-", i)
		answer := s.ask(a, "POST", "/v1/work", `{"name":"long","takes":600000}`, "Idempotency-Key", key)
		id := answer.document().ID
		s.keep(a.name, key, id)
		events := s.stream(t, b, id)
		var seen []string
		var answered, cancelling, canceled time.Time
		version := ""
		for e := range events {
			if e.name != "state" || e.id <= version && len(e.id) <= len(version) {
				t.Errorf("the event %q has the id %s, after %s", e.name, e.id, version)
			}
			version = e.id
			seen = append(seen, e.status)
			switch e.status {
			case "running":
				s.faultLedger.mu.Lock()
				s.job(id).stopped = true
				s.faultLedger.mu.Unlock()
				if answer := s.ask(c, "DELETE", "/v1/jobs/"+id, ""); answer.status/100 != 2 {
					t.Fatalf("DELETE: %d %s", answer.status, answer.body)
				}
				answered = time.Now()
			case "cancelling":
				cancelling = e.at
			case "canceled":
				canceled = e.at
			}
		}
		// The states before may have been over when the stream began, and the one
		// between them when it was read.
		states := strings.Join(seen, " ")
		if !strings.HasSuffix("queued running cancelling canceled", states) && !strings.HasSuffix("queued running canceled", states) || canceled.IsZero() {
			t.Fatalf("the states on %s were %q", b.name, states)
		}
		if !cancelling.IsZero() {
			asked = append(asked, cancelling.Sub(answered))
		}
		ended = append(ended, canceled.Sub(answered))
	}
	s.check(t)
	slices.Sort(asked)
	slices.Sort(ended)
	if len(asked) > 0 {
		t.Logf("from the answer of DELETE to the event cancelling on another process: median %v, longest %v (%d)", asked[len(asked)/2], asked[len(asked)-1], len(asked))
	}
	t.Logf("and to the event canceled: median %v, longest %v", ended[len(ended)/2], ended[len(ended)-1])
	if most := ended[len(ended)-1]; most > 2*time.Second {
		t.Errorf("an event came %v after the answer", most)
	}
}

type faultStreamed struct {
	name, id, status string
	at               time.Time
}

// stream listens to a job. The channel is closed when the stream has ended.
func (s *faultService) stream(t *testing.T, p *faultProcess, id string) <-chan faultStreamed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.address+"/v1/jobs/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Owner", "ana")
	r.Header.Set("Accept", "text/event-stream")
	res, err := faultHTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the stream on %s: %d", p.name, res.StatusCode)
	}
	events := make(chan faultStreamed, 64)
	go func() {
		defer cancel()
		defer close(events)
		defer func() { _ = res.Body.Close() }() // it was read
		var e faultStreamed
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ":")
			switch value = strings.TrimPrefix(value, " "); field {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				var d faultDocument
				_ = json.Unmarshal([]byte(value), &d) // one that cannot be read has no status
				e.status, e.at = d.Status, time.Now()
			case "":
				if e.status != "" {
					events <- e
				}
				e = faultStreamed{}
			}
		}
		if err := lines.Err(); err != nil {
			s.fault("the stream on %s: %v", p.name, err)
		}
	}()
	return events
}
