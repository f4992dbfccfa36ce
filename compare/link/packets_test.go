package link

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/ipv4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen opens a socket on a link of its own.
func listen(t *testing.T, delay time.Duration) (*Link, *Packets) {
	t.Helper()
	l := New(delay)
	p, err := l.Listen("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.queue != nil {
			p.queue.drop() // what is on its way may have long to go
		}
		p.conn.Close()
	})
	if err := p.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return l, p
}

func where(p *Packets) netip.AddrPort { return p.LocalAddr().(*net.UDPAddr).AddrPort() }

// writers and readers are the ways of one packet through a socket.
var (
	writers = map[string]func(p *Packets, b []byte, to netip.AddrPort) error{
		"WriteTo": func(p *Packets, b []byte, to netip.AddrPort) error {
			_, err := p.WriteTo(b, net.UDPAddrFromAddrPort(to))
			return err
		},
		"WriteToUDPAddrPort": func(p *Packets, b []byte, to netip.AddrPort) error {
			_, err := p.WriteToUDPAddrPort(b, to)
			return err
		},
		"WriteMsgUDP": func(p *Packets, b []byte, to netip.AddrPort) error {
			_, _, err := p.WriteMsgUDP(b, nil, net.UDPAddrFromAddrPort(to))
			return err
		},
	}
	readers = map[string]func(p *Packets, b []byte) (int, netip.AddrPort, error){
		"ReadFrom": func(p *Packets, b []byte) (int, netip.AddrPort, error) {
			n, from, err := p.ReadFrom(b)
			if err != nil {
				return n, netip.AddrPort{}, err
			}
			return n, from.(*net.UDPAddr).AddrPort(), nil
		},
		"ReadFromUDPAddrPort": (*Packets).ReadFromUDPAddrPort,
		"ReadMsgUDP": func(p *Packets, b []byte) (int, netip.AddrPort, error) {
			n, _, _, from, err := p.ReadMsgUDP(b, nil)
			if err != nil {
				return n, netip.AddrPort{}, err
			}
			return n, from.AddrPort(), nil
		},
		"ReadBatch": func(p *Packets, b []byte) (int, netip.AddrPort, error) {
			messages := []ipv4.Message{{Buffers: [][]byte{b}}}
			if _, err := p.ReadBatch(messages, 0); err != nil {
				return 0, netip.AddrPort{}, err
			}
			return messages[0].N, messages[0].Addr.(*net.UDPAddr).AddrPort(), nil
		},
	}
)

// Whatever way a packet is written and read, with and without a delay: its bytes
// arrive as they were, and are counted once at each end.
func TestPacketsAreCountedAtBothEnds(t *testing.T) {
	for _, delay := range []time.Duration{0, 2 * time.Millisecond} {
		for writer, write := range writers {
			for reader, read := range readers {
				t.Run(delay.String()+" "+writer+" "+reader, func(t *testing.T) {
					la, a := listen(t, delay)
					lb, b := listen(t, delay)
					sent := []byte("as it was sent")
					began := time.Now()
					if err := write(a, sent, where(b)); err != nil {
						t.Fatal(err)
					}
					copy(sent, "then written over")
					buffer := make([]byte, 100)
					n, from, err := read(b, buffer)
					if err != nil || string(buffer[:n]) != "as it was sent" {
						t.Fatalf("read %q, %v", buffer[:n], err)
					}
					if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != where(a) {
						t.Errorf("from %v, sent by %v", from, where(a))
					}
					if took := time.Since(began); took < delay {
						t.Errorf("arrived after %v", took)
					}
					if got, want := la.Traffic(), (Traffic{Out: uint64(n)}); got != want {
						t.Errorf("at the sender %+v, want %+v", got, want)
					}
					if got, want := lb.Traffic(), (Traffic{In: uint64(n)}); got != want {
						t.Errorf("at the receiver %+v, want %+v", got, want)
					}
				})
			}
		}
	}
}

// A batch of several packets is counted packet by packet.
func TestBatchIsCounted(t *testing.T) {
	_, a := listen(t, 0)
	l, b := listen(t, 0)
	const packets, size = 5, 7
	for range packets {
		if _, err := a.WriteToUDPAddrPort(make([]byte, size), where(b)); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < packets; {
		messages := make([]ipv4.Message, packets)
		for i := range messages {
			messages[i].Buffers = [][]byte{make([]byte, 100)}
		}
		n, err := b.ReadBatch(messages, 0)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	if got := l.Traffic(); got != (Traffic{In: packets * size}) || got.Total() != packets*size {
		t.Errorf("%+v", got)
	}
	if got := l.Traffic().Since(Traffic{In: size}); got != (Traffic{In: (packets - 1) * size}) {
		t.Errorf("since the first: %+v", got)
	}
}

// Packets stay in their order, and none is early.
func TestPacketsAreDelayedInOrder(t *testing.T) {
	const delay, packets = 5 * time.Millisecond, 50
	_, a := listen(t, delay)
	_, b := listen(t, 0)
	var sent [packets]time.Time
	for i := range packets {
		sent[i] = time.Now()
		if _, err := a.WriteToUDPAddrPort([]byte{byte(i)}, where(b)); err != nil {
			t.Fatal(err)
		}
	}
	buffer := make([]byte, 10)
	for i := range packets {
		n, _, err := b.ReadFromUDPAddrPort(buffer)
		if err != nil || !bytes.Equal(buffer[:n], []byte{byte(i)}) {
			t.Fatalf("packet %d: %v, %v", i, buffer[:n], err)
		}
		if took := time.Since(sent[i]); took < delay {
			t.Errorf("packet %d took %v", i, took)
		}
	}
}

// From a cut link nothing leaves, and to it nothing comes; nothing is counted.
func TestCutPackets(t *testing.T) {
	for writer, write := range writers {
		for reader, read := range readers {
			t.Run(writer+" "+reader, func(t *testing.T) {
				la, a := listen(t, 0)
				lb, b := listen(t, 0)
				la.Cut()
				before := la.Traffic()
				if err := write(a, []byte("out"), where(b)); err != nil {
					t.Errorf("a write says %v, as no crashed host would", err)
				}
				if err := write(b, []byte("in"), where(a)); err != nil {
					t.Fatal(err)
				}
				// A packet sent after the first from elsewhere would be behind it.
				_, c := listen(t, 0)
				if err := write(c, []byte("other"), where(b)); err != nil {
					t.Fatal(err)
				}
				buffer := make([]byte, 10)
				if n, _, err := read(b, buffer); err != nil || string(buffer[:n]) != "other" {
					t.Errorf("read %q, %v", buffer[:n], err)
				}
				a.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if n, _, err := read(a, buffer); err == nil {
					t.Errorf("read %q on a cut link", buffer[:n])
				}
				if got := la.Traffic(); got != before {
					t.Errorf("counted %+v", got)
				}
				if got := lb.Traffic(); got.Out != uint64(len("in")) || got.In != uint64(len("other")) {
					t.Errorf("at the other end %+v", got)
				}
			})
		}
	}
}

// What there is no room for on the way is dropped and counted as that, not as sent.
func TestOverflow(t *testing.T) {
	l, p := listen(t, time.Hour)
	const over = 100
	for range maxHeld + over {
		if _, err := p.WriteToUDPAddrPort([]byte("x"), where(p)); err != nil {
			t.Fatal(err)
		}
	}
	if sent, dropped := l.Traffic().Out, l.Overflowed(); sent != maxHeld || dropped != over {
		t.Errorf("%d sent and %d dropped, want %d and %d", sent, dropped, maxHeld, over)
	}
}

// A queue takes memory and a goroutine only while something is on its way.
func TestIdleQueueTakesNothing(t *testing.T) {
	running := goleak.IgnoreCurrent()
	_, a := listen(t, time.Millisecond)
	_, b := listen(t, 0)
	buffer := make([]byte, 10)
	for range 3 { // idle in between
		for range 10 {
			if _, err := a.WriteToUDPAddrPort([]byte("packet"), where(b)); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			if _, _, err := b.ReadFromUDPAddrPort(buffer); err != nil {
				t.Fatal(err)
			}
		}
		goleak.VerifyNone(t, running)
		a.queue.mu.Lock()
		if a.queue.held != nil || a.queue.busy {
			t.Errorf("all has arrived, and room for %d is kept", cap(a.queue.held))
		}
		a.queue.mu.Unlock()
	}
}

// What was written before Close still leaves; afterwards nothing runs on.
func TestCloseSendsWhatIsOnItsWay(t *testing.T) {
	running := goleak.IgnoreCurrent()
	_, a := listen(t, 5*time.Millisecond)
	_, b := listen(t, 0)
	for range 3 {
		if _, err := a.WriteToUDPAddrPort([]byte("farewell"), where(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, running)
	buffer := make([]byte, 10)
	for range 3 {
		if n, _, err := b.ReadFromUDPAddrPort(buffer); err != nil || string(buffer[:n]) != "farewell" {
			t.Fatalf("read %q, %v", buffer[:n], err)
		}
	}
	if err := a.Close(); err == nil {
		t.Error("closed twice without an error")
	}
	if _, _, err := a.ReadFromUDPAddrPort(buffer); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed socket reads: %v", err)
	}
	for name, write := range writers {
		if err := write(a, []byte("late"), where(b)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s to a closed socket: %v", name, err)
		}
	}
}

// A link is quiet from its last byte on; a read that fails is no byte.
func TestQuiet(t *testing.T) {
	l, p := listen(t, 0)
	if l.Quiet() < time.Hour {
		t.Error("a new link has had traffic")
	}
	p.SetReadDeadline(time.Now())
	if _, _, err := p.ReadFromUDPAddrPort(make([]byte, 10)); err == nil {
		t.Fatal("read before anything was sent")
	}
	if l.Quiet() < time.Hour {
		t.Error("a failed read is traffic")
	}
	if _, err := p.WriteToUDPAddrPort([]byte("x"), where(p)); err != nil {
		t.Fatal(err)
	}
	if l.Quiet() > time.Hour {
		t.Error("a byte was sent, and the link is quiet")
	}
}
