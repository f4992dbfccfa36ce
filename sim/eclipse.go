package sim

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/report"
)

// An eclipse is the attack on one node (design R11.11): the victim joins and lives among nodes
// with ideal tables, and attackers speak to it unasked, from identities in each of its buckets.
// Then its lookups are judged.

// A siege is what an eclipse has beside a searcher.
type siege struct {
	up       []bool             // servers, by contact, minus one; nil: all are
	live     []identity.Contact // those that are, in order
	sessions []*rand.PCG        // by contact, minus one
	random   *rand.PCG
}

const (
	perSubnetOfVictim = 2             // identities of a subnet in each bucket
	bootstraps        = 3             // nodes through which the victim joins
	calm              = time.Minute   // from its join to the attack, if nodes never leave
	calmUnderChurn    = 2 * time.Hour // likewise, if they do
	greeted           = 10 * time.Second
	firstWords        = 4  // PINGs of each subnet to each bucket, before a victim that starts again has joined
	burst             = 10 // in the first minute afterwards
	perMinute         = 40 // to each bucket, later
	acquainted        = 20 // of so many new nodes one speaks to the victim
)

// besiege runs the history of a victim, and judges its lookups.
func (r *run) besiege(ctx context.Context) {
	cfg, a := &r.cfg, r.siege
	buckets := bits.Len(uint(cfg.Nodes))
	attackers := 0
	if len(cfg.Attacks) > 0 {
		attackers = buckets * perSubnetOfVictim * a.Subnets
	}
	b := r.newBook(1 + attackers)
	victim := b.guest()
	s := newSearcher(cfg, b, victim)
	s.judging, s.victim, s.guest, s.guestNumber = true, victim, victim, 1<<31
	s.siege = &siege{random: source(cfg.Seed, forGround)}
	if attackers > 0 {
		s.stand(victim+1, buckets, a.Subnets)
	}
	r.book, r.alive = b, s
	s.begin()
	v := &node{contact: victim}
	v.engine = s.newEngine(victim, engine.Server, rand.NewPCG(hash(cfg.Seed, forEngine, uint64(victim)), 0))
	s.servers[victim] = v
	through := make([]identity.Address, bootstraps)
	for i := range through {
		through[i] = b.Address(s.anyLive())
	}
	s.join(v, through)
	if cfg.Sessions.Always() {
		s.until(s.now + calm)
	} else {
		s.until(s.now + calmUnderChurn)
	}
	if a.Restart {
		saved := v.engine.Snapshot()
		s.queueRepeats(v)
		v.nextTick = 0
		v.engine = s.newEngine(victim, engine.Server, rand.NewPCG(hash(cfg.Seed, forEngine, uint64(victim), 1), 0))
		for _, c := range saved {
			if err := v.engine.Load(s.clock(), c); err != nil {
				panic(err) // an engine can load what an engine has saved
			}
		}
		s.speak(firstWords * a.Subnets)
		s.until(s.now + time.Second)
		s.join(v, nil)
	}
	for minute := range a.Minutes {
		if r.stopped = ctx.Err() != nil; r.stopped {
			break
		}
		r.progress("minutes", minute, a.Minutes)
		s.forget(minute)
		if a.Restart && minute == 0 {
			for range burst {
				s.speak(a.Subnets)
				s.until(s.now + time.Minute/burst)
			}
			continue
		}
		s.speak(perMinute)
		s.send(s.node(s.anyLive()), victim, s.ping(), nil)
		s.until(s.now + time.Minute)
	}
	r.share = s.attackersInTable(v)
	tracer := report.NewTracer(cfg.TraceOf)
	for i := 0; i < cfg.Lookups && !r.stopped; i++ {
		r.progress(r.stage, i, cfg.Lookups)
		s.lookup, s.target = i, randomPosition(cfg.Seed, forTarget, uint64(i))
		result, o := s.operate(v, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
			return v.engine.Closest(s.clock(), op, s.target, effects)
		})
		s.judge(result, result.Contacts)
		r.verdicts = append(r.verdicts, s.verdict)
		truth := b.closest(s.groundTruth[:0], &s.target, cfg.K, func(c identity.Contact) bool { return !s.down(c) })
		sample, all := measure(o, result, truth, b)
		sample.Number = i
		r.samples = append(r.samples, sample)
		tracer.Ended(r.samples, func() *report.Trace { return report.NewTrace(s.target.String(), all, winner(result)) })
		r.stopped = ctx.Err() != nil
	}
	r.report.Trace = tracer.Trace(r.samples)
	r.report.RPCTotal, r.report.Events, r.bytes = v.requests(), s.events, s.bytes
	r.report.Work = s.work()
	r.report.NodesUp = float64(cfg.Nodes)
	r.virtual, r.measured = s.now, s.now
}

// stand makes the attackers' identities: of each subnet two in each of the victim's buckets.
func (s *searcher) stand(first identity.Contact, buckets, subnets int) {
	g, each := &s.book.ground, perSubnetOfVictim*subnets
	g.first, g.subnets, g.buckets = first, subnets, buckets
	for i := range buckets * each {
		c := first + identity.Contact(i)
		random := randomPosition(s.cfg.Seed, forGround, uint64(i))
		*s.book.Position(c) = identity.RandomInRange(s.book.Position(s.victim), i/each, random)
		g.all = append(g.all, c)
	}
}

// nameOfBucket names k of those in the bucket of the target, other ones each time.
func (g *ground) nameOfBucket(m *rpc.Message, n *node, bucket, k int) {
	each := len(g.all) / g.buckets
	of := g.all[min(bucket, g.buckets-1)*each:][:each]
	first := int(hash(uint64(n.contact), uint64(n.sent)) % uint64(each))
	for i := range min(k, each) {
		m.Contacts = append(m.Contacts, of[(first+i)%each])
	}
}

// begin has nodes be up or down, and plans when they leave and return.
func (s *searcher) begin() {
	sessions, v := s.cfg.Sessions, s.siege
	if sessions.Always() {
		return
	}
	v.up, v.sessions = make([]bool, s.book.servers), make([]*rand.PCG, s.book.servers)
	for i := range v.up {
		random := source(s.cfg.Seed, forSession, uint64(i+1))
		v.sessions[i] = random
		law := sessions.down
		if unit(random.Uint64()) < sessions.share() {
			v.up[i], law = true, sessions.up
			v.live = append(v.live, identity.Contact(i+1))
		}
		s.queue.put(event{at: law.residual(random), turn: s.turn(last, 0), kind: flip, node: uint32(i + 1)})
	}
	s.book.restrictTo(v.live)
}

// down reports whether a node is away.
func (s *searcher) down(c identity.Contact) bool {
	return s.siege != nil && s.siege.up != nil && int(c) <= len(s.siege.up) && !s.siege.up[c-1]
}

// anyLive is a random node that is up.
func (s *searcher) anyLive() identity.Contact {
	v := s.siege
	if v.up == nil {
		return identity.Contact(1 + below(v.random.Uint64(), s.book.servers))
	}
	return v.live[below(v.random.Uint64(), len(v.live))]
}

// flip has a node leave, or return. One that returns speaks to the victim as in a join: the
// nearest do, and few of the others.
func (s *searcher) flip(c identity.Contact) {
	v := s.siege
	i, _ := slices.BinarySearch(v.live, c)
	law := s.cfg.Sessions.down
	if v.up[c-1] = !v.up[c-1]; v.up[c-1] {
		v.live, law = slices.Insert(v.live, i, c), s.cfg.Sessions.up
		near, _ := slices.BinarySearch(v.live, identity.Contact(1+s.book.from(s.book.Position(s.victim).Prefix())))
		if i > near-s.cfg.K/2 && i < near+s.cfg.K/2 || below(v.random.Uint64(), acquainted) == 0 {
			s.queue.put(event{at: s.now + greeted, turn: s.turn(last, 0), kind: joining, node: uint32(c)})
		}
	} else {
		v.live = slices.Delete(v.live, i, i+1)
		delete(s.servers, c)
	}
	s.book.restrictTo(v.live)
	s.queue.put(event{at: s.now + law.sample(v.sessions[c-1]), turn: s.turn(last, 0), kind: flip, node: uint32(c)})
}

// next handles the next event.
func (s *searcher) next() {
	switch e := s.step(); e.kind {
	case flip:
		s.flip(identity.Contact(e.node))
	case joining:
		if nd := s.node(identity.Contact(e.node)); nd != nil {
			s.send(nd, s.victim, s.ping(), nil)
		}
	}
}

// until lets time pass.
func (s *searcher) until(end time.Duration) {
	for s.queue.next() <= end {
		s.next()
	}
	s.now = end
}

// forget drops what nodes were made to answer: those that are asked again have tables of those
// who are up then.
func (s *searcher) forget(minute int) {
	v := s.servers[s.victim]
	clear(s.servers)
	s.servers[s.victim], s.pooled = v, 0
	s.wire = hash(s.cfg.Seed, forWire, uint64(minute))
}

// join has the victim join, through some nodes at first.
func (s *searcher) join(v *node, through []identity.Address) {
	s.target = *s.book.Position(v.contact)
	s.operate(v, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return v.engine.Join(s.clock(), op, through, effects)
	})
}

// speak has so many attackers of each bucket, at random, send the victim a PING.
func (s *searcher) speak(each int) {
	g := &s.book.ground
	if g.buckets == 0 {
		return
	}
	of := len(g.all) / g.buckets
	for bucket := range g.buckets {
		for range each {
			c := g.all[bucket*of+below(s.siege.random.Uint64(), of)]
			s.send(s.node(c), s.victim, s.ping(), nil)
		}
	}
}

// ping is a PING of a node that serves.
func (s *searcher) ping() *rpc.Message {
	return &rpc.Message{Type: rpc.Ping, ID: s.siege.random.Uint64(), Serves: true}
}

// attackersInTable is their share of the victim's table.
func (s *searcher) attackersInTable(v *node) float64 {
	n := 0
	v.engine.Table().Each(func(c identity.Contact, _ time.Time, _, _ int) { n += int(one(s.role(c) == sybil)) })
	return float64(n) / float64(max(1, v.engine.Table().Len()))
}
