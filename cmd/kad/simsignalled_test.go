package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"kadmium/internal/cli"
	"kadmium/sim/report"
)

var drawnBar = regexp.MustCompile(`(\d+)% .*\((\d+)/(\d+), (\d+) (lookups|virtual seconds)/(?:s|min|hr)\) \[(\w+):(\w+)\]`)

// On a terminal a simulation shows how far it is, how fast, and how long it will take.
// SIGINT ends it with a report of what it has measured. Whether the rate is right package cli
// tests, as here it depends on what else the machine does.
func TestSimSignalled(t *testing.T) {
	for _, args := range [][]string{
		{"--nodes", "2000", "--lookups", "3000000"},
		{"--nodes", "300", "--lookups", "3000000", "--workload", "value"},
	} {
		t.Run(args[len(args)-1], func(t *testing.T) {
			u := newUser(t)
			terminal, stderr, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 132}); err != nil {
				t.Fatal(err)
			}
			cmd := u.command(t.Context(), append([]string{"sim", "--json"}, args...)...)
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stderr.Close()
			deadline := time.AfterFunc(commandPatience, func() { _ = cmd.Process.Kill() })
			defer deadline.Stop()
			var seen strings.Builder
			signalled := false
			for piece := make([]byte, 4096); ; {
				n, err := terminal.Read(piece) // at the end of the process: EIO
				seen.Write(piece[:n])
				for _, bar := range drawnBar.FindAllStringSubmatch(seen.String(), -1) {
					if done, _ := strconv.Atoi(bar[2]); done > 0 && !signalled {
						signalled = true
						if err := cmd.Process.Signal(os.Interrupt); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err != nil {
					break
				}
			}
			err = cmd.Wait()
			if !signalled {
				t.Fatalf("%v: no bar, but %q", err, &seen)
			}
			if code := cmd.ProcessState.ExitCode(); code != cli.ExitNotDone || !strings.Contains(seen.String(), "kad sim: interrupted: ") {
				t.Errorf("exit code %d: %q", code, &seen)
			}
			if r := decodeLine[report.Report](t, out.String()); !r.Partial || r.Lookups < 1 || r.Succeeded != r.Lookups || r.Config.Lookups != 3000000 {
				t.Errorf("%d lookups, %d succeeded, partial %v", r.Lookups, r.Succeeded, r.Partial)
			}
		})
	}
}
