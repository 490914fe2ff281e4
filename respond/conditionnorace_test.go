//go:build !race

package respond_test

const condRace = false
