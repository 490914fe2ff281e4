//go:build race

package respond_test

// condRace tells tests that the race detector is on: it is slow, and allocates.
const condRace = true
