package main

import (
	"syscall"
	"testing"

	"kadmium/identity"
	"kadmium/internal/cli"
)

// A wrong /p2p/ID at a living address says who lives there: to who pings and sends, to a
// node that joins, and in its log.
func TestWrongIDAtALivingAddress(t *testing.T) {
	u := newUser(t)
	first, second := u.node("--control", "one"), u.node("--control", "two")
	wrong := identity.Address{ID: identity.KeyFromSeed([32]byte{9}).ID(), Endpoint: first.ready.Addresses[0].Endpoint}.String()
	lives := first.address()
	for _, args := range [][]string{
		{"ping", wrong, "--control", "two"},
		{"send", wrong, echoProtocol, "hello", "--control", "two"},
		{"get", "/v/x", "--bootstrap", wrong},
	} {
		u.kad(args...).exits(cli.ExitNotDone).says("another peer lives there", lives, "without /p2p/ID")
	}
	third := u.node("--control", "three", "--bootstrap", wrong)
	third.logs(lives)
	third.stop(syscall.SIGTERM)
	silent := u.silentPeer()
	nobody := "/ip4/127.0.0.1/udp/" + silent.LocalAddr().String()[len("127.0.0.1:"):] + "/p2p/" + second.ready.Peer.String()
	u.kad("ping", nobody, "--control", "one").exits(cli.ExitNotDone).says("no answer")
}
