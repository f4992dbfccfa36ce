package theory

import "math"

// A descent finds the contacts that are asked next. It begins with a region of which a
// number of members is known, and goes one digit deeper until none of those known is
// there: the contacts of the last digits are the closest. If no member of the region is
// left then either, the closest node is one of the last level.

// descentsFrom is, for each number of members known and reach of the contacts found above,
// the distribution from a region of so many members.
func (c *chain) descentsFrom(members int) []Distribution {
	all := make([]Distribution, c.states(members))
	halves := binomial(members, c.deeper, members)
	for known := 1; known <= min(members, c.known); known++ {
		reaches := 1
		if known <= c.Alpha {
			reaches = c.reaches()
		}
		if known == members {
			for reach := range reaches {
				all[c.at(known, reach)] = within(1)
			}
			continue
		}
		first := c.at(known, 0)
		c.descend(all[first:first+reaches], halves, members, known)
	}
	return all
}

// descend fills in the distributions of the states in which so many members are known, one
// for each reach.
func (c *chain) descend(states []Distribution, halves []float64, members, known int) {
	one, two := within(1), within(2)
	for below, chance := range halves[:members] {
		if chance < negligible {
			continue
		}
		for knownBelow, p := range hypergeometric(float64(members), float64(below), known) {
			w := float64(chance * p)
			if w < negligible {
				continue
			}
			for reach := range states {
				d := &states[reach]
				switch {
				case knownBelow > 0:
					c.blendReach(d, w, c.descents[below], known, knownBelow, reach)
				case below > 0:
					c.blendAskings(d, w, c.askings[below], known, reach)
				default:
					isKnown := float64(known) / float64(members)
					d.add(float64(w*isKnown), &one)
					d.add(float64(w*(1-isKnown)), &two)
				}
			}
		}
	}
	again := halves[members] // all are deeper: a level without members
	for reach := range states {
		if d := &states[reach]; reach > 0 {
			d.add(again, &states[int(float64(reach)*c.deeper)])
		} else {
			d.add(again/(1-again), d)
		}
	}
}

// reachBelow is the reach of the contacts found when all but knownBelow of those known turn
// out to be no deeper: a value of the grid, and the share of the next.
func (c *chain) reachBelow(known, knownBelow, reach int) (lo int, share float64) {
	found := known - knownBelow
	if known > c.Alpha {
		return c.perReach * min(found, c.Alpha-min(knownBelow, c.Alpha)), 0
	}
	r := float64(float64(reach)*c.deeper) + float64(c.perReach*found)
	lo = int(math.Floor(r))
	if lo >= c.reaches()-1 {
		return c.reaches() - 1, 0
	}
	return lo, r - float64(lo)
}

// blendReach adds the descent from the region below.
func (c *chain) blendReach(d *Distribution, w float64, below []Distribution, known, knownBelow, reach int) {
	if knownBelow > c.Alpha {
		d.add(w, &below[c.at(knownBelow, 0)])
		return
	}
	lo, share := c.reachBelow(known, knownBelow, reach)
	d.add(float64(w*(1-share)), &below[c.at(knownBelow, lo)])
	if share > 0 {
		d.add(float64(w*share), &below[c.at(knownBelow, lo+1)])
	}
}

// blendAskings adds the asking of the contacts found, of whom the last were no deeper.
func (c *chain) blendAskings(d *Distribution, w float64, askings []Distribution, known, reach int) {
	lo, share := c.reachBelow(known, 0, reach)
	d.addLater(float64(w*(1-share)), &askings[lo])
	if share > 0 {
		d.addLater(float64(w*share), &askings[lo+1])
	}
}

// largeDescentsFrom is descentsFrom for the region of so many digits, which has its expected
// size: of each member known it is as good as independent whether it is deeper.
func (c *chain) largeDescentsFrom(depth int) []Distribution {
	all := make([]Distribution, c.states(c.known))
	descents, askings := c.below(depth + 1)
	for known := 1; known <= c.known; known++ {
		reaches := 1
		if known <= c.Alpha {
			reaches = c.reaches()
		}
		halves := binomial(known, c.deeper, known)
		for reach := range reaches {
			d := &all[c.at(known, reach)]
			for knownBelow, w := range halves {
				if knownBelow > 0 {
					c.blendReach(d, w, descents, known, knownBelow, reach)
					continue
				}
				c.blendAskings(d, w, askings, known, reach)
			}
		}
	}
	return all
}

// below are the descents and askings of the region of so many digits, averaged over its
// size if that is a random number.
func (c *chain) below(depth int) (descents, askings []Distribution) {
	if depth < len(c.size) {
		return c.largeDescent[depth], c.largeAskings[depth]
	}
	descents, askings = make([]Distribution, c.states(c.known)), make([]Distribution, c.reaches())
	sure := within(1)
	for m, chance := range binomial(c.Nodes, math.Pow(c.deeper, float64(depth)), exact) {
		if chance < negligible {
			continue
		}
		for i := range askings {
			askings[i].add(chance, &c.askings[m][i])
		}
		for i := range descents {
			if i < len(c.descents[m]) {
				descents[i].add(chance, &c.descents[m][i])
			} else {
				descents[i].add(chance, &sure) // more are known than there are: all
			}
		}
	}
	return descents, askings
}
