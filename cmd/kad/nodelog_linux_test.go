package main

import (
	"bufio"
	"context"
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
	for _, c := range []struct {
		inode, format, want string
	}{
		{"", "text", "<6>level=INFO msg=listening peer="},
		{"", "json", `<6>{"level":"INFO","msg":"listening","peer":`},
		{"9", "text", "time="},
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
		cmd := u.command(ctx, "node", "--listen", "127.0.0.1:0", "--log-format", c.format)
		cmd.Stderr = f
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it is ready
			t.Error(err)
		}
		stop()
		_ = cmd.Wait() // it was killed
		text, err := os.ReadFile(f.Name())
		if err != nil || !strings.HasPrefix(string(text), c.want) {
			t.Errorf("%+v: %v: the log begins\n%s", c, err, text)
		}
	}
}
