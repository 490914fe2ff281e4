package riverqueue_test

import (
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
	"github.com/forthright-http/forthright/async/riverqueue"
)

func TestBackend(t *testing.T) {
	postgresURL(t)
	asynctest.Backend(t, openBackend, asynctest.Options{Durable: true, RealTime: true, Tolerance: 300 * time.Millisecond, Races: 2000})
}

// TestKill kills processes at their work. A job runs again when the lease is over.
func TestKill(t *testing.T) {
	postgresURL(t)
	asynctest.Kill(t, openBackend, asynctest.KillOptions{Again: killLease + 3*time.Second, Inspect: inspectKilled})
}

const killLease = 2 * time.Second

func openBackend(t *testing.T, s asynctest.Setup) async.Backend {
	pool := poolOf(t)
	schema := schemaOf(t, pool, s.Dir)
	if !s.Reopened {
		if err := riverqueue.Migrate(t.Context(), pool, riverqueue.MigrateOptions{Schema: schema}); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, pool, riverqueue.Options{Schema: schema, Lease: killLease})
}

// inspectKilled looks into the tables for what is there twice or not whole.
func inspectKilled(t *testing.T, s asynctest.Setup) {
	pool := poolOf(t)
	schema := schemaOf(t, pool, s.Dir)
	for what, where := range map[string]string{
		"are not finished":              "status <> 'succeeded' OR finished IS NULL",
		"have not the result they made": "type <> 'text/plain' OR body <> convert_to('made by ' || id, 'UTF8')",
		"are still somebody's":          "worker IS NOT NULL",
	} {
		if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}async_job WHERE "+where); n != 0 {
			t.Errorf("%d jobs %s", n, what)
		}
	}
	t.Logf("%d jobs", query[int](t, pool, schema, "SELECT count(*) FROM {schema}async_job"))
}
