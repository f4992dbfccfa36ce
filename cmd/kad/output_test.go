package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"kadmium/internal/cli"
)

// Output that cannot be written is not done, and says so.
func TestFullDevice(t *testing.T) {
	u := newUser(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	defer full.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"help"}, {"demo"}, {"completion", "bash"}} {
		var stderr strings.Builder
		cmd := u.command(ctx, args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		_ = cmd.Run()
		if cmd.ProcessState.ExitCode() != cli.ExitNotDone || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("kad %q to a full device: exit code %d, stderr %q", args, cmd.ProcessState.ExitCode(), stderr.String())
		}
	}
}
