package async

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Callbacks are the settings of completion callbacks: a request to a URL of the
// client's choice when its job has finished, in the form of Standard Webhooks
// (webhook-id, webhook-timestamp, webhook-signature). Secret and URL are required.
//
// The body is {"type":"job.succeeded","timestamp":...,"data":...} with the status
// document as data; the type ends with the final status. webhook-id is the same for
// each attempt of one job. An answer of 200 to 299 ends it, 410 gives it up, and
// anything else, a redirect too, is tried again by Schedule.
type Callbacks struct {
	// URL finds the address in the request that submits a job, "" for none: in a
	// header field or the query, for the content has been read. It has
	// to be an absolute https URL (or http where Insecure is set) without user
	// information; another is answered by 422.
	URL func(*http.Request) string
	// Secret is what signatures are made with: 24 to 64 bytes, or as many in base64
	// behind "whsec_".
	Secret string
	// OldSecrets sign too, so that receivers can change over.
	OldSecrets []string
	// Schedule are the waits after each attempt that failed, by default 5 s, 5 min,
	// 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. After the last the callback is given
	// up.
	Schedule []time.Duration
	// Timeout is how long an attempt may take, by default 15 s.
	Timeout time.Duration
	// Senders is how many are sent at once, by default 8.
	Senders int
	// AllowPrivate lets callbacks go to loopback, private, link-local and other
	// addresses that are not of the public internet. Without it they are refused
	// when the connection is made, so that no redirect and no change of a name leads
	// there: otherwise anybody who may submit a job could send requests from inside
	// your network.
	AllowPrivate bool
	// Insecure takes http URLs.
	Insecure bool
	// OnSent is called after each attempt, for metrics.
	OnSent func(Job, error)
}

// Outbox is a [Backend] that keeps the callbacks of jobs with the jobs: what has to be
// sent survives what the jobs survive. [Callbacks] need one.
type Outbox interface {
	// DueCallbacks returns at most n jobs that have finished, whose callback is due,
	// and will be due again after lease unless it is settled before: the sender may
	// die. Sent is how many attempts were settled.
	DueCallbacks(ctx context.Context, n int, lease time.Duration) ([]DueCallback, error)
	// SettleCallback says how an attempt ended: done (it was delivered, or is given
	// up), or due again after the wait. One that is not there any more is no error.
	SettleCallback(ctx context.Context, id string, done bool, wait time.Duration) error
}

// DueCallback is a callback that is to be sent.
type DueCallback struct {
	Job  Job
	Sent int
}

var defaultSchedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	defaultCallbackTimeout = 15 * time.Second
	defaultSenders         = 8
)

// sender sends the callbacks of one Jobs.
type sender struct {
	set    Callbacks
	keys   [][]byte
	client *http.Client
	outbox Outbox
	wake   chan struct{}
}

func newSender(backend Backend, set Callbacks) (*sender, error) {
	outbox, ok := backend.(Outbox)
	switch {
	case !ok:
		return nil, fmt.Errorf("callbacks need a backend that keeps them, and a %T does not", backend)
	case set.URL == nil:
		return nil, errors.New("callbacks without a URL function")
	case set.Timeout < 0 || set.Senders < 0:
		return nil, errors.New("the Timeout or the Senders of callbacks are negative")
	}
	s := &sender{set: set, outbox: outbox, wake: make(chan struct{}, 1)}
	for _, secret := range append([]string{set.Secret}, set.OldSecrets...) {
		key, err := callbackKey(secret)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, key)
	}
	for _, wait := range set.Schedule {
		if wait <= 0 {
			return nil, errors.New("a wait in the Schedule of callbacks is not above 0")
		}
	}
	if s.set.Schedule == nil {
		s.set.Schedule = defaultSchedule
	}
	defaultTo(&s.set.Timeout, defaultCallbackTimeout)
	defaultTo(&s.set.Senders, defaultSenders)
	s.client = callbackClient(s.set.AllowPrivate)
	return s, nil
}

// callbackOf finds the address that a request names, or a 422 where it is none that
// can be called.
func (s *sender) callbackOf(r *http.Request) (string, error) {
	if s == nil {
		return "", nil
	}
	address := s.set.URL(r)
	if address == "" {
		return "", nil
	}
	if err := s.set.checkCallbackURL(address); err != nil {
		return "", CallbackRefused.New("The address for the callback " + err.Error() + ".")
	}
	return address, nil
}

// ring tells the sender that there may be more to send.
func (s *sender) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// lookAgain is how often the outbox is looked at when nothing rings: the longest that
// a callback waits.
const lookAgain = time.Second

// run sends what is due until ctx ends, and then waits for what is on its way.
func (s *sender) run(ctx context.Context, j *Jobs) {
	slots := make(chan struct{}, s.set.Senders)
	defer func() { // all slots free: nothing is on its way
		for range cap(slots) {
			slots <- struct{}{}
		}
	}()
	lease := 2 * s.set.Timeout
	for ctx.Err() == nil {
		slots <- struct{}{} // there is room for one at least
		due, err := s.outbox.DueCallbacks(ctx, cap(slots)-len(slots)+1, lease)
		<-slots
		if err != nil && ctx.Err() == nil {
			j.logger().LogAttrs(ctx, slog.LevelWarn, "callbacks cannot be read", slog.String("error", err.Error()))
		}
		for _, d := range due {
			slots <- struct{}{}
			go func() {
				defer func() { <-slots; s.ring() }()
				s.send(j, d)
			}()
		}
		if len(due) > 0 {
			continue
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// send makes one attempt, and settles it.
func (s *sender) send(j *Jobs, d DueCallback) {
	ctx, cancel := context.WithTimeout(context.Background(), s.set.Timeout)
	defer cancel()
	status, err := s.post(ctx, j, d.Job)
	done, wait := err == nil || status == http.StatusGone || d.Sent >= len(s.set.Schedule), time.Duration(0)
	if !done {
		wait = s.set.Schedule[d.Sent]
	}
	attrs := []slog.Attr{slog.String("job", d.Job.ID), slog.Int("attempt", d.Sent+1)}
	switch {
	case err == nil:
		j.logger().LogAttrs(ctx, slog.LevelInfo, "callback delivered", attrs...)
	case done:
		j.logger().LogAttrs(ctx, slog.LevelError, "callback given up", append(attrs, slog.String("error", err.Error()))...)
	default:
		j.logger().LogAttrs(ctx, slog.LevelWarn, "callback failed", append(attrs, slog.Duration("again_after", wait), slog.String("error", err.Error()))...)
	}
	if s.set.OnSent != nil {
		s.set.OnSent(d.Job, err)
	}
	settle, stop := context.WithTimeout(context.Background(), s.set.Timeout)
	defer stop()
	if err := s.outbox.SettleCallback(settle, d.Job.ID, done, wait); err != nil {
		j.logger().LogAttrs(ctx, slog.LevelWarn, "callback not settled: it will be sent again", append(attrs, slog.String("error", err.Error()))...)
	}
}

// event is the body of a callback.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      *document `json:"data"`
}

func (s *sender) post(ctx context.Context, j *Jobs, job Job) (status int, err error) {
	body, err := json.Marshal(event{"job." + string(job.Status), moment(job.Finished), j.document(job)})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, job.Callback, strings.NewReader(string(body)))
	if err != nil {
		return 0, errors.New("async: the callback's URL does not parse")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "forthright-async")
	sign(r.Header, s.keys, "job_"+job.ID, j.options.Now(), body)
	res, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, fmt.Errorf("async: the callback was answered by %d", res.StatusCode)
	}
	return res.StatusCode, nil
}
