package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
)

// noSuchTable is why jobs fail here.
var noSuchTable = problem.NewType("no-such-table", http.StatusUnprocessableEntity, "There is no such table")

// export takes 12 s and does as the order is named.
func export(ctx context.Context, task *async.Task, o order) (report, error) {
	for i := range 4 {
		task.Progress(int64(i), 4)
		select {
		case <-ctx.Done():
			return report{}, ctx.Err()
		case <-time.After(3 * time.Second):
		}
	}
	switch o.Name {
	case "resource":
		task.Location("/v1/reports/7")
		return report{}, nil
	case "failure":
		return report{}, noSuchTable.New("There is no table of that name.")
	}
	return report{Rows: 12}, nil
}

// finish polls until the end. Where no Retry-After said when to ask again, it would be
// an hour.
func finish[T any](p *runtime.Poller[T]) (T, error) {
	return p.PollUntilDone(context.Background(), &runtime.PollUntilDoneOptions{Frequency: time.Hour})
}

// paced checks that the visits after each answer with Retry-After came when it said,
// and that there were some.
func (a *azure) paced() {
	a.t.Helper()
	waits := 0
	visits := a.seen(all)
	for i, v := range visits[:len(visits)-1] {
		if v.status != 200 && v.status != 201 && v.retryAfter < time.Second {
			a.t.Errorf("answer %d was %d, without Retry-After", i, v.status)
		}
		if v.retryAfter == 0 {
			continue
		}
		waits++
		if waited := visits[i+1].began.Sub(v.ended); waited != v.retryAfter {
			a.t.Errorf("after answer %d (%d) the client came again after %v, asked for %v", i, v.status, waited, v.retryAfter)
		}
	}
	if waits < 2 {
		a.t.Errorf("the client waited %d times", waits)
	}
}

// ends checks the path of the last visit, and that those between the first and it were
// for the status.
func (a *azure) ends(path string) {
	a.t.Helper()
	visits := a.seen(all)
	last := visits[len(visits)-1]
	if !strings.HasPrefix(last.path, path) || last.status != 200 {
		a.t.Errorf("the last visit was for %s: %d", last.path, last.status)
	}
	for _, v := range visits[1 : len(visits)-1] {
		if v.method != "GET" || !strings.HasPrefix(v.path, "/v1/jobs/") {
			a.t.Errorf("there was a %s for %s", v.method, v.path)
		}
	}
}

// failed checks how the poller tells of a failure.
func failed(t *testing.T, err error, code, status string) {
	t.Helper()
	var told *azcore.ResponseError
	if !errors.As(err, &told) {
		t.Fatalf("the error is %v", err)
	}
	body, _ := runtime.Payload(told.RawResponse)
	var s state
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatal(err)
	}
	if told.ErrorCode != code || told.StatusCode != 200 || s.Status != status {
		t.Errorf("the error has the code %q, %d, and the job is %s", told.ErrorCode, told.StatusCode, s.Status)
	}
}

// The SDK asks the Location of a POST for the outcome where the status names no
// resource: that is the status, in which the result stands.
func TestAzcoreInline(t *testing.T) {
	for _, c := range []struct {
		name   string
		pollOK bool
		during int
	}{
		{"202 while it goes on", false, 202},
		{"200 while it goes on", true, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAzure(t, "", func(o *async.Options) { o.PollOK = c.pollOK })
				got, err := finish(poller[state](a, a.submit("inline"), nil))
				if err != nil || got.Status != "succeeded" || got.Result.Rows != 12 {
					t.Fatalf("%+v, %v", got, err)
				}
				a.paced()
				a.ends("/v1/jobs/")
				if v := a.seen(all); v[0].status != 202 || v[1].status != c.during {
					t.Errorf("the answers were %v", statuses(v))
				}
			})
		})
	}
}

// Without a Location the SDK takes the result out of the last status.
func TestAzcoreOperationLocationAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t, "Location", nil)
		got, err := finish(poller(a, a.submit("inline"), &runtime.NewPollerOptions[report]{OperationLocationResultPath: "result"}))
		if err != nil || got.Rows != 12 {
			t.Fatalf("%+v, %v", got, err)
		}
		a.paced()
		a.ends("/v1/jobs/")
	})
}

// With resourceLocation, the outcome is that resource.
func TestAzcoreResource(t *testing.T) {
	for _, unseen := range []string{"", "Location"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAzure(t, unseen, nil)
			got, err := finish(poller[report](a, a.submit("resource"), nil))
			if err != nil || got.Rows != 12 {
				t.Fatalf("%+v, %v", got, err)
			}
			a.paced()
			a.ends("/v1/reports/7")
		})
	}
}

func TestAzcoreFailure(t *testing.T) {
	for _, unseen := range []string{"", "Location"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAzure(t, unseen, nil)
			_, err := finish(poller[state](a, a.submit("failure"), nil))
			failed(t, err, "no-such-table", "failed")
			a.paced()
		})
	}
}

// The poller that has a Location alone goes by the status code: 202 to go on, any other
// 2xx for the end, however the job ended. The outcome is the status document.
func TestAzcoreLocationAlone(t *testing.T) {
	for _, c := range []struct{ order, status, code, resource string }{
		{"inline", "succeeded", "", ""},
		{"resource", "succeeded", "", "http://service.test/v1/reports/7"},
		{"failure", "failed", "no-such-table", ""},
	} {
		t.Run(c.order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAzure(t, "Operation-Location", nil)
				got, err := finish(poller[state](a, a.submit(c.order), nil))
				if err != nil || got.Status != c.status || got.Error.Code != c.code || got.ResourceLocation != c.resource {
					t.Fatalf("%+v, %v", got, err)
				}
				a.paced()
				a.ends("/v1/jobs/")
				if c.status != "succeeded" {
					return
				}
				// The link to the result leads to both kinds of result, to one by a 303.
				var made report
				if err := runtime.UnmarshalAsJSON(a.do("GET", got.Links.Result, nil), &made); err != nil || made.Rows != 12 {
					t.Errorf("the result is %+v, %v", made, err)
				}
				if v := a.seen(func(v visit) bool { return v.status == 303 }); (c.resource != "") != (len(v) == 1) {
					t.Errorf("there were %d redirects", len(v))
				}
			})
		})
	}
}

// A DELETE is answered by a 202 that is polled like the first.
func TestAzcoreCancel(t *testing.T) {
	for _, unseen := range []string{"", "Location"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAzure(t, unseen, nil)
			first := poller[state](a, a.submit("inline"), nil)
			res, err := first.Poll(context.Background())
			if err != nil || res.StatusCode != 202 {
				t.Fatalf("%v, %v", res, err)
			}
			gone := a.do("DELETE", res.Request.URL.String(), nil)
			if gone.StatusCode != 202 {
				t.Fatalf("the cancellation was answered by %d", gone.StatusCode)
			}
			_, err = finish(poller[state](a, gone, nil))
			failed(t, err, "", "canceled")
			_, err = finish(first)
			failed(t, err, "", "canceled")
		})
	}
}

// A poller goes on in another process.
func TestAzcoreResumes(t *testing.T) {
	for _, unseen := range []string{"", "Location", "Operation-Location"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAzure(t, unseen, nil)
			token, err := poller[state](a, a.submit("inline"), nil).ResumeToken()
			if err != nil {
				t.Fatal(err)
			}
			p, err := runtime.NewPollerFromResumeToken[state](token, a.pipe, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := finish(p); err != nil || got.Status != "succeeded" || got.Result.Rows != 12 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A queue that is full is tried again by the SDK itself, when Retry-After says.
func TestAzcoreQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t, "", func(o *async.Options) { o.MaxQueued = 1 })
		a.submit("inline").Body.Close()
		got, err := finish(poller[state](a, a.submit("inline"), nil))
		if err != nil || got.Result.Rows != 12 {
			t.Fatalf("%+v, %v", got, err)
		}
		visits := a.seen(all)
		sent(t, visits[:5], 202, 503, 503, 503, 202)
		a.visits = a.visits[1:] // the first job is not polled
		a.paced()
	})
}

// What was waited for is an outcome without a poll, or with one.
func TestAzcoreWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAzure(t, "", nil)
		made := a.submit("resource", "Prefer", "wait=60")
		p := poller[report](a, made, nil)
		if made.StatusCode != 201 || !p.Done() {
			t.Errorf("%d, and done: %v", made.StatusCode, p.Done())
		}
		if got, err := finish(p); err != nil || got.Rows != 12 {
			t.Errorf("%+v, %v", got, err)
		}
		a.ends("/v1/reports/7")

		inline := a.submit("inline", "Prefer", "wait=60")
		got, err := finish(poller(a, inline, &runtime.NewPollerOptions[report]{OperationLocationResultPath: "result"}))
		if err != nil || got.Rows != 12 || inline.StatusCode != 200 {
			t.Errorf("%+v, %v, after %d", got, err, inline.StatusCode)
		}
	})
}
