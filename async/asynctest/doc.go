// Package asynctest judges backends of package async: those that come with it, and
// those that others write.
//
//	func TestBackend(t *testing.T) {
//		asynctest.Backend(t, open, asynctest.Options{Durable: true})
//	}
//
//	func TestKill(t *testing.T) {
//		asynctest.Kill(t, open, asynctest.KillOptions{})
//	}
//
//	func open(t *testing.T, s asynctest.Setup) async.Backend {
//		b, err := mystore.Open(filepath.Join(s.Dir, "jobs.db"), mystore.Options{Now: s.Clock.Now})
//		if err != nil {
//			t.Fatal(err)
//		}
//		t.Cleanup(func() { b.Close() })
//		return b
//	}
//
// Each check is a subtest with a backend of its own, that has to begin without jobs. A
// backend on a server makes a schema or a database for each [Setup.Dir] that is not
// [Setup.Reopened], and one that has its own clock is judged with [Options.RealTime].
//
// What is judged is the contract in the documentation of [async.Backend]: what each
// method returns, that limits and idempotency keys hold among goroutines, that a
// cancellation and a completion that race leave one outcome, the same for all readers,
// that attempts, delays and drains are counted as they should be, that jobs expire in
// two steps; of a durable one that all is there when it is opened again; and, by
// [Kill], that nothing is lost that was accepted when the process is killed. Run it
// with -race.
//
// [Replays] judges a store for async.Idempotent in the same way.
//
// What is not judged: leases among several machines, and how a backend fares while
// what is behind it is down.
//
// It is for tests alone: it imports testing.
package asynctest
