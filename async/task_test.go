package async_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/async"
)

// taskReport is a report and when it came.
type taskReport struct {
	at time.Duration
	p  async.Progress
}

// taskReports runs a handler in a bubble, and returns what it reported.
func taskReports(t *testing.T, report func(n int) error, handle func(ctx context.Context, task *async.Task)) (reports []taskReport, out async.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, _ := executeStart(t, func(ctx context.Context, task *async.Task, _ executeIn) (string, error) {
			handle(ctx, task)
			return "", nil
		}, async.Options{}, async.KindOptions{})
		defer e.stop()
		begun := time.Now()
		out = executeDirect(t, e, async.Job{ID: "a", Kind: "work", Owner: "ana", Attempt: 2, Progress: async.Progress{Done: 1, Message: "from before"}}, func(p async.Progress) error {
			reports = append(reports, taskReport{time.Since(begun), p})
			return report(len(reports))
		})
	})
	return reports, out
}

func taskKept(int) error { return nil }

// TestTaskProgress: the newest progress is reported once a second, however often it is
// told, and the last with the outcome.
func TestTaskProgress(t *testing.T) {
	reports, out := taskReports(t, taskKept, func(_ context.Context, task *async.Task) {
		if task.ID() != "a" || task.Owner() != "ana" || task.Attempt() != 2 {
			t.Errorf("the task is %s of %s, attempt %d", task.ID(), task.Owner(), task.Attempt())
		}
		for i := range 350 { // 3.5 s
			task.Progress(int64(i), 350)
			time.Sleep(10 * time.Millisecond)
		}
		task.Message("nearly")
		task.Progress(350, 350)
	})
	want := []taskReport{{time.Second, async.Progress{}}, {2 * time.Second, async.Progress{}}, {3 * time.Second, async.Progress{}}}
	if len(reports) != len(want) {
		t.Fatalf("%d reports in 3.5 s: %v", len(reports), reports)
	}
	for i, r := range reports {
		// At that very moment the handler tells of one more.
		if n := int64(100 * (i + 1)); r.at != want[i].at || r.p.Done != n && r.p.Done != n-1 || r.p.Total != 350 || r.p.Message != "from before" {
			t.Errorf("report %d is %+v", i+1, r)
		}
	}
	if out.Progress != (async.Progress{Done: 350, Total: 350, Message: "nearly"}) {
		t.Errorf("the progress of the outcome is %+v", out.Progress)
	}
}

// TestTaskSilent: where there is nothing new, every fifth second renews the lease, also
// while a handler that was asked to stop goes on.
func TestTaskSilent(t *testing.T) {
	reports, out := taskReports(t, taskKept, func(context.Context, *async.Task) { time.Sleep(16 * time.Second) })
	if len(reports) != 3 || reports[0].at != 5*time.Second || reports[1].at != 10*time.Second || reports[2].at != 15*time.Second {
		t.Fatalf("the reports are %v", reports)
	}
	if p := (async.Progress{Done: 1, Message: "from before"}); reports[0].p != p || out.Progress != p {
		t.Errorf("the progress is %v and then %v", reports[0].p, out.Progress)
	}
	reports, _ = taskReports(t, taskKept, func(_ context.Context, task *async.Task) {
		time.Sleep(3500 * time.Millisecond)
		task.Progress(2, 3) // reported at 4 s
		time.Sleep(6 * time.Second)
	})
	if len(reports) != 2 || reports[0].at != 4*time.Second || reports[1].at != 9*time.Second {
		t.Errorf("the reports are %v", reports)
	}
}

// TestTaskReportStopped: reports go on after the context has ended.
func TestTaskReportStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := executeStart(t, func(ctx context.Context, _ *async.Task, _ executeIn) (string, error) {
			<-ctx.Done()
			time.Sleep(10500 * time.Millisecond)
			return "", ctx.Err()
		}, async.Options{}, async.KindOptions{})
		defer e.stop()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(async.ErrCanceled)
		reports := 0
		out := e.jobs.Execute(ctx, async.Job{ID: "a", Kind: "work", Attempt: 1}, func(async.Progress) error { reports++; return nil })
		if reports != 2 || out.Status != async.Canceled {
			t.Errorf("%d reports while the handler went on, and it is %s", reports, out.Status)
		}
	})
}

// TestTaskReportFails: what could not be kept is reported again.
func TestTaskReportFails(t *testing.T) {
	reports, _ := taskReports(t, func(n int) error {
		if n < 3 {
			return errors.New("the store is down")
		}
		return nil
	}, func(_ context.Context, task *async.Task) {
		task.Progress(2, 3)
		time.Sleep(5500 * time.Millisecond)
	})
	if len(reports) != 3 || reports[2] != (taskReport{3 * time.Second, async.Progress{Done: 2, Total: 3, Message: "from before"}}) {
		t.Errorf("the reports are %v", reports)
	}
}

// TestTaskMessage: it is cut behind the last whole character within 200 bytes, and is
// UTF-8.
func TestTaskMessage(t *testing.T) {
	long := strings.Repeat("x", 198)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"half", "half"},
		{long + "yz", long + "yz"},
		{long + "yzz", long + "yz"},
		{long + "é", long + "é"},
		{long + "yé", long + "y"},
		{long + "€", long},
		{long + "\U0001F600", long},
		{strings.Repeat("é", 150), strings.Repeat("é", 100)},
		{"a\xffb", "ab"},
		{strings.Repeat("\x80", 300), ""},
	} {
		_, out := taskReports(t, taskKept, func(_ context.Context, task *async.Task) { task.Message(c.text) })
		if out.Progress.Message != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, out.Progress.Message, c.want)
		}
	}
}

// FuzzTaskMessage: whatever is told, 200 bytes of UTF-8 are kept that it begins with,
// but for what is no UTF-8.
func FuzzTaskMessage(f *testing.F) {
	for _, s := range []string{"", "half", strings.Repeat("é", 101), strings.Repeat("€\x80", 90), "\xf0\x9f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, out := taskReports(t, taskKept, func(_ context.Context, task *async.Task) { task.Message(s) })
		got := out.Progress.Message
		if len(got) > 200 || !utf8.ValidString(got) || !strings.HasPrefix(strings.ToValidUTF8(s, ""), got) {
			t.Errorf("%q becomes %q", s, got)
		}
		if utf8.ValidString(s) && len(got) < min(len(s), 197) {
			t.Errorf("of %d bytes %d are kept", len(s), len(got))
		}
	})
}
