package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"kadmium/compare/behaviour"
	"kadmium/compare/cost"
	"kadmium/compare/report"
)

// Each side is measured in a process of its own. So its heap, goroutines and CPU time do
// not count for the other side, and its panic is an error of the parent.
//
// A child is this program with one argument. It reads its order as JSON from standard
// input, which ends when the parent ends. It writes its progress as lines to standard
// error, and its answer as JSON to standard output.

const (
	childPrefix    = "child:"
	progressPrefix = "\x1eprogress " // begins with a record separator, which log lines do not contain
)

// A tell reports progress.
type tell func(stage string, done, total int)

// A job is the work of a child. It reads its order and returns its answer.
type job func(ctx context.Context, order *json.Decoder, told tell) (answer any, err error)

// children are the jobs by the argument of the child.
var children = map[string]job{"cost": measureCost, "behaviour": playCases}

// A costJob is the order to measure one side.
type costJob struct {
	Side   string
	Config cost.Config
}

func measureCost(ctx context.Context, order *json.Decoder, told tell) (any, error) {
	var j costJob
	if err := order.Decode(&j); err != nil {
		return nil, err
	}
	return cost.Measure(ctx, j.Side, j.Config, told)
}

// A behaviourJob is the order to play cases.
type behaviourJob struct {
	Nodes int
	Cases []string
}

func playCases(ctx context.Context, order *json.Decoder, told tell) (any, error) {
	var j behaviourJob
	if err := order.Decode(&j); err != nil {
		return nil, err
	}
	cases := slices.DeleteFunc(behaviour.Cases(), func(c behaviour.Case) bool { return !slices.Contains(j.Cases, c.Name) })
	done := 0
	var p played
	p.Rows, p.Missing = behaviour.Run(ctx, j.Nodes, cases, func(name string) {
		told(name, done, len(cases))
		done++
	})
	return p, ctx.Err()
}

// A played is the answer to a behaviourJob.
type played struct {
	Rows    []report.Row
	Missing []report.Missing
}

// A toldLine is a line of progress to the parent.
type toldLine struct {
	Stage       string
	Done, Total int
}

// tellEvery is the shortest time between two lines of one stage.
const tellEvery = 100 * time.Millisecond

// beChild does a job and returns the exit code.
func beChild(name string, jobs map[string]job) int {
	answerTo := os.Stdout
	os.Stdout = os.Stderr // for the output of libraries
	do, ok := jobs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no job is called %q\n", name)
		return exitBadInput
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stage, next := "", time.Time{}
	answer, err := do(ctx, orders(os.Stdin), func(now string, done, total int) {
		if now == stage && time.Now().Before(next) {
			return
		}
		stage, next = now, time.Now().Add(tellEvery)
		line, _ := json.Marshal(toldLine{now, done, total}) // a string and two numbers
		fmt.Fprintf(os.Stderr, "%s%s\n", progressPrefix, line)
	})
	if err == nil {
		err = json.NewEncoder(answerTo).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitNotDone
	}
	return exitDone
}

// orders decodes standard input, and ends the process when standard input ends: the parent
// has ended, and does not need an answer.
func orders(stdin io.Reader) *json.Decoder {
	r, w := io.Pipe()
	go func() {
		io.Copy(w, stdin) // the reason of its end does not matter
		os.Exit(exitNotDone)
	}()
	return json.NewDecoder(r)
}

// runChild has a child do a job. When ctx ends the child is killed.
func runChild(ctx context.Context, name string, order, answer any, told tell) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, childPrefix+name)
	// All loggers of libp2p know the level error. One does not know fatal, and would log everything.
	cmd.Env = append(os.Environ(), "GOLOG_LOG_LEVEL=error", "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING=true")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ordering := json.NewEncoder(stdin).Encode(order)
	said := follow(stderr, told)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && said != "":
		return fmt.Errorf("%w: %s", err, said)
	case err != nil || ordering != nil:
		return errors.Join(err, ordering)
	}
	if err := json.Unmarshal(stdout.Bytes(), answer); err != nil {
		return fmt.Errorf("its answer: %w", err)
	}
	return nil
}

// mostSaid bounds the lines of a child's standard error that are kept.
const mostSaid = 200

// follow reports progress until a child ends. It returns other lines that may explain the
// end: a panic from its first line on, otherwise the last line.
func follow(stderr io.Reader, told tell) string {
	var said []string
	panicked := false
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\n")
		text, isProgress := strings.CutPrefix(line, progressPrefix)
		var p toldLine
		switch {
		case isProgress && json.Unmarshal([]byte(text), &p) == nil:
			told(p.Stage, p.Done, p.Total)
		case strings.TrimSpace(line) == "" || len(said) >= mostSaid:
		case panicked:
			said = append(said, line)
		default:
			panicked = strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
			said = []string{line}
		}
		if err != nil {
			return strings.Join(said, "\n")
		}
	}
}
