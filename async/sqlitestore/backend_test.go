package sqlitestore_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

func TestBackend(t *testing.T) {
	asynctest.Backend(t, openBackend, asynctest.Options{Durable: true})
}

// TestKill kills a process at its work, 5 times, or as often as SQLITESTORE_KILLS says.
func TestKill(t *testing.T) {
	rounds := 5
	if s := os.Getenv("SQLITESTORE_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal("SQLITESTORE_KILLS is not a number")
		}
		rounds = n
	}
	asynctest.Kill(t, openBackend, asynctest.KillOptions{Rounds: rounds, Inspect: inspectKilled})
}

func openBackend(t *testing.T, s asynctest.Setup) async.Backend {
	return open(t, filepath.Join(s.Dir, "jobs.sqlite"), sqlitestore.Options{Now: s.Clock.Now})
}

var quiet = slog.New(slog.DiscardHandler)

// open opens a store that is closed with the test, and logs nothing.
func open(t testing.TB, path string, o sqlitestore.Options) *sqlitestore.Store {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet
	}
	s, err := sqlitestore.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// inspectKilled looks into the file for what is there twice or not whole.
func inspectKilled(t *testing.T, s asynctest.Setup) {
	path := filepath.Join(s.Dir, "jobs.sqlite")
	if got := query[string](t, path, "PRAGMA integrity_check"); got != "ok" {
		t.Errorf("the file is not whole: %s", got)
	}
	for what, where := range map[string]string{
		"are not finished":              "status <> 'succeeded' OR finished = 0",
		"have not the result they made": "type <> 'text/plain' OR CAST(body AS TEXT) <> 'made by ' || id",
		"have a key that another has":   "key IN (SELECT key FROM job GROUP BY key HAVING count(*) > 1)",
	} {
		if n := query[int](t, path, "SELECT count(*) FROM job WHERE "+where); n != 0 {
			t.Errorf("%d jobs %s", n, what)
		}
	}
	t.Logf("%d jobs", query[int](t, path, "SELECT count(*) FROM job"))
}
