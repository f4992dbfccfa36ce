package main

import (
	"context"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kadmium"
	"kadmium/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A program is one run of discovery.
type program struct {
	t    *testing.T
	stop context.CancelFunc
	over chan error

	mu  sync.Mutex
	out strings.Builder
}

func begin(t *testing.T, args ...string) *program {
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{t: t, stop: cancel, over: make(chan error, 1)}
	go func() { p.over <- run(ctx, append([]string{"-l", "127.0.0.1:0"}, args...), p) }()
	return p
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// says waits until the program has said something, and returns its parts.
func (p *program) says(pattern string) []string {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(p.text()); found != nil {
			return found
		}
	}
	p.t.Fatalf("it does not say %q but\n%s", pattern, p.text())
	return nil
}

func (p *program) end() {
	p.t.Helper()
	p.stop()
	if err := <-p.over; err != nil {
		p.t.Error(err)
	}
}

// Three programs, of which two know the first one only, find each other and say who they
// are; who leaves is told, and who is known outlives a program.
func TestThreeFindEachOther(t *testing.T) {
	one := begin(t, "-name", "one")
	at := one.says(`I am one at (\S+)`)[1]
	two := begin(t, "-name", "two", "-b", at)
	id := two.says(`I am two at \S+/p2p/(\S+)`)[1]
	two.says(`met "one"`)
	data := t.TempDir()
	three := begin(t, "-name", "three", "-b", at, "-f", id, "-d", data)
	three.says(`found \S+` + id)
	three.says(`met "one"`)
	three.says(`met "two"`)
	one.says(`met "two"`)
	one.says(`met "three"`)
	two.says(`met "three"`)
	two.end()
	one.says(`"two" \(\S+\) has left`)
	three.says(`"two" \(\S+\) has left`)
	three.end()
	three.says(`knew "one" \(\S+\) at \S+: it answers`)
	three.says(`knew "two" \(\S+\) at \S+: it has left`)

	again := begin(t, "-name", "three", "-d", data)
	again.says("I am three")
	again.end()
	again.says(`knew "two" \(\S+\) at \S+: it was not met since the start`)
	one.end()
}

// Thousands of peers that come at once are greeted by a few goroutines, and those that find
// no room to wait are named.
func TestManyComeAtOnce(t *testing.T) {
	node, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	p := &program{t: t}
	d := &discovery{node: node, name: "one", strange: make(chan identity.ID, waiting), out: p}
	before := runtime.NumGoroutine()
	for i := range 2 * waiting {
		e := kadmium.Event{Kind: "peer met"}
		e.Peer.ID = identity.ID{byte(i), byte(i >> 8)}
		d.follow(e)
	}
	if more := runtime.NumGoroutine() - before; more > greetings {
		t.Errorf("%d goroutines more", more)
	}
	if n := strings.Count(p.text(), " is not greeted: "); n != waiting {
		t.Errorf("%d are said not to be greeted, want %d", n, waiting)
	}
}
