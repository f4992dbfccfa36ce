package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/compare/behaviour"
	"kadmium/compare/report"
)

// The test binary is its own child, with jobs that show how one can end.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], childPrefix) {
		os.Exit(beChild(strings.TrimPrefix(os.Args[1], childPrefix), map[string]job{
			"double": func(_ context.Context, order *json.Decoder, told tell) (any, error) {
				var n int
				err := order.Decode(&n)
				fmt.Println("a library prints something")
				told("doubling", 0, 1)
				told("doubling", 1, 1) // too soon after the first to be worth a line
				told("doubled", 1, 1)
				return 2 * n, err
			},
			"fail": func(context.Context, *json.Decoder, tell) (any, error) { return nil, errors.New("no node answers") },
			"panic": func(_ context.Context, _ *json.Decoder, told tell) (any, error) {
				told("breaking", 0, 1)
				panic("a bug of a side")
			},
			"behaviour": func(_ context.Context, order *json.Decoder, _ tell) (any, error) {
				var j behaviourJob
				err := order.Decode(&j)
				var p played
				for _, name := range j.Cases {
					if name == behaviour.Cases()[0].Name {
						panic("a bug of a case")
					}
					p.Rows = append(p.Rows, report.Row{Case: name})
				}
				return p, err
			},
			"hang": func(_ context.Context, _ *json.Decoder, told tell) (any, error) {
				told(fmt.Sprint(os.Getpid()), 0, 1)
				select {}
			},
		}))
	}
	os.Exit(m.Run())
}

func TestChildAnswers(t *testing.T) {
	var answer int
	var told []string
	err := runChild(t.Context(), "double", 21, &answer, func(stage string, done, total int) {
		told = append(told, fmt.Sprintf("%s %d/%d", stage, done, total))
	})
	if err != nil || answer != 42 {
		t.Errorf("the answer is %d, %v", answer, err)
	}
	if want := []string{"doubling 0/1", "doubled 1/1"}; !slices.Equal(told, want) {
		t.Errorf("told was %q, want %q", told, want)
	}
}

// However a child fails, the parent lives and says why.
func TestChildFails(t *testing.T) {
	for name, says := range map[string]string{
		"fail":    "exit status 1: no node answers",
		"panic":   "exit status 2: panic: a bug of a side\ngoroutine 1",
		"unknown": `no job is called "unknown"`,
	} {
		err := runChild(t.Context(), name, nil, new(int), func(string, int, int) {})
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), " [recovered]", ""), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
}

// A child ends with what it was started for.
func TestChildIsKilled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pid := 0
	err := runChild(ctx, "hang", nil, nil, func(stage string, _, _ int) {
		fmt.Sscan(stage, &pid)
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if err := syscall.Kill(pid, 0); pid == 0 || !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d: %v, want it gone", pid, err)
	}
}

// A child whose parent is gone without a word, so that its standard input ends, ends
// too.
func TestChildIsOrphaned(t *testing.T) {
	in, parent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, child, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.StartProcess(self, []string{self, childPrefix + "hang"}, &os.ProcAttr{Files: []*os.File{in, child, child}})
	in.Close()
	child.Close()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := out.Read(b); err != nil { // it is at work
		t.Fatal(err)
	}
	kill := time.AfterFunc(10*time.Second, func() { p.Kill() })
	defer kill.Stop()
	parent.Close()
	if s, err := p.Wait(); err != nil || s.ExitCode() != exitNotDone {
		t.Errorf("the orphan: %v, %v; want exit code 1", s, err)
	}
}

// An interrupted run says so and has an exit code of its own.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"--only", "put"}, &stdout, &stderr)
	if code != exitInterrupted || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d, on stdout %q, on stderr %q", code, &stdout, &stderr)
	}
}

// What cannot be measured or played makes the run fail, and leaves all else as it is:
// what was done is written, and says so.
func TestMissing(t *testing.T) {
	for says, name := range map[string]string{`no job is called "cost"`: "25 ms, cold", "panic: a bug of a case": behaviour.Cases()[0].Name} {
		var stdout, stderr bytes.Buffer
		dir := t.TempDir()
		code := run(t.Context(), []string{"--only", name, "--out", dir}, &stdout, &stderr)
		page, err := os.ReadFile(dir + "/" + report.Name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if code != exitNotDone {
			t.Errorf("%s: exit code %d", name, code)
		}
		for what, s := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "page": string(page)} {
			if !strings.Contains(s, says) {
				t.Errorf("%s: the %s does not say %q:\n%s", name, what, says, s)
			}
		}
	}
}

// A case that ends its process takes no other with it.
func TestOneCaseIsMissing(t *testing.T) {
	p := &plan{nodes: 5}
	for _, c := range behaviour.Cases()[:3] {
		p.cases = append(p.cases, c.Name)
	}
	got := p.play(t.Context(), newProgress(io.Discard))
	if len(got.Rows) != 2 || got.Rows[0].Case != p.cases[1] || got.Rows[1].Case != p.cases[2] {
		t.Errorf("played %+v, want %q", got.Rows, p.cases[1:])
	}
	if len(got.Missing) != 2 || !strings.Contains(got.Missing[0].What, "in one process") || !strings.Contains(got.Missing[1].What, p.cases[0]) {
		t.Errorf("missing %+v, want the process of all and %q", got.Missing, p.cases[0])
	}
}

// Off a terminal progress is a line for each new stage.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	for i := range 3 {
		p.tell("libp2p", "nodes", i, 3)
	}
	p.tell("libp2p", "closest", 0, 1)
	p.tell("kadmium", "closest", 0, 1)
	p.tell("libp2p", "closest", 1, 1)
	if want := "libp2p: nodes\nlibp2p: closest\nkadmium: closest\n"; b.String() != want {
		t.Errorf("shown is %q, want %q", b.String(), want)
	}
}
