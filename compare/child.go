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

// Each side is measured in a process of its own, so that its heap, goroutines and
// CPU time are not counted for the other, and its panic is an error here.
//
// A child is this program with one argument. It reads its job as JSON from its
// standard input, which ends with the parent, tells its progress in lines of its
// standard error, and writes its answer as JSON to its standard output.

const (
	childPrefix    = "child:"
	progressPrefix = "\x1eprogress " // a record separator: no log line has it
)

// A tell takes note of progress.
type tell func(stage string, done, total int)

// A job is what a child does: it reads its order and returns its answer.
type job func(ctx context.Context, order *json.Decoder, told tell) (answer any, err error)

// children are the jobs by the argument that asks for them.
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

// What was played is the answer to a behaviourJob.
type played struct {
	Rows    []report.Row
	Missing []report.Missing
}

// A told line is progress on its way to the parent.
type toldLine struct {
	Stage       string
	Done, Total int
}

// tellEvery is what passes at least between two lines of one stage.
const tellEvery = 100 * time.Millisecond

// beChild does a job and returns the exit code.
func beChild(name string, jobs map[string]job) int {
	answerTo := os.Stdout
	os.Stdout = os.Stderr // for whatever the libraries print
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

// orders decodes what comes in, and ends the process when nothing more can come: the
// parent is gone, and nobody waits for an answer.
func orders(stdin io.Reader) *json.Decoder {
	r, w := io.Pipe()
	go func() {
		io.Copy(w, stdin) // however it ends
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
	// Libp2p's loggers know error; one of them does not know fatal, and would tell all.
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

// mostSaid bounds the lines that are kept of what a child said.
const mostSaid = 200

// follow passes progress on until a child is done, and returns what else it said
// that may explain its end: a panic from its first line on, or else the last line.
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
