package async

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// Execute implements [Executor].
func (j *Jobs) Execute(ctx context.Context, job Job, report func(Progress) error) Outcome {
	r := j.kinds[job.Kind]
	if r == nil {
		err := fmt.Errorf("async: nobody here runs the kind %q", job.Kind)
		v := j.failed(err)
		j.observe(job, v, err, 0)
		return v.Outcome
	}
	set := r.settings()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if set.Timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, set.Timeout, errTimedOut)
		defer stop()
	}
	task := &Task{job: job, progress: job.Progress}
	begun := j.options.Now()
	ended := make(chan ending, 1)
	go func() { j.attempt(ctx, r, task, ended) }()
	end := task.keepReporting(ended, cancel, report)
	v := j.verdict(ctx, job, set, end)
	v.Progress, _ = task.newest()
	took := j.options.Now().Sub(begun)
	if v.Status == Succeeded {
		j.pace.took(job.Kind, took)
	}
	j.observe(job, v, end.err, took)
	return v.Outcome
}

// ending is what came of a handler: a result that can be kept, or an error.
type ending struct {
	result *Result
	err    error
	// unfit: the handler came through, and its result cannot be kept.
	unfit bool
}

// attempt calls the handler, in a goroutine of its own: a panic is an error, and so is
// a goroutine that the handler ends.
func (j *Jobs) attempt(ctx context.Context, r runner, t *Task, ended chan<- ending) {
	end := ending{err: errors.New("async: the handler ended its goroutine")}
	defer func() {
		if v := recover(); v != nil {
			end = ending{err: &panicError{v, debug.Stack()}}
		}
		ended <- end
	}()
	out, err := r.run(ctx, t, t.job.Input)
	if err != nil {
		end = ending{err: err}
		return
	}
	result, err := j.result(t, out)
	end = ending{result, err, err != nil}
}

// panicError is what a handler panicked with. It is for the log.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("async: panic: %v\n%s", p.value, p.stack) }

// verdict is what an attempt's end means, and what the log says of it.
type verdict struct {
	Outcome
	level slog.Level
	text  string
}

// verdict decides what an attempt's end means. A handler that came through won,
// also against a cancellation or a deadline that came meanwhile; but where the job is
// another worker's by now, nothing that it made is kept.
func (j *Jobs) verdict(ctx context.Context, job Job, set *KindOptions, end ending) verdict {
	switch {
	case errors.Is(context.Cause(ctx), ErrLost): // whatever came of it is dropped
		return verdict{Outcome{Status: Queued, Free: true}, slog.LevelWarn, "job lost to another worker"}
	case end.err == nil:
		return verdict{Outcome{Status: Succeeded, Result: end.result}, slog.LevelInfo, "job succeeded"}
	case errors.Is(end.err, errTooLarge) && end.unfit:
		return verdict{TooLarge(), slog.LevelError, "job failed"}
	case end.unfit:
		return j.failed(end.err)
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrCanceled):
		return verdict{Outcome{Status: Canceled}, slog.LevelInfo, "job canceled"}
	case errors.Is(cause, ErrDraining):
		return verdict{Outcome{Status: Queued, Free: true}, slog.LevelInfo, "job put back"}
	case errors.Is(cause, errTimedOut):
		return verdict{failure(nil, CodeTimedOut, timedOut), slog.LevelError, "job failed"}
	}
	var final *permanent
	v := j.failed(end.err)
	if v.level == slog.LevelInfo || errors.As(end.err, &final) || job.Attempt >= set.MaxAttempts {
		return v
	}
	return verdict{Outcome{Status: Queued, Delay: max(0, set.Backoff(job.Attempt))}, slog.LevelWarn, "job attempt failed"}
}

// failed ends a job by an error that is final.
func (j *Jobs) failed(err error) verdict {
	p := j.describe(err)
	level := slog.LevelError
	if p.Status() < 500 {
		level = slog.LevelInfo // it is the client's
	}
	return verdict{failure(j.options.Problems, codeOf(p), p), level, "job failed"}
}

// timedOut and interrupted are the problems of jobs that did not come to their end.
// They stand in status documents, never as answers.
var (
	timedOut    = problem.GatewayTimeout("The job took longer than it may.")
	interrupted = problem.New(http.StatusInternalServerError, "The job was interrupted too often.")
	tooLarge    = problem.New(http.StatusInternalServerError, "The result of the job is larger than one that is kept.")
	unknown     = problem.New(http.StatusInternalServerError, "")
)

// describe makes the problem that a client sees of an error. The functions of
// Options.Problems get a request without content, and are forgiven a panic: a job has
// no server around it.
func (j *Jobs) describe(err error) (p *problem.Problem) {
	defer func() {
		if recover() != nil || p == nil {
			p = unknown
		}
	}()
	r, bad := http.NewRequest(http.MethodPost, j.options.URL, nil)
	if bad != nil {
		return unknown
	}
	return j.options.Problems.Problem(r, err)
}

// codeOf is the name of a problem's type, for programs.
func codeOf(p *problem.Problem) string {
	if t := p.Type(); t != nil {
		return t.Name()
	}
	if p.Status() >= 500 {
		return CodeInternal
	}
	return "failed"
}

// Interrupted is the [Outcome] of a job that lost its worker too often: for a
// [Backend].
func Interrupted() Outcome { return failure(nil, CodeInterrupted, interrupted) }

// TooLarge is the [Outcome] of a job whose result is larger than is kept: for a
// [Backend] with a limit of its own.
func TooLarge() Outcome { return failure(nil, CodeTooLarge, tooLarge) }

// failure keeps a problem as the writer would send it.
func failure(w *problem.Writer, code string, p *problem.Problem) Outcome {
	doc, err := w.JSON(p)
	if err != nil {
		doc = []byte(`{}`)
	}
	message := p.Detail()
	if message == "" {
		message = p.Title()
	}
	return Outcome{Status: Failed, Error: &Failure{Code: code, Message: message, Problem: doc}}
}

// observe logs the end of an attempt: one record, without the input.
func (j *Jobs) observe(job Job, v verdict, err error, took time.Duration) {
	attrs := []slog.Attr{slog.String("job", job.ID), slog.String("kind", job.Kind), slog.Int("attempt", job.Attempt), slog.Duration("took", took)}
	if v.Status == Queued && !v.Free {
		attrs = append(attrs, slog.Duration("again_after", v.Delay))
	}
	if v.Error != nil {
		attrs = append(attrs, slog.String("code", v.Error.Code))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	j.logger().LogAttrs(context.Background(), v.level, v.text, attrs...)
	if j.options.OnEnd != nil {
		j.options.OnEnd(job, v.Outcome, err)
	}
}

func (j *Jobs) logger() *slog.Logger {
	if j.options.Logger != nil {
		return j.options.Logger
	}
	return slog.Default()
}
