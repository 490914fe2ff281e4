package asynctest

import (
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// Setup is what a backend is opened with.
type Setup struct {
	// Clock has the time that it takes for now.
	Clock *Clock
	// Dir is a directory of its own for what it keeps.
	Dir string
	// Reopened: what it kept before is in Dir, and it goes on with that.
	Reopened bool
}

// Options are the settings of [Backend]. The zero value is for a backend that ends
// with the process and takes a [Clock].
type Options struct {
	// Durable: what it keeps outlasts it. It is an io.Closer then, which is closed
	// before it is opened again with the same Dir; a second Close does no harm.
	Durable bool
	// RealTime: the backend has its own clock. The Clock in Setup is the real one
	// then, and checks that move it wait.
	RealTime bool
	// Unit is the time in which checks count: retentions, delays. By default an
	// hour, or a second with RealTime.
	Unit time.Duration
	// Tolerance is how far off the backend's times may be, by default a millisecond,
	// or 100 ms with RealTime.
	Tolerance time.Duration
	// Patience is how long is waited for what is to happen, by default 10 s.
	Patience time.Duration
	// Races is how many cancellations race with completions, by default 10,000, or
	// 1,000 with -short or -race.
	Races int
}

func (o *Options) setDefaults() {
	unit, tolerance, races := time.Hour, time.Millisecond, 10_000
	if o.RealTime {
		unit, tolerance = time.Second, 100*time.Millisecond
	}
	if raceDetector || testing.Testing() && testing.Short() {
		races = 1_000
	}
	defaultTo(&o.Unit, unit)
	defaultTo(&o.Tolerance, tolerance)
	defaultTo(&o.Patience, 10*time.Second)
	defaultTo(&o.Races, races)
}

func defaultTo[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// Backend judges a backend. open is called for each check, and returns a backend
// without jobs, or with those of its Dir where it is Reopened. What open has to clean
// up it leaves to t.Cleanup.
func Backend(t *testing.T, open func(t *testing.T, s Setup) async.Backend, o Options) {
	t.Helper()
	o.setDefaults()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { judge(t, t, open, o, c.run) })
	}
}

// checks are all that a backend is judged by.
var checks = []struct {
	name string
	run  func(*check)
}{
	{"Submit", (*check).submits},
	{"Key", (*check).keys},
	{"KeyLater", (*check).keyLater},
	{"KeysApart", (*check).keysApart},
	{"Full", (*check).full},
	{"FullOwner", (*check).fullOwner},
	{"Get", (*check).gets},
	{"List", (*check).lists},
	{"ListExpired", (*check).listExpired},
	{"Position", (*check).positions},
	{"CancelQueued", (*check).cancelQueued},
	{"CancelRunning", (*check).cancelRunning},
	{"CancelLoses", (*check).cancelLoses},
	{"CancelFinished", (*check).cancelFinished},
	{"Watch", (*check).watches},
	{"Retention", (*check).retention},
	{"Run", (*check).runs},
	{"Outcomes", (*check).outcomes},
	{"Order", (*check).order},
	{"Kinds", (*check).kinds},
	{"Workers", (*check).workers},
	{"NoWorkers", (*check).noWorkers},
	{"WakeUps", (*check).wakeUps},
	{"Again", (*check).again},
	{"AgainCanceled", (*check).againCanceled},
	{"Free", (*check).free},
	{"Report", (*check).reports},
	{"Versions", (*check).versions},
	{"Drain", (*check).drains},
	{"DrainInTime", (*check).drainInTime},
	{"JobsAttempts", (*check).jobsAttempts},
	{"JobsEnds", (*check).jobsEnds},
	{"JobsCancel", (*check).jobsCancel},
	{"JobsProgress", (*check).jobsProgress},
	{"JobsDrain", (*check).jobsDrain},
	{"RaceKey", (*check).raceKey},
	{"RaceFull", (*check).raceFull},
	{"RaceCancel", (*check).raceCancel},
	{"Restart", (*check).restart},
	{"RestartRuns", (*check).restartRuns},
	{"Callbacks", (*check).callbacks},
	{"RaceCallbacks", (*check).raceCallbacks},
	{"RestartCallbacks", (*check).restartCallbacks},
}
