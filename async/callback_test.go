package async_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

const callbackSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is where callbacks go.
type receiver struct {
	url string
	mu  sync.Mutex
	// answers are given in turn, the last one again and again.
	answers []int
	got     chan callbackRequest
}

type callbackRequest struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	r := &receiver{answers: answers, got: make(chan callbackRequest, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		status := r.answers[0]
		if len(r.answers) > 1 {
			r.answers = r.answers[1:]
		}
		r.mu.Unlock()
		if status/100 == 3 {
			w.Header().Set("Location", "http://127.0.0.1:1/")
		}
		w.WriteHeader(status)
		r.got <- callbackRequest{req.Header, body}
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL + "/hook"
	return r
}

func (r *receiver) next(t *testing.T) callbackRequest {
	t.Helper()
	select {
	case c := <-r.got:
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("no callback comes")
		return callbackRequest{}
	}
}

type callbackJobs struct {
	*async.Jobs
	handler http.Handler
	sent    chan error
}

func newCallbackJobs(t *testing.T, change func(*async.Callbacks)) callbackJobs {
	t.Helper()
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := callbackJobs{sent: make(chan error, 100)}
	set := async.Callbacks{
		URL: func(r *http.Request) string { return r.Header.Get("Callback-Url") }, Secret: callbackSecret,
		AllowPrivate: true, Insecure: true, Schedule: []time.Duration{time.Millisecond, time.Millisecond},
		OnSent: func(_ async.Job, err error) { c.sent <- err },
	}
	if change != nil {
		change(&set)
	}
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Jobs, err = async.New(backend, async.Options{
		URL: "https://api.example.com/jobs", Capability: true, Callbacks: &set, Problems: problems, Logger: slog.New(slog.DiscardHandler),
	}); err != nil {
		t.Fatal(err)
	}
	kind, err := async.Define(c.Jobs, "greet", func(_ context.Context, _ *async.Task, name string) (string, error) {
		if name == "nobody" {
			return "", problem.Conflict("Nobody is there.")
		}
		return "hello " + name, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.handler = conformtest.Handler(t, kind)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c
}

func (c callbackJobs) submit(body, callback string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/greetings", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if callback != "" {
		r.Header.Set("Callback-Url", callback)
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// The form of Standard Webhooks: id, timestamp and signature over both and the body.
func TestCallbackForm(t *testing.T) {
	in := newReceiver(t, 204)
	c := newCallbackJobs(t, func(set *async.Callbacks) { set.OldSecrets = []string{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} })
	for body, want := range map[string]string{`"ana"`: "job.succeeded", `"nobody"`: "job.failed"} {
		res := c.submit(body, in.url)
		if res.Code != http.StatusAccepted {
			t.Fatalf("%d %s", res.Code, res.Body)
		}
		got := in.next(t)
		id, err := async.VerifyCallback(callbackSecret, got.header, got.body, time.Now())
		if err != nil || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%v %v", got.header, err)
		}
		if _, err := async.VerifyCallback("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", got.header, got.body, time.Now()); err != nil {
			t.Errorf("the old secret: %v", err)
		}
		var event struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
		}
		if err := json.Unmarshal(got.body, &event); err != nil || event.Type != want || event.Timestamp.IsZero() || id != "job_"+event.Data["id"].(string) || event.Data["status"] != strings.TrimPrefix(want, "job.") {
			t.Errorf("%s %v", got.body, err)
		}
		if err := <-c.sent; err != nil {
			t.Error(err)
		}
	}
	if c.submit(`"ana"`, "").Code != http.StatusAccepted {
		t.Error("without a callback")
	}
}

// A failed attempt is repeated with the same id and body, and another time.
func TestCallbackAttempts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answers  []int
		attempts int
		ok       bool
	}{
		{"at once", []int{200}, 1, true},
		{"after two failures", []int{500, 302, 201}, 3, true},
		{"given up after the schedule", []int{503}, 3, false},
		{"gone", []int{410}, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := newReceiver(t, tt.answers...)
			c := newCallbackJobs(t, nil)
			c.submit(`"ana"`, in.url)
			var first callbackRequest
			for i := range tt.attempts {
				got := in.next(t)
				if i == 0 {
					first = got
				}
				if got.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") || string(got.body) != string(first.body) {
					t.Errorf("attempt %d differs", i)
				}
				if err := <-c.sent; (err == nil) != (tt.ok && i == tt.attempts-1) {
					t.Errorf("attempt %d: %v", i, err)
				}
			}
			select {
			case <-in.got:
				t.Error("one attempt too many")
			case <-time.After(50 * time.Millisecond): // a millisecond is the schedule's
			}
		})
	}
}

// A callback must not reach what is not of the public internet, neither by its URL nor
// by what its name leads to.
func TestCallbackRefusesPrivateAddresses(t *testing.T) {
	in := newReceiver(t, 200)
	_, port, _ := strings.Cut(strings.TrimPrefix(in.url, "http://"), ":")
	c := newCallbackJobs(t, func(set *async.Callbacks) { set.AllowPrivate = false })
	for _, address := range []string{
		in.url, "http://localhost:" + port, "http://LOCALHOST.:" + port, "http://a.localhost/", "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/",
		"http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/",
		"http://100.64.0.1/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1/", "http://255.255.255.255/", "http://[::]/",
		"ftp://example.com/", "http://", "/hook", "http://user@example.com/", "http:example.com", "://", "http://example.com/" + strings.Repeat("a", 2000),
	} {
		res := c.submit(`"ana"`, address)
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "/problems/callback-refused") {
			t.Errorf("%.60s: %d %s", address, res.Code, res.Body)
		}
	}
	// Names are looked up when they are called, and refused there: what the system
	// reads as an address of this machine, though no literal is seen before.
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "017700000001"} {
		res := c.submit(`"ana"`, "http://"+host+":"+port+"/hook")
		if res.Code == http.StatusUnprocessableEntity {
			continue
		}
		if err := <-c.sent; err == nil {
			t.Errorf("%s was called", host)
		}
	}
	if len(in.got) != 0 {
		t.Error("the receiver was called")
	}
	secure := newCallbackJobs(t, func(set *async.Callbacks) { set.Insecure = false })
	if res := secure.submit(`"ana"`, in.url); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("http: %d", res.Code)
	}
}

// The example of the Standard Webhooks specification's signature scheme, worked out
// with openssl: HMAC-SHA256 over id.timestamp.body.
func TestVerifyCallback(t *testing.T) {
	h := http.Header{}
	h.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	h.Set("webhook-timestamp", "1614265330")
	body := []byte(`{"test": 2432232314}`)
	const good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	now := time.Unix(1614265330, 0)
	for _, tt := range []struct {
		name, signature string
		now             time.Time
		ok              bool
	}{
		{"good", good, now, true},
		{"one of several", "v1,AAAA v2,BBBB " + good, now, true},
		{"four minutes later", good, now.Add(4 * time.Minute), true},
		{"six minutes later", good, now.Add(6 * time.Minute), false},
		{"six minutes early", good, now.Add(-6 * time.Minute), false},
		{"another version", strings.Replace(good, "v1", "v2", 1), now, false},
		{"another signature", "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", now, false},
		{"none", "", now, false},
		{"not base64", "v1,***", now, false},
	} {
		h.Set("webhook-signature", tt.signature)
		id, err := async.VerifyCallback(callbackSecret, h, body, tt.now)
		if (err == nil) != tt.ok || tt.ok && id != "msg_p5jXN8AQM9LWM0D4loKWxJek" || err != nil && !errors.Is(err, async.ErrCallback) {
			t.Errorf("%s: %q, %v", tt.name, id, err)
		}
	}
	h.Set("webhook-signature", good)
	if _, err := async.VerifyCallback(callbackSecret, h, append(body, ' '), now); err == nil {
		t.Error("another body")
	}
	if _, err := async.VerifyCallback("short", h, body, now); err == nil {
		t.Error("a short secret")
	}
}

func TestCallbackSettings(t *testing.T) {
	backend, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	url := func(*http.Request) string { return "" }
	for name, set := range map[string]async.Callbacks{
		"no URL":              {Secret: callbackSecret},
		"no secret":           {URL: url},
		"a short secret":      {URL: url, Secret: strings.Repeat("a", 23)},
		"a long secret":       {URL: url, Secret: strings.Repeat("a", 65)},
		"not base64":          {URL: url, Secret: "whsec_*"},
		"a short old secret":  {URL: url, Secret: callbackSecret, OldSecrets: []string{"a"}},
		"a wait that is none": {URL: url, Secret: callbackSecret, Schedule: []time.Duration{0}},
		"a negative timeout":  {URL: url, Secret: callbackSecret, Timeout: -1},
	} {
		if _, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Capability: true, Callbacks: &set}); err == nil {
			t.Error(name)
		}
	}
	if _, err := async.New(struct{ async.Backend }{backend}, async.Options{URL: "https://api.example.com/jobs", Capability: true, Callbacks: &async.Callbacks{URL: url, Secret: callbackSecret}}); err == nil {
		t.Error("a backend without an outbox")
	}
}
