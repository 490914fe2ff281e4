package async

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// waiting is what a request prefers about time (RFC 7240 §4.1, §4.3).
type waiting struct {
	asked bool          // wait=N
	bound time.Duration // N, or MaxWait where that is less
	async bool          // respond-async
}

func (j *Jobs) waiting(r *http.Request) waiting {
	p := respond.Prefer(r)
	return waiting{asked: p.HasWait, bound: min(p.Wait, j.options.MaxWait), async: p.RespondAsync}
}

// applied says which preferences were honoured (RFC 7240 §3): wait=N with the N that
// was, and respond-async where the answer is a 202.
func (p waiting) applied(res respond.Response) respond.Response {
	if p.async && res.Code() == http.StatusAccepted {
		res = res.Applied("respond-async", "")
	}
	if p.asked {
		res = res.Applied("wait", seconds(p.bound))
	}
	return res
}

// refused is applied for a problem.
func (p waiting) refused(err *problem.Problem) *problem.Problem {
	if p.asked {
		err = err.WithHeader("Preference-Applied", "wait="+seconds(p.bound))
	}
	return err
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// await waits until the job is as it should be, at most as long as was preferred, and
// returns the newest that is known of it. It ends early when the client goes away, when
// the process shuts down, and when the backend fails: the newest is true all the same,
// and the preference was not honoured.
func (j *Jobs) await(r *http.Request, job Job, prefer *waiting, enough func(Job) bool) Job {
	if prefer.bound <= 0 || enough(job) {
		return job
	}
	ctx, cancel := context.WithTimeout(r.Context(), prefer.bound)
	defer cancel()
	stop := context.AfterFunc(j.life, cancel)
	defer stop()
	for !enough(job) {
		next, err := j.watch(ctx, job)
		if err != nil {
			prefer.asked = errors.Is(ctx.Err(), context.DeadlineExceeded)
			break
		}
		job = next
	}
	return job
}

func (j Job) ended() bool { return j.Status.Final() }

// watch returns the job once it has changed.
func (j *Jobs) watch(ctx context.Context, job Job) (Job, error) {
	if w, ok := j.backend.(Watcher); ok {
		return w.Watch(ctx, job.ID, job.Version)
	}
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return job, ctx.Err()
		case <-tick.C:
		}
		next, err := j.backend.Get(ctx, job.ID)
		if err != nil || next.Version > job.Version {
			return next, err
		}
	}
}

// askAgain is how often a backend that is no [Watcher] is asked.
const askAgain = 500 * time.Millisecond
