package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// Messages of failures have none of Go's terms.
func TestPlainWords(t *testing.T) {
	late, cancel := api.WithTimeout(context.Background(), 0)
	defer cancel()
	interrupted, interrupt := context.WithCancel(context.Background())
	interrupt()
	closed, end := context.WithCancelCause(context.Background())
	end(kadmium.ErrClosed)
	for _, test := range []struct {
		ctx  context.Context
		says string
	}{{late, "timed out after --timeout 0s"}, {interrupted, "interrupted"}, {closed, "node is closed"}} {
		<-test.ctx.Done()
		f := asFailure(fmt.Errorf("/v/x: %w", api.WhyEnded(test.ctx, test.ctx.Err())))
		if f.Message != "/v/x: "+test.says || f.Code != cli.ExitNotDone || f.Next == "" {
			t.Errorf("%+v, want %q", f, test.says)
		}
		if err := api.WhyEnded(test.ctx, io.EOF); err != io.EOF {
			t.Errorf("an error of its own became %v", err)
		}
	}
	for _, k := range knownFailures {
		if k.next == "" {
			t.Errorf("%v: nothing says what to do next", k.err)
		}
	}
	if f := asFailure(fmt.Errorf("writing: %w", syscall.ENOSPC)); !strings.Contains(f.Next, "room on the disk") {
		t.Errorf("full disk: %+v", f)
	}
	if f := asFailure(io.ErrUnexpectedEOF); f.Next == "" {
		t.Errorf("unknown error: %+v", f)
	}
}
