package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kadmium/internal/cli"
)

// readmeRuns bounds how often a transcript is run: on a busy machine a request may be
// repeated, which shows in what a command prints.
const readmeRuns = 5

// readmeVaries are the parts of an output that differ from run to run, and what stands for
// them in its shape.
var readmeVaries = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`12D3KooW\w+`), "ID"},
	{regexp.MustCompile(`(asked|answered|found) +\w{8} `), "$1 ID "},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`), "DATE"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms|s)\b`), "TIME"},
	{regexp.MustCompile(`(udp/|127\.0\.0\.1:)\d+`), "${1}PORT"},
	{regexp.MustCompile(`distance (2\^\d+|0)`), "distance N"},
	{regexp.MustCompile(`( hop \d+) +(2\^\d+|0) `), "$1 N "}, // the distance in a trace
	{regexp.MustCompile(`greeting-\d+`), "greeting-N"},
	{regexp.MustCompile(`(asks|named by|from) [123]`), "$1 NODE"},  // the closest comes first
	{regexp.MustCompile(`closest at hop \d+`), "closest at hop N"}, // which node is the closest; saysTheHop checks it
	{regexp.MustCompile(` +`), " "},
}

// shape is an output without what varies. Indented lines that follow each other are
// sorted: the answers to two requests come in any order.
func shape(output string) string {
	for _, v := range readmeVaries {
		output = v.pattern.ReplaceAllString(output, v.with)
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for i := 0; i < len(lines); i++ {
		from := i
		for i < len(lines) && strings.HasPrefix(lines[i], " ") {
			i++
		}
		slices.Sort(lines[from:i])
	}
	return strings.Join(lines, "\n")
}

// readmeBlock is the block of README.md that begins with a command.
func readmeBlock(t *testing.T, command string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(readme), "```\n"+command)
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatalf("README.md has no block that begins with %q", command)
	}
	return command + block
}

// printsAsReadme runs a transcript until one run has the shape of its block in README.md.
func printsAsReadme(t *testing.T, block string, run func() string) {
	t.Helper()
	want, got := shape(block), ""
	for range readmeRuns {
		if got = shape(run()); got == want {
			return
		}
	}
	t.Errorf("README.md shows\n%s\n\nthe commands print\n%s", want, got)
}

func TestReadmeShowsTheDemo(t *testing.T) {
	u := newUser(t)
	const command = "$ go run ./cmd/kad demo\n"
	block := readmeBlock(t, command)
	saysTheHop(t, block)
	printsAsReadme(t, block, func() string {
		out := u.kad("demo").exits(cli.ExitDone).stdout
		saysTheHop(t, out)
		return command + out
	})
}

// The commands of the block are run on free ports.
func TestReadmeShowsTwoNodes(t *testing.T) {
	u := newUser(t)
	block := readmeBlock(t, "$ kad node --listen 127.0.0.1:4100")
	printsAsReadme(t, block, func() string {
		var out strings.Builder
		var nodes []*runningNode
		var first string // where the first node is, which the block has at port 4100
		for line := range strings.Lines(block) {
			command, is := strings.CutPrefix(line, "$ kad ")
			if !is {
				continue
			}
			out.WriteString(line)
			args := strings.Fields(command)
			if i := slices.Index(args, "--bootstrap"); i >= 0 {
				args[i+1] = first
			}
			if args[0] != "node" {
				r := u.kad(args...).exits(cli.ExitDone)
				out.WriteString(strings.TrimSuffix(r.stderr+r.stdout, "\n") + "\n") // a value ends as it ends
				continue
			}
			n := u.plainNode(args[3 : len(args)-1]...) // without "node --listen ADDR" and "&"
			nodes = append(nodes, n)
			ready := n.line()
			out.WriteString(ready)
			if first == "" {
				first = strings.Fields(ready)[1]
			}
		}
		for _, n := range nodes {
			n.kill()
		}
		for _, dir := range []string{"one", "two"} {
			if err := os.RemoveAll(filepath.Join(u.dir, dir)); err != nil {
				t.Fatal(err)
			}
		}
		return out.String()
	})
}
