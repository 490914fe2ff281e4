// Package bench measures respond and problem beside their peers: the same
// request, answered by net/http with what most services have around it, by
// some frameworks, and by this module. It holds tests only; README.md has the
// table, and the command that makes it.
package bench
