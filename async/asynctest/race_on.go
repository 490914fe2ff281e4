//go:build race

package asynctest

// raceDetector: all takes some ten times as long.
const raceDetector = true
