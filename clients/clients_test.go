// Package clients_test runs the clients in other languages against a live node.
package clients_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"kadmium"
	"kadmium/api"
)

const patience = 30 * time.Second

// newNode starts a node, on its own unless it has bootstrap peers.
func newNode(t *testing.T, bootstrap ...string) *kadmium.Node {
	t.Helper()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, Mode: kadmium.Server, Bootstrap: bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := n.Joined(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

// network serves one of two nodes, over TCP with a token and on a unix socket, and is what
// a client's test is told of it.
func network(t *testing.T) (environment []string) {
	t.Helper()
	other := newNode(t)
	n := newNode(t, other.Addresses()[0].String())
	for protocol, h := range map[string]kadmium.Handler{
		"/echo":  func(_ context.Context, m kadmium.Message) ([]byte, error) { return m.Payload, nil },
		"/fails": func(context.Context, kadmium.Message) ([]byte, error) { return nil, errors.New("no") },
	} {
		if err := other.Handle(protocol, h); err != nil {
			t.Fatal(err)
		}
	}
	s := api.NewServer(nil, n)
	l, err := api.ListenTCP("0", false, false)
	if err != nil {
		t.Fatal(err)
	}
	token := api.NewToken()
	t.Cleanup(s.ServeTCP(l, api.TCPConfig{Token: token}))
	environment = append(os.Environ(),
		"KAD_URL=http://"+l.Addr().String(), "KAD_TOKEN="+token.Secret(), "KAD_SELF="+n.ID().String(),
		"KAD_PEER="+other.ID().String(), "KAD_ADDRESS="+other.Addresses()[0].String())
	if runtime.GOOS == "windows" {
		return environment
	}
	dir, err := os.MkdirTemp("", "kad") // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	socket, err := api.ListenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.ServeUnix(socket))
	return append(environment, "KAD_SOCKET="+path)
}

// run runs a client's test. It is skipped where none of the programs is there.
func run(t *testing.T, script string, programs ...string) {
	t.Helper()
	t.Parallel()
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		args := []string{script}
		if program == "deno" {
			args = []string{"run", "--allow-net", "--allow-env", script}
		}
		c := exec.CommandContext(ctx, path, args...)
		c.Env = append(network(t), "PYTHONDONTWRITEBYTECODE=1")
		if out, err := c.CombinedOutput(); err != nil || string(out) != "ok\n" {
			t.Errorf("%s %s: %v\n%s", program, script, err, out)
		}
		return
	}
	t.Skipf("none of %v is there: apt-get install python3 nodejs", programs)
}

func TestPython(t *testing.T) { run(t, "python/testdata/live.py", "python3") }

func TestJavaScript(t *testing.T) { run(t, "js/testdata/live.mjs", "node", "deno") }
