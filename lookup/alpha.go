package lookup

// A lookup keeps alpha requests in flight, each to the closest contact not asked yet
// among the k closest (Kademlia, section 2.3; design R5.1). It does not wait for a
// round to end: each outcome allows the next request. A peer that was set aside no
// longer counts, and is not one of those k (design R5.4), so that an unresponsive peer
// delays nothing, and the contact that replaces it is asked before it has failed.

// Alpha is the path's share of Config.Alpha.
func (Plain) Alpha(v View) int { return v.Alpha() }

// Next is the closest candidate not asked yet of the k closest that have neither failed
// nor been set aside.
func (Plain) Next(v View) *Candidate {
	live := 0
	for c := range v.Candidates() {
		if !c.Live() {
			continue
		}
		if c.Unasked() {
			return c
		}
		if live++; live == v.K() {
			break
		}
	}
	return nil
}

// pick is the candidate that path p asks next, nil for none now, and whether it is asked
// by the burst rule.
func (l *Lookup) pick(p int) (c *Candidate, burst bool) {
	rule, v := l.paths[p].rule, l.view(p)
	if burst = rule.Burst(v); !burst && l.paths[p].inFlight >= rule.Alpha(v) {
		return nil, false
	}
	if c = rule.Next(v); c == nil || c.state != unasked || !v.has(c) {
		return nil, false
	}
	return c, burst
}

// count adds n to what counts against alpha, for a request to e.
func (p *path) count(e *Candidate, n int) {
	if !e.burst {
		p.inFlight += n
	}
}
