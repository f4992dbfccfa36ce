package main

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Each row is computed from commands that there are, and each command is of use to
// one, says its seed, and is told apart from the others.
func TestExperiments(t *testing.T) {
	names := make(map[string]bool)
	for _, e := range experiments {
		if names[e.name] || e.name == "" || strings.ContainsAny(e.name, ", ") || e.title == "" || e.why == "" || len(e.rows) == 0 {
			t.Errorf("%q: %q", e.name, e.title)
		}
		names[e.name] = true
		used := make(map[string]bool)
		for _, r := range e.rows {
			if len(r.from) == 0 || strings.Contains(r.what+r.target, "|") {
				t.Errorf("%s: %s: from %q, target %q", e.name, r.what, r.from, r.target)
			}
			for _, name := range r.from {
				used[name] = true
				if _, ok := e.command(name); !ok {
					t.Errorf("%s: %s is computed from %q, which is no command", e.name, r.what, name)
				}
			}
		}
		for _, c := range e.commands {
			if !used[c.name] || !strings.Contains(c.flags, "--seed ") && !strings.Contains(c.test, "-seeds ") {
				t.Errorf("%s: %s: in use: %v", e.name, c.line(), used[c.name])
			}
			delete(used, c.name)
		}
		if len(used) > 0 {
			t.Errorf("%s: %v are several commands", e.name, used)
		}
	}
}

// kad takes each command as it is. One more number of nodes that is none has it
// refuse to begin, once all the rest has been read and checked.
func TestCommandsAreValid(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	t.Chdir("../..")
	kad, err := build(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	nodes := regexp.MustCompile(`--nodes [0-9]+`)
	for _, c := range commandsOf(experiments) {
		if c.test != "" {
			continue // TestPagesShowCommandsThatRun checks it
		}
		spoiled := command{flags: nodes.ReplaceAllString(c.flags, "$0,none"), env: c.env}
		if spoiled.flags == c.flags {
			t.Errorf("%s does not say how many nodes", c.line())
			continue
		}
		cmd := exec.Command(kad, spoiled.words()...)
		cmd.Env = spoiled.environment(nil)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), `nodes \"none\": want a whole number`) {
			t.Errorf("%s: %v: %s", c.line(), err, out)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []experiment{{name: "small"}, {name: "other"}, {name: "huge", large: true}}
	for _, c := range []struct {
		o    options
		want string // names, or what the error says
	}{
		{options{}, "small other"},
		{options{large: true}, "small other huge"},
		{options{only: "other, small"}, "other small"},
		{options{only: "huge", large: true}, "huge"},
		{options{only: "huge"}, "-large"},
		{options{only: "small,none"}, `"none"`},
	} {
		chosen, err := choose(all, c.o)
		var names []string
		for _, e := range chosen {
			names = append(names, e.name)
		}
		if err != nil && strings.Contains(err.Error(), c.want) {
			continue
		}
		if got := strings.Join(names, " "); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v, want %q", c.o, got, err, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{digits(0)(1234567.8), "1,234,568"}, {digits(3)(999.5), "999.500"}, {digits(1)(1000), "1,000.0"},
		{short(.03), "0.03"}, {short(3.44), "3.44"},
		{percent(1), "100 %"}, {percent(.999999), "99.99 %"}, {percent(.99), "99 %"}, {percent(.9876), "98.76 %"},
		{seconds(3.25), "3.2 s"}, {seconds(1234), "1,234 s"},
		{memory(8 << 30), "8.0 GiB"}, {memory(8192), "8,192 bytes"}, {memory(56 << 20), "56 MiB"}, {memory(0), "not known"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if !near(2.45, 2.42, .03) || near(2.4501, 2.42, .03) {
		t.Error("near")
	}
}
