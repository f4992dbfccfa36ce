package kadmium_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"kadmium"
	"kadmium/identity"
)

// A faultHost is a machine with one node. It may lose its process, its power or its
// time, and its network card and its disk may refuse to work.
type faultHost struct {
	w     *faultWorld
	index int
	key   identity.Key
	clock *faultClock
	disk  *faultDisk // nil: the node has no data directory

	mu      sync.Mutex
	rnd     map[netip.AddrPort]*rand.Rand
	node    *kadmium.Node
	at      netip.AddrPort
	moved   time.Duration // when it last got another address
	conn    *faultConn    // at it
	life    int           // of the process: counts its starts
	up      bool          // the process of this life runs
	asleep  bool          // the machine is
	stopped chan struct{} // closed when a process that was stopped goes on; nil: it is not stopped
	refused float64       // share of the sends that fail

	firewall bool // drops what is unasked
	wasOpen  bool // without one in this life
}

// start starts the node. An error is one of the data directory.
func (h *faultHost) start() error {
	h.mu.Lock()
	h.life++
	h.up = true
	h.wasOpen = !h.firewall
	life, at := h.life, h.at
	h.mu.Unlock()
	h.enter()
	cfg := kadmium.Config{
		Key: h.key, Mode: kadmium.Server, K: h.w.plan.k, Clock: h.clock,
		Listen:       []string{at.String()},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return h.listen(at, life) },
		Handlers:     map[string]kadmium.Handler{"m": h.handler(life)},
	}
	for _, seed := range h.w.hosts[:min(3, len(h.w.hosts))] { // the same list everywhere
		if seed != h {
			cfg.Bootstrap = append(cfg.Bootstrap, identity.Address{ID: seed.key.ID(), Endpoint: seed.address()}.String())
		}
	}
	if h.w.plan.auto[h.index] {
		cfg.Mode = kadmium.Auto
	}
	if h.disk != nil {
		cfg.DataDir = h.disk.dir
	}
	n, err := kadmium.New(kadmium.WithMachine(cfg, h.clock.wall, h.clock.boot))
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
		h.w.moments.sleep(late)
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
