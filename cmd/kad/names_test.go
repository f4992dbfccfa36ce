package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium"
	"kadmium/internal/cli"
)

// names gives the user's commands files of their own in place of /etc/hosts and
// /etc/resolv.conf.
func (u *user) names(hosts, resolv string) {
	u.t.Helper()
	script := `mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"`
	via := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"}
	for i, text := range []string{hosts, resolv} {
		file := filepath.Join(u.dir, []string{"hosts", "resolv.conf"}[i])
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			u.t.Fatal(err)
		}
		via = append(via, file)
	}
	if out, err := exec.Command(via[0], append(via[1:], "true")...).CombinedOutput(); err != nil {
		u.t.Skipf("no mount namespace (%v: %s): run this test as root on Linux, with unshare(1) of util-linux", err, out)
	}
	u.via = via
	u.env = append(u.env, "GODEBUG=netdns=go") // the same resolver everywhere
}

// silentResolver is the resolv.conf of a name server that never answers.
func silentResolver(t *testing.T) string {
	t.Helper()
	const ip = "127.53.53.53"
	c, err := net.ListenPacket("udp4", ip+":53")
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) { // such as a parallel run of this test
		t.Skipf("no name server here (%v): run this test as root on Linux", err)
	}
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return "nameserver " + ip + "\noptions timeout:30\n"
}

// A name whose resolver is silent delays nobody who has an address that answers.
func TestSilentNameBesideAnAddress(t *testing.T) {
	u := newUser(t)
	u.names("127.0.0.1 good.test\n", silentResolver(t))
	first := u.node()
	port := first.ready.Addresses[0].Endpoint.Port()
	good := fmt.Sprintf("good.test:%d", port)
	for i, seed := range []string{first.address(), good} {
		begun := time.Now()
		n := u.node("--bootstrap", "silent.test:4100", "--bootstrap", "silent.too.test:4100", "--bootstrap", seed, "--control", fmt.Sprint("c", i))
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("ready after %v", took)
		}
		if peers := one[kadmium.Stats](u.kad("stats", "--control", fmt.Sprint("c", i), "--json").exits(cli.ExitDone)).Peers; peers < 1 {
			t.Errorf("by %s: %d peers", seed, peers)
		}
		u.kad("put", "/v/name", "value", "--bootstrap", "silent.test:4100", "--bootstrap", seed, "--timeout", "10s").exits(cli.ExitDone)
		u.kad("get", "/v/name", "--bootstrap", "silent.test:4100", "--bootstrap", seed, "--timeout", "10s").exits(cli.ExitDone)
		defer n.stop(syscall.SIGTERM) // also while the resolver is silent
	}
}

// Of a name's addresses those are tried that the node has sockets for.
func TestNameOfBothIPVersions(t *testing.T) {
	u := newUser(t)
	requireIPv6(t)
	u.names("::1 both.test six.test\n127.0.0.1 both.test four.test\n", "")
	four, six := u.node("--control", "four"), u.nodeAt("/ip6/::1/udp/0", "--control", "six")
	at := func(name string, n *runningNode) string {
		return fmt.Sprintf("%s:%d", name, n.ready.Addresses[0].Endpoint.Port())
	}
	for _, n := range []*runningNode{four, six} {
		addr := at("both.test", n)
		got := one[kadmium.Pong](u.kad("ping", addr, "--bootstrap", addr, "--json").exits(cli.ExitDone))
		if got.Address.ID != n.ready.Peer {
			t.Errorf("ping %s: %+v", addr, got)
		}
		if r := u.kad("send", addr, echoProtocol, "hello", "--bootstrap", addr).exits(cli.ExitDone); r.stdout != "hello" {
			t.Errorf("send %s: %q", addr, r.stdout)
		}
	}
	// Through a running node that has one IP version.
	u.node("--control", "c4")
	u.kad("ping", at("both.test", four), "--control", "c4").exits(cli.ExitDone)
	u.kad("send", at("both.test", four), echoProtocol, "hello", "--control", "c4").exits(cli.ExitDone)
	u.kad("ping", at("six.test", six), "--control", "c4").exits(cli.ExitNotDone).says("no IPv6 socket", "--listen /ip6/")

	// A node says what it has no socket for, and which flag helps.
	for i, c := range []struct{ listen, seed, why string }{
		{"/ip4/127.0.0.1/udp/0", at("both.test", six), "IPv6"},
		{"/ip4/127.0.0.1/udp/0", at("six.test", six), "IPv6"},
		{"/ip4/127.0.0.1/udp/0", six.address(), "IPv6"},
		{"/ip6/::1/udp/0", at("four.test", four), "IPv4"},
	} {
		n := u.nodeAt(c.listen, "--bootstrap", c.seed, "--control", fmt.Sprint("n", i))
		n.stop(syscall.SIGTERM)
		for _, want := range []string{"no socket reaches it", c.why, "--listen /ip6/::/udp/4100"} {
			if !strings.Contains(n.stderr.String(), want) {
				t.Errorf("listening on %s and joining by %s, stderr lacks %q:\n%s", c.listen, c.seed, want, n.stderr)
			}
		}
	}
	// With both, it joins.
	n := u.node("--listen", "/ip6/::1/udp/0", "--bootstrap", at("both.test", six), "--control", "n")
	one[kadmium.Found](u.kad("find", six.ready.Peer.String(), "--control", "n", "--json").exits(cli.ExitDone))
	n.stop(syscall.SIGTERM)
}

// Names are read in multiaddrs too, and IDs of peers as CIDs.
func TestNamesInMultiaddrs(t *testing.T) {
	u := newUser(t)
	u.names("127.0.0.1 four.test\n", "")
	n := u.node()
	at := n.ready.Addresses[0].Endpoint.Port()
	id := n.ready.Peer
	cid := "f0172" + fmt.Sprintf("%x", id.Bytes())
	for _, addr := range []string{
		fmt.Sprintf("/dns4/four.test/udp/%d", at), fmt.Sprintf("/dns/four.test/udp/%d/p2p/%s", at, id), fmt.Sprintf("/dns4/four.test/udp/%d/p2p/%s", at, cid),
	} {
		if got := one[kadmium.Pong](u.kad("ping", addr, "--bootstrap", addr, "--json").exits(cli.ExitDone)); got.Address.ID != id {
			t.Errorf("ping %s: %+v", addr, got)
		}
	}
	u.kad("find", cid, "--bootstrap", n.address()).exits(cli.ExitDone)
	u.kad("closest", cid, "--bootstrap", n.address()).exits(cli.ExitDone)
	for _, addr := range []string{fmt.Sprintf("/dns6/four.test/udp/%d", at), "/dns4/none.test/udp/4100", "/dnsaddr/none.test"} {
		u.kad("ping", addr, "--bootstrap", n.address()).exits(cli.ExitNotDone).says(addr, "next: ")
	}
	u.kad("ping", "/dns4/four.test/tcp/4100", "--bootstrap", n.address()).exits(cli.ExitBadInput).says("/dns4/four.test/tcp/4100", "/dnsaddr/")
}

func requireIPv6(t *testing.T) {
	t.Helper()
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	c.Close()
}

func TestClientsListenOnBothIPVersions(t *testing.T) {
	requireIPv6(t)
	both := []string{"0.0.0.0:0", "[::]:0"}
	for _, seed := range []string{"localhost:4100", "127.0.0.1:4100", "[::1]:4100"} {
		if got, err := listenFor([]string{seed}); err != nil || !slices.Equal(got, both) {
			t.Errorf("for %s: %v, %v", seed, got, err)
		}
	}
	if got, err := listenFor([]string{"192.0.2.1:4100"}); err != nil || got[0] != both[0] || (len(got) == 2) != outward(false) {
		t.Errorf("for an address of IPv4: %v, %v", got, err)
	}
	if got, err := listenFor(nil); err != nil || got != nil {
		t.Errorf("for nobody: %v, %v", got, err)
	}
}
