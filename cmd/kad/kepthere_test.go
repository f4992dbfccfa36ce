package main

import (
	"strings"
	"syscall"
	"testing"

	"kadmium/internal/cli"
)

// What is put or provided while no bootstrap peer answers is not done, unless --local
// accepts that; at a node without bootstrap peers it is.
func TestPutWhileNobodyAnswers(t *testing.T) {
	u := newUser(t)
	silent := u.silentPeer()
	away := u.node("--control", "away", "--bootstrap", silent.LocalAddr().String())
	alone := u.node("--control", "alone")
	for _, command := range [][]string{{"put", "/v/x", "kept"}, {"provide", "/v/x"}} {
		u.kad(append(command, "--control", "away")...).exits(cli.ExitNotDone).says("kept by this node only").says("--local")
		local := u.kad(append(command, "--control", "away", "--local")...).exits(cli.ExitDone)
		if !strings.Contains(local.stdout, "kept at this node only") {
			t.Errorf("%s printed %q", local.line, local.stdout)
		}
		u.kad(append(command, "--control", "alone")...).exits(cli.ExitDone)
	}
	away.stop(syscall.SIGTERM)
	alone.stop(syscall.SIGTERM)
}
