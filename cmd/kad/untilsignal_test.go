//go:build unix

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kadmium/internal/cli"
)

// A silentPipe is a stdin that nobody writes to; reading it begins with a signal.
type silentPipe struct{ signal func() }

func (p silentPipe) Read([]byte) (int, error) {
	p.signal()
	select {}
}

// One signal ends a command that waits for its input, or for somebody to write to the
// FIFO that was named as a key file.
func TestSignalWhileWaiting(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(shortDir(t), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"put /v/x -",
		"send 127.0.0.1:1 " + echoProtocol + " -",
		"key show " + fifo,
		"stats --bootstrap 127.0.0.1:1 --key " + fifo,
	} {
		ctx, cancel := context.WithCancel(context.Background())
		if strings.Contains(line, fifo) {
			cancel()
		}
		var stdout, stderr bytes.Buffer
		a := &app{App: cli.App{Stdin: silentPipe{cancel}, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}}
		if code := a.execute(ctx, strings.Fields(line)); code != cli.ExitNotDone || !strings.Contains(stderr.String(), "interrupted\n") {
			t.Errorf("kad %s: exit code %d, stderr %q", line, code, &stderr)
		}
	}
}
