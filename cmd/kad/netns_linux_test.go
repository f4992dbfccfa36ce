package main

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kadmium"
	"kadmium/internal/cli"
)

// slow lets tests run that take minutes.
var slow = flag.Bool("slow", false, "also run tests that take minutes")

// A network is a network namespace of its own; it ends with its first process.
type network struct {
	t   *testing.T
	via []string // runs a command in it
	pid int
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	holder := exec.Command("sleep", "1h")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := holder.Start(); err != nil {
		t.Skipf("no network namespace (%v): run this test as root on Linux", err)
	}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	pid := holder.Process.Pid
	return &network{t, []string{"nsenter", "--net", "--target", fmt.Sprint(pid)}, pid}
}

// needTools skips a test of networks where the tools that make them are missing.
func needTools(t *testing.T) {
	t.Helper()
	for tool, source := range map[string]string{"ip": "iproute2", "nsenter": "util-linux"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%v: apt-get install %s", err, source)
		}
	}
}

// listen binds a UDP socket in the network: a socket stays where the thread that made it was.
func (w *network) listen(at netip.AddrPort) (conn net.PacketConn, err error) {
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		var space *os.File
		if space, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", w.pid)); err != nil {
			return
		}
		defer space.Close()
		if err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	})
	done.Wait()
	return conn, err
}

// run runs a command in the network.
func (w *network) run(line string) {
	w.t.Helper()
	args := append(w.via[:len(w.via):len(w.via)], strings.Fields(line)...)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v: %s", line, err, out)
	}
}

// twoNetworks are joined by a cable, which has the addresses 10.77.0.1 to 10.77.0.4 at one
// end and 10.77.0.100 at the other.
func twoNetworks(t *testing.T) (world, home *network) {
	t.Helper()
	needTools(t)
	world, home = newNetwork(t), newNetwork(t)
	world.run(fmt.Sprintf("ip link add name cable type veth peer name cable netns %d", home.pid))
	for i := range 4 {
		world.run(fmt.Sprintf("ip addr add 10.77.0.%d/24 dev cable", i+1))
	}
	home.run("ip addr add 10.77.0.100/24 dev cable")
	for _, w := range []*network{world, home} {
		w.run("ip link set lo up")
		w.run("ip link set cable up")
	}
	return world, home
}

// in starts a node in a network, which joins by the first one of the world.
func (u *user) in(w *network, listen, control string, args ...string) *runningNode {
	u.t.Helper()
	u.via = w.via
	defer func() { u.via = nil }()
	return u.nodeAt("/ip4/"+listen+"/udp/4100", append(args, "--control", control, "--bootstrap", "10.77.0.1:4100")...)
}

// world starts four servers, whose control sockets are 1 to 4.
func (u *user) world(w *network) (servers []*runningNode) {
	u.t.Helper()
	for i := range 4 {
		servers = append(servers, u.in(w, fmt.Sprint("10.77.0.", i+1), fmt.Sprint(i+1), "--mode", "server"))
	}
	return servers
}

// eventually waits until the condition holds, and returns how long that took.
func eventually(t *testing.T, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !cond() {
		if time.Since(begun) > limit {
			t.Fatalf("%s passed without %s", limit, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(begun)
}

// A provider moves to another IP: after its next word to anybody `kad providers` names the
// new one, also of what was provided before.
func TestProviderMovesToAnotherIP(t *testing.T) {
	u := newUser(t)
	world, home := twoNetworks(t)
	u.world(world)
	n := u.in(home, "0.0.0.0", "p", "--mode", "server")
	u.kad("provide", "/v/before", "--control", "p").exits(cli.ExitDone)
	namedAt := func(key, ip string) bool {
		got := one[kadmium.Providers](u.kad("providers", key, "--control", "3", "--json").exits(cli.ExitDone))
		return len(got.Providers) == 1 && got.Providers[0].Address.ID == n.ready.Peer && got.Providers[0].Address.Endpoint.Addr().String() == ip
	}
	if !namedAt("/v/before", "10.77.0.100") {
		t.Fatal("the provider is not named where it is")
	}
	home.run("ip addr del 10.77.0.100/24 dev cable")
	home.run("ip addr add 10.77.0.200/24 dev cable")
	u.kad("closest", "/v/word", "--control", "p").exits(cli.ExitDone)
	took := eventually(t, patience, "the new address being named", func() bool { return namedAt("/v/before", "10.77.0.200") })
	t.Logf("named after %v", took)
	u.kad("provide", "/v/after", "--control", "p").exits(cli.ExitDone)
	if !namedAt("/v/after", "10.77.0.200") {
		t.Error("what is provided at the new address names another one")
	}
	n.kill()
	if log := n.stderr.String(); !strings.Contains(log, `msg="address changed" to=10.77.0.200:4100`) {
		t.Errorf("the log does not tell of the change: %s", log)
	}
}

// A server in mode auto, whose firewall begins to drop what comes unasked, becomes a client
// and tells of it. Its machine sleeps for two hours before, which saves the wait for the
// hourly check of its reachability.
func TestServerBehindANewFirewall(t *testing.T) {
	if !*slow {
		t.Skip("this takes two minutes: go test -run TestServerBehindANewFirewall ./cmd/kad -slow")
	}
	u := newUser(t)
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skipf("%v: apt-get install nftables", err)
	}
	world, home := twoNetworks(t)
	u.world(world)
	n := u.in(home, "0.0.0.0", "h")
	stats := func() kadmium.Stats {
		return one[kadmium.Stats](u.kad("stats", "--control", "h", "--json").exits(cli.ExitDone))
	}
	serves := func() bool { return stats().Serves }
	eventually(t, patience, "the node being a server", serves)
	rules := "table inet firewall { chain in { type filter hook input priority 0; policy drop; iif lo accept; ct state established,related accept; }; }"
	home.run("nft " + rules)
	n.asleep(2*time.Hour, func() bool { return stats().Counters["resumes"] > 0 })
	took := eventually(t, 5*time.Minute, "the node being a client", func() bool { return !serves() })
	t.Logf("client after %v", took)
	n.kill()
	if log := n.stderr.String(); strings.Count(log, "mode changed") != 2 || !strings.Contains(log, "check its firewall") {
		t.Errorf("the log does not tell of both changes: %s", log)
	}
}
