package asynctest

import (
	"testing"
	"testing/synctest"

	"github.com/forthright-http/forthright/async"
)

// TestRealTime judges a backend with its own clock, in a bubble where that takes no
// time.
func TestRealTime(t *testing.T) {
	o := Options{RealTime: true, Races: 200}
	o.setDefaults()
	open := func(t *testing.T, _ Setup) async.Backend {
		m, err := async.NewMemory(async.MemoryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { judge(t, t, open, o, c.run) })
		})
	}
}
