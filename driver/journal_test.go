package driver

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/store"
	"kadmium/store/disk"
	"kadmium/transport/memnet"
)

// A full disk fails every write, and other calls than the first one; the log has it once.
func TestJournalErrorIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	d := &Driver{journal: new(disk.Journal), logger: slog.New(slog.NewTextHandler(&log, nil))}
	full, gone := errors.New("disk full"), errors.New("disk gone")
	for _, err := range []error{full, full, gone, gone, nil, nil, gone} {
		d.logJournal(err)
	}
	for _, call := range []string{"write", "fdatasync", "open", "sync", "write"} { // still gone
		d.logJournal(&os.PathError{Op: call, Path: "kadmium.db", Err: syscall.EIO})
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 4 {
		t.Errorf("%d lines, want 4:\n%s", got, &log)
	}
	if got := strings.Count(log.String(), "written again"); got != 1 {
		t.Errorf("its end is logged %d times:\n%s", got, &log)
	}
}

// A node that has nothing to write notices within two minutes that its journal is gone.
func TestIdleNodeWhoseJournalIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, err := memnet.New(1, memnet.Conditions{}).Listen(netip.AddrPortFrom(publicIP(1), 4100))
		if err != nil {
			t.Fatal(err)
		}
		data := t.TempDir()
		d, err := New(Config{
			Network: testNetwork, DataDir: data, Conns: []net.PacketConn{conn},
			Engine: engine.Config{Namespaces: store.NewNamespaces(testNetwork)}, Event: func(*engine.Event) {},
			Now: time.Now, AfterFunc: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
			Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close() // its error is the journal's
		d.Start()
		time.Sleep(time.Minute)
		if err := os.Remove(filepath.Join(data, disk.FileName)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * noteEvery)
		if err := d.Err(); !errors.Is(err, disk.ErrReplaced) {
			t.Errorf("Err: %v", err)
		}
	})
}
