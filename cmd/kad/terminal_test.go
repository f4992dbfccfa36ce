package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"kadmium"
	"kadmium/identity"
	"kadmium/internal/cli"
)

// newTerminal is a terminal of so many columns: what it shows, and what programs write to.
func newTerminal(t *testing.T, columns uint16) (screen, terminal *os.File) {
	t.Helper()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		screen.Close()
		terminal.Close()
	})
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}

// onTerminal runs the command with stdout at a terminal of so many columns, and returns what
// stands there.
func (u *user) onTerminal(columns uint16, args ...string) string {
	u.t.Helper()
	return u.allOnTerminal(columns, nil, cli.ExitDone, args...)
}

// allOnTerminal is onTerminal for a command that ends with the code; wire may put more of it
// there than stdout.
func (u *user) allOnTerminal(columns uint16, wire func(cmd *exec.Cmd), code int, args ...string) string {
	u.t.Helper()
	screen, terminal := newTerminal(u.t, columns)
	cmd := u.command(u.t.Context(), args...)
	cmd.Stdout = terminal
	if wire != nil {
		wire(cmd)
	}
	err := cmd.Start()
	terminal.Close()
	if err != nil {
		u.t.Fatal(err)
	}
	deadline := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	shown, _ := io.ReadAll(screen) // at the end of the process: EIO
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != code {
		u.t.Errorf("kad %q: %v, %s", args, err, shown)
	}
	return strings.ReplaceAll(string(shown), "\r\n", "\n")
}

// A value printed to a terminal ends its line, so that the prompt does not follow it. A
// pipe gets exactly the bytes.
func TestValueEndsItsLineOnATerminal(t *testing.T) {
	u := newUser(t)
	n := u.node()
	for key, value := range map[string]string{"/v/open": "world", "/v/ended": "world\n", "/v/empty": ""} {
		u.kad("put", key, value).exits(cli.ExitDone)
		if r := u.kad("get", key).exits(cli.ExitDone); r.stdout != value {
			t.Errorf("get %s to a pipe: %q", key, r.stdout)
		}
		want := value
		if key == "/v/open" {
			want += "\n"
		}
		if shown := u.onTerminal(80, "get", key); shown != want {
			t.Errorf("get %s to a terminal: %q, want %q", key, shown, want)
		}
	}
	send := []string{"send", n.ready.Peer.String(), echoProtocol, "hi"}
	if shown := u.onTerminal(80, send...); shown != "hi\n" {
		t.Errorf("send to a terminal: %q", shown)
	}
	if r := u.kad(send...).exits(cli.ExitDone); r.stdout != "hi" {
		t.Errorf("send to a pipe: %q", r.stdout)
	}
}

// The steps of a lookup fit 80 columns, whatever their figures, but for who named a peer.
func TestTraceFits80Columns(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	drawTrace(&b, &kadmium.Lookup{Trace: []kadmium.Step{
		{Kind: "asked", At: 12345 * time.Microsecond, Peer: identity.ID{1}, Hop: 10, Distance: 255, Address: identity.Address{Endpoint: netip.MustParseAddrPort("255.255.255.255:65535")}},
		{Kind: "answered", At: 123456 * time.Microsecond, Peer: identity.ID{1}, Hop: 10, Distance: 255, Elapsed: 123456 * time.Microsecond, Named: 20, New: 20},
	}})
	for line := range strings.Lines(b.String()) {
		if utf8.RuneCountInString(line) > 81 {
			t.Errorf("%d columns: %q", utf8.RuneCountInString(line)-1, line)
		}
	}
}

// No line of what commands say is longer than the terminal, but for a word that is.
func TestLinesFitTheTerminal(t *testing.T) {
	u := newUser(t)
	first := u.node()
	second := u.node("--bootstrap", first.address(), "--control", "second")
	u.node("--bootstrap", second.address(), "--control", "third")
	peer := second.ready.Peer.String()
	both := func(cmd *exec.Cmd) { cmd.Stderr = cmd.Stdout }
	for _, columns := range []uint16{80, 40} {
		key := fmt.Sprintf("/v/%d", columns)
		for _, c := range []struct {
			line string
			code int
		}{
			{"stats", cli.ExitDone}, {"table", cli.ExitDone}, {"peers", cli.ExitDone}, {"peers " + peer, cli.ExitDone}, {"health --ready", cli.ExitDone},
			{"ping " + peer, cli.ExitDone}, {"ping " + peer + " --trace --control third", cli.ExitDone}, {"find " + peer + " --trace --control third", cli.ExitDone},
			{"put " + key + " value --trace", cli.ExitDone}, {"provide " + key + " --trace", cli.ExitDone}, {"providers " + key + " --trace --control third", cli.ExitDone},
			{"get " + key + " -o got --trace --control third", cli.ExitDone}, {"get " + key + " --trace --control third", cli.ExitDone},
			{"closest /v/none --trace", cli.ExitDone}, {"get /v/none --trace", cli.ExitNotDone},
		} {
			shown := u.allOnTerminal(columns, both, c.code, strings.Fields(c.line)...)
			for line := range strings.Lines(shown) {
				said := strings.HasPrefix(line, "kad ") || strings.HasPrefix(line, "  next: ") // sentences are not folded
				if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > int(columns) && len(strings.Fields(line)) > 1 && !said {
					t.Errorf("kad %s: %d columns of %d: %q", c.line, utf8.RuneCountInString(line), columns, line)
				}
			}
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{"it fits in twenty co", "it fits in twenty co\n"},
		{"it fits not in twenty", "it fits not in\n  twenty\n"},
		{"  one  two  three four five", "  one  two\n    three four five\n"},
		{"aVeryLongWordOfMoreThanTwenty", "aVeryLongWordOfMoreThanTwenty\n"},
		{"aVeryLongWordOfMoreThanTwenty: 2 contacts", "aVeryLongWordOfMoreThanTwenty:\n  2 contacts\n"},
		{"  aVeryLongWordOfMoreThanTwenty  ", "  aVeryLongWordOfMoreThanTwenty  \n"},
		{"übergrosse Wörter über", "übergrosse Wörter\n  über\n"},
		{"", "\n"},
	} {
		if got := folded(c.line+"\n", 20); got != c.want {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}
