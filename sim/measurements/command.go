package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A command is a simulation, or several, as typed on a command line; or a measurement of
// whole nodes.
type command struct {
	name  string // by which rows refer to it
	env   string // like GOMAXPROCS=1
	flags string // of kad sim
	test  string // in place of flags: those of TestBesideSimulator, which end with a file
}

// wholeNodes is the command that measures whole nodes, without its flags.
const wholeNodes = "go test -count 1 -timeout 1h -run TestBesideSimulator ./cmd/kad/bench "

// line is the command line that the page shows and that is run.
func (c command) line() string {
	if c.test != "" {
		return wholeNodes + c.test
	}
	line := "kad sim " + c.flags + " --json"
	if c.env != "" {
		line = c.env + " " + line
	}
	return line
}

// words are the arguments of the command kad.
func (c command) words() []string {
	return append(append([]string{"sim"}, strings.Fields(c.flags)...), "--json")
}

// repository is the root of the repository that contains the working directory.
func repository() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "kad", "main.go")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not within the repository: cmd/kad is not found", here)
		}
	}
}

// build compiles kad into a directory. The working directory must be the root of the
// repository.
func build(ctx context.Context, directory string) (kad string, err error) {
	kad = filepath.Join(directory, "kad")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", kad, "./cmd/kad").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build ./cmd/kad: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return kad, nil
}

// patience is how long an interrupted command has to end before it is killed.
const patience = 10 * time.Second

// execute runs the command in a process of its own. An interrupted command has no result.
func (c command) execute(ctx context.Context, kad string) (*result, error) {
	program, words := kad, c.words()
	if c.test != "" {
		line := strings.Fields(c.line())
		program, words = line[0], line[1:]
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, program, words...)
	cmd.Env = c.environment(os.Environ())
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	out, err := cmd.Output()
	if err != nil {
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && len(failed.Stderr) > 0 {
			return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
		}
		return nil, err
	}
	if c.test != "" {
		flags := strings.Fields(c.test)
		if out, err = os.ReadFile(flags[len(flags)-1]); err != nil {
			return nil, err
		}
	}
	r, err := newResult(c.line(), out)
	if err != nil {
		return nil, err
	}
	if r.Runs != nil { // the report is of the first, which shared the machine with others
		r.Report.Machine.WallSeconds = math.Round(10*time.Since(began).Seconds()) / 10
		r.Report.Machine.CPUs = runtime.GOMAXPROCS(0)
	}
	r.Date = time.Now().UTC().Format(time.DateOnly)
	r.PeakMemory = peakMemory(cmd.ProcessState)
	return r, nil
}

// tuning are variables that the Go runtime reads. Like those that kad reads for its flags
// (KAD_*), they would change a measurement without showing on the page.
var tuning = []string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG"}

// environment is the given environment with the variables of the command line, and without
// any others that affect a run.
func (c command) environment(given []string) []string {
	env := slices.DeleteFunc(slices.Clone(given), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "KAD_") || slices.Contains(tuning, name)
	})
	return append(env, strings.Fields(c.env)...)
}
