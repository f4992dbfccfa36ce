package main

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// What a node whose journal is gone is asked while it ends, and afterwards, fails for that
// reason, and not only because it ends.
func TestPutWhileAFailedNodeEnds(t *testing.T) {
	data := t.TempDir()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}, DataDir: data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	l, err := api.ListenUnix(filepath.Join(shortDir(t), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	stop := api.NewServer(nil, n).ServeUnix(l)
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	later, err := api.DialUnix(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer later.Close()
	if _, err := later.Stats(t.Context(), api.Call{}); err != nil { // so the first was accepted
		t.Fatal(err)
	}
	file := filepath.Join(data, "kadmium.db")
	_ = os.Remove(file)
	_, first := n.Put(t.Context(), "/v/x", nil, kadmium.PutOptions{})
	failed := new(app).untilEnd(t.Context(), nodeGroup{n}, slog.New(slog.DiscardHandler), nil)
	_, second := n.Put(t.Context(), "/v/y", nil, kadmium.PutOptions{})
	_, third := n.Send(t.Context(), n.Addresses()[0], "echo", nil)
	for _, err := range []error{first, failed, second, third} {
		f := asFailure(err)
		if !errors.Is(err, kadmium.ErrReplaced) || !strings.Contains(f.Message, file) || !strings.Contains(f.Next, "who changes the data directory") {
			t.Errorf("%s; next: %s", f.Message, f.Next)
		}
	}
	if !errors.Is(second, kadmium.ErrClosed) || !errors.Is(third, kadmium.ErrClosed) {
		t.Errorf("afterwards: %v, %v", second, third)
	}
	stop()
	answer, err := io.ReadAll(c) // its request was awaited
	if err != nil || !strings.Contains(string(answer), "it is gone") {
		t.Errorf("a caller of the control socket reads %q, %v", answer, err)
	}
}

// A command that no bootstrap peer answers says so once, and what else it knows.
func TestNoAnswerIsSaidOnce(t *testing.T) {
	for _, test := range []struct {
		err  error
		says string
	}{
		{kadmium.ErrNoAnswer, "no answer from a:1"},
		{errors.Join(kadmium.ErrNoAnswer, errors.New("lookup a: no such host"), syscall.ENOENT), "the name was not resolved of a:1: lookup a: no such host; no such file or directory"},
	} {
		if f := asFailure(noAnswer([]string{"a:1"}, test.err)); f.Message != test.says || f.Next == "" {
			t.Errorf("%+v, want %q", f, test.says)
		}
	}
	u := newUser(t)
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	at := silent.LocalAddr().String()
	n := u.node("--control", "sock", "--mode", "client", "--bootstrap", at)
	// A node that knows nobody says which bootstrap peers do not answer, and not that it
	// should have some.
	for _, command := range [][]string{{"get", "/v/x"}, {"closest", "x"}, {"providers", "/v/x"}, {"put", "/v/x", "y"}, {"provide", "/v/x"}} {
		r := u.kad(append(command, "--control", "sock")...).exits(cli.ExitNotDone).says("no peer is known", "no answer from the bootstrap peers", strings.Split(at, ":")[1], "runs")
		if strings.Contains(r.stderr, "start it with") {
			t.Errorf("%s says %s", r.line, r.stderr)
		}
	}
	n.stop(syscall.SIGTERM)
	if log := n.stderr.String(); strings.Contains(log, "no answer") || !strings.Contains(log, "peers=/ip4/127.0.0.1/udp/") {
		t.Errorf("its log says %s", log)
	}
}
