package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kadmium"
)

// What carries the highest sequence there is cannot be replaced before it expires. Who
// puts, gets or tries to replace it is told so.
func TestHighestSequence(t *testing.T) {
	const highest, says = "9223372036854775807", "nobody can replace it before it expires"
	u := newUser(t)
	u.node("--data", "data")
	u.kad("put", "/v/last", "word", "--seq", highest, "--data", "data").exits(exitDone).says(says)
	for _, cas := range [][]string{nil, {"--cas", highest}} {
		args := append([]string{"put", "/v/last", "again", "--data", "data"}, cas...)
		r := u.kad(args...).exits(exitNotDone).says(says, "another key")
		if strings.Contains(r.stderr, "log") {
			t.Errorf("a log is named that has nothing: %s", r.stderr)
		}
	}
	r := u.kad("get", "/v/last", "--data", "data", "--json").exits(exitDone).says(says, "note: /v/last")
	if got := one[kadmium.Value](r); string(got.Value) != "word" {
		t.Errorf("get: %+v", got)
	}
	u.kad("put", "/v/first", "word", "--data", "data").exits(exitDone)
	if r := u.kad("get", "/v/first", "--data", "data").exits(exitDone); r.stderr != "" {
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
		r := u.kad(test.args...).exits(exitNotDone).says(test.says)
		for _, wrong := range []string{"log", "warning", "key file " + file + " "} {
			if strings.Contains(r.stderr, wrong) {
				t.Errorf("%s says %q: %s", r.line, wrong, r.stderr)
			}
		}
	}
}
