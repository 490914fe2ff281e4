package authn

import (
	"fmt"
	"testing"
	"time"
)

// What clients send cannot fill the memory.
func TestMissesAreBounded(t *testing.T) {
	m := newMisses(time.Second, time.Minute)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 3 * maxMisses {
		m.add(fmt.Sprint(i), now)
	}
	if len(m.ids) != maxMisses {
		t.Errorf("%d ids are remembered, want %d", len(m.ids), maxMisses)
	}
	if ok, fresh := m.may("0", now.Add(time.Second), now); ok || fresh {
		t.Error("the first is forgotten")
	}
	if ok, fresh := m.may(fmt.Sprint(2*maxMisses), now.Add(time.Second), now); !ok || !fresh {
		t.Error("one beyond the bound is not new")
	}
}

// No pause is longer than the longest.
func TestMissesPauses(t *testing.T) {
	m := newMisses(time.Second, 5*time.Second)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, want := range []time.Duration{2, 4, 5, 5} {
		m.add("a", now)
		m.add("a", now) // another request that waited for the same fetch
		m.fruitless()
		if got := m.ids[m.hash("a")].until.Sub(now); got != want*time.Second || m.pause != got {
			t.Errorf("step %d: %v and %v, want %v s", i, got, m.pause, want)
		}
		now = now.Add(want * time.Second)
	}
	m.reset()
	if ok, fresh := m.may("a", now, now.Add(-time.Second)); !ok || !fresh {
		t.Error("it is not new after reset")
	}
}
