package riverqueue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// faultLate is how long an answer may take, beyond what its request wants to wait: the
// package gives PostgreSQL 5 s.
const faultLate = 8 * time.Second

var faultHTTP = &http.Client{
	Timeout:   time.Minute, // an answer that hangs is a fault by itself
	Transport: &http.Transport{MaxIdleConnsPerHost: 256},
}

// faultAnswer is an answer of one of the processes. status is 0 where there was none.
type faultAnswer struct {
	status int
	header http.Header
	body   []byte
}

// faultDocument is what is looked at of a status document.
type faultDocument struct {
	ID      string      `json:"id"`
	Status  string      `json:"status"`
	Attempt int         `json:"attempt"`
	Result  faultResult `json:"result"`
}

func (a faultAnswer) document() (d faultDocument) {
	_ = json.Unmarshal(a.body, &d) // one that cannot be read has no status
	return d
}

// version is that of the job, by the entity tag.
func (a faultAnswer) version() int64 {
	n, _ := strconv.ParseInt(strings.Trim(a.header.Get("ETag"), `"`), 10, 64)
	return n
}

// ask sends a request to a process and judges the answer: 2xx, 409, 503 with
// Retry-After, or none of a process that was killed; and none is late.
func (l *faultLedger) ask(p *faultProcess, method, path, body string, header ...string) faultAnswer {
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		l.fault("a request: %v", err)
		return faultAnswer{}
	}
	r.Header.Set("X-Owner", "ana")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	var wait time.Duration
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if n, ok := strings.CutPrefix(header[i+1], "wait="); ok {
			wait, _ = time.ParseDuration(n + "s")
		}
	}
	begun := time.Now()
	res, err := faultHTTP.Do(r)
	var a faultAnswer
	if err == nil {
		a.status, a.header = res.StatusCode, res.Header
		a.body, err = io.ReadAll(res.Body)
		_ = res.Body.Close() // it was read
	}
	took := time.Since(begun) - wait
	if err != nil {
		if !p.going.Load() {
			l.fault("%s %s on %s, after %v: no answer: %v", method, path, p.name, took, err)
		}
		l.answered("none", took)
		return faultAnswer{}
	}
	l.answered(fmt.Sprint(method, " ", a.status), took)
	switch {
	case took > faultLate:
		l.fault("%s %s on %s: %d after %v", method, path, p.name, a.status, took)
	case a.status/100 == 2, a.status == http.StatusConflict:
	case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") > "0":
	default:
		l.fault("%s %s on %s: %d, Retry-After %q: %s", method, path, p.name, a.status, a.header.Get("Retry-After"), a.body)
	}
	return a
}

// read reads the status of a job and compares it with what was seen before. It reports
// whether there was an answer.
func (l *faultLedger) read(p *faultProcess, id string, header ...string) (faultAnswer, bool) {
	a := l.ask(p, "GET", "/v1/jobs/"+id, "", header...)
	if a.status/100 != 2 {
		return a, false
	}
	l.saw(p.name, id, a)
	return a, true
}
