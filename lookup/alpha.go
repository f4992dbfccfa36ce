package lookup

// A lookup keeps alpha requests in flight, each to the closest contact not asked yet
// among the k closest (Kademlia, section 2.3; design R5.1). It does not wait for a
// round to end: each outcome allows the next request. A peer that was set aside no
// longer counts, and is not one of those k (design R5.4), so that an unresponsive peer
// delays nothing, and the contact that replaces it is asked before it has failed.

// pick is the index of the candidate that path p asks next, -1 for none now, and
// whether it is asked by the burst rule.
func (l *Lookup) pick(p int) (i int, burst bool) {
	live := 0
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if e.paths>>p&1 == 0 || !e.live() {
			continue
		}
		if live == 0 {
			burst = bursts(e)
		}
		if e.state == unasked {
			if burst || l.paths[p].inFlight < l.alpha() {
				return i, burst
			}
			return -1, false
		}
		if live++; live == l.cfg.K {
			break
		}
	}
	return -1, false
}

// alpha is each path's share of Config.Alpha, at least 1.
func (l *Lookup) alpha() int { return (l.cfg.Alpha + l.cfg.DisjointPaths - 1) / l.cfg.DisjointPaths }

// count adds n to what counts against alpha, for a request to e.
func (p *path) count(e *candidate, n int) {
	if !e.burst {
		p.inFlight += n
	}
}
