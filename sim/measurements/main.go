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
)

// The files that are written, relative to the root of the repository.
const (
	pageFile = "docs/measurements.md"
	keptFile = "docs/measurements.json"
)

// options are the values of the flags.
type options struct {
	only              string
	large, list, page bool
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "run these experiments only: names, separated by commas")
	flag.BoolVar(&o.large, "large", false, "run also those marked large")
	flag.BoolVar(&o.list, "list", false, "list the experiments and their commands")
	flag.BoolVar(&o.page, "page", false, "run nothing: write the page from what is kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := measure(ctx, o, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measurements:", err)
		os.Exit(1)
	}
}

// measure runs the chosen experiments and writes the page.
func measure(ctx context.Context, o options, arguments []string) error {
	if len(arguments) > 0 {
		return fmt.Errorf("takes no arguments, got %q", arguments)
	}
	wanted, err := choose(experiments, o)
	if err != nil {
		return err
	}
	if o.list {
		list(os.Stdout, experiments)
		return nil
	}
	root, err := repository()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	k, err := load(keptFile)
	if err != nil {
		return err
	}
	if o.page {
		return write(experiments, k)
	}
	directory, err := os.MkdirTemp("", "measurements")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	fmt.Fprintln(os.Stderr, "go build ./cmd/kad")
	kad, err := build(ctx, directory)
	if ctx.Err() != nil {
		return errors.New("interrupted before any command was run")
	}
	if err != nil {
		return err
	}
	return runAll(ctx, kad, experiments, wanted, k, os.Stderr)
}

// choose selects the experiments to run.
func choose(all []experiment, o options) ([]experiment, error) {
	var wanted []experiment
	if o.only == "" {
		for _, e := range all {
			if !e.large || o.large {
				wanted = append(wanted, e)
			}
		}
		return wanted, nil
	}
	for name := range strings.SplitSeq(o.only, ",") {
		e := find(all, strings.TrimSpace(name))
		switch {
		case e == nil:
			return nil, fmt.Errorf("no experiment is called %q: see -list", name)
		case e.large && !o.large:
			return nil, fmt.Errorf("%s takes much memory or time: add -large", e.name)
		}
		wanted = append(wanted, *e)
	}
	return wanted, nil
}

// runAll runs the commands of the wanted experiments, each once, and saves each result as
// soon as it is there.
func runAll(ctx context.Context, kad string, all, wanted []experiment, k *kept, progress io.Writer) error {
	commands := commandsOf(wanted)
	for i, c := range commands {
		fmt.Fprintf(progress, "%d of %d: %s\n", i+1, len(commands), c.line())
		r, err := c.execute(ctx, kad)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %d of %d commands were run, and are kept", i, len(commands))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.line(), err)
		}
		fmt.Fprintf(progress, "  %s, %s at most\n", seconds(r.Report.Machine.WallSeconds), memory(r.PeakMemory))
		k.keep(r)
		if err := write(all, k); err != nil {
			return err
		}
	}
	return nil
}

// commandsOf are the commands of experiments, each once.
func commandsOf(list []experiment) []command {
	var all []command
	seen := make(map[string]bool)
	for _, e := range list {
		for _, c := range e.commands {
			if !seen[c.line()] {
				seen[c.line()] = true
				all = append(all, c)
			}
		}
	}
	return all
}

// write writes both files. It drops results of commands that no experiment has any more.
func write(all []experiment, k *kept) error {
	k.only(commandsOf(all))
	return errors.Join(k.save(keptFile), replace(pageFile, []byte(page(all, k))))
}

// list prints the experiments with their commands.
func list(w io.Writer, all []experiment) {
	for _, e := range all {
		fmt.Fprintf(w, "%s: %s", e.name, e.title)
		if e.large {
			fmt.Fprint(w, " (large)")
		}
		fmt.Fprintln(w)
		for _, c := range e.commands {
			fmt.Fprintf(w, "  %s\n", c.line())
		}
	}
}
