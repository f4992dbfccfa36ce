package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/compare/side"
)

// Bad input is refused before anything is measured, with exit code 2, and the message
// says what is wrong and what is wanted.
func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		args string
		says string
	}{
		{"--nodes 7", `"7" for flag -nodes: want a whole number from 8 to 1000`},
		{"--nodes 1001", "from 8 to 1000"},
		{"--nodes many", "from 8 to 1000"},
		{"--nodes", "flag needs an argument: -nodes"},
		{"--lookups 0", `"0" for flag -lookups: want a whole number from 1 to 100000`},
		{"--lookups 1e3", "from 1 to 100000"},
		{"--k 0", `"0" for flag -k: want a whole number from 1 to 20`},
		{"--k 21", "from 1 to 20"},
		{"--runs 0", `"0" for flag -runs: want a whole number from 1 to 100`},
		{"--runs 101", "from 1 to 100"},
		{"--k 4 --profile defaults", "--profile defaults has each side's own k"},
		{"--only hops --profile defaults", "--only hops is for --profile matched"},
		{"--profile fast", `"fast" for flag -profile: want matched or defaults`},
		{"--link 25", `"25" for flag -link: want a duration from 0ms to 1s, such as 25ms`},
		{"--link -1ms", "from 0ms to 1s"},
		{"--link 1001ms", "from 0ms to 1s"},
		{"--transport udp", `"udp" for flag -transport: want quic or tcp`},
		{"--json=perhaps", `"perhaps" for -json`},
		{"--out=", "for flag -out: want a directory"},
		{"--only=", "for flag -only: want costs, hops, behaviour"},
		{"--only nothing-of-this-name", "nothing is called \"nothing-of-this-name\": want --only costs, hops, behaviour, or a part of one of these names:\n  closest\n"},
		{"--seed 1", "flag provided but not defined: -seed"},
		{"costs", `takes no arguments, got ["costs"]`},
	} {
		t.Run(c.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), strings.Fields(c.args), &stdout, &stderr)
			if code != exitBadInput || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.says) || !strings.HasSuffix(stderr.String(), "--help\n") {
				t.Errorf("exit code %d, want 2; on stdout %q; says\n%s\nwant it to say\n%s", code, &stdout, &stderr, c.says)
			}
		})
	}
}

// What the defaults measure is written to ../docs unless another place is said, and only
// from where that is; anything else is written only where a place is said.
func TestOut(t *testing.T) {
	root := t.TempDir()
	within := filepath.Join(root, "compare")
	for _, dir := range []string{within, filepath.Join(root, "docs")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(within)
	for args, want := range map[string]string{"": "../docs", "--out there": "there", "--only put": "", "--only put --out there": "there", "--json": "../docs", "--k 4 --nodes 300": "", "--runs 5": "", "--lookups 3 --out there": "there"} {
		o, err := parse(strings.Fields(args))
		if err != nil || o.out != want {
			t.Errorf("%q writes to %q, %v; want %q", args, o.out, err, want)
		}
	}
	t.Chdir(within + "/..")
	if _, err := parse(nil); err == nil || !strings.Contains(err.Error(), "run in the directory compare, or say --out DIR") {
		t.Errorf("elsewhere: %v", err)
	}
}

// The report has a command line that makes it again, whatever it was printed as.
func TestLine(t *testing.T) {
	for args, want := range map[string]string{
		"":       "cd compare && go run .",
		"--json": "cd compare && go run .",
		"--transport=tcp -link 25ms --nodes 8 --only closest --out x": `cd compare && go run . --link 25ms --nodes 8 --only "closest" --transport tcp --out DIR`,
		"--only closest":                 `cd compare && go run . --only "closest"`,
		"--lookups 3 --profile defaults": "cd compare && go run . --lookups 3 --profile defaults",
		"--runs 5 --nodes 300 --k 4":     "cd compare && go run . --k 4 --nodes 300 --runs 5",
	} {
		o, err := parse(strings.Fields(args))
		if err != nil || o.line != want {
			t.Errorf("%q: %q, %v; want %q", args, o.line, err, want)
		}
	}
}

// What is not said is as documented.
func TestDefaults(t *testing.T) {
	o, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c := o.config(); c.Nodes != 50 || c.K != 20 || c.Runs != 1 || c.Lookups != 200 || c.Profile != string(side.Matched) || c.Link != "0ms" || c.Transport != "quic" || len(c.Alpha) != 2 {
		t.Errorf("the defaults are %+v", c)
	}
}

func TestHelp(t *testing.T) {
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"-h"}, &stdout, &stderr); code != exitDone || stderr.Len() > 0 {
		t.Errorf("-h: exit code %d, on stderr %q", code, &stderr)
	}
	for _, name := range []string{"--nodes", "--k", "--runs", "--lookups", "--profile", "--link", "--transport", "--json", "--out", "--only"} {
		if !strings.Contains(stdout.String(), name+" ") {
			t.Errorf("the help lacks %s:\n%s", name, &stdout)
		}
	}
}
