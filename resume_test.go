package kadmium

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A stopper stops what a node does, as SIGSTOP does: its timers do not run, and nothing
// is read. Datagrams wait in the socket.
type stopper struct {
	mu      sync.Mutex
	resumed chan struct{} // closed while it runs
}

func newStopper() *stopper {
	s := &stopper{resumed: make(chan struct{})}
	close(s.resumed)
	return s
}

func (s *stopper) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = make(chan struct{})
}

func (s *stopper) resume() { close(s.resumed) }

func (s *stopper) wait() {
	s.mu.Lock()
	resumed := s.resumed
	s.mu.Unlock()
	<-resumed
}

func (s *stopper) Now() time.Time { return time.Now() }

func (s *stopper) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, func() { s.wait(); f() }).Stop
}

type stoppedConn struct {
	*memnet.Conn
	*stopper
}

func (c stoppedConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.Conn.ReadFromUDPAddrPort(b)
	c.wait()
	return n, from, err
}

// A node that was stopped for three minutes, so that a busy network evicted it, is back in
// the others' tables within 10 s, whether it had something to do by itself or not.
func TestStoppedFor3Minutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(3, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := servers(t, network, 8)
		s := newStopper()
		stopped := start(t, Config{
			Mode: Server, Clock: s, Listen: []string{netip.AddrPortFrom(publicIP(20), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
				conn, err := network.Listen(at)
				return stoppedConn{conn, s}, err
			},
		}, nodes[0])
		time.Sleep(time.Minute)
		s.stop()
		for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(5 * time.Second) {
			for _, n := range nodes {
				go n.Closest(t.Context(), stopped.ID().Position())
			}
		}
		for i, n := range nodes {
			if knows(n, stopped.ID()) {
				t.Errorf("node %d has it still after 3 minutes", i)
			}
		}
		s.resume()
		time.Sleep(10 * time.Second)
		for i, n := range nodes {
			if !knows(n, stopped.ID()) {
				t.Errorf("node %d does not know it 10 s after its return", i)
			}
		}
		if resumes := stopped.Stats().Counters["resumes"]; resumes != 1 {
			t.Errorf("it noticed %d pauses", resumes)
		}
		if resumes := nodes[0].Stats().Counters["resumes"]; resumes != 0 {
			t.Errorf("one that was never stopped noticed %d", resumes)
		}
	})
}

// A STORE that waited in the socket while its receiver was stopped tells a lifetime that is
// over by now, and is not taken for what remains.
func TestStoreThatWaitedForAStoppedNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(3, memnet.Conditions{Latency: 10 * time.Millisecond})
		publisher := on(t, network, 1, Config{Mode: Server})
		s := newStopper()
		stopped := start(t, Config{
			Mode: Server, Clock: s, Listen: []string{netip.AddrPortFrom(publicIP(20), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
				conn, err := network.Listen(at)
				return stoppedConn{conn, s}, err
			},
		}, publisher)
		put := func(key string) {
			t.Helper()
			if _, err := publisher.Put(t.Context(), key, []byte("x"), PutOptions{TTL: time.Minute}); err != nil {
				t.Fatal(err)
			}
		}
		put("/v/before")                            // and so they have a session
		time.AfterFunc(25*time.Millisecond, s.stop) // the lookup takes 20 ms
		publisher.Put(t.Context(), "/v/meanwhile", []byte("x"), PutOptions{TTL: time.Minute})
		time.Sleep(3 * time.Minute)
		s.resume()
		time.Sleep(2 * time.Second)
		if held := stopped.Stats().Records; held != 0 {
			t.Errorf("two minutes after their end it holds %d records", held)
		}
		put("/v/after")
		if held := stopped.Stats().Records; held != 1 {
			t.Errorf("of the next put it holds %d records", held)
		}
	})
}
