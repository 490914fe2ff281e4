package async

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// IdempotentOptions are the settings of [Idempotent]. Owner is required.
type IdempotentOptions struct {
	// Owner tells who asks, and false for nobody: authn.Subject, for one. A key counts
	// for one owner. A request with a key from nobody is a 403.
	Owner func(*http.Request) (owner string, ok bool)
	// Required answers a POST or PATCH without a key by 400.
	Required bool
	// Keep is how long an answer is kept, by default 24 h.
	Keep time.Duration
	// InFlight is how long a request may take, by default 5 minutes: its context ends
	// then, and its key is free again. A process that died leaves its keys in flight
	// for as long.
	InFlight time.Duration
	// MaxContent is the size in bytes of the largest content that comes with a key, by
	// default 1 MiB: it is read before the handler is called. Beyond it the answer is
	// 413.
	MaxContent int64
	// MaxAnswer is the size in bytes of the largest answer that is kept, by default 256
	// KiB. A larger one is sent, and not kept.
	MaxAnswer int64
	// Problems writes refusals. By default a writer with the defaults.
	Problems *problem.Writer
	// Logger gets a record where an answer was sent and could not be kept, by default
	// slog.Default().
	Logger *slog.Logger
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

const (
	defaultInFlight   = 5 * time.Minute
	defaultMaxContent = 1 << 20
	defaultMaxAnswer  = 256 << 10
	// storeTime is how long the store may take once the handler has returned.
	storeTime = 10 * time.Second
)

// replayedField is in each answer that is a repetition.
const replayedField = "Idempotent-Replayed"

// Idempotent makes middleware that carries out a POST or PATCH with an
// Idempotency-Key once (draft-ietf-httpapi-idempotency-key-header-07): the first
// answer is kept, and a repetition is answered with it, with the same status, fields
// and content, and Idempotent-Replayed: true.
//
//	once, err := async.Idempotent(store, async.IdempotentOptions{Owner: authn.Subject})
//	mux.Handle("POST /v1/orders", authenticate(once(createOrder)))
//
// It stands inside authentication, for a key counts for one owner, method and path.
// Requests of other methods, and those without a key, pass untouched. A [Kind] needs
// it not: it has keys of its own.
//
//	400  [KeyInvalid]: a key that is malformed, or missing and Required
//	403  a key, and nobody who sent it
//	409  [KeyInFlight]: the first request has no answer yet
//	409  [AnswerNotKept]: it has, and that was a stream, or too large
//	413  content of more than MaxContent
//	422  [KeyReused]: the key came with another query, Content-Type or content before
//	503  the store is down or full; the handler is not called
//
// What the handler answers with 2xx, 3xx or 4xx is kept before it is sent, so that a
// client that has an answer gets it again. 401, 429 and 5xx are not, nor is a panic:
// the key is free again, and a repetition is carried out. So it is where the process
// dies, once InFlight has passed: what a handler had done until then is done twice,
// unless it is one transaction.
//
// Fields that stand around the handler (Date, Set-Cookie, X-Request-Id, RateLimit and
// their like) are not kept. An answer that is flushed before it is complete goes to
// the client at once, and is not kept either.
func Idempotent(store ReplayStore, o IdempotentOptions) (func(http.Handler) http.Handler, error) {
	if store == nil || o.Owner == nil {
		return nil, errors.New("async: Idempotent needs a store and an Owner")
	}
	if o.Keep < 0 || o.InFlight < 0 || o.MaxContent < 0 || o.MaxAnswer < 0 {
		return nil, errors.New("async: Keep, InFlight, MaxContent or MaxAnswer is negative")
	}
	defaultTo(&o.Keep, defaultRetention)
	defaultTo(&o.InFlight, defaultInFlight)
	defaultTo(&o.MaxContent, defaultMaxContent)
	defaultTo(&o.MaxAnswer, defaultMaxAnswer)
	o.MaxContent = min(o.MaxContent, math.MaxInt64-1)
	if o.Now == nil {
		o.Now = time.Now
	}
	i := &idempotent{store, o}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { i.serve(w, r, h) })
	}, nil
}

type idempotent struct {
	store ReplayStore
	o     IdempotentOptions
}

func (i *idempotent) serve(w http.ResponseWriter, r *http.Request, h http.Handler) {
	if r.Method != http.MethodPost && r.Method != http.MethodPatch {
		h.ServeHTTP(w, r)
		return
	}
	key, err := idempotencyKey(r, i.o.Required)
	switch {
	case err != nil:
		i.o.Problems.Write(w, r, err)
	case key == "":
		h.ServeHTTP(w, r)
	default:
		if err := i.once(w, r, h, key); err != nil {
			i.o.Problems.Write(w, r, err)
		}
	}
}

// once answers a request with a key, or returns why it is refused.
func (i *idempotent) once(w http.ResponseWriter, r *http.Request, h http.Handler, key string) error {
	owner, ok := i.o.Owner(r)
	if !ok || owner == "" {
		return nobody
	}
	content, err := i.read(r)
	if err != nil {
		return err
	}
	now := i.o.Now()
	claim := Claim{
		Key:         fingerprint([]byte(owner), []byte(r.Method), []byte(r.URL.EscapedPath()), []byte(key)),
		Fingerprint: fingerprint([]byte(r.URL.RawQuery), lines(r, "Content-Type"), lines(r, "Content-Encoding"), content),
		Token:       rand.Text(),
		Now:         now,
		Until:       now.Add(i.o.InFlight),
	}
	found, err := i.store.Begin(r.Context(), claim)
	switch {
	case err != nil && r.Context().Err() != nil:
		return r.Context().Err()
	case err != nil:
		return problem.Unavailable(downFor).Wrap(err)
	}
	switch found.State {
	case ReplayFresh:
		i.first(w, r, h, claim)
		return nil
	case ReplayInFlight:
		return keyInFlight
	case ReplayReused:
		return keyReused
	case ReplayAnswered:
		return replay(w, found.Answer)
	}
	return problem.Unavailable(downFor).Wrap(fmt.Errorf("async: the store answers with the state %d", found.State))
}

var keyInFlight = KeyInFlight.New("The first request with this key is being worked on. Send the same again later.")

func lines(r *http.Request, name string) []byte { return []byte(strings.Join(r.Header[name], "\n")) }

// read takes in the content, and hands it on to the handler.
func (i *idempotent) read(r *http.Request) ([]byte, error) {
	if r.ContentLength > i.o.MaxContent {
		return nil, problem.ContentTooLarge(i.o.MaxContent)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, i.o.MaxContent+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge): // a limit further out
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem.RequestTimeout().Wrap(err)
	case err != nil && r.Context().Err() != nil:
		return nil, r.Context().Err()
	case err != nil:
		return nil, problem.BadRequest("The content of the request could not be read to its end.").Wrap(err).WithHeader("Connection", "close")
	case int64(len(content)) > i.o.MaxContent:
		return nil, problem.ContentTooLarge(i.o.MaxContent)
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(content), r.Body}
	return content, nil
}

// first calls the handler, and keeps its answer before it is sent.
func (i *idempotent) first(w http.ResponseWriter, r *http.Request, h http.Handler, claim Claim) {
	rec := newRecorder(w, i.o.MaxAnswer)
	done := false
	defer func() {
		if !done { // it panicked
			i.settle(r, claim, Answer{Status: http.StatusInternalServerError})
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), i.o.InFlight)
	defer cancel()
	h.ServeHTTP(rec, r.WithContext(ctx))
	done = true
	i.settle(r, claim, rec.answer())
	rec.pass()
}

// settle keeps an answer, or makes the key free again. Where the store fails, the
// client gets its answer all the same, and the key stays in flight until its end.
func (i *idempotent) settle(r *http.Request, claim Claim, a Answer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTime)
	defer cancel()
	var err error
	if isReplayed(a.Status) {
		err = i.store.Finish(ctx, claim, a, i.o.Now().Add(i.o.Keep))
	} else {
		err = i.store.Abandon(ctx, claim)
	}
	if err != nil {
		logger := i.o.Logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.LogAttrs(ctx, slog.LevelError, "an answer to an idempotency key could not be kept",
			slog.String("method", r.Method), slog.Int("status", a.Status), slog.String("error", err.Error()))
	}
}

// isReplayed: 401, 429 and 5xx say that the request was not carried out, and may be if
// it is sent again.
func isReplayed(status int) bool {
	return status < 500 && status != http.StatusUnauthorized && status != http.StatusTooManyRequests
}

// replay sends a kept answer.
func replay(w http.ResponseWriter, a Answer) error {
	if a.NotKept {
		p := AnswerNotKept.New("The request was carried out. Its answer was not kept, and it is not carried out again.").With("first_status", a.Status)
		if location := a.Header.Get("Location"); location != "" {
			p = p.With("location", location)
		}
		return p
	}
	h := w.Header()
	for name, values := range a.Header {
		values = slices.Concat(values) // a copy, that others may append to
		if name == "Vary" {
			values = []string{httpfield.MergeVary(slices.Concat(h["Vary"], values))}
		}
		h[name] = values
	}
	h[replayedField] = []string{"true"}
	if len(a.Body) > 0 {
		h["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
	if len(a.Body) > 0 {
		_, _ = w.Write(a.Body) // the client is gone
	}
	return nil
}
