package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"kadmium"
	"kadmium/internal/cli"
)

// What carries the highest sequence there is is only replaced by greater bytes. Who puts,
// gets or tries to replace it is told so.
func TestHighestSequence(t *testing.T) {
	const highest, says = "9223372036854775807", "the highest sequence there is"
	u := newUser(t)
	u.node("--data", "data")
	u.kad("put", "/v/last", "word", "--seq", highest, "--data", "data").exits(cli.ExitDone).says(says, "or later if it is published again", "only --seq "+highest)
	for _, cas := range [][]string{nil, {"--cas", highest}, {"--seq", "5"}, {"--seq", highest}} {
		args := append([]string{"put", "/v/last", "again", "--data", "data"}, cas...)
		r := u.kad(args...).exits(cli.ExitNotDone).says(says, "another key")
		if strings.Contains(r.stderr, "log") {
			t.Errorf("a log is named that has nothing: %s", r.stderr)
		}
	}
	u.kad("put", "/v/last", "world", "--seq", highest, "--data", "data").exits(cli.ExitDone).says(says)
	u.kad("put", "/v/other", "word", "--seq", "7", "--data", "data").exits(cli.ExitDone)
	if r := u.kad("put", "/v/other", "word", "--seq", "5", "--data", "data").exits(cli.ExitNotDone).says("a newer record"); strings.Contains(r.stderr, says) {
		t.Errorf("sequence 7 is not the highest: %s", r.stderr)
	}
	r := u.kad("get", "/v/last", "--data", "data", "--json").exits(cli.ExitDone).says(says, "note: /v/last")
	if got := one[kadmium.Value](r); string(got.Value) != "world" {
		t.Errorf("get: %+v", got)
	}
	u.kad("put", "/v/first", "word", "--data", "data").exits(cli.ExitDone)
	if r := u.kad("get", "/v/first", "--data", "data").exits(cli.ExitDone); r.stderr != "" {
		t.Errorf("get of an ordinary record: stderr %q", r.stderr)
	}
}

// Failures of the system say what to do, and send nobody to a log that has nothing.
func TestHintsNameNoEmptyLog(t *testing.T) {
	u := newUser(t)
	file := filepath.Join(u.dir, "file")
	if err := os.WriteFile(file, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		says string // what to do
	}{
		{[]string{"node", "--listen", "8.8.8.8:0"}, "an address of this machine"},
		{[]string{"node", "--listen", "[2001:db8::1]:0"}, "an address of this machine"},
		{[]string{"node", "--listen", "127.0.0.1:0", "--key", file + "/x"}, "check the file's name"},
		{[]string{"key", "new", file + "/x"}, "check the file's name"},
		{[]string{"key", "show", file + "/x"}, "check the file's name"},
		{[]string{"node", "--listen", "127.0.0.1:0", "--data", file}, "another --data"},
	} {
		r := u.kad(test.args...).exits(cli.ExitNotDone).says(test.says)
		for _, wrong := range []string{"log", "warning", "key file " + file + " "} {
			if strings.Contains(r.stderr, wrong) {
				t.Errorf("%s says %q: %s", r.line, wrong, r.stderr)
			}
		}
	}
}

// nextInCode are the texts of what to do next in the tables of known errors.
func nextInCode(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, file := range []string{"knownfailures.go", "../../api/knownproblems.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^\t\{\w+\.\w+, .*[Ee]xit\w+, "(.*)"\},$`).FindAllStringSubmatch(string(code), -1)
		if len(found) < 10 {
			t.Errorf("%d texts in %s", len(found), file)
		}
		for _, f := range found {
			all = append(all, f[1])
		}
	}
	return all
}

var flagInNext = regexp.MustCompile(`--([a-z]+)`)

// What a command that has failed says to do next names no flag that the command does not
// have, but for those by which a node is started.
func TestNextNamesNoFlagThatIsNotThere(t *testing.T) {
	root := new(app).rootCommand()
	node, _, err := root.Find([]string{"node"})
	if err != nil {
		t.Fatal(err)
	}
	texts := nextInCode(t)
	for _, cmd := range root.Commands() {
		for _, text := range texts {
			next := cli.NextFor(cmd, text)
			if next == "" {
				t.Errorf("kad %s: nothing is left of %q", cmd.Name(), text)
			}
			for _, flag := range flagInNext.FindAllStringSubmatch(next, -1) {
				if cmd.Flag(flag[1]) == nil && node.Flag(flag[1]) == nil {
					t.Errorf("kad %s: next: %s", cmd.Name(), next)
				}
			}
		}
	}
	put, _, err := root.Find([]string{"put"})
	if err != nil {
		t.Fatal(err)
	}
	if text := asFailure(kadmium.ErrSequence).Next; cli.NextFor(put, text) != text {
		t.Errorf("kad put has all flags, and %q becomes %q", text, cli.NextFor(put, text))
	}
}

// Without a node the hint is one that the command can follow, for the place that was asked.
func TestNextWithoutANode(t *testing.T) {
	u := newUser(t)
	for _, c := range []struct {
		args      []string
		says, not string
	}{
		{[]string{"health"}, "kad node --data DIR and then --data DIR here too", "--bootstrap"},
		{[]string{"page"}, "kad node", "--bootstrap"},
		{[]string{"get", "/v/x"}, "--bootstrap ADDR", "--timeout"},
		{[]string{"get", "/v/x", "--data", "here"}, "start it: kad node --data here", "DIR"},
		{[]string{"health", "--control", "here"}, "start it: kad node --control here", "DIR"},
	} {
		r := u.kad(c.args...).exits(cli.ExitNotDone).says("no node is running at ", c.says)
		if strings.Contains(r.stderr, c.not) {
			t.Errorf("%s: it says %q: %s", r.line, c.not, r.stderr)
		}
	}
	u.env = append(u.env, "KAD_DATA=there")
	u.kad("health").exits(cli.ExitNotDone).says("start it: kad node --data there")
}

// Who was asked is shown already with --trace, and the hint does not name it then.
func TestNextOfATracedCommand(t *testing.T) {
	u := newUser(t)
	first := u.node()
	u.node("--bootstrap", first.address(), "--control", "second")
	u.kad("get", "/v/none").exits(cli.ExitNotDone).says("see who was asked: --trace")
	if r := u.kad("get", "/v/none", "--trace").exits(cli.ExitNotDone).says("next: check the name"); strings.Contains(r.stderr, "--trace") {
		t.Errorf("%s", r.stderr)
	}
}

// What to do next can help.
func TestNextCanHelp(t *testing.T) {
	u := newUser(t)
	n := u.node()
	if r := u.kad("unpublish", "/v/zz").exits(cli.ExitNotDone).says("not found", "next: "); strings.Contains(r.stderr, "--trace") {
		t.Errorf("unpublish has no --trace: %s", r.stderr)
	}
	client := u.node("--mode", "client", "--bootstrap", "127.0.0.1:1", "--control", "client")
	if r := u.kad("get", "/v/x", "--control", "client").exits(cli.ExitNotDone).says("/ip4/127.0.0.1/udp/1"); strings.Contains(r.stderr, "--bootstrap") {
		t.Errorf("it has --bootstrap: %s", r.stderr)
	}
	client.stop(syscall.SIGTERM)
	r := u.kad("get", "/v/x", "--bootstrap", "silent.invalid:4100").exits(cli.ExitNotDone).says("silent.invalid:4100", "not resolved", "next: check the host's name")
	if strings.Contains(r.stderr, "no answer") {
		t.Errorf("nobody was asked: %s", r.stderr)
	}
	partly := fmt.Errorf("%w\n%w", kadmium.ErrNoAnswer, &net.DNSError{Err: "no such host", Name: "silent.invalid"})
	const want = "no answer from 127.0.0.1:1: the name was not resolved of silent.invalid:4100: lookup silent.invalid: no such host"
	if err := noAnswer([]string{"silent.invalid:4100", "127.0.0.1:1"}, partly); err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	n.stop(syscall.SIGTERM)
	u.env = append(u.env, "HOME=")
	if r := u.kad("table").exits(cli.ExitNotDone).says("no node is running at /"); strings.Contains(r.stderr, " or /") {
		t.Errorf("one path is named twice: %s", r.stderr)
	}
}
