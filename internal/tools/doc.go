// Package tools holds no code. Its module pins the programs that the
// project's checks run, each by a tool line of its go.mod, so that every
// machine runs the same version of them and none of their dependencies
// reaches the go.mod of a module that users require.
//
// Inside the workspace the tools run from any folder:
//
//	go tool staticcheck ./...
//	go tool benchstat old.txt new.txt
//
// To bring one up to date, in this folder:
//
//	GOWORK=off go get -tool honnef.co/go/tools/cmd/staticcheck@latest
//	GOWORK=off go mod tidy
package tools
