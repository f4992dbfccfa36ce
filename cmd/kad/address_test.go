package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"kadmium"
	"kadmium/internal/cli"
)

// A node on both families is reached over each, by multiaddr, by host:port, and by a
// name that has to be resolved.
func TestPingByAnyAddress(t *testing.T) {
	u := newUser(t)
	flags := []string{"--listen", "/ip6/::1/udp/0"}
	if c, err := net.ListenPacket("udp6", "[::1]:0"); err != nil {
		t.Logf("this machine has no IPv6: %v", err)
		flags = nil
	} else {
		c.Close()
	}
	n := u.node(flags...)
	addresses := []string{}
	for _, a := range n.ready.Addresses {
		addresses = append(addresses, a.String(), a.Endpoint.String())
		if a.Endpoint.Addr().Is4() {
			addresses = append(addresses, fmt.Sprintf("localhost:%d", a.Endpoint.Port()))
		}
	}
	if len(n.ready.Addresses) != 1+len(flags)/2 {
		t.Errorf("ready at %v", n.ready.Addresses)
	}
	for i, addr := range addresses {
		if strings.HasPrefix(addr, "localhost") && !localhostIs4(t) {
			continue
		}
		got := one[kadmium.Pong](u.kad("ping", addr, "--bootstrap", addr, "--json").exits(cli.ExitDone))
		if got.Address.ID != n.ready.Peer {
			t.Errorf("ping %s: %+v", addr, got)
		}
		control := fmt.Sprint("c", i)
		u.node(append(flags, "--bootstrap", addr, "--control", control)...)
		one[kadmium.Found](u.kad("find", n.ready.Peer.String(), "--control", control, "--json").exits(cli.ExitDone))
	}
	// A name with an empty label is refused before any name server is asked.
	u.kad("ping", "no..such.host:4100", "--bootstrap", addresses[0]).exits(cli.ExitNotDone).says("no..such.host", "next: ")
	u.kad("ping", addresses[0], "--bootstrap", "no..such.host:4100").exits(cli.ExitNotDone).says("no..such.host", "next: ")
	n.stop(syscall.SIGTERM)
}

func localhostIs4(t *testing.T) bool {
	ips, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip4", "localhost")
	if err != nil || len(ips) == 0 {
		t.Logf("localhost has no IPv4 address here: %v", err)
		return false
	}
	return true
}
