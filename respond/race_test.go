//go:build race

package respond

// raceEnabled tells tests of allocations that they cannot count.
const raceEnabled = true
