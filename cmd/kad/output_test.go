package main

import (
	"context"
	"debug/buildinfo"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// A command whose stdout is closed is not done, however it writes; /dev/null is no closed
// stdout. A value is not read from a stdin that is closed.
func TestClosedStreams(t *testing.T) {
	u := newUser(t)
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(info.Settings, debug.BuildSetting{Key: "CGO_ENABLED", Value: "1"}) {
		t.Skip("built without cgo, kad cannot see this: install a C compiler")
	}
	n := u.node()
	peer := u.node("--bootstrap", n.address(), "--control", "other").ready.Peer.String()
	u.kad("put", "/v/x", "value").exits(exitDone)
	u.kad("provide", "/v/x").exits(exitDone)
	u.kad("key", "new", "me.pem").exits(exitDone)
	through := func(script string) *user {
		return &user{t: t, dir: u.dir, env: u.env, via: []string{"/bin/sh", "-c", `exec "$0" "$@" ` + script}}
	}
	for _, line := range []string{
		"get /v/x", "get /v/x --json", "get /v/x -o x.out", "get /v/x --bootstrap " + n.address(), "put /v/x y", "provide /v/x", "providers /v/x",
		"closest /v/x", "find " + peer, "ping " + peer, "send " + peer + " " + echoProtocol + " hi", "send " + peer + " " + echoProtocol + " -",
		"table", "stats", "key show me.pem", "key new other.pem", "version", "help", "help trace", "completion bash", "sim --nodes 10 --lookups 5",
		"node --listen 127.0.0.1:0 --control third",
	} {
		through(">&-").kad(strings.Fields(line)...).exits(exitNotDone).says("stdout is closed", "next: ")
	}
	u.kad("get", "/v/x", "--trace").exits(exitDone)
	for _, null := range []string{">/dev/null", "1<>/dev/null"} {
		through(null).kad("get", "/v/x").exits(exitDone)
	}
	through("<&-").kad("put", "/v/x", "-").exits(exitBadInput).says("VALUE", "stdin is closed", "where the input comes from")
	through("</dev/null").kad("put", "/v/x", "-").exits(exitDone)
	through("<&-").kad("get", "/v/x").exits(exitDone)
}

// Output that cannot be written is not done, and says so.
func TestFullDevice(t *testing.T) {
	u := newUser(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	defer full.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"help"}, {"demo"}, {"completion", "bash"}} {
		var stderr strings.Builder
		cmd := u.command(ctx, args...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		_ = cmd.Run()
		if cmd.ProcessState.ExitCode() != exitNotDone || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("kad %q to a full device: exit code %d, stderr %q", args, cmd.ProcessState.ExitCode(), stderr.String())
		}
	}
}
