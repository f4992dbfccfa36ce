package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// predecessorCommit stands for the release before this one, as there is none yet: the last
// commit before the HTTP API. It speaks version 2 of the wire.
const predecessorCommit = "c1faeb20fdaaa37c75d607f48624682476c9b268"

var errNoHistory = errors.New("the predecessor's commit is not here")

// buildPredecessor builds the program of that commit, once.
var buildPredecessor = sync.OnceValues(func() (program string, err error) {
	top := filepath.Join("..", "..")
	if exec.Command("git", "-C", top, "cat-file", "-e", predecessorCommit+"^{commit}").Run() != nil {
		return "", errNoHistory
	}
	dir := filepath.Join(filepath.Dir(binary), "predecessor")
	source, archive := filepath.Join(dir, "source"), filepath.Join(dir, "source.tar")
	if err := os.MkdirAll(source, 0o700); err != nil {
		return "", err
	}
	program = filepath.Join(dir, "kad")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/kad") // trimpath: the cache has it
	build.Dir = source
	for _, cmd := range []*exec.Cmd{
		exec.Command("git", "-C", top, "archive", "--format=tar", "-o", archive, predecessorCommit),
		exec.Command("tar", "-x", "-C", source, "-f", archive),
		build,
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	return program, nil
})

// predecessor is the same user with the program of the release before this one.
func (u *user) predecessor() *user {
	u.t.Helper()
	program, err := buildPredecessor()
	if errors.Is(err, errNoHistory) {
		u.t.Skip("this clone lacks the predecessor's commit: git fetch --unshallow")
	} else if err != nil {
		u.t.Fatalf("building the predecessor: %v", err)
	}
	old := *u
	old.program = program
	return &old
}

// An upgraded is a node of a network that is upgraded: a data directory, an address, and the
// program that runs it now.
type upgraded struct {
	*runningNode
	user       *user
	data, at   string
	bootstraps []string
}

// start runs the member by a user's program, on its directory.
func (m *upgraded) start(u *user, flags ...string) {
	u.t.Helper()
	m.begin(u, flags...)
	m.join()
}

// begin is start that does not wait until the member has tried to join.
func (m *upgraded) begin(u *user, flags ...string) {
	u.t.Helper()
	args := append([]string{"--data", m.data}, flags...)
	for _, b := range m.bootstraps {
		args = append(args, "--bootstrap", b)
	}
	m.user, m.runningNode = u, u.plainNodeAt(m.at, append(args, "--json")...)
}

func (m *upgraded) join() {
	m.t.Helper()
	m.ready = decodeLine[readyLine](m.t, m.line())
	m.at = m.ready.Addresses[0].Endpoint.String()
}

// kad runs the command of the member's own program through it.
func (m *upgraded) kad(args ...string) *ran {
	m.t.Helper()
	return m.user.kad(append(args, "--data", m.data)...)
}

// whenReady waits until a member of this program says that it is ready.
func (m *upgraded) whenReady() {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		r := m.kad("health", "--ready")
		if r.code == cli.ExitDone {
			return
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("it is not ready: %s", r.stderr)
		}
	}
}

// ownLoopback is an address that no other test uses, so that its port is free at a restart.
func ownLoopback(network, host int) string {
	return fmt.Sprintf("/ip4/127.%d.%d.%d/udp/0", 1+os.Getpid()%254, network, host)
}

// A rolling network is one whose nodes are replaced by those of another release, one after
// the other, and what was put into it.
type rolling struct {
	t        *testing.T
	old, new *user
	members  []*upgraded
	values   map[string]string
	provided map[string][]string // peer IDs by key
}

// put stores a value through a member.
func (r *rolling) put(m *upgraded, key, value string, flags ...string) {
	r.t.Helper()
	ran := m.user.kadIn(value, append([]string{"put", key, "-", "--data", m.data}, flags...)...)
	ran.exits(cli.ExitDone)
	r.values[key] = value
}

func (r *rolling) provide(m *upgraded, key string, flags ...string) {
	r.t.Helper()
	m.kad(append([]string{"provide", key}, flags...)...).exits(cli.ExitDone)
	r.provided[key] = append(r.provided[key], m.ready.Peer.String())
}

// read reads all values through a member.
func (r *rolling) read(m *upgraded, when string) {
	r.t.Helper()
	for key, value := range r.values {
		if got := m.kad("get", key); got.code != cli.ExitDone || got.stdout != value {
			r.t.Fatalf("%s: %s: exit code %d, %q, want %q; stderr: %s", when, got.line, got.code, got.stdout, value, got.stderr)
		}
	}
	for key, peers := range r.provided {
		got := m.kad("providers", key)
		for _, peer := range peers {
			if !strings.Contains(got.stdout, peer) {
				r.t.Fatalf("%s: %s: %s is missing: %s%s", when, got.line, peer, got.stdout, got.stderr)
			}
		}
	}
}

// fill puts records of all namespaces and provider entries.
func (r *rolling) fill() {
	r.t.Helper()
	first, second, last := r.members[0], r.members[1], r.members[len(r.members)-1]
	r.put(first, "/v/text", "kept over an upgrade")
	r.put(second, "/v/bytes", "\x00\xff\n")
	r.put(last, "/v/short", "an hour", "--ttl", "1h")
	r.put(second, "/v/chosen", "the seventh", "--seq", "7")
	r.put(second, "/sig/"+second.ready.Peer.String()+"/name", "signed")
	r.put(last, fmt.Sprintf("/imm/%x", sha256.Sum256([]byte("hashed"))), "hashed")
	r.put(last, "/pk/"+last.ready.Peer.String(), "\x08\x01\x12\x20"+string(last.ready.Peer[:]))
	r.provide(first, "topic")
	r.provide(last, "topic")
}

// newRolling starts n nodes of the predecessor. The last one has put and provided something
// before it had met anybody.
func newRolling(t *testing.T, n int) *rolling {
	t.Helper()
	u := newUser(t)
	r := &rolling{t: t, old: u.predecessor(), new: u, values: make(map[string]string), provided: make(map[string][]string)}
	for i := range n {
		r.members = append(r.members, &upgraded{data: fmt.Sprint(i), at: ownLoopback(n, i+1)})
	}
	last := r.members[n-1]
	last.bootstraps = []string{u.silentPeer().LocalAddr().String()}
	last.begin(r.old)
	for i, m := range r.members {
		if m == last {
			m.join()
			r.put(m, "/v/waits", "for somebody", "--local")
			r.provide(m, "waits", "--local")
			m.stop(syscall.SIGTERM)
		}
		m.bootstraps = nil
		for _, seed := range r.members[:min(i, 2)] {
			m.bootstraps = append(m.bootstraps, seed.at)
		}
		m.start(r.old)
	}
	r.members[0].bootstraps = []string{r.members[1].at}
	r.fill()
	return r
}

// roll replaces the members one after the other, and has everything read by both programs
// while one member is away and when it is back.
func (r *rolling) roll() {
	r.t.Helper()
	for i, m := range r.members {
		m.stop(syscall.SIGTERM)
		r.read(r.members[(i+1)%len(r.members)], "while one is away")
		m.start(r.new)
		m.whenReady()
		r.read(m, "when it is back")
		if i == len(r.members)/2 {
			r.put(m, "/v/of-new", "among old ones")
			r.put(r.members[i+1], "/v/of-old", "among new ones")
			r.provide(m, "topic")
		}
	}
}

// holds waits until the member holds a value itself.
func (m *upgraded) holds(key string) {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if got := m.kad("get", key, "--quorum", "1", "--json"); strings.Contains(got.stdout, `"held here"`) {
			return
		} else if time.Now().After(deadline) {
			m.t.Fatalf("it does not hold %s: %s%s", key, got.stdout, got.stderr)
		}
	}
}

// aloneHas stops all members and starts one by itself, on what its directory has.
func (r *rolling) aloneHas(i int, u *user) {
	r.t.Helper()
	for _, m := range r.members {
		if m.running() {
			m.stop(syscall.SIGTERM)
		}
	}
	m := r.members[i]
	m.start(u)
	r.read(m, "from its directory alone")
}

// running reports whether the node's process has not ended.
func (n *runningNode) running() bool {
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// everythingIsKept rolls the network, and has a member put back to the predecessor.
func (r *rolling) everythingIsKept() {
	r.t.Helper()
	r.roll()
	for _, i := range []int{0, len(r.members) - 1} {
		r.read(r.members[i], "after all")
	}
	for i := range 2 {
		r.members[i].holds("/v/waits") // the last one has published it
	}
	r.aloneHas(0, r.old)
}

// Nodes of the predecessor are replaced one after the other on their directories, and no
// value is lost (design R6.36).
func TestUpgradeOfFourNodes(t *testing.T) {
	newRolling(t, 4).everythingIsKept()
}

func TestUpgradeOfTwentyNodes(t *testing.T) {
	if !*slow {
		t.Skip("it takes a minute: go test -run TestUpgrade ./cmd/kad -slow")
	}
	r := newRolling(t, 20)
	r.everythingIsKept()
	r.aloneHas(0, r.new)
}

// contents are the files below a directory, and what they hold.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

// The predecessor opens a directory that this program has written, what waits for a peer
// included; from the first note on it refuses it, names the file, and changes nothing
// (design R6.33, R6.36).
func TestPredecessorOpensTheDirectory(t *testing.T) {
	u := newUser(t)
	old := u.predecessor()
	m := &upgraded{data: "data", at: ownLoopback(1, 1), bootstraps: []string{u.silentPeer().LocalAddr().String()}}
	r := &rolling{t: t, old: old, new: u, members: []*upgraded{m}, values: make(map[string]string), provided: make(map[string][]string)}
	m.start(u, "--http", "0") // makes a token
	r.put(m, "/v/waits", "for somebody", "--local")
	r.put(m, "/v/chosen", "waits too", "--local", "--seq", "7")
	r.provide(m, "topic", "--local")
	m.kill() // its socket is left behind
	m.bootstraps = nil

	m.start(old)
	r.read(m, "by the predecessor")
	r.put(m, "/v/of-old", "by the predecessor")
	u.kad("get", "/v/of-old", "--data", m.data).exits(cli.ExitNotDone).says("use the kad of the node's own version")
	m.kill()
	m.start(u)
	r.read(m, "after the predecessor")
	m.kad("stats").exits(cli.ExitDone)
	old.kad("get", "/v/of-old", "--data", m.data).exits(cli.ExitNotDone).says("use the kad of the node's own version")

	client := &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(u.dir, m.data, "control.sock"))
	}}}
	defer client.CloseIdleConnections()
	for _, name := range []string{"name", "place"} {
		request, err := http.NewRequestWithContext(t.Context(), "PUT", "http://kad/v1/peers/"+m.ready.Peer.String()+"/notes/"+name, strings.NewReader("text"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode >= 300 {
			t.Fatalf("noting something: %s", response.Status)
		}
	}
	m.stop(syscall.SIGTERM)
	var said []string
	for line := range strings.Lines(m.stderr.String()) {
		if strings.Contains(line, "format") {
			said = append(said, line)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "level=INFO") || !strings.Contains(said[0], "file="+filepath.Join(m.data, "kadmium.db")+" from=1 to=2") {
		t.Errorf("of the new format the log says %q", said)
	}

	before := contents(t, filepath.Join(u.dir, m.data))
	old.kad("node", "--data", m.data, "--listen", m.at).exits(cli.ExitNotDone).says("kadmium.db", "data file of another version", "format 2", "next: use a kad of the version that wrote it")
	if after := contents(t, filepath.Join(u.dir, m.data)); !maps.Equal(before, after) || len(before) != 3 {
		t.Errorf("the predecessor has changed %v, or a file is missing among %v", slices.Collect(maps.Keys(after)), slices.Collect(maps.Keys(before)))
	}
	m.start(u)
	r.read(m, "after it was refused")
	m.stop(syscall.SIGTERM)
}
