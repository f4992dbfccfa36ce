package kadmium_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"kadmium"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// A faultWorld is a network of whole nodes to which the steps of a plan happen, in
// virtual time. Between two moments of that time every node has done all it has to do,
// and the moments of any two nodes differ: so a plan gives the same history each time.
type faultWorld struct {
	t         *testing.T
	plan      faultPlan
	began     time.Time
	network   *memnet.Network
	hosts     []*faultHost
	history   *faultHistory
	moments   moments
	powerless chan *faultHost // whose power has failed in a commit
	users     sync.WaitGroup
	cuts      map[int]planStep // those in force
	trace     uint64           // sum of a hash of each datagram sent, and when

	standsStill bool // a planted fault: the clocks do not count the time asleep

	mu   sync.Mutex
	full bool // writes of this process fail
}

// runFaults runs the plan of a seed and returns its history. With standsStill a fault is
// planted: lifetimes do not count the time for which a machine sleeps.
func runFaults(t *testing.T, seed uint64, kinds []string, rules faultRules, standsStill bool) *faultHistory {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	cryptotest.SetGlobalRandom(t, seed)
	fullDisks(t)
	w := &faultWorld{t: t, plan: newFaultPlan(seed, kinds), cuts: make(map[int]planStep), standsStill: standsStill}
	w.history = newFaultHistory(w, rules)
	disks := make([]*faultDisk, w.plan.hosts)
	for i, durable := range w.plan.durable {
		if durable {
			disks[i] = newFaultDisk(t, rand.New(rand.NewPCG(seed, uint64(100+i))))
		}
	}
	synctest.Test(t, func(*testing.T) {
		w.makeHosts(disks)
		w.run()
		w.end()
	})
	w.history.trace = w.trace
	return w.history
}

func (w *faultWorld) makeHosts(disks []*faultDisk) {
	w.began = time.Now()
	w.moments.taken = make(map[time.Time]bool)
	w.network = memnet.New(w.plan.seed, w.plan.calm)
	w.network.Tap(w.sent)
	w.powerless = make(chan *faultHost, w.plan.hosts)
	for i := range w.plan.hosts {
		var seed [32]byte
		seed[0], seed[1], seed[2] = byte(i), byte(w.plan.seed), byte(w.plan.seed>>8)
		key, err := identity.GenerateKey(rand.NewChaCha8(seed))
		if err != nil {
			panic(err)
		}
		h := &faultHost{
			w: w, index: i, key: key, disk: disks[i],
			at:  netip.AddrPortFrom(hostIP(i), 4100),
			rnd: make(map[netip.AddrPort]*rand.Rand),
		}
		h.clock = &faultClock{host: h}
		h.clock.powerOn()
		w.hosts = append(w.hosts, h)
	}
}

// hostIP is in a /24 of its own for each host.
func hostIP(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, 0, byte(i), 1}) }

func hostOf(ip netip.Addr) int { return int(ip.As4()[2]) }

// sent notes a datagram in the trace.
func (w *faultWorld) sent(from, to netip.AddrPort, datagram []byte) {
	h := fnv.New64a()
	fmt.Fprint(h, time.Since(w.began), from, to, len(datagram), datagram[1])
	w.trace += h.Sum64() // a sum: what is sent at one moment has no order
}

func (w *faultWorld) now() time.Duration { return time.Since(w.began) }

// setFull lets writes to files fail from now on, or succeed.
func (w *faultWorld) setFull(full bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full != full {
		w.full = full
		setFileLimit(full)
	}
}

func (w *faultWorld) run() {
	for i, h := range w.hosts {
		w.waitUntil(time.Duration(i) * 300 * time.Millisecond)
		w.boot(h)
	}
	look := planJoin
	for _, s := range w.plan.steps {
		for ; look < s.at; look += 5 * time.Second {
			w.waitUntil(look)
			w.history.look()
		}
		w.waitUntil(s.at)
		w.step(s)
	}
	w.waitUntil(w.plan.over + planHealing)
	w.history.look()
	w.finalWords()
	if !w.plan.late {
		return
	}
	for at := w.now(); at < w.plan.over+planLate; at += time.Minute {
		w.waitUntil(at)
		w.history.look()
	}
	w.history.checkModes()
	w.finalWords()
}

// waitUntil passes the time, and ends the hosts whose power fails meanwhile.
func (w *faultWorld) waitUntil(at time.Duration) {
	moment := w.moments.take(w.began.Add(max(at, w.now())))
	defer w.moments.free(moment)
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	for {
		select {
		case h := <-w.powerless:
			w.history.log("host %d: power failed while its journal was written", h.index)
			w.halt(h, true)
		case <-timer.C:
			synctest.Wait()
			collectGarbage()
			return
		}
	}
}

// collectGarbage does so if there is much, while no node works: the collector would stop
// goroutines at any time, and so change the order in which they work.
func collectGarbage() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	if metrics.Read(heap); heap[0].Value.Uint64() > 256<<20 {
		runtime.GC()
	}
}

func (w *faultWorld) boot(h *faultHost) {
	if err := h.start(); err != nil {
		w.history.violated("host %d does not start: %v", h.index, err)
		return
	}
	w.history.log("host %d: started, life %d", h.index, h.life)
	w.history.started(h)
}

// halt ends a host's process; the machine starts anew if it reboots.
func (w *faultWorld) halt(h *faultHost, reboots bool) {
	synctest.Wait()
	h.halt()
	if reboots {
		h.clock.powerOn()
	}
	w.history.halted(h, reboots)
}

// step has one step of the plan happen.
func (w *faultWorld) step(s planStep) {
	h := w.hosts[s.host]
	if s.isUsers() {
		w.users.Go(func() { w.act(h, s) })
		return
	}
	w.history.log("%s", s)
	switch s.what {
	case faultCut, faultOneWay:
		if s.ends {
			delete(w.cuts, s.fault)
		} else {
			w.cuts[s.fault] = s
		}
		w.network.Partition(w.partition())
	case faultWeather:
		if s.ends {
			w.network.Set(w.plan.calm)
		} else {
			w.network.Set(s.worse)
		}
	case faultRefuse:
		h.mu.Lock()
		h.refused = s.share
		if s.ends {
			h.refused = 0
		}
		h.mu.Unlock()
	case faultStop, faultSleep:
		if s.ends {
			h.wake()
			w.history.slept(h, s.span)
		} else {
			h.sleep(s.what == faultStop)
		}
	case faultFirewall:
		h.wall(!s.ends)
	case faultMove:
		h.move()
	case faultWall:
		w.history.setWall(h, s.wrong)
	default:
		w.onHost(h, s)
	}
}

// onHost has a step happen that concerns one host's process or disk.
func (w *faultWorld) onHost(h *faultHost, s planStep) {
	switch {
	case s.what == faultFull:
		w.history.diskFull(h, !s.ends)
		h.mu.Lock()
		h.disk.full = !s.ends
		h.mu.Unlock()
	case s.what == faultCrash && !s.ends:
		w.history.look()
		w.halt(h, s.reboots)
	case s.what == faultTorn && !s.ends:
		w.history.look()
		h.mu.Lock()
		h.disk.arm()
		h.mu.Unlock()
	default:
		h.mu.Lock()
		up := h.up
		if h.disk != nil {
			h.disk.armed = false
		}
		h.mu.Unlock()
		if !up {
			w.boot(h)
		}
	}
}

// partition is which datagrams the cuts in force lose.
func (w *faultWorld) partition() func(from, to netip.Addr) bool {
	var cuts []planStep
	for _, s := range w.cuts {
		cuts = append(cuts, s)
	}
	return func(from, to netip.Addr) bool {
		a, b := hostOf(from), hostOf(to)
		for _, s := range cuts {
			if s.what == faultOneWay && a == s.host && b == s.other || s.what == faultCut && s.side[a] != s.side[b] {
				return true
			}
		}
		return false
	}
}

// act does what a user of a host's node does.
func (w *faultWorld) act(h *faultHost, s planStep) {
	n, life := h.running()
	if n == nil {
		return
	}
	h.enter()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer h.clock.AfterFunc(time.Minute, cancel)()
	switch s.what {
	case doPut:
		w.put(ctx, h, n, life, s.key, kadmium.PutOptions{TTL: s.ttl})
	case doGet:
		w.get(ctx, h, n, life, s.key)
	case doSwap:
		if v, err := w.get(ctx, h, n, life, s.key); err == nil {
			w.put(ctx, h, n, life, s.key, kadmium.PutOptions{CAS: &v.Sequence})
		} else if errors.Is(err, kadmium.ErrNotFound) {
			w.put(ctx, h, n, life, s.key, kadmium.PutOptions{})
		}
	case doProvide, doUnprovide:
		w.provide(ctx, h, n, life, s.key, s.what == doUnprovide)
	case doProviders:
		w.providers(ctx, h, n, life, s.key) // that it may fail is no news
	case doSend:
		to := w.hosts[s.other]
		found, err := n.FindPeer(ctx, to.key.ID())
		if to == h || err != nil {
			return
		}
		var all sync.WaitGroup
		for i := range s.count {
			all.Go(func() {
				w.moments.sleep(time.Duration(i) * 10 * time.Microsecond)
				w.send(ctx, h, n, life, to, found.Peer.Address)
			})
		}
		all.Wait()
	}
}

func (w *faultWorld) put(ctx context.Context, h *faultHost, n *kadmium.Node, life int, key string, opts kadmium.PutOptions) {
	p := w.history.puts(h.index, key, opts)
	stored, err := n.Put(ctx, key, []byte(p.value), opts)
	w.history.put(p, stored, err, h.survived(life))
}

func (w *faultWorld) get(ctx context.Context, h *faultHost, n *kadmium.Node, life int, key string) (kadmium.Value, error) {
	v, err := n.Get(ctx, key, kadmium.GetOptions{})
	if h.survived(life) {
		w.history.got(h.index, key, v, err)
	}
	return v, err
}

func (w *faultWorld) send(ctx context.Context, h *faultHost, n *kadmium.Node, life int, to *faultHost, at identity.Address) {
	payload := w.history.sends(h.index, to.index)
	reply, err := n.Send(ctx, at, "m", []byte(payload))
	if h.survived(life) {
		w.history.sent(h.index, to.index, payload, string(reply.Payload), err)
	}
}

// finalWords asks every node for every other and for every key: two minutes after the
// last fault all must be well.
func (w *faultWorld) finalWords() {
	for _, h := range w.hosts {
		n, life := h.running()
		if n == nil {
			w.history.violated("host %d does not run at the end", h.index)
			continue
		}
		for _, other := range w.hosts {
			if other != h && w.history.findable(other) {
				_, err := n.FindPeer(context.Background(), other.key.ID())
				w.history.foundAtEnd(h.index, other.index, err)
			}
		}
		for _, key := range w.history.keys() {
			v, err := n.Get(context.Background(), key, kadmium.GetOptions{Quorum: len(w.hosts)})
			w.history.gotAtEnd(h.index, key, v, err)
		}
		for _, key := range w.history.providerKeys() {
			found, err := w.providers(context.Background(), h, n, life, key)
			w.history.providersAtEnd(h.index, key, found, err)
		}
	}
}

// end closes all nodes.
func (w *faultWorld) end() {
	w.users.Wait()
	w.network.Partition(nil)
	for _, h := range w.hosts {
		h.halt()
	}
}
