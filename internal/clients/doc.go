// Package clients is tests alone: of package async, with clients that others wrote.
//
//	azcore_test.go    the poller of Azure's SDK, in a time of its own
//	curl_test.go      curl with --retry, and a loop that polls, in a shell
//	browser_test.go   the EventSource of Chromium, on a job's own page
//
// The last two run the programs that are on the PATH, and are skipped where there is
// none.
package clients
