package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	manet "github.com/multiformats/go-multiaddr/net"
	"go.uber.org/goleak"
)

// streams is the two ends of a TCP connection on loopback, each on a link.
func streams(t *testing.T, delay time.Duration) (a, b *Stream) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var ends []*Stream
	for _, conn := range []net.Conn{dialled, accepted} {
		wrapped, err := manet.WrapNetConn(conn)
		if err != nil {
			t.Fatal(err)
		}
		s := New(delay).Carry(wrapped)
		t.Cleanup(func() {
			if s.queue != nil {
				s.queue.drop() // what is on its way may have long to go
			}
			s.Conn.Close()
		})
		if err := s.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s)
	}
	return ends[0], ends[1]
}

func TestStreamIsCountedAtBothEnds(t *testing.T) {
	for _, delay := range []time.Duration{0, 2 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			a, b := streams(t, delay)
			buffer := make([]byte, 5)
			for _, way := range [][2]*Stream{{a, b}, {b, a}} {
				began := time.Now()
				if n, err := way[0].Write([]byte("hello")); err != nil || n != 5 {
					t.Fatalf("wrote %d: %v", n, err)
				}
				if _, err := io.ReadFull(way[1], buffer); err != nil || string(buffer) != "hello" {
					t.Fatalf("read %q, %v", buffer, err)
				}
				if took := time.Since(began); took < delay {
					t.Errorf("arrived after %v", took)
				}
			}
			for i, s := range []*Stream{a, b} {
				if got := s.link.Traffic(); got != (Traffic{In: 5, Out: 5}) {
					t.Errorf("at end %d: %+v", i, got)
				}
			}
		})
	}
}

// What is written keeps its order, also past the end of the connection: Close lets it
// arrive.
func TestStreamKeepsOrderAndEndsWithAll(t *testing.T) {
	running := goleak.IgnoreCurrent()
	a, b := streams(t, 2*time.Millisecond)
	var want bytes.Buffer
	for i := range 200 {
		piece := bytes.Repeat([]byte{byte(i)}, i)
		want.Write(piece)
		if _, err := a.Write(piece); err != nil {
			t.Fatal(err)
		}
		clear(piece) // the writer may do as it likes with its memory
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err == nil {
		t.Error("closed twice without an error")
	}
	got, err := io.ReadAll(b)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d of %d bytes arrived as they were sent: %v", len(got), want.Len(), err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, running)
}

func TestCutStream(t *testing.T) {
	a, b := streams(t, 0)
	a.link.Cut()
	if n, err := a.Write([]byte("out")); err != nil || n != 3 {
		t.Errorf("wrote %d: %v", n, err)
	}
	if _, err := b.Write([]byte("in")); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Stream{"cut": a, "other": b} {
		if err := s.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Read(make([]byte, 10)); err == nil || n > 0 {
			t.Errorf("%d bytes came at the %s end", n, name)
		}
	}
	if got := a.link.Traffic(); got != (Traffic{}) {
		t.Errorf("counted %+v", got)
	}
}

func TestStreamOverflow(t *testing.T) {
	a, _ := streams(t, time.Hour)
	var err error
	writes := 0
	for ; err == nil && writes <= maxHeld+1; writes++ {
		_, err = a.Write([]byte("x"))
	}
	if !errors.Is(err, errOverflow) || a.link.Overflowed() != 1 {
		t.Errorf("after %d writes: %v, %d overflowed", writes, err, a.link.Overflowed())
	}
	if got := a.link.Traffic().Out; got != uint64(writes-1) {
		t.Errorf("%d bytes sent in %d writes", got, writes)
	}
}

// A connection that takes nothing any more does not keep Close waiting for good.
func TestCloseOfAStuckStream(t *testing.T) {
	a, _ := streams(t, time.Millisecond)
	for range 40 { // more than the system's buffers of both ends hold
		if _, err := a.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan struct{})
	go func() { a.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("Close waits for a peer that does not read")
	}
}
