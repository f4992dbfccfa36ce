package transport

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/transport/memnet"
)

// A deafConn is a socket whose reads fail while it is told so.
type deafConn struct {
	*memnet.Conn
	reads atomic.Int64
	fails func(read int64) bool
}

func (c *deafConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if c.fails(c.reads.Add(1)) {
		return 0, netip.AddrPort{}, &net.OpError{Op: "read", Net: "udp", Err: syscall.ENOBUFS}
	}
	return c.Conn.ReadFromUDPAddrPort(b)
}

var peerAt = netip.MustParseAddrPort("192.0.2.1:4100")

func (w *world) deafPeer(fails func(int64) bool, change ...func(*Config, *limits)) (*peer, *deafConn) {
	w.Helper()
	conn, err := w.Listen(peerAt)
	if err != nil {
		w.Fatal(err)
	}
	c := &deafConn{Conn: conn, fails: fails}
	return startPeer(w.T, 1, c, change...), c
}

func always(int64) bool { return true }

// Reads that fail for a while make nobody deaf: 64 of them in 4 ms, or half a minute.
func TestReadsThatFailForAWhile(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.deafPeer(func(n int64) bool { return n <= 64 })
		b := w.peer(2)
		time.Sleep(58 * time.Second)
		w.meet(a, b)
	})
	inWorld(t, func(t *testing.T, w *world) {
		until := time.Now().Add(30 * time.Second)
		a, c := w.deafPeer(func(int64) bool { return time.Now().Before(until) })
		b := w.peer(2)
		time.Sleep(32 * time.Second)
		w.meet(a, b)
		if n := c.reads.Load(); n > 100 {
			t.Errorf("%d reads in half a minute", n)
		}
	})
}

// The log has once that a socket cannot be read, and that it is read again, also where reads
// fail and succeed in turn for a while.
func TestReadFailuresAreLoggedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		began := time.Now()
		a, _ := w.deafPeer(func(n int64) bool {
			if time.Since(began) > time.Minute {
				return time.Since(began) < 65*time.Second
			}
			return n%(2*readRepeats) != 0
		}, func(cfg *Config, _ *limits) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		b := w.peer(2)
		for range 70 {
			b.ask(a.addr, rpc.FindNode, "x")
			time.Sleep(time.Second)
		}
		w.settle()
		a.inbox()
		for text, want := range map[string]int{"cannot be read": 2, "is read again": 2} {
			if got := strings.Count(log.String(), text); got != want {
				t.Errorf("%d lines have %q, want %d:\n%s", got, text, want, &log)
			}
		}
	})
}

// A Conn that fails for good is replaced by one bound at the same address, and the node
// is heard and answers there. So is one that somebody closed.
func TestSocketIsBoundAnew(t *testing.T) {
	for _, closed := range []bool{false, true} {
		inWorld(t, func(t *testing.T, w *world) {
			failures := 0
			deaf := always
			if closed {
				deaf = func(int64) bool { return false }
			}
			a, c := w.deafPeer(deaf, func(cfg *Config, _ *limits) {
				cfg.Bind = func(at netip.AddrPort) (net.PacketConn, error) {
					if at != peerAt {
						t.Errorf("bound at %v", at)
					}
					if failures++; failures < 10 {
						return nil, syscall.ENOMEM
					}
					return w.Listen(at)
				}
				cfg.Failed = func(err error) { t.Errorf("failed: %v", err) }
			})
			if closed {
				c.Close()
			}
			b := w.peer(2)
			time.Sleep(20 * time.Second)
			w.meet(a, b)
			id := b.ask(a.addr, rpc.FindNode, "there?")
			w.settle()
			b.wantAnswer(a.addr, id, "re:there?")
			time.Sleep(2 * time.Minute)
			if failures != 10 {
				t.Errorf("bound %d times", failures)
			}
		})
	}
}

// After a minute in which a socket could neither be read nor bound anew, its owner is
// told. Until then no processor is kept busy.
func TestSocketThatFailsForGood(t *testing.T) {
	for _, bind := range []func(netip.AddrPort) (net.PacketConn, error){
		nil,
		func(netip.AddrPort) (net.PacketConn, error) { return nil, syscall.ENOMEM },
	} {
		inWorld(t, func(t *testing.T, w *world) {
			began := time.Now()
			failed := make(chan error, 1)
			_, c := w.deafPeer(always, func(cfg *Config, _ *limits) {
				cfg.Bind, cfg.Failed = bind, func(err error) { failed <- err }
			})
			err := <-failed
			if took := time.Since(began); !errors.Is(err, ErrSocket) || took < readPatience || took > readPatience+5*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			if n := c.reads.Load(); n > 200 {
				t.Errorf("%d reads", n)
			}
		})
	}
}

// Close does not wait for a socket that is being tried again.
func TestCloseWhileReadsFail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.deafPeer(always)
		time.Sleep(10 * time.Second)
		began := time.Now()
		if err := a.Close(); err != nil || time.Since(began) != 0 {
			t.Errorf("Close took %v: %v", time.Since(began), err)
		}
	})
}
