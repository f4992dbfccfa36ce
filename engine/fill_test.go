package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
)

// A fill fills a bucket with contacts from all over its range, whereas a lookup of a
// random key (Kademlia, section 2.3) fills it with the neighbours of that key. A fill
// costs less, because most of its requests are PINGs.
func TestFillSpreads(t *testing.T) {
	x := newFilling(10_000, Config{})
	const rounds = 10
	for cpl := range 4 {
		filled, lookedUp, full := 0, 0, 0
		for range rounds {
			x.again(Config{})
			x.meet(20, cpl, false)
			x.fill(cpl)
			x.check(t)
			filled += x.spread(cpl)
			if len(x.held(cpl)) == x.e.cfg.K {
				full++
			}
			if x.kinds[rpc.FindNode] > fillQueries || x.kinds[rpc.FindNode] < fillGuides {
				t.Errorf("%d questions", x.kinds[rpc.FindNode])
			}
			x.again(Config{})
			x.meet(20, cpl, false)
			x.e.enter(x.now, nil)
			x.e.maintain(ForRefresh, x.e.randomIn(cpl), func(*activeLookup) {})
			x.play(x.e.leave())
			lookedUp += x.spread(cpl)
		}
		t.Logf("bucket %d: sum of squares %d after a fill, %d after a lookup; 20 in each eighth at random: 67", cpl, filled/rounds, lookedUp/rounds)
		if filled/rounds > 100 || 2*filled > lookedUp || full < rounds-1 {
			t.Errorf("bucket %d: that is not spread, or not filled: %d of %d times", cpl, full, rounds)
		}
	}
}

// A fill stops when the bucket is full. It asks for no more contacts than there are
// places, and asks nobody if all contacts answer and less than a quarter is free.
func TestFillStopsWhenFull(t *testing.T) {
	x := newFilling(2_000, Config{})
	full := 0
	for there := range x.e.cfg.K + 1 {
		x.again(Config{})
		x.meet(20, 0, false)
		x.meet(there, 0, true)
		x.fill(0)
		x.check(t)
		free := x.e.cfg.K - there
		if n := len(x.begun); n > 0 && free < x.e.cfg.K/searchFrom || n > free+fillGuides {
			t.Errorf("%d requests for %d free places", n, free)
		}
		if len(x.held(0)) == x.e.cfg.K {
			full++
		}
	}
	if full < 14 { // of 17: the answers may have too few contacts
		t.Errorf("the bucket was full %d times", full)
	}
}

// A fill pings the contacts not heard for an hour, once, and no others. Unresponsive ones
// are replaced, in a bucket with free places and in one without, with and without a
// replacement.
func TestFillReplacesTheDead(t *testing.T) {
	x := newFilling(2_000, Config{})
	for _, there := range []int{12, 20} {
		for _, waiting := range []int{0, 4} {
			x.again(Config{})
			x.meet(20, 0, false)
			old := x.meet(there-5, 0, true)
			x.now = x.now.Add(30 * time.Minute)
			recent := x.meet(5, 0, true)
			if there == 20 {
				for _, c := range x.contacts[len(x.contacts)-100:] {
					if waiting > 0 && x.bucket(c) == 0 && !slices.Contains(old, c) && x.e.table.Seen(x.now, c) == kbucket.Waiting {
						waiting--
					}
				}
			}
			x.now = x.now.Add(40 * time.Minute)
			target := x.e.randomIn(20)
			x.e.table.LookedUp(x.now, &target) // no other task is due
			doubted := old[1]                  // one that failed is pinged by the task probe anyway
			x.e.table.Failed(doubted)
			x.e.table.Failed(doubted)
			_, inTable := x.e.table.Find(x.book.Position(doubted)) // it has no replacement
			failed := map[identity.Contact]bool{old[0]: true, old[3]: true, old[4]: true, old[6]: true}
			x.fails = func(c identity.Contact) bool { return failed[c] }
			x.fill(0)
			x.check(t)
			for _, c := range old {
				if (x.asked[c] == 0) != (c == doubted) && (inTable || c != doubted) {
					t.Errorf("of %d: one was asked %d times; in doubt: %v", there, x.asked[c], c == doubted)
				}
			}
			pings := 0
			for _, c := range recent {
				pings += x.asked[c]
			}
			if pings > fillGuides {
				t.Errorf("of %d: who was heard of late was asked %d times", there, pings)
			}
			x.pass(3 * time.Minute)
			held := x.held(0)
			if len(held) <= x.e.cfg.K-x.e.cfg.K/searchFrom || slices.ContainsFunc(held, x.fails) {
				t.Errorf("of %d: the bucket holds %d, an unresponsive one: %v", there, len(held), slices.ContainsFunc(held, x.fails))
			}
		}
	}
}

// Whatever answers contain, a fill sends a bounded number of requests, and at most two of
// them to one host (design R3.7).
func TestFillAmongLiars(t *testing.T) {
	x := newFilling(300, Config{})
	self := &x.e.cfg.Position
	victim := netip.MustParseAddr("198.51.100.7")
	made := 0
	makeUp := func(cpl int, ip netip.Addr) identity.Contact {
		made++
		a := x.address(1<<21 + made)
		a.Endpoint = netip.AddrPortFrom(ip, uint16(made))
		c := x.book.Intern(a)
		*x.book.Position(c) = identity.RandomInRange(self, cpl, x.e.randomIn(cpl))
		return c
	}
	anywhere := func() netip.Addr { return netip.AddrFrom4([4]byte{100, byte(made >> 8), byte(made), 9}) }
	many := func(n, cpl int, ip func() netip.Addr) (all []identity.Contact) {
		for range n {
			all = append(all, makeUp(cpl, ip()))
		}
		return all
	}
	const cpl = 1
	never := func(identity.Contact) bool { return false }
	cases := []struct {
		name string
		says func(to identity.Contact) []identity.Contact
		bad  func(identity.Contact) bool // contacts that must not be asked
	}{
		{"itself", func(to identity.Contact) []identity.Contact { return []identity.Contact{to, to} }, never},
		{"the asker", func(identity.Contact) []identity.Contact {
			return []identity.Contact{x.book.Intern(x.address(1 << 20))}
		},
			func(c identity.Contact) bool { return x.book.Address(c).ID == x.e.cfg.Self }},
		{"a thousand fabricated contacts", func(identity.Contact) []identity.Contact { return many(1000, cpl, anywhere) }, never},
		{"duplicates", func(identity.Contact) []identity.Contact {
			one := makeUp(cpl, anywhere())
			return []identity.Contact{one, one, one, one}
		}, never},
		{"contacts out of range", func(identity.Contact) []identity.Contact {
			return append(many(10, cpl-1, anywhere), many(10, cpl+1, anywhere)...)
		}, func(c identity.Contact) bool { return c > x.contacts[299] && x.bucket(c) != cpl }},
		{"twenty contacts of one host", func(identity.Contact) []identity.Contact {
			return many(20, cpl, func() netip.Addr { return victim })
		}, never},
		{"local addresses", func(identity.Contact) []identity.Contact {
			return many(20, cpl, func() netip.Addr { return netip.MustParseAddr("192.168.0.9") })
		}, func(c identity.Contact) bool { return identity.IsLocal(x.book.Address(c).Endpoint.Addr()) }},
	}
	for _, c := range cases {
		for _, cfg := range []Config{{}, {K: 1}, {K: 2, Alpha: 1}, {K: 20, Alpha: 10}} {
			for _, theyAnswer := range []bool{false, true} {
				t.Run(fmt.Sprint(c.name, cfg.K, cfg.Alpha, theyAnswer), func(t *testing.T) {
					x.again(cfg)
					x.meet(20, cpl, false)
					x.meet(1, cpl, true)
					x.says = func(to identity.Contact, _ *identity.Position) []identity.Contact { return c.says(to) }
					x.fails = func(c identity.Contact) bool { return c > x.contacts[299] && !theyAnswer }
					x.fill(cpl)
					x.check(t)
					aimed := 0
					for to, n := range x.asked {
						if c.bad(to) {
							t.Errorf("%v was asked", x.book.Address(to))
						}
						if x.book.Address(to).Endpoint.Addr() == victim {
							aimed += n
						}
					}
					if aimed > 2 {
						t.Errorf("%d requests were aimed at the victim", aimed)
					}
				})
			}
		}
	}
}

// The limit on contacts of one host applies to what others say. The node's own table,
// whose contacts may all be at one host in a private network, is believed.
func TestFillBelievesItsOwnTable(t *testing.T) {
	x := newFilling(100, Config{})
	for i, c := range x.contacts {
		a := x.book.Address(c)
		a.Endpoint = netip.AddrPortFrom(netip.MustParseAddr("192.168.0.9"), uint16(4000+i))
		x.contacts[i] = x.book.Intern(a)
	}
	x.meet(10, 0, false)
	x.says = func(identity.Contact, *identity.Position) []identity.Contact { return x.contacts }
	x.fill(0)
	x.check(t)
	if n := len(x.held(0)); n != 2 {
		t.Errorf("%d contacts were found at the one host, want 2", n)
	}
}

// A fill ends exactly once, whatever is lost, whichever peers fail, and with buckets of
// any size; and the lookups of the node's own are counted right.
func TestFillEndsAlways(t *testing.T) {
	x := newFilling(300, Config{})
	rapid.Check(t, func(t *rapid.T) {
		x.rnd = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		cpl := rapid.IntRange(0, 5).Draw(t, "bucket")
		x.again(Config{K: rapid.SampledFrom([]int{1, 2, 3, 7, 20}).Draw(t, "k"), Alpha: rapid.SampledFrom([]int{1, 3, 20}).Draw(t, "alpha")})
		x.meet(rapid.IntRange(0, 20).Draw(t, "contacts elsewhere"), cpl, false)
		x.meet(rapid.IntRange(0, 20).Draw(t, "contacts there"), cpl, true)
		x.now = x.now.Add(rapid.SampledFrom([]time.Duration{time.Minute, 2 * time.Hour}).Draw(t, "later"))
		lost, failed := rapid.Float64Range(0, 0.5).Draw(t, "lost"), rapid.IntRange(0, 10).Draw(t, "failed of ten")
		x.fails = func(c identity.Contact) bool { return int(c)%10 < failed || x.rnd.Float64() < lost }
		x.fill(cpl)
		f := x.filling
		if x.ended != 1 || f.knownAsked+f.candidatesAsked > fillRequests*x.e.cfg.K || f.waiting != 0 || f.overrunning != 0 {
			t.Fatalf("it ended %d times, with %+v", x.ended, f)
		}
		x.pass(3 * time.Hour) // refreshes and probes
		if x.e.upkeep != 0 || len(x.e.activities) != 0 || len(x.e.lookups) != 0 {
			t.Fatalf("at rest: %d lookups under way, %d owners", x.e.upkeep, len(x.e.activities))
		}
	})
}

// A fill that cannot send anything ends.
func TestFillEndsIfNothingCanBeSent(t *testing.T) {
	x := newFilling(100, Config{})
	x.meet(20, 0, false)
	for id := range uint64(rpc.MaxOutstanding) {
		x.e.requests.Start(x.now, id, x.contacts[0], &rpc.Message{Type: rpc.Ping}, 0, time.Hour)
	}
	x.e.enter(x.now, nil)
	x.e.newFill(0, 0, func(*fill) { x.ended++ }).start()
	if fx := x.e.leave(); len(fx) > 0 || x.ended != 1 || len(x.e.activities) > 0 {
		t.Errorf("it ended %d times, with %v", x.ended, fx)
	}
}

// Far buckets are filled when they are due; in the neighbourhood, where all nodes are
// wanted, a random key is looked up (design R4.19, R4.20).
func TestRefreshFillsFarBucketsOnly(t *testing.T) {
	x := newFilling(2_000, Config{})
	for cpl := range 9 {
		x.meet(20, cpl, true)
	}
	near := x.e.table.Subtree(x.e.cfg.K)
	if near < 4 || near > 8 {
		t.Fatalf("the neighbourhood begins at bucket %d", near)
	}
	for due := range 9 {
		x.now = x.now.Add(2 * time.Hour)
		for cpl := range identity.Bits {
			if target := x.e.randomIn(cpl); cpl != due {
				x.e.table.LookedUp(x.now, &target)
			}
		}
		if due%2 == 1 { // that of even buckets is made for the estimate of the network's size
			x.e.sizes.asked = x.now.Sub(x.e.born)
		}
		fills, lookups := x.e.counters.Fills, x.e.counters.Lookups
		x.e.enter(x.now, nil)
		x.e.refresh()
		x.e.leave()
		fills, lookups = x.e.counters.Fills-fills, x.e.counters.Lookups-lookups
		if fills+lookups != 1 || (fills == 1) != (due < near && due%2 == 1) {
			t.Errorf("bucket %d, %d the neighbourhood's first: %d fills, %d lookups", due, near, fills, lookups)
		}
	}
}

// While a fill runs, the driver's book keeps all contacts that it holds, including those
// that were named to it.
func TestFillKeepsItsContacts(t *testing.T) {
	n := newNetwork(t, 70)
	n.grow(60, func(c *Config) { c.K = 4 })
	nd := n.add(func(c *Config) { c.K = 4 })
	nd.begin(func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) })
	seen := false
	n.until(time.Minute, "the join's end", func() bool {
		kept := make(map[identity.Contact]bool)
		nd.e.EachContact(func(c identity.Contact) { kept[c] = true })
		for _, a := range nd.e.activities {
			if f, ok := a.(*fill); ok {
				for _, c := range append(slices.Clone(f.known), f.candidates...) {
					if seen = true; !kept[c] {
						t.Errorf("contact %d is forgotten", c)
					}
				}
			}
		}
		return nd.results[nd.lastOp] != nil
	})
	if !seen {
		t.Error("nothing was filled")
	}
}

// A join that is cancelled while buckets are being filled sends nothing more and leaves
// nothing behind.
func TestCancelledJoinFillsNoMore(t *testing.T) {
	n := newNetwork(t, 71)
	n.grow(60, func(c *Config) { c.K = 4 })
	nd := n.add(func(c *Config) { c.K = 4 })
	op := nd.begin(func(op OpID) []Effect { return nd.e.Join(n.now, op, nil, nil) })
	fills := func() (count int) {
		for _, a := range nd.e.activities {
			if _, ok := a.(*fill); ok {
				count++
			}
		}
		return count
	}
	n.until(time.Minute, "a fill", func() bool { return fills() > 1 })
	begun := make(map[uint64]bool)
	nd.e.requests.Each(func(r *rpc.Request) { begun[r.ID] = true })
	nd.sent = func(f Effect) {
		if f.Op == op && !begun[f.RequestID] {
			t.Errorf("another request for the cancelled join: %v", f.Message.Type)
		}
	}
	nd.run(nd.e.Cancel(n.now, op, nil))
	if r := nd.results[op]; r == nil || r.Err != ErrCancelled {
		t.Errorf("cancelled with %v", r)
	}
	n.run(time.Minute)
	if e := nd.e; fills() > 0 || len(e.activities)+len(e.ops)+len(e.lookups)+int(e.upkeep)+int(e.joining)+e.requests.Len() > 0 {
		t.Errorf("left over: %d fills, %+v", fills(), e.Stats())
	}
}

// Design R4.27: contacts that have failed once, and that no lookup is kept from asking yet,
// are no guides of a fill, nor is one asked that fails while it waits its turn.
func TestFillAsksNobodyThatFailed(t *testing.T) {
	const cpl = 1
	for range 20 {
		x := newFilling(500, Config{})
		met := x.meet(30, cpl, false)
		x.e.enter(x.now, nil)
		for _, c := range met[:25] {
			x.e.table.Failed(c)
		}
		x.e.leave()
		x.fill(cpl)
		x.check(t)
		for _, c := range met[:25] {
			if x.asked[c] > 0 {
				t.Fatal("one that has failed was asked")
			}
		}
		if len(x.held(cpl)) != x.e.cfg.K {
			t.Errorf("%d of %d places are filled", len(x.held(cpl)), x.e.cfg.K)
		}
	}
}

// A counting policy prefers nobody, and counts for each key how often it was asked.
type counting struct {
	kbucket.Plain
	asked map[uint32]int
}

func (c counting) Prefers(_ int, key uint32) bool { c.asked[key]++; return false }

// Whom a table prefers takes a hash to tell: a fill asks it once of each candidate, and the
// table once more if the candidate enters it.
func TestFillAsksForAPreferenceOnce(t *testing.T) {
	asked := make(map[uint32]int)
	x := newFilling(2000, Config{Table: func() kbucket.Policy { return counting{asked: asked} }})
	x.meet(5, 0, true)
	clear(asked)
	x.fill(0)
	if len(asked) < 12 {
		t.Errorf("asked of %d candidates", len(asked))
	}
	for key, n := range asked {
		if n > 2 {
			t.Errorf("asked %d times of the key %x", n, key)
		}
	}
}
