package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
)

// fillOp marks the requests of the fills under test.
const fillOp = 7

// A filling is one engine among many nodes that know one another, with a record of what
// it asks them.
type filling struct {
	*searcher
	asked   map[identity.Contact]int // requests of fills, by peer
	begun   map[uint64]bool          // requests of fills
	kinds   map[rpc.Type]int         // requests of fills, by type
	fails   func(identity.Contact) bool
	says    func(to identity.Contact, target *identity.Position) []identity.Contact // what a peer names; nil: the truth
	ended   int
	filling *fill
}

func newFilling(nodes int, cfg Config) *filling {
	x := &filling{searcher: newSearcher(nodes, 0)}
	x.again(cfg)
	return x
}

// again starts over with an engine that knows nobody.
func (x *filling) again(cfg Config) {
	self := x.address(1 << 20)
	cfg.Self, cfg.Endpoint, cfg.Mode, cfg.Namespaces = self.ID, self.Endpoint, Server, x.names
	x.e = New(cfg, &x.book, x.rnd, x.now)
	x.forget()
	x.fails, x.says = func(identity.Contact) bool { return false }, nil
}

func (x *filling) forget() {
	x.asked, x.begun, x.kinds, x.ended = make(map[identity.Contact]int), make(map[uint64]bool), make(map[rpc.Type]int), 0
}

// meet puts n contacts into the table that are in a bucket's range, or outside of it.
func (x *filling) meet(n, cpl int, inRange bool) (met []identity.Contact) {
	x.e.enter(x.now, nil)
	defer x.e.leave()
	for _, i := range x.rnd.Perm(len(x.contacts)) {
		c := x.contacts[i]
		if _, held := x.e.table.Find(x.book.Position(c)); !held && len(met) < n && (x.bucket(c) == cpl) == inRange && x.e.table.Seen(x.now, c) == kbucket.Added {
			met = append(met, c)
		}
	}
	return met
}

func (x *filling) bucket(c identity.Contact) int {
	return identity.CommonPrefixLen(&x.e.cfg.Position, x.book.Position(c))
}

// held are the contacts of a bucket.
func (x *filling) held(cpl int) (held []identity.Contact) {
	x.e.table.Each(func(c identity.Contact, _ time.Time, _, bucket int) {
		if bucket == cpl {
			held = append(held, c)
		}
	})
	return held
}

// fill fills a bucket, and answers until nothing is outstanding.
func (x *filling) fill(cpl int) {
	x.e.enter(x.now, nil)
	x.filling = x.e.newFill(fillOp, cpl, func(*fill) { x.ended++ })
	x.filling.start()
	x.play(x.e.leave())
}

// play answers requests in turn until nothing is outstanding.
func (x *filling) play(fx []Effect) {
	type answer struct {
		from identity.Contact
		m    *rpc.Message
	}
	var queue []answer
	for {
		for _, f := range fx {
			if f.Kind != SendRequest {
				continue
			}
			if f.Op == fillOp && !x.begun[f.RequestID] {
				x.begun[f.RequestID] = true
				x.asked[f.To]++
				x.kinds[f.Message.Type]++
			}
			if x.fails(f.To) {
				continue
			}
			m := &rpc.Message{Type: f.Message.Type, ID: f.RequestID, Response: true, Serves: true}
			if m.Type == rpc.FindNode {
				m.Contacts = x.answer(f.To, f.Message.Target)
			}
			queue = append(queue, answer{f.To, m})
		}
		switch {
		case len(queue) > 0:
			x.now = x.now.Add(time.Millisecond)
			a := queue[0]
			queue = queue[1:]
			fx = x.e.Receive(x.now, &Inbound{From: a.from, Message: a.m, Proven: true}, nil)
		case x.e.requests.Len() > 0:
			if at := x.e.WakeAt(); at.After(x.now) { // work that waits is overdue
				x.now = at
			}
			fx = x.e.Tick(x.now, nil)
		default:
			return
		}
	}
}

// pass lets time pass.
func (x *filling) pass(d time.Duration) {
	for end := x.now.Add(d); ; {
		at := x.e.WakeAt()
		if at.IsZero() || at.After(end) {
			x.now = end
			return
		}
		if at.After(x.now) {
			x.now = at
		}
		x.play(x.e.Tick(x.now, nil))
	}
}

func (x *filling) answer(to identity.Contact, target identity.Position) []identity.Contact {
	if x.says != nil {
		return x.says(to, &target)
	}
	return x.table(to).Nearest(nil, &target, rpc.MaxContacts)
}

// check checks what holds for every fill, whatever its peers do.
func (x *filling) check(t interface{ Errorf(string, ...any) }) {
	f, k := x.filling, x.e.cfg.K
	if x.ended != 1 {
		t.Errorf("it ended %d times", x.ended)
	}
	if n := len(x.begun); n > fillRequests*k {
		t.Errorf("%d requests for %d places", n, k)
	}
	if len(f.candidates) > fillQueries*k || len(f.named) > k {
		t.Errorf("%d and %d contacts are remembered for %d places", len(f.candidates), len(f.named), k)
	}
	if f.waiting != 0 || f.overrunning != 0 || x.e.requests.Len() != 0 || len(x.e.activities) != 0 {
		t.Errorf("left over: %d that wait, %d slow, %d requests, %d owners", f.waiting, f.overrunning, x.e.requests.Len(), len(x.e.activities))
	}
	for _, c := range f.candidates {
		if x.asked[c] > 1 || x.bucket(c) != f.cpl {
			t.Errorf("contact %d of bucket %d was asked %d times", c, x.bucket(c), x.asked[c])
		}
	}
}

// spread is the sum of the squares of the numbers of contacts in each eighth of a
// bucket's range: the smaller, the more even.
func (x *filling) spread(cpl int) (sum int) {
	var eighth [8]int
	for _, c := range x.held(cpl) {
		p, part := x.book.Position(c), 0
		for bit := range 3 {
			part = 2*part + int(p.Bit(cpl+1+bit))
		}
		eighth[part]++
	}
	for _, n := range eighth {
		sum += n * n
	}
	return sum
}
