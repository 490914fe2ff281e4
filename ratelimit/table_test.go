package ratelimit

import (
	"context"
	"math/big"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestTable compares a table with a map: with names that crowd in one place, at the
// end of the slots too, none is lost and none is found that is not there.
func TestTable(t *testing.T) {
	for _, crowd := range []uint64{1 << 63, 1 << 59, 1 << 40, 1} { // how far apart homes are
		random := rand.New(rand.NewPCG(1, crowd))
		var tab table
		model := map[name]instant{}
		pool := make([]name, 300)
		for i := range pool {
			pool[i] = name{uint64(2*i + 1), random.Uint64N(crowd) - crowd/2} // on both sides of the end
		}
		for step := range 20_000 {
			n := pool[random.IntN(len(pool))]
			full := instant{1 + random.Int64N(1<<40), random.Int64N(maxQuota)}
			place := tab.find(n)
			if got, ok := model[n]; ok != (place >= 0) || ok && tab.get(place) != got {
				t.Fatalf("crowd %d, step %d: found at %d %v, want %v %v", crowd, step, place, tab.get(place), ok, got)
			}
			switch {
			case place < 0 && len(model) < 200:
				s := slot{name: n, part: packTime(5) << partBits}
				s.set(full)
				if grown := tab.insert(s, 0, true); grown != 1 {
					t.Fatalf("insert says %d", grown)
				}
				model[n] = full
			case place >= 0 && random.IntN(2) == 0:
				tab.slots[place].set(full)
				model[n] = full
			case place >= 0:
				tab.remove(place)
				delete(model, n)
			}
			if tab.used != len(model) {
				t.Fatalf("crowd %d, step %d: used is %d, want %d", crowd, step, tab.used, len(model))
			}
		}
		taken := 0
		for _, s := range tab.slots {
			if !s.free() {
				taken++
			}
		}
		if taken != len(model) || taken*4 > len(tab.slots)*3 {
			t.Errorf("crowd %d: %d of %d slots are taken, want %d", crowd, taken, len(tab.slots), len(model))
		}
	}
}

// TestTableNoRoom: without room each new bucket takes the place of one other.
func TestTableNoRoom(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 11, 12, 100} {
		for _, crowd := range []uint64{1 << 63, 1 << 61, 1 << 40, 1} {
			random := rand.New(rand.NewPCG(uint64(limit), crowd))
			var tab table
			kept := map[name]bool{}
			add := func(room bool) {
				n := name{random.Uint64() | 1, random.Uint64N(crowd) - crowd/2}
				tab.insert(slot{n, 200 + random.Int64N(100), random.Uint64N(2) << partBits}, 100, room)
				kept[n] = true
			}
			for range limit {
				add(true)
			}
			size := len(tab.slots)
			for range 1000 {
				add(false)
				for n := range kept {
					if tab.find(n) < 0 {
						delete(kept, n)
					}
				}
				if tab.used != limit || len(kept) != limit || len(tab.slots) != size {
					t.Fatalf("limit %d, crowd %d: %d used and %d kept; %d slots became %d", limit, crowd, tab.used, len(kept), size, len(tab.slots))
				}
			}
		}
	}
}

// TestTableOneOnly: a table that may keep one bucket keeps the last.
func TestTableOneOnly(t *testing.T) {
	var tab table
	for i := range uint64(100) {
		n := name{2*i + 1, i << 57}
		if grown := tab.insert(slot{n, 5, 0}, 0, i == 0); tab.used != 1 || grown > 1 || tab.find(n) < 0 {
			t.Fatalf("bucket %d: used is %d, found at %d", i, tab.used, tab.find(n))
		}
	}
}

// TestTableTwice: a policy that is given twice has one bucket.
func TestTableTwice(t *testing.T) {
	var tab table
	n := name{1, 1}
	tab.insert(slot{n, 5, 0}, 0, true)
	if grown := tab.insert(slot{n, 6, 0}, 0, true); grown != 0 || tab.used != 1 || tab.get(tab.find(n)).ns != 6 {
		t.Errorf("a bucket that is there is added: %d more, %d used", grown, tab.used)
	}
}

// TestTableSpent: buckets that are full again make room before a table grows, and none
// else does.
func TestTableSpent(t *testing.T) {
	var tab table
	for i := range uint64(1000) {
		full := int64(100)
		if i%2 == 0 {
			full = 1_000_000
		}
		tab.insert(slot{name{2*i + 1, i * 0x9e3779b97f4a7c15}, full, 0}, 50, true)
	}
	size := len(tab.slots)
	for i := range uint64(200) {
		tab.insert(slot{name{1_000_001 + 2*i, i * 0xbf58476d1ce4e5b9}, 1_000_000, 0}, 101, true)
	}
	if len(tab.slots) != size {
		t.Errorf("%d slots became %d", size, len(tab.slots))
	}
	for i := range uint64(500) {
		if tab.find(name{4*i + 1, 2 * i * 0x9e3779b97f4a7c15}) < 0 {
			t.Fatalf("bucket %d, which is not full, was lost", 2*i)
		}
	}
	tab = table{}
	tab.insert(slot{name{1, 1}, 5, 0}, 0, true)
	if grown := tab.insert(slot{name{3, 2}, 9, 0}, 5, true); grown != 0 || tab.find(name{1, 1}) >= 0 || tab.find(name{3, 2}) < 0 {
		t.Error("a bucket that is full again was kept beside a new one")
	}
	exactly := slot{name{1, 1}, 101, 1}
	if exactly.spent(101) || !exactly.spent(102) {
		t.Error("a fraction of a nanosecond is not counted")
	}
}

// TestTableVictim: of those that are looked at, one that denies goes only where all do.
func TestTableVictim(t *testing.T) {
	const now = 1000
	denying := func(i uint64) slot { return slot{name{2*i + 1, 0}, now + 11, packTime(10) << partBits} }
	var tab table
	for i := range uint64(sampled) {
		tab.insert(denying(i), now, true)
	}
	allowed := slot{name{101, 0}, now + 1_000_000, packTime(2_000_000) << partBits} // full much later
	tab.slots[7].name, tab.slots[7].ns, tab.slots[7].part = allowed.name, allowed.ns, allowed.part
	tab.insert(slot{name{201, 0}, now + 5, 0}, now, false)
	if tab.find(allowed.name) >= 0 || tab.find(name{201, 0}) < 0 {
		t.Error("the bucket that does not deny was kept")
	}
	tab.remove(tab.find(name{201, 0}))
	soonest := denying(500)
	soonest.ns = now + 10 + 1
	tab.insert(soonest, now, true)
	tab.slots[tab.find(soonest.name)].part |= 5 // deny all
	for i := range tab.slots {
		if s := &tab.slots[i]; !s.free() && s.name != soonest.name {
			s.ns = now + 500
		}
	}
	tab.insert(denying(600), now, false)
	if tab.find(soonest.name) >= 0 {
		t.Error("where all deny, the one that is full first was kept")
	}
}

// TestPackTime: a packed time is not longer than it was, and at most 1/128 shorter.
func TestPackTime(t *testing.T) {
	for _, ns := range []int64{0, 1, 127, 128, 255, 256, 257, 511, 513, 1e9, 1e9 + 1, int64(maxFill), 1<<61 - 1, 0x81ff_ffff, maxNS} {
		packed := packTime(ns)
		if got := unpackTime(packed); got > ns || ns-got > ns/128 {
			t.Errorf("%d was packed to %d", ns, got)
		}
		if packed >= 1<<(64-partBits) {
			t.Errorf("%d takes more than %d bits", ns, 64-partBits)
		}
	}
}

// TestSlotSet: a part of any quota fits beside the packed time, which stays.
func TestSlotSet(t *testing.T) {
	s := slot{part: packTime(maxNS) << partBits}
	for _, full := range []instant{{5, maxQuota - 1}, {-7, 0}, {maxNS, 1}} {
		if s.set(full); s.full() != full || s.part>>partBits != packTime(maxNS) {
			t.Errorf("%v was kept as %v beside %d", full, s.full(), s.part>>partBits)
		}
	}
}

// TestMemoryUsed: the number of buckets that a store counts is that of its tables, and
// never above its limit, whatever happens at once.
func TestMemoryUsed(t *testing.T) {
	const limit = 3000
	m, err := NewMemory(MemoryOptions{MaxKeys: limit})
	if err != nil {
		t.Fatal(err)
	}
	policies := []Policy{
		{Name: "slow", Quota: 1, Window: time.Hour, Burst: 9},
		{Name: "fast", Quota: 1000, Window: time.Microsecond, Burst: 1000},
	}
	sum := func() (n int) { // at one moment
		for i := range m.shards {
			m.shards[i].mu.Lock()
			defer m.shards[i].mu.Unlock()
			n += m.shards[i].table.used
		}
		return n
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			decisions := make([]Decision, 2)
			for i := range 3000 {
				key := strconv.Itoa(g*3000 + i)
				m.Take(context.Background(), key, 1, policies, decisions)
				if i%7 == 0 {
					m.Reset(context.Background(), key, policies)
				}
				if i%500 == 0 {
					if n := sum(); n > limit {
						t.Errorf("%d buckets are kept", n)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := sum(); n != m.Len() || int64(n) != m.used.Load() || n > limit {
		t.Errorf("%d buckets are kept, %d counted, %d returned", n, m.used.Load(), m.Len())
	}
	m.Close()
	if n := sum(); n != 0 || m.used.Load() != 0 {
		t.Errorf("after Close %d buckets are kept, %d counted", n, m.used.Load())
	}
}

// TestRemaining compares the count of units with that of larger numbers, for products
// of two words.
func TestRemaining(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 300_000 {
		p := Policy{Quota: maxQuota - random.Int64N(1000), Window: maxWindow, Burst: maxQuota}
		ns, part := random.Int64N(int64(maxWindow)), random.Int64N(p.Quota)
		sum := new(big.Int).Mul(big.NewInt(ns), big.NewInt(p.Quota))
		sum.Add(sum, big.NewInt(part)).Quo(sum, big.NewInt(int64(p.Window)))
		if got := remaining(&p, instant{}, instant{ns, part}); got != sum.Int64() {
			t.Fatalf("%d and %d of %d: got %d, want %d", ns, part, p.Quota, got, sum.Int64())
		}
	}
}
