package lookup

import (
	"net/netip"
	"slices"
	"testing"

	"kadmium/identity"
)

// lied is a lookup in a world of 300 nodes, of which those that lies reports are liars;
// lie is their answer.
func lied(seed uint64, cfg Config, liar func(r *run, c identity.Contact) bool, lie func(r *run, c identity.Contact) []identity.Contact) *run {
	w := newWorld(300, DefaultK, seed)
	r := &run{w: w, cfg: cfg, searcher: 7, target: w.randomPosition()}
	r.answer = func(c identity.Contact) []identity.Contact {
		if !w.isNode(c) || liar(r, c) {
			return lie(r, c)
		}
		return r.honest(c)
	}
	return r.start(new(Lookup))
}

// first reports the only liar: the peer that is asked first, the nearest of the seeds.
func first(r *run, c identity.Contact) bool { return c == r.asked[0] }

func everybody(*run, identity.Contact) bool { return true }

// requests counts the requests to the contacts that which reports.
func (r *run) requests(which func(c identity.Contact) bool) (n int) {
	for _, c := range r.asked {
		if which(c) {
			n++
		}
	}
	return n
}

func (r *run) madeUp(c identity.Contact) bool { return !r.w.isNode(c) }

// wantRequests checks the number of requests that lies cost, and that no contact was
// asked twice.
func wantRequests(t *testing.T, r *run, least, most int, which func(c identity.Contact) bool) {
	t.Helper()
	if n := r.requests(which); n < least || n > most {
		t.Errorf("the lies cost %d requests, want %d to %d", n, least, most)
	}
	sorted := slices.Clone(r.asked)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(r.asked) {
		t.Errorf("a contact was asked twice: %v", r.asked)
	}
}

func wantTruth(t *testing.T, r *run) {
	t.Helper()
	if n := r.missed(); n != 0 {
		t.Errorf("%d of the closest were missed\n%s", n, r.l)
	}
}

func eachSeed(t *testing.T, f func(t *testing.T, seed uint64)) {
	for seed := range uint64(20) {
		f(t, seed+1)
	}
}

// Bound: no request. A peer that names itself at its own address is known; at
// another address it is a peer that has answered already.
func TestLiarNamesItself(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := lied(seed, Config{}, everybody, func(r *run, c identity.Contact) []identity.Contact {
			return []identity.Contact{c, r.w.add(*r.w.Position(c), publicAddress(1<<22+uint32(c)))}
		}).finish()
		wantRequests(t, r, 0, 0, r.madeUp)
		if reason, _ := r.l.Done(); r.l.Stats().RPCs != DefaultK || reason != Converged {
			t.Errorf("%d requests, %v; want the %d seeds asked and no more", r.l.Stats().RPCs, reason, DefaultK)
		}
	})
}

// Bound: no request. The searcher does not ask itself, at whatever address.
func TestLiarNamesTheAsker(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := lied(seed, Config{}, first, func(r *run, c identity.Contact) []identity.Contact {
			return []identity.Contact{r.searcher, r.w.add(*r.w.Position(r.searcher), publicAddress(1<<22))}
		}).finish()
		wantRequests(t, r, 0, 0, func(c identity.Contact) bool { return *r.w.Position(c) == *r.w.Position(r.searcher) })
		wantTruth(t, r)
	})
}

// Bound: one request for a contact named a thousand times, and one for a peer
// named at a thousand addresses.
func TestLiarNamesDuplicates(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := lied(seed, Config{K: 20}, first, func(r *run, c identity.Contact) (named []identity.Contact) {
			one := r.w.fabricate(&r.target)
			for range 1000 {
				named = append(named, one)
			}
			return named
		}).finish()
		wantRequests(t, r, 1, 1, r.madeUp)
		wantTruth(t, r)

		r = lied(seed, Config{K: 20}, first, func(r *run, c identity.Contact) (named []identity.Contact) {
			p := r.w.fabricate(&r.target)
			for n := range uint32(1000) {
				named = append(named, r.w.add(*r.w.Position(p), publicAddress(1<<22+n)))
			}
			return named
		}).finish()
		wantRequests(t, r, 1, 1, r.madeUp)
		wantTruth(t, r)
	})
}

// Bound: k requests for an answer of 1,000 fabricated nearer contacts. The lookup
// still finds the closest nodes: contacts that do not answer are set aside.
func TestLiarFabricatesNearer(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := lied(seed, Config{}, first, fabricate1000).finish()
		wantRequests(t, r, DefaultK, DefaultK, r.madeUp)
		wantTruth(t, r)
		if most := 2*DefaultK + 10; len(r.asked) > most {
			t.Errorf("%d requests in all, want at most %d", len(r.asked), most)
		}
	})
}

// Bound: k requests for each lying answer, here with a tenth of the nodes lying.
func TestTenthOfNodesFabricates(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		liar := func(_ *run, c identity.Contact) bool { return c%10 == 0 }
		r := lied(seed, Config{}, liar, fabricate1000).finish()
		lies := r.requests(func(c identity.Contact) bool { return r.w.isNode(c) && c%10 == 0 })
		wantRequests(t, r, DefaultK, lies*DefaultK, r.madeUp)
	})
}

// Bound: CandidatesPerK times k requests in all, if all nodes lie, the contacts that they
// make up answer too, and each answer names 100 contacts nearer than all before.
func TestEverybodyFabricates(t *testing.T) {
	for seed := range uint64(2) {
		bits := 64
		r := lied(seed, Config{}, everybody, func(r *run, _ identity.Contact) (named []identity.Contact) {
			bits = min(bits+1, 240)
			for range 100 {
				p := identity.RandomInRange(&r.target, bits, r.w.randomPosition())
				named = append(named, r.w.add(p, publicAddress(1<<20+uint32(len(r.w.positions)))))
			}
			return named
		})
		r.silent = func(identity.Contact) bool { return false }
		r.finish()
		if most := CandidatesPerK * DefaultK; len(r.asked) > most {
			t.Errorf("%d requests, want at most %d", len(r.asked), most)
		}
		if reason, _ := r.l.Done(); reason != Converged {
			t.Errorf("ended: %v", reason)
		}
	}
}

// Bound: two requests to a victim's address, however many answers name contacts there.
// On loopback only k bounds them.
func TestLiarsAimAtVictim(t *testing.T) {
	for _, test := range []struct {
		victim string
		liars  func(*run, identity.Contact) bool
		most   int
	}{
		{"198.51.100.1", first, PerIP},
		{"198.51.100.1", everybody, PerIP},
		{"2001:db8::1", everybody, PerIP},
		{"10.1.2.3", everybody, PerIP},
		{"127.0.0.1", first, DefaultK},
	} {
		victim := netip.MustParseAddr(test.victim)
		eachSeed(t, func(t *testing.T, seed uint64) {
			port := uint16(1)
			r := lied(seed, Config{}, test.liars, func(r *run, _ identity.Contact) (named []identity.Contact) {
				for range 20 {
					p := identity.RandomInRange(&r.target, 64, r.w.randomPosition())
					named = append(named, r.w.add(p, netip.AddrPortFrom(victim, port)))
					port++
				}
				return named
			}).finish()
			wantRequests(t, r, test.most, test.most, func(c identity.Contact) bool { return r.w.Address(c).Endpoint.Addr() == victim })
			if refused := r.l.Stats().Refused > 0; refused == victim.IsLoopback() {
				t.Errorf("that contacts were refused is said: %v", refused)
			}
		})
	}
}

// Bound: two requests to a subnet, six to an IPv6 site, or one to a subnet where that is the
// setting, however many addresses are named there. Local addresses are not limited.
func TestLiarsAimAtSubnet(t *testing.T) {
	for _, test := range []struct {
		base      string
		changes   int // the byte of the address that differs
		perSubnet int
		most      int
	}{
		{"198.51.100.1", 15, 0, PerSubnet},
		{"198.51.100.1", 15, 1, 1},
		{"2001:db8::1", 15, 0, PerSubnet},
		{"2001:db8::1", 7, 0, PerSite},
		{"10.1.2.3", 15, 0, CandidatesPerK * DefaultK},
	} {
		eachSeed(t, func(t *testing.T, seed uint64) {
			n := byte(0)
			aimed := map[identity.Contact]bool{}
			r := lied(seed, Config{PerSubnet: test.perSubnet}, everybody, func(r *run, _ identity.Contact) (named []identity.Contact) {
				for range 20 {
					b := netip.MustParseAddr(test.base).As16()
					b[test.changes] = n
					n++
					c := r.w.add(identity.RandomInRange(&r.target, 64, r.w.randomPosition()), netip.AddrPortFrom(netip.AddrFrom16(b).Unmap(), 4100))
					aimed[c], named = true, append(named, c)
				}
				return named
			}).finish()
			if got := r.requests(func(c identity.Contact) bool { return aimed[c] }); got > test.most || got < min(test.most, DefaultK) {
				t.Errorf("%d requests to one subnet or site, want %d", got, test.most)
			}
			if s := r.l.Stats(); (s.SubnetRefused > 0) == (test.most > PerSite) {
				t.Errorf("%d contacts were refused because of their subnet", s.SubnetRefused)
			}
		})
	}
}

// A liar that names the closest nodes at false addresses costs k requests and hides no
// node: those addresses are set aside, so the next answers name the true ones, which are
// asked when the false ones have failed.
func TestLiarNamesClosestAtFalseAddresses(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := lied(seed, Config{}, first, func(r *run, c identity.Contact) (named []identity.Contact) {
			for i, near := range r.w.truth(&r.target, DefaultK, r.searcher) {
				if near != c {
					named = append(named, r.w.add(*r.w.Position(near), publicAddress(1<<22+uint32(i))))
				}
			}
			return named
		}).finish()
		wantRequests(t, r, 0, DefaultK, r.madeUp)
		wantTruth(t, r)
	})
}

// fabricate1000 names 1,000 contacts nearer than any node, at as many addresses,
// none of which answers.
func fabricate1000(r *run, _ identity.Contact) (named []identity.Contact) {
	for range 1000 {
		named = append(named, r.w.fabricate(&r.target))
	}
	return named
}
