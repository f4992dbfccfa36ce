// Command compare runs one workload on go-libp2p-kad-dht and on kadmium, with the
// same keys at the same positions, and prints what differs in behaviour and cost.
//
//	go run .                       everything, and writes the page in ../docs
//	go run . --only behaviour      one part
//	go run . --k 4 --nodes 300     larger networks, smaller buckets: more hops
//	go run . --runs 5              intervals
//	go run . --json                one JSON object
//
// The exit code is 0 for done, 1 for not done, 2 for bad input, 130 when
// interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"kadmium/compare/report"
)

// The exit codes.
const (
	exitDone        = 0
	exitNotDone     = 1
	exitBadInput    = 2
	exitInterrupted = 130 // as a shell reports a command that SIGINT ended
)

func main() {
	if len(os.Args) == 2 && strings.HasPrefix(os.Args[1], childPrefix) {
		os.Exit(beChild(strings.TrimPrefix(os.Args[1], childPrefix), children))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(stdout, usage()); err != nil {
			return exitNotDone
		}
		return exitDone
	}
	var p *plan
	if err == nil {
		p, err = o.plan()
	}
	if err != nil {
		fmt.Fprintf(stderr, "compare: %v\nsee: go run . --help\n", err)
		return exitBadInput
	}
	if err := compare(ctx, o, p, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "compare: interrupted; nothing was written")
			return exitInterrupted
		}
		fmt.Fprintf(stderr, "compare: %v\n", err)
		if errors.Is(err, errNoOut) {
			return exitBadInput
		}
		return exitNotDone
	}
	return exitDone
}

// compare carries out a plan, writes the page and prints the report. If parts could not be
// measured or played, it writes and prints the others, and returns an error.
func compare(ctx context.Context, o *options, p *plan, stdout, stderr io.Writer) error {
	if err := o.feasible(p.mostNodes()); err != nil {
		return err
	}
	if o.out != "" {
		if err := writable(o.out); err != nil { // check before measuring for minutes
			return err
		}
	}
	r := &report.Report{Versions: versions(), Tree: tree(), Config: o.config()}
	measured, cases, err := p.carryOut(ctx, stderr)
	if err != nil {
		return err
	}
	r.Costs, r.Depths, r.Behaviour, r.Missing = report.Costs(measured.costs), measured.depths, cases.Rows, cases.Missing
	var missing []error
	if o.out != "" {
		if err := r.Write(o.out, report.Pooled(measured.costs)); err != nil {
			missing = append(missing, fmt.Errorf("writing the page (the report follows on standard output all the same): %w", err))
		} else {
			fmt.Fprintf(stderr, "written: %s/%s.md, its JSON and its pictures\n", o.out, report.Name)
		}
	}
	if err := printReport(r, o, stdout); err != nil {
		return errors.Join(append(missing, err)...)
	}
	for _, m := range r.Missing {
		missing = append(missing, fmt.Errorf("missing: %v", m))
	}
	return errors.Join(missing...)
}

// errNoOut reports that the directory of the page is not writable.
var errNoOut = errors.New("cannot write to --out, choose another directory")

// writable makes a directory, if needed, and checks that files can be made in it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w", errNoOut, err)
	}
	probe, err := os.CreateTemp(dir, "."+report.Name+"-*")
	if err != nil {
		return fmt.Errorf("%w: %w", errNoOut, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func printReport(r *report.Report, o *options, stdout io.Writer) error {
	if !o.json {
		return r.WriteText(stdout)
	}
	text, err := r.JSON()
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}
