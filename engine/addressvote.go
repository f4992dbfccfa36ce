package engine

import (
	"net/netip"
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

const (
	voteVoters   = 8 // asked, each in another subnet
	voteAgreeing = 3 // that must say the same; they must be three in four of those that answer, too
)

// An addressVote asks peers that this node picks at random where they see it (design
// R7.18). It decides for the peers of one kind.
type addressVote struct {
	e       *Engine
	owner   owner
	by      peerKind
	voters  []identity.Contact
	waiting int
	said    []netip.AddrPort
}

// startVote begins a vote on a sighting in doubt.
func (e *Engine) startVote() {
	o := e.own
	o.inquire()
	if e.now.Sub(o.notBefore) >= voteMaxPause { // no doubt for long
		o.pause = 0
	}
	o.pause = min(max(2*o.pause, votePause), voteMaxPause)
	o.notBefore = e.now.Add(o.pause)
	i := slices.IndexFunc(o.seen, func(s sighting) bool { return s.doubted })
	v := &addressVote{e: e, by: o.seen[i].by}
	for len(v.voters) < voteVoters {
		c, ok := e.randomContact(v.mayVote)
		if !ok {
			break
		}
		v.voters = append(v.voters, c)
	}
	if len(v.voters) < voteAgreeing {
		return // too few to tell; perhaps there are more after the pause
	}
	e.counters.seldom().AddressVotes++
	v.owner, v.waiting, o.vote = e.register(v, 0), len(v.voters), v
	for _, c := range v.voters {
		if !e.ask(v.owner, c, e.newRequest(rpc.Ping)) {
			v.settle()
		}
	}
}

func (v *addressVote) mayVote(c identity.Contact) bool {
	a := v.e.book.Address(c)
	return kindOf(a.Endpoint.Addr()) == v.by && !slices.ContainsFunc(v.voters, func(other identity.Contact) bool {
		return v.e.book.Address(other).NetGroup() == a.NetGroup()
	})
}

func (v *addressVote) answered(_ *rpc.Request, in *Inbound) {
	if at := observedIn(in); believable(v.by, at) {
		v.said = append(v.said, at)
	}
	v.settle()
}

func (v *addressVote) failed(*rpc.Request) { v.settle() }

func (v *addressVote) overran(*rpc.Request) {}

func (v *addressVote) contacts(keep func(identity.Contact)) {
	for _, c := range v.voters {
		keep(c)
	}
}

// settle counts the votes once all have answered or failed. Where they differ the doubt
// stays, and others are asked after a pause.
func (v *addressVote) settle() {
	if v.waiting--; v.waiting > 0 {
		return
	}
	v.e.unregister(v.owner)
	v.e.own.vote = nil
	if at, ok := v.outcome(); ok {
		v.e.agreed(v.by, at)
	}
}

// outcome is what enough of the voters said.
func (v *addressVote) outcome() (netip.AddrPort, bool) {
	for _, at := range v.said {
		same := 0
		for _, other := range v.said {
			if other == at {
				same++
			}
		}
		if same >= voteAgreeing && 4*same >= 3*len(v.said) {
			return at, true
		}
	}
	return netip.AddrPort{}, false
}

// agreed takes the outcome of a vote. If this node is seen elsewhere than before, or if
// its provider entries say something else, these are signed and published again, and its
// reachability is checked again.
func (e *Engine) agreed(by peerKind, at netip.AddrPort) {
	o := e.own
	s := &o.seen[o.find(by)]
	s.doubted = false
	o.doubted = slices.ContainsFunc(o.seen, func(s sighting) bool { return s.doubted })
	moved := s.at != at
	s.at = at
	if e.Observed() == at && e.store.ProvideAgain(e.now, at) > 0 || moved {
		o.changed, o.pause, o.notBefore = e.now, 0, e.now
	}
	if !moved {
		return
	}
	e.counters.seldom().AddressChanges++
	if e.now.Sub(o.greeted) >= votePause { // behind a NAT nothing told the others before
		e.greetAll()
	}
	e.event(Event{Kind: AddressChanged, Contact: e.book.Intern(identity.Address{ID: e.cfg.Self, Endpoint: at})})
	if r := e.reachability; r != nil && e.cfg.Mode == Auto {
		r.checked, r.notBefore = r.checked.Add(-recheckPause), e.now
		e.recheckSoon()
	}
}
