// Package jobs measures the backends of package async beside River's driver for SQLite,
// and what the HTTP half of async adds. The files are where TMPDIR is: let that be a
// disk. The README beside package bench has the figures.
//
// It is a module of its own, outside the workspace: that driver, at v0.31.0, does not
// build with the version of River that package riverqueue has.
//
//	cd internal/bench/jobs && GOWORK=off TMPDIR=/var/tmp go test -run '^$' -bench . -benchtime 1s
package jobs
