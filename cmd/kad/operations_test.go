package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// Five nodes; every subcommand through a running one and through a client of its own.
func TestOperations(t *testing.T) {
	u := newUser(t)
	n := []*runningNode{u.node("--data", "data")}
	for range 4 {
		n = append(n, u.node("--bootstrap", n[0].address(), "--control", filepath.Join(u.dir, "c"+string(rune('0'+len(n))))))
	}
	for _, through := range [][]string{{"--data", "data"}, {"--control", "data/control.sock"}, {"--bootstrap", n[0].address()}} {
		name := strings.TrimPrefix(through[0], "--")
		with := func(t *testing.T) *userWithFlags { return &userWithFlags{&user{t: t, dir: u.dir, env: u.env}, through} }
		key := "/v/" + name

		t.Run(name+"/ping", func(t *testing.T) {
			for _, to := range []string{n[1].address(), n[1].ready.Addresses[0].Endpoint.String(), n[1].ready.Peer.String(), "/p2p/" + n[1].ready.Peer.String()} {
				got := one[kadmium.Pong](with(t).kad("ping", to, "--json").exits(cli.ExitDone))
				if got.Address != n[1].ready.Addresses[0] || got.RTT <= 0 || !got.Observed.Endpoint.IsValid() {
					t.Errorf("ping %s: %+v", to, got)
				}
			}
			got := one[kadmium.Pong](with(t).kad("ping", n[1].ready.Peer.String(), "--json", "--trace").exits(cli.ExitDone))
			if got.Lookup == nil || len(got.Lookup.Trace) == 0 {
				t.Errorf("ping by ID with --trace: %+v", got)
			}
			if out := with(t).kad("ping", n[1].address()).exits(cli.ExitDone).stdout; !strings.Contains(out, n[1].address()+" answered in") {
				t.Errorf("ping printed %s", out)
			}
		})
		t.Run(name+"/find", func(t *testing.T) {
			got := one[kadmium.Found](with(t).kad("find", n[4].ready.Peer.String(), "--json").exits(cli.ExitDone))
			if got.Peer.ID != n[4].ready.Peer || got.Peer.Address != n[4].ready.Addresses[0] || got.Lookup.Hops < 1 || got.Lookup.Trace != nil {
				t.Errorf("find: %+v", got)
			}
			if out := with(t).kad("find", n[4].address()).exits(cli.ExitDone).stdout; !strings.HasPrefix(out, n[4].address()+"\n") {
				t.Errorf("find printed %s", out)
			}
			stranger := "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS"
			with(t).kad("find", stranger).exits(cli.ExitNotDone).says(stranger, "next: ")
			f := one[failure](with(t).kad("find", stranger, "--json", "--trace").exits(cli.ExitNotDone))
			if f.Lookup == nil || len(f.Lookup.Trace) == 0 || f.Lookup.Reason == "" {
				t.Errorf("a failed find with --trace: %+v", f)
			}
		})
		t.Run(name+"/closest", func(t *testing.T) {
			got := one[kadmium.Closest](with(t).kad("closest", key, "--json").exits(cli.ExitDone))
			if len(got.Peers) < 4 || len(got.Target) != 64 || !slices.IsSortedFunc(got.Peers, func(a, b kadmium.Peer) int { return a.Distance - b.Distance }) {
				t.Errorf("closest: %+v", got)
			}
			one[kadmium.Closest](with(t).kad("closest", n[3].ready.Peer.String(), "--json").exits(cli.ExitDone))
		})
		t.Run(name+"/put and get", func(t *testing.T) {
			value := "exactly \x00\xff these bytes\n\n"
			put := one[kadmium.Stored](with(t).kadIn(value, "put", key, "-", "--ttl", "2h", "--json").exits(cli.ExitDone))
			if put.Holders < 4 || put.Sequence != 1 || put.Published {
				t.Errorf("put: %+v", put)
			}
			if day := one[kadmium.Stored](with(t).kad("put", key+"/day", "y", "--json").exits(cli.ExitDone)); day.Published == (name == "bootstrap") {
				t.Errorf("put for a day: %+v", day)
			}
			if left := time.Until(put.Expires); left < 115*time.Minute || left > 125*time.Minute {
				t.Errorf("put expires in %s", left)
			}
			if out := with(t).kad("get", key).exits(cli.ExitDone).stdout; out != value {
				t.Errorf("got %q, want %q", out, value)
			}
			got := one[kadmium.Value](with(t).kad("get", key, "--json", "--quorum", "3").exits(cli.ExitDone))
			if string(got.Value) != value || got.Sequence != 1 || got.Lookup.Trace != nil {
				t.Errorf("get: %+v", got)
			}
			if out := with(t).kad("get", key, "--fresh").exits(cli.ExitDone).stdout; out != value {
				t.Errorf("with --fresh it got %q, want %q", out, value)
			}
			if out := with(t).kad("get", key, "-o", name+".out").exits(cli.ExitDone).stdout; !strings.Contains(out, name+".out: 24 bytes") {
				t.Errorf("get -o printed %q", out)
			}
			if b, err := os.ReadFile(filepath.Join(u.dir, name+".out")); err != nil || string(b) != value {
				t.Errorf("get -o wrote %q, %v", b, err)
			}
			with(t).kad("get", key, "-o", "missing/file").exits(cli.ExitNotDone).says("missing/file")
			with(t).kad("get", key+"/none").exits(cli.ExitNotDone).says(key+"/none", "not found", "next: ")
			one[failure](with(t).kad("get", key+"/none", "--json").exits(cli.ExitNotDone))

			out := with(t).kad("put", key, "newer").exits(cli.ExitDone).stdout
			if !strings.Contains(out, "stored at") || !strings.Contains(out, "sequence 2") || !strings.Contains(out, "expires 20") {
				t.Errorf("put printed %s", out)
			}
			with(t).kad("put", key, "older", "--seq", "1").exits(cli.ExitNotDone).says(key, "next: ")
			if got := one[kadmium.Value](with(t).kad("get", key, "--json").exits(cli.ExitDone)); string(got.Value) != "newer" {
				t.Errorf("get: %+v", got)
			}
		})
		t.Run(name+"/immutable", func(t *testing.T) {
			key := fmt.Sprintf("/imm/%x", sha256.Sum256([]byte(name)))
			with(t).kad("put", key, name).exits(cli.ExitDone)
			if out := with(t).kad("get", key).exits(cli.ExitDone).stdout; out != name {
				t.Errorf("got %q", out)
			}
		})
		t.Run(name+"/trace", func(t *testing.T) {
			r := with(t).kad("get", key, "--quorum", "4", "--trace").exits(cli.ExitDone).says("asked", "answered", "hop 1", "  2^", "ended")
			if r.stdout != "newer" {
				t.Errorf("get --trace wrote %q to stdout", r.stdout)
			}
			got := one[kadmium.Value](with(t).kad("get", key, "--quorum", "4", "--trace", "--json").exits(cli.ExitDone))
			kinds := map[string]int{}
			for _, s := range got.Lookup.Trace {
				kinds[s.Kind]++
			}
			if kinds["asked"] != got.Lookup.RPCs || kinds["answered"] != got.Lookup.Answered || kinds["ended"] != 1 {
				t.Errorf("%d requests, %d answers, but steps %v", got.Lookup.RPCs, got.Lookup.Answered, kinds)
			}
			if out := with(t).kad("closest", key, "--trace").exits(cli.ExitDone).stdout; !strings.Contains(out, "ended") {
				t.Errorf("closest --trace printed %s", out)
			}
		})
		t.Run(name+"/get to stdout", func(t *testing.T) {
			u := with(t)
			if a, b := u.kad("get", key).exits(cli.ExitDone).stdout, u.kad("get", key, "-o", "-").exits(cli.ExitDone).stdout; a != b {
				t.Errorf("-o - wrote %q, want %q", b, a)
			}
			one[kadmium.Value](u.kad("get", key, "-o", "-", "--json").exits(cli.ExitDone))
		})
		t.Run(name+"/providers", func(t *testing.T) {
			with(t).kad("providers", key).exits(cli.ExitNotDone).says(key, "next: ")
			if got := one[kadmium.Stored](with(t).kad("provide", key, "--json").exits(cli.ExitDone)); got.Holders < 4 {
				t.Errorf("provide: %+v", got)
			}
			got := one[kadmium.Providers](with(t).kad("providers", key, "--json").exits(cli.ExitDone))
			if len(got.Providers) != 1 || name != "bootstrap" && got.Providers[0].Peer != n[0].ready.Peer {
				t.Errorf("providers: %+v", got)
			}
			if out := with(t).kad("providers", key).exits(cli.ExitDone).stdout; !strings.Contains(out, got.Providers[0].Address.String()) {
				t.Errorf("providers printed %s", out)
			}
		})
		t.Run(name+"/send", func(t *testing.T) {
			for _, to := range []string{n[2].address(), n[2].ready.Peer.String()} {
				if out := with(t).kadIn("ping\x00pong", "send", to, echoProtocol, "-").exits(cli.ExitDone).stdout; out != "ping\x00pong" {
					t.Errorf("echo to %s: %q", to, out)
				}
			}
			got := one[kadmium.Reply](with(t).kad("send", n[2].address(), echoProtocol, "hi", "--json").exits(cli.ExitDone))
			if got.From != n[2].ready.Addresses[0] || string(got.Payload) != "hi" {
				t.Errorf("send: %+v", got)
			}
		})
		t.Run(name+"/table and stats", func(t *testing.T) {
			table := one[kadmium.Table](with(t).kad("table", "--json").exits(cli.ExitDone))
			if table.Size < 1 || len(table.Buckets) == 0 {
				t.Errorf("table: %+v", table)
			}
			if out := with(t).kad("table").exits(cli.ExitDone).stdout; !strings.Contains(out, "prefix ") {
				t.Errorf("table printed %s", out)
			}
			stats := one[kadmium.Stats](with(t).kad("stats", "--json").exits(cli.ExitDone))
			if (name != "bootstrap" && stats.Peer != table.Self) || stats.Serves == (name == "bootstrap") || len(stats.Tasks) == 0 || len(stats.Counters) == 0 {
				t.Errorf("stats: %+v", stats)
			}
			if out := with(t).kad("stats").exits(cli.ExitDone).stdout; !strings.Contains(out, "refresh") || !strings.Contains(out, "due") {
				t.Errorf("stats printed %s", out)
			}
		})
		t.Run(name+"/peers", func(t *testing.T) {
			id := n[1].ready.Peer
			with(t).kad("ping", n[1].address()).exits(cli.ExitDone)
			all := one[peersResult](with(t).kad("peers", "--json").exits(cli.ExitDone)).Peers
			if name != "bootstrap" && !slices.ContainsFunc(all, func(p kadmium.PeerInfo) bool { return p.ID == id && p.Address() == n[1].ready.Addresses[0] }) || len(all) == 0 {
				t.Errorf("peers: %+v", all)
			}
			if out := with(t).kad("peers").exits(cli.ExitDone).stdout; !strings.Contains(out, "in the table") || !strings.Contains(out, n[0].ready.Peer.String()) && !strings.Contains(out, id.String()) {
				t.Errorf("peers printed %s", out)
			}
			with(t).kad("peers", "12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS").exits(cli.ExitNotDone).says("has not met it", "next: ")
			if name == "bootstrap" { // it may have met the first node only
				return
			}
			if got := one[kadmium.PeerInfo](with(t).kad("peers", id.String(), "--json").exits(cli.ExitDone)); got.ID != id || got.Answered().IsZero() || !got.Session {
				t.Errorf("a peer: %+v", got)
			}
			if out := with(t).kad("peers", id.String()).exits(cli.ExitDone).stdout; !strings.Contains(out, fmt.Sprintf("%x", id[:])) || !strings.Contains(out, "answered ") {
				t.Errorf("peers printed %s", out)
			}
		})
		t.Run(name+"/unpublish", func(t *testing.T) {
			if name == "bootstrap" { // a node of this command's own publishes nothing yet
				with(t).kad("unpublish", key).exits(cli.ExitNotDone).says(key)
				return
			}
			one[api.Unpublished](with(t).kad("unpublish", key, "--json").exits(cli.ExitDone))
			with(t).kad("unpublish", key).exits(cli.ExitNotDone).says(key)
		})
	}
}

// A userWithFlags is a user who adds the same flags to every command.
type userWithFlags struct {
	u     *user
	flags []string
}

func (c *userWithFlags) kad(args ...string) *ran { c.u.t.Helper(); return c.kadIn("", args...) }

func (c *userWithFlags) kadIn(stdin string, args ...string) *ran {
	c.u.t.Helper()
	return c.u.kadIn(stdin, append(args, c.flags...)...)
}

// Only the peer in a /sig key can put under it, and compare-and-swap guards it.
func TestSignedRecords(t *testing.T) {
	u := newUser(t)
	n := u.node()
	me := one[keyResult](u.kad("key", "new", "me.pem", "--json").exits(cli.ExitDone))
	key := "/sig/" + me.Peer.String() + "/profile"
	as := &userWithFlags{u, []string{"--bootstrap", n.address(), "--key", "me.pem"}}
	as.kad("put", key, "one", "--cas", "0").exits(cli.ExitDone)
	as.kad("put", key, "two", "--cas", "0").exits(cli.ExitNotDone).says(key, "next: ")
	as.kad("put", key, "two", "--cas", "1").exits(cli.ExitDone)
	got := one[kadmium.Value](u.kad("get", key, "--json").exits(cli.ExitDone))
	if string(got.Value) != "two" || got.Publisher != me.Peer || got.Sequence != 2 {
		t.Errorf("get: %+v", got)
	}
	u.kad("put", key, "forged").exits(cli.ExitBadInput).says(key)
}

// A node does not look for itself, but hands messages to itself.
func TestAskingTheNodeForItself(t *testing.T) {
	u := newUser(t)
	n := u.node()
	me := n.ready.Peer.String()
	for _, args := range [][]string{{"find", me}, {"ping", me}, {"ping", n.address()}, {"ping", n.ready.Addresses[0].Endpoint.String()}} {
		u.kad(args...).exits(cli.ExitBadInput).says(me, "is the node that you ask")
	}
	for _, to := range []string{me, n.address(), n.ready.Addresses[0].Endpoint.String()} {
		if r := u.kad("send", to, echoProtocol, "hi").exits(cli.ExitDone); r.stdout != "hi" {
			t.Errorf("send %s: %q", to, r.stdout)
		}
	}
}

func TestNotDone(t *testing.T) {
	u := newUser(t)
	for _, args := range []string{"table", "ping 127.0.0.1:4100", "get /v/x", "put /v/x y"} {
		u.kad(strings.Fields(args)...).exits(cli.ExitNotDone).says("no node is running", "kad node", "--bootstrap")
		if f := one[failure](u.kad(append(strings.Fields(args), "--json", "--data", u.dir)...).exits(cli.ExitNotDone)); f.Code != cli.ExitNotDone {
			t.Errorf("%+v", f)
		}
	}
	// Port 1 of this machine answers nobody.
	begun := time.Now()
	u.kad("closest", "/v/x", "--bootstrap", "127.0.0.1:1").exits(cli.ExitNotDone).says("127.0.0.1:1", "next: ")
	u.kad("closest", "/v/x", "--bootstrap", "127.0.0.1:1", "--timeout", "300ms").exits(cli.ExitNotDone).says("next: ")
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("giving up on a silent peer took %s", took)
	}
	n := u.node()
	u.kad("ping", "127.0.0.1:1").exits(cli.ExitNotDone).says("next: ")
	u.kad("closest", "/v/x").exits(cli.ExitNotDone).says("--bootstrap") // it is alone
	u.kad("closest", "/v/x", "--bootstrap", n.address(), "--network", "another").exits(cli.ExitNotDone).says("--network")
}
