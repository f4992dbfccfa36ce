package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"kadmium/cmd/kad/bench"
	"kadmium/compare/cost"
	"kadmium/compare/report"
	"kadmium/compare/side"
	"kadmium/rpc"
)

// options are the values of the flags.
type options struct {
	nodes, lookups int
	k              int
	runs           int  // 0: as each part needs
	sized          bool // --k or --nodes was given
	profile        side.Profile
	link           time.Duration
	tcp            bool
	json           bool
	out            string // empty: nothing is written
	only           string
	line           string // the command line that reproduces the report
}

// defaultOut is the directory of the committed page, relative to that of the command.
const defaultOut = "../docs"

// defaultLine is the command that makes the committed page.
const defaultLine = "cd compare && go run ."

// The bounds of --nodes: the fewest that still are a network after a quarter has crashed,
// and the most libp2p nodes that a machine can be expected to run.
const (
	leastNodes, mostNodes     = 8, 1000
	leastLookups, mostLookups = 1, 100000
	leastK, mostK             = 1, rpc.MaxContacts // an answer of kadmium holds no more
	leastRuns, mostRuns       = 1, 100
	longestLink               = time.Second
)

// flags are the flags of the command, which set o.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.Func("nodes", fmt.Sprintf("nodes of each network, %d to %d (default %d)", leastNodes, mostNodes, o.nodes), within(&o.nodes, leastNodes, mostNodes))
	f.Func("lookups", fmt.Sprintf("lookups of each operation, %d to %d (default %d)", leastLookups, mostLookups, o.lookups), within(&o.lookups, leastLookups, mostLookups))
	f.Func("k", fmt.Sprintf("contacts of a bucket and nodes that hold a record, of both sides, %d to %d\n(default %d; hops: %d)", leastK, mostK, o.k, hopK), within(&o.k, leastK, mostK))
	f.Func("runs", fmt.Sprintf("runs of each network, with other hosts and keys, %d to %d; from %d on\nwith 95 %% intervals (default 1; hops: %d)", leastRuns, mostRuns, report.LeastRuns, report.LeastRuns), within(&o.runs, leastRuns, mostRuns))
	f.Func("profile", "matched: equal k and alpha, nothing but the DHT, at alpha 3, then 10;\ndefaults: each side as shipped (default matched)", func(s string) error {
		o.profile = side.Profile(s)
		if o.profile != side.Matched && o.profile != side.Defaults {
			return errors.New("want matched or defaults")
		}
		return nil
	})
	f.Func("link", "how long a packet is held back, one way, 0s to 1s (default 0ms)", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 || d > longestLink {
			return errors.New("want a duration from 0ms to 1s, such as 25ms")
		}
		o.link = d
		return nil
	})
	f.Func("transport", "libp2p's, quic or tcp; kadmium's is UDP (default quic)", func(s string) error {
		o.tcp = s == "tcp"
		if s != "quic" && s != "tcp" {
			return errors.New("want quic or tcp")
		}
		return nil
	})
	f.BoolVar(&o.json, "json", false, "print one JSON object: versions, config, costs, behaviour")
	f.Func("out", "directory of the page, its JSON and its pictures\n(default "+defaultOut+" where no flag changes what is measured, otherwise nothing is written)", func(s string) error {
		if o.out = s; s == "" {
			return errors.New("want a directory")
		}
		return nil
	})
	f.Func("only", "a part: costs; hops; behaviour; or the operations and cases whose names contain this", func(s string) error {
		if o.only = s; strings.TrimSpace(s) == "" {
			return errors.New("want costs, hops, behaviour, or a part of the name of operations or cases")
		}
		return nil
	})
	return f
}

// within parses an integer with bounds.
func within(to *int, least, most int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return fmt.Errorf("want a whole number from %d to %d", least, most)
		}
		*to = n
		return nil
	}
}

func defaults() *options {
	return &options{nodes: 50, lookups: 200, k: cost.DefaultK, profile: side.Matched}
}

// parse reads a command line. Its error is flag.ErrHelp if that asks for help.
func parse(args []string) (*options, error) {
	o := defaults()
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("takes no arguments, got %q", f.Args())
	}
	line := []string{defaultLine}
	f.Visit(func(given *flag.Flag) {
		switch given.Name {
		case "k":
			line, o.sized = append(line, fmt.Sprint("--k ", o.k)), true
		case "runs":
			line = append(line, fmt.Sprint("--runs ", o.runs))
		case "nodes":
			o.sized = true
			line = append(line, fmt.Sprint("--nodes ", o.nodes))
		case "lookups":
			line = append(line, fmt.Sprint("--lookups ", o.lookups))
		case "profile":
			line = append(line, "--profile "+string(o.profile))
		case "link":
			line = append(line, "--link "+linkText(o.link))
		case "transport":
			line = append(line, "--transport "+o.transport())
		case "only":
			line = append(line, fmt.Sprintf("--only %q", o.only))
		}
	})
	if o.profile == side.Defaults && o.k != cost.DefaultK {
		return nil, errors.New("--profile defaults has each side's own k: leave out --k, or say --profile matched")
	}
	whole := len(line) == 1
	if !whole && o.out != "" {
		line = append(line, "--out DIR") // written only with --out
	}
	o.line = strings.Join(line, " ")
	if o.out == "" && whole {
		o.out = defaultOut
		if _, err := os.Stat(o.out); err != nil {
			return nil, fmt.Errorf("the page would be written to %s, which is not there: run in the directory compare, or say --out DIR", o.out)
		}
	}
	return o, nil
}

// usage is the text of --help.
func usage() string {
	var b strings.Builder
	b.WriteString("Runs one workload on go-libp2p-kad-dht and on kadmium and prints what differs in\nbehaviour and cost, where libp2p is better first.\n\nUsage: go run . [flags]\n\n")
	defaults().flags().VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-10s %s\n", f.Name, strings.ReplaceAll(f.Usage, "\n", "\n               "))
	})
	b.WriteString("\nExit codes: 0 done, 1 not done, 2 bad input, 130 interrupted.\n")
	return b.String()
}

func (o *options) transport() string {
	if o.tcp {
		return "tcp"
	}
	return "quic"
}

// linkText is a delay in the form of the flag and the report.
func linkText(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms"
}

// config is the Config of the report.
func (o *options) config() report.Config {
	return report.Config{
		Nodes: o.nodes, Lookups: o.lookups, Profile: string(o.profile), Link: linkText(o.link), Transport: o.transport(),
		K: o.k, Runs: max(o.runs, 1), Alpha: o.alphas(), Command: o.line, Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(),
		Beta: endings,
	}
}

// endings says how each side ends a lookup.
const endings = "each in its own way, in either profile. libp2p's when the 3 closest known have answered (its Resiliency, as shipped); then it asks the rest of the closest k at once, " +
	"those that are being asked a second time, and returns them answered or not. kadmium's when the closest k known have answered, and it returns no others"

// connections bounds the connections of one host: the default of libp2p's connection
// manager.
const connections = 192

// feasible reports an error if the process may not open as many sockets as a network needs.
func (o *options) feasible(nodes int) error {
	const spare = 100
	need := 2*nodes + spare
	if o.tcp {
		need += nodes * min(nodes-1, connections) // both ends of each connection are in this process
	}
	if limit, known := bench.MayOpen(); known && limit < uint64(need) {
		return fmt.Errorf("%d nodes need about %d open files, and the process may have %d: allow more with ulimit -n, or choose fewer --nodes", nodes, need, limit)
	}
	return nil
}
