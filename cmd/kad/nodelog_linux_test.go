package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// To the journal of systemd each line begins with its priority, and has no time; a file is
// the journal only if JOURNAL_STREAM names that very file.
func TestLogToTheJournal(t *testing.T) {
	u := newUser(t)
	taken := u.silentPeer().LocalAddr().String()
	data := filepath.Join(u.dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Chmod(data, 0o777)); err != nil { // whatever the umask
		t.Fatal(err)
	}
	for _, c := range []struct {
		inode, format, want string
		more                []string
	}{
		{"", "text", "<6>level=INFO msg=listening peer=", nil},
		{"", "json", `<6>{"level":"INFO","msg":"listening","peer":`, nil},
		{"9", "text", "time=", nil},
		{"", "text", "<4>level=WARN msg=\"other users can replace files", []string{"--data", "data", "--log-level", "warn"}},
		{"", "text", "<3>level=ERROR msg=\"kad node: address in use", []string{"--listen", taken}},
		{"", "text", "<3>kad node: --log-level \"none\" is none\n<3>  next: ", []string{"--log-level", "none"}},
	} {
		f, err := os.Create(filepath.Join(u.dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var s syscall.Stat_t
		if err := syscall.Fstat(int(f.Fd()), &s); err != nil {
			t.Fatal(err)
		}
		u.env = append(u.env, fmt.Sprintf("JOURNAL_STREAM=%d:%d%s", s.Dev, s.Ino, c.inode))
		ctx, stop := context.WithTimeout(t.Context(), patience)
		cmd := u.command(ctx, append([]string{"node", "--listen", "127.0.0.1:0", "--log-format", c.format}, c.more...)...)
		cmd.Stderr = f
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // the log is written to its end
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = bufio.NewReader(out).ReadString('\n') // it is ready, or has ended
		stop()
		_ = cmd.Wait() // it was stopped
		text, err := os.ReadFile(f.Name())
		if err != nil || !strings.HasPrefix(string(text), c.want) {
			t.Errorf("%+v: %v: the log begins\n%s", c, err, text)
		}
	}
}
