//go:build race

package main

// The command is built as its tests are: go test -race watches the processes too.
func init() { buildFlags = append(buildFlags, "-race") }
