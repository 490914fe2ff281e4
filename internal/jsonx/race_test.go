//go:build race

package jsonx

// raceEnabled: the race detector makes a sync.Pool forget at random, so that
// allocations cannot be counted.
const raceEnabled = true
