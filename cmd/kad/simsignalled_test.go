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

var drawnBar = regexp.MustCompile(`(\d+)% .*\((\d+)/(\d+), (\d+) (lookups|virtual seconds)/s\) \[(\d+)s:(\w+)\]`)

// On a terminal a simulation shows how far it is, how fast, and how long it will take.
// SIGINT ends it with a report of what it has measured.
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
			time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
			var seen strings.Builder
			var drawn []string
			for piece := make([]byte, 4096); ; {
				n, err := terminal.Read(piece) // at the end of the process: EIO
				seen.Write(piece[:n])
				if drawn == nil {
					if drawn = drawnBar.FindStringSubmatch(seen.String()); drawn != nil {
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
			if drawn == nil {
				t.Fatalf("%v: no bar, but %q", err, &seen)
			}
			number := func(i int) float64 { f, _ := strconv.ParseFloat(drawn[i], 64); return f }
			if done, rate, seconds := number(2), number(4), number(6); seconds < 1 || rate*seconds > 2*done || rate*(seconds+2) < done/2 {
				t.Errorf("%v done in %v s is said to be %v a second", done, seconds, rate)
			}
			if code := cmd.ProcessState.ExitCode(); code != cli.ExitNotDone || !strings.Contains(seen.String(), "kad sim: interrupted: ") {
				t.Errorf("exit code %d: %q", code, &seen)
			}
			if r := decodeLine[report.Report](t, out.String()); !r.Partial || r.Lookups < 20 || r.Succeeded != r.Lookups || r.Config.Lookups != 3000000 {
				t.Errorf("%d lookups, %d succeeded, partial %v", r.Lookups, r.Succeeded, r.Partial)
			}
		})
	}
}
