package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// A node in mode auto that has become a server finds out again and again whether others
// can still reach it (design R7.16): a firewall may have begun to drop what is unasked.
const (
	recheckEvery  = time.Hour
	recheckJitter = 15 * time.Minute
	recheckPause  = 10 * time.Minute // from one check to the next, whatever calls for it
	recheckDelay  = time.Minute      // at most, from what calls for a check to its start

	recheckPeers      = 3                           // that have to fail to dial back
	recheckAsks       = 2                           // times that each of them is asked: a dial back may be lost
	recheckAgain      = dialBackLimit + time.Second // until a peer is asked again
	recheckUnanswered = 9                           // peers that do not answer, after which a check ends without result
)

// A recheck is one check of a server's reachability. It asks one peer after the other for
// a dial back, each in another subnet. One dial back, or a first contact from somebody
// else, shows that others can reach the node.
type recheck struct {
	e          *Engine
	peers      []recheckPeer // that answer; the last ask of one of them is under way
	asking     int           // its index in peers, -1: none
	until      time.Time     // its dial back is expected until then; zero: it has not answered yet
	unanswered int
}

type recheckPeer struct {
	contact  identity.Contact
	silences int       // dial backs that it agreed to and that did not come
	asked    time.Time // when it was asked last
}

// provesReachability reports whether the node is a server only as long as others can
// reach it.
func (e *Engine) provesReachability() bool {
	return e.cfg.Mode == Auto && e.mode == Server && e.reachability != nil
}

// checkNext sets the time of the next regular check.
func (r *reachability) checkNext(e *Engine, now time.Time) {
	r.checked = now
	r.nextCheck = now.Add(recheckEvery + e.jitter(recheckJitter))
}

// recheckSoon brings the next check forward, as something has happened that may have to
// do with this node's reachability.
func (e *Engine) recheckSoon() {
	if r := e.reachability; e.provesReachability() && r.check == nil {
		at := e.now.Add(e.jitter(recheckDelay))
		if paused := r.checked.Add(recheckPause); at.Before(paused) {
			at = paused
		}
		r.nextCheck = earlier(r.nextCheck, at)
	}
}

// wantsRecheck is when a check begins or goes on.
func (e *Engine) wantsRecheck() time.Time {
	r := e.reachability
	switch {
	case !e.provesReachability() || e.joining > 0:
		return time.Time{}
	case r.check == nil:
		return r.nextCheck
	}
	return r.check.next()
}

// recheck begins a check, or takes its next step.
func (e *Engine) recheck() {
	r := e.reachability
	if r.check == nil {
		r.check = &recheck{e: e, asking: -1}
	}
	r.check.step()
}

// next is when the next step is due.
func (c *recheck) next() time.Time {
	if c.asking >= 0 {
		return c.until
	}
	at := overdue
	if len(c.peers) == recheckPeers {
		at = time.Time{}
		for _, p := range c.peers {
			if p.silences < recheckAsks {
				at = earlier(at, p.asked.Add(recheckAgain))
			}
		}
	}
	return at
}

// step ends the ask under way, whose dial back has not come, and begins the next one.
func (c *recheck) step() {
	e := c.e
	if c.asking >= 0 {
		c.peers[c.asking].silences++
		c.asking = -1
		e.counters.seldom().DialBacksMissed++
	}
	if !slices.ContainsFunc(c.peers, func(p recheckPeer) bool { return p.silences < recheckAsks }) && len(c.peers) == recheckPeers {
		c.end(false)
		e.loseServer()
		return
	}
	i := slices.IndexFunc(c.peers, func(p recheckPeer) bool {
		return p.silences < recheckAsks && !e.now.Before(p.asked.Add(recheckAgain))
	})
	if i < 0 && len(c.peers) < recheckPeers {
		peer, ok := e.randomContact(c.mayAsk)
		if !ok {
			c.end(false) // too few peers to tell
			return
		}
		i = len(c.peers)
		c.peers = append(c.peers, recheckPeer{contact: peer})
	}
	if i < 0 {
		return
	}
	c.asking, c.until = i, time.Time{}
	c.peers[i].asked = e.now
	e.requestDialBack(c.peers[i].contact, func(agreed bool) {
		if e.reachability.check == c {
			c.asked(agreed)
		}
	})
}

// mayAsk reports whether a contact can tell something that those asked before cannot.
func (c *recheck) mayAsk(contact identity.Contact) bool {
	a := c.e.book.Address(contact)
	if a.Endpoint.Addr().IsLoopback() {
		return false // no firewall is between it and this node
	}
	return !slices.ContainsFunc(c.peers, func(p recheckPeer) bool {
		return c.e.book.Address(p.contact).NetGroup() == a.NetGroup()
	})
}

// asked follows the answer to a request for a dial back. A peer that does not answer says
// nothing about this node, and is left out.
func (c *recheck) asked(agreed bool) {
	if agreed {
		c.until = c.e.now.Add(dialBackWindow)
		return
	}
	c.peers = slices.Delete(c.peers, c.asking, c.asking+1)
	c.asking = -1
	if c.unanswered++; c.unanswered == recheckUnanswered {
		c.end(false)
	}
}

// dialedBack takes a first contact from somebody who was asked, perhaps a while ago.
func (c *recheck) dialedBack(from identity.Contact) {
	id := c.e.book.Address(from).ID
	for _, p := range c.peers {
		if p.contact != from && c.e.book.Address(p.contact).ID == id {
			c.end(true)
			return
		}
	}
}

// end ends the check. If it did not show that others can reach this node, the next one
// does not wait for an hour.
func (c *recheck) end(reachable bool) {
	r := c.e.reachability
	r.check = nil
	r.checkNext(c.e, c.e.now)
	if reachable {
		c.e.counters.seldom().ReachabilityConfirmed++
	} else {
		r.nextCheck = c.e.now.Add(recheckPause)
	}
}

// loseServer makes this node a client again. Its neighbours learn it by its requests, the
// others as they ask it in vain.
func (e *Engine) loseServer() {
	e.counters.seldom().ReachabilityLost++
	r := e.reachability
	r.recent, r.notBefore = nil, e.now.Add(dialBackPause)
	e.changeMode(Client)
}
