package kadmium_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// A faultHost is a machine with one node. It may lose its process, its power or its
// time, and its network card and its disk may refuse to work.
type faultHost struct {
	w     *faultWorld
	index int
	key   identity.Key
	at    netip.AddrPort
	clock *faultClock
	disk  *faultDisk // nil: the node has no data directory

	mu      sync.Mutex
	rnd     *rand.Rand
	node    *kadmium.Node
	life    int           // of the process: counts its starts
	up      bool          // the process of this life runs
	asleep  bool          // the machine is
	stopped chan struct{} // closed when a process that was stopped goes on; nil: it is not stopped
	refused float64       // share of the sends that fail
}

// start starts the node. An error is one of the data directory.
func (h *faultHost) start() error {
	h.mu.Lock()
	h.life++
	h.up = true
	life := h.life
	h.mu.Unlock()
	h.enter()
	cfg := kadmium.Config{
		Key: h.key, Mode: kadmium.Server, K: h.w.plan.k, Clock: h.clock,
		Listen:       []string{h.at.String()},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return h.listen(at, life) },
		Handlers:     map[string]kadmium.Handler{"m": h.handler(life)},
	}
	for _, seed := range h.w.hosts[:min(3, len(h.w.hosts))] { // the same list everywhere
		if seed != h {
			cfg.Bootstrap = append(cfg.Bootstrap, identity.Address{ID: seed.key.ID(), Endpoint: seed.at}.String())
		}
	}
	if h.disk != nil {
		cfg.DataDir = h.disk.dir
	}
	n, err := kadmium.New(cfg)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.node = n
	h.up = err == nil
	return err
}

// handler answers messages, some of them late, and notes that it ran.
func (h *faultHost) handler(life int) kadmium.Handler {
	return func(_ context.Context, m kadmium.Message) ([]byte, error) {
		late := h.w.history.handled(h.index, life, string(m.Payload))
		time.Sleep(late)
		return m.Payload, nil
	}
}

// running is the node, nil unless it can be called.
func (h *faultHost) running() (*kadmium.Node, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.powerFails() // what it holds since then was confirmed to nobody
	if !h.up || h.asleep || h.stopped != nil {
		return nil, h.life
	}
	return h.node, h.life
}

// enter is called before the node of this host gets to work, in the order in which
// the nodes do: only then is its disk the one that is full, or may lose a write.
func (h *faultHost) enter() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.powerFails()
	h.w.setFull(h.disk != nil && h.disk.full)
}

// powerFails ends the process if its journal has made the commit that is to be torn.
// h.mu is held.
func (h *faultHost) powerFails() {
	if h.up && h.disk != nil && h.disk.committed() {
		h.up = false
		h.w.powerless <- h
	}
}

// survived says whether the process of a life still runs, for what it has just
// answered a user.
func (h *faultHost) survived(life int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.powerFails()
	return h.up && h.life == life
}

// halt ends the process, as SIGKILL does, and keeps what is on disk.
func (h *faultHost) halt() {
	h.mu.Lock()
	h.up = false
	n := h.node
	h.mu.Unlock()
	h.w.setFull(false)
	if h.disk != nil {
		h.disk.leave()
	}
	n.Close() // ends its goroutines; it is heard no more, and its directory is not used again
}

// sleep has the machine sleep, or with stop the process be stopped.
func (h *faultHost) sleep(stop bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asleep = !stop
	if stop {
		h.stopped = make(chan struct{})
	}
	h.clock.halt(!stop && h.w.standsStill)
}

func (h *faultHost) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asleep = false
	h.clock.resume()
	if h.stopped != nil {
		close(h.stopped)
		h.stopped = nil
	}
}

// A faultConn is a socket of one life of a host.
type faultConn struct {
	*memnet.Conn
	host *faultHost
	life int
}

func (h *faultHost) listen(at netip.AddrPort, life int) (net.PacketConn, error) {
	conn, err := h.w.network.Listen(at)
	if err != nil {
		return nil, err
	}
	return &faultConn{conn, h, life}, nil
}

func (c *faultConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.Conn.ReadFromUDPAddrPort(b)
		if err != nil || c.host.receives(c.life) {
			return n, from, err
		}
	}
}

// moment is a time that is another one for each host.
func (h *faultHost) moment() time.Duration {
	return time.Microsecond + 20*time.Duration(h.index)
}

// receives says whether a datagram that arrived is read. It takes a moment, so that the node
// has done with one datagram before it reads the next; while the process is stopped it waits.
func (h *faultHost) receives(life int) bool {
	h.mu.Lock()
	for h.stopped != nil {
		goesOn := h.stopped
		h.mu.Unlock()
		<-goesOn
		h.mu.Lock()
	}
	h.mu.Unlock()
	time.Sleep(h.moment())
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up && h.life == life && !h.asleep
}

func (c *faultConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	h := c.host
	h.mu.Lock()
	h.powerFails()
	lost := !h.up || h.life != c.life || h.asleep || h.stopped != nil
	refused := !lost && h.refused > 0 && h.rnd.Float64() < h.refused
	h.mu.Unlock()
	switch {
	case lost:
		return len(b), nil
	case refused:
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", syscall.ENOBUFS)}
	}
	return c.Conn.WriteToUDPAddrPort(b, to)
}

// A faultClock is the clock of a host. Timers that are due while it sleeps or its process is
// stopped run afterwards. A monotonic one, that a node must not rely on, stands still while
// the machine sleeps.
type faultClock struct {
	host *faultHost

	mu        sync.Mutex
	halted    bool
	frozen    bool // Now stands still
	since     time.Time
	slept     time.Duration
	postponed []func()
}

func (c *faultClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *faultClock) now() time.Time {
	if c.frozen {
		return c.since.Add(-c.slept)
	}
	return time.Now().Add(-c.slept)
}

// AfterFunc has each host's timers end at moments of its own, so that no two nodes
// work at the same time and a seed gives the same run again.
func (c *faultClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	due := c.now().Add(d).Truncate(time.Microsecond).Add(c.host.moment())
	t := &faultTimer{clock: c, due: due, f: f}
	t.timer = time.AfterFunc(due.Sub(c.now()), t.fire)
	return t.stop
}

type faultTimer struct {
	clock *faultClock
	due   time.Time
	f     func()
	timer *time.Timer
	over  bool
}

func (t *faultTimer) stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	inTime := !t.over
	t.over = true
	t.timer.Stop()
	return inTime
}

func (t *faultTimer) fire() {
	c := t.clock
	c.mu.Lock()
	switch wait := t.due.Sub(c.now()); {
	case t.over:
	case c.halted:
		c.postponed = append(c.postponed, t.fire)
	case wait > 0:
		t.timer = time.AfterFunc(wait, t.fire)
	default:
		t.over = true
		c.mu.Unlock()
		c.host.enter()
		t.f()
		return
	}
	c.mu.Unlock()
}

// halt stops the timers, and with freeze the time.
func (c *faultClock) halt(freeze bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halted, c.frozen, c.since = true, freeze, time.Now()
}

func (c *faultClock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		c.slept += time.Since(c.since)
	}
	c.halted, c.frozen = false, false
	for i, f := range c.postponed { // between the reads
		time.AfterFunc(time.Duration(i)*c.host.moment()+c.host.moment()/2, f)
	}
	c.postponed = nil
}
