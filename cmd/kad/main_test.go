package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the command, built once: the tests run it as a user would.
var binary string

// buildFlags are those it is built with.
var buildFlags = []string{"build"}

func TestMain(m *testing.M) {
	if tool := os.Getenv(pageTool); tool != "" {
		os.Exit(runPageTool(tool, os.Args[1:]))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "kad") // short: sockets live below it
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "kad")
		build := exec.Command("go", append(buildFlags, "-o", binary, ".")...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the command: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// patience bounds what a test waits for, and commandPatience a command that runs to its end:
// on a busy machine one that simulates and draws takes many times as long as on an idle one.
const (
	patience        = 30 * time.Second
	commandPatience = 4 * patience
)

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A user is one person's environment: a home, a runtime directory, variables.
type user struct {
	t       *testing.T
	dir     string
	env     []string
	via     []string // the program and its arguments that run the command; empty: none
	program string   // the command; empty: the one under test
}

// silentPeer is a socket from which nothing is sent.
func (u *user) silentPeer() net.PacketConn {
	u.t.Helper()
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { silent.Close() })
	return silent
}

// withoutRaceDetector skips a test of what commands print and write: their packages have
// their own tests for races, and here the detector takes minutes.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if slices.Contains(buildFlags, "-race") {
		t.Skip("a test of texts and files: for runs without the race detector")
	}
}

// newUser makes one; tests of different users run side by side.
func newUser(t *testing.T, env ...string) *user {
	t.Helper()
	t.Parallel()
	dir := shortDir(t)
	return &user{t: t, dir: dir, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir,
		"GORACE=atexit_sleep_ms=0", // the race detector makes each process linger for a second
	}, env...)}
}

func (u *user) command(ctx context.Context, args ...string) *exec.Cmd {
	line := append(append(u.via[:len(u.via):len(u.via)], cmp.Or(u.program, binary)), args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env, cmd.Dir = u.env, u.dir
	return cmd
}

// A ran is what became of one command.
type ran struct {
	t              *testing.T
	line           string
	code           int
	stdout, stderr string
}

// kad runs the command to its end.
func (u *user) kad(args ...string) *ran { return u.kadIn("", args...) }

// kadIn runs it with stdin.
func (u *user) kadIn(stdin string, args ...string) *ran {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
	defer cancel()
	cmd := u.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		u.t.Fatalf("kad %q: %v", args, err)
	}
	r := &ran{u.t, fmt.Sprintf("kad %q", args), cmd.ProcessState.ExitCode(), out.String(), errs.String()}
	if ctx.Err() != nil {
		u.t.Fatalf("%s did not end within %s; stderr: %s", r.line, commandPatience, r.stderr)
	}
	return r
}

// exits checks the exit code and returns the run for more.
func (r *ran) exits(code int) *ran {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("%s: exit code %d, want %d\nstdout: %s\nstderr: %s", r.line, r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says checks that stderr holds each of the texts.
func (r *ran) says(texts ...string) *ran {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			r.t.Errorf("%s: stderr lacks %q:\n%s", r.line, text, r.stderr)
		}
	}
	return r
}

// one decodes stdout, which must be exactly one JSON object on one line, with the
// fields of T and no others.
func one[T any](r *ran) T {
	r.t.Helper()
	return decodeLine[T](r.t, r.stdout)
}

func decodeLine[T any](t *testing.T, line string) T {
	t.Helper()
	var v T
	if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
		t.Fatalf("want one JSON object on one line, got %q", line)
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decoding %q: %v", line, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one JSON value: %q", line)
	}
	return v
}

// A lockedBuffer can be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A running node is `kad node` in a process of its own.
type runningNode struct {
	t      *testing.T
	cmd    *exec.Cmd
	reader io.Closer   // our end of its stdout
	lines  chan string // of stdout, after the ready line
	stderr *lockedBuffer
	ready  readyLine
	ended  chan struct{}
	err    error // of Wait, once ended is closed
}

// node starts a node on 127.0.0.1 and waits until it is ready.
func (u *user) node(args ...string) *runningNode {
	u.t.Helper()
	n := u.plainNode(append(args, "--json")...)
	n.ready = decodeLine[readyLine](u.t, n.line())
	return n
}

// nodeAt starts a node that listens at one address, and waits until it is ready.
func (u *user) nodeAt(listen string, args ...string) *runningNode {
	u.t.Helper()
	n := u.plainNodeAt(listen, append(args, "--json")...)
	n.ready = decodeLine[readyLine](u.t, n.line())
	return n
}

// plainNode starts a node on 127.0.0.1.
func (u *user) plainNode(args ...string) *runningNode {
	u.t.Helper()
	return u.plainNodeAt("/ip4/127.0.0.1/udp/0", args...)
}

func (u *user) plainNodeAt(listen string, args ...string) *runningNode {
	u.t.Helper()
	return u.startNode(u.command(context.Background(), append([]string{"node", "--listen", listen}, args...)...))
}

// startNode starts a node by a command.
func (u *user) startNode(cmd *exec.Cmd) *runningNode {
	u.t.Helper()
	n := &runningNode{t: u.t, cmd: cmd, stderr: new(lockedBuffer), lines: make(chan string, 64), ended: make(chan struct{})}
	if n.cmd.Stderr == nil {
		n.cmd.Stderr = n.stderr
	}
	out, in, err := os.Pipe()
	if err != nil {
		u.t.Fatal(err)
	}
	n.cmd.Stdout, n.reader = in, out
	if err := n.cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	in.Close()
	go func() {
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				close(n.lines)
				return
			}
			n.lines <- line
		}
	}()
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	u.t.Cleanup(func() {
		n.kill()
		n.reader.Close()
	})
	return n
}

// line is the node's next line of stdout.
func (n *runningNode) line() string {
	n.t.Helper()
	select {
	case line, ok := <-n.lines:
		if !ok {
			<-n.ended
			n.t.Fatalf("the node ended: %v; stderr: %s", n.err, n.stderr)
		}
		return line
	case <-time.After(patience):
		n.t.Fatal("the node printed nothing")
	}
	return ""
}

func (n *runningNode) address() string { return n.ready.Addresses[0].String() }

// kill ends the node as a crash would.
func (n *runningNode) kill() {
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// stop ends the node as a user would, and checks that it obeys.
func (n *runningNode) stop(sig syscall.Signal) {
	n.t.Helper()
	begun := time.Now()
	if err := n.cmd.Process.Signal(sig); err != nil {
		n.t.Fatal(err)
	}
	select {
	case <-n.ended:
	case <-time.After(patience):
		n.t.Fatal("the node did not end")
	}
	if took := time.Since(begun); n.err != nil || took > 5*time.Second {
		n.t.Errorf("after %v the node ended in %s with %v; want exit code 0 within 5 s; stderr: %s", sig, took, n.err, n.stderr)
	}
}
