package theory

import "math"

// A region is what shares at least a number of digits with the target. A contact that shares
// one digit less knows k uniformly random members of it, or all. The state of the chain is
// the size of the region that the closest contact asked can name members of, and the
// reach of all that are asked with it: the sum of their shares of that region, which is 1
// for each contact at the level of the closest, and deeper times as much for each level
// that it is farther away.
type chain struct {
	Params
	deeper float64 // share of a region's members that share one more digit
	known  int     // members of a region that are ever known at once, at most
	// perReach is the number of steps in which a reach of 1 is counted.
	perReach int

	// Regions of up to exact members.
	descents [][]Distribution // by members, then those known and the reach: see descent
	askings  [][]Distribution // by members, then the reach
	// Larger regions, by the number of digits: their size is the expected one.
	size         []float64
	largeDescent [][]Distribution
	largeAskings [][]Distribution
}

// exact is the size of regions up to which the number of members is a random number.
const exact = 128

// reachSteps is about the number of values of a reach.
const reachSteps = 24

func newChain(p Params) *chain {
	c := &chain{Params: p, deeper: math.Exp2(-float64(p.Bits)), known: p.K * p.Alpha, perReach: max(2, reachSteps/p.Alpha)}
	for m := range min(exact, p.Nodes) + 1 {
		c.descents = append(c.descents, c.descentsFrom(m))
		c.askings = append(c.askings, c.askingsOf(float64(m), c.descents[m]))
	}
	for size := float64(p.Nodes); size > exact; size *= c.deeper {
		c.size = append(c.size, size)
	}
	c.largeDescent, c.largeAskings = make([][]Distribution, len(c.size)), make([][]Distribution, len(c.size))
	for depth := len(c.size) - 1; depth >= 0; depth-- {
		c.largeDescent[depth] = c.largeDescentsFrom(depth)
		c.largeAskings[depth] = c.askingsOf(c.size[depth], c.largeDescent[depth])
	}
	return c
}

// atDepth is the distribution for a searcher whose bucket towards the target is the region
// of so many digits: its own table is the first that is asked.
func (c *chain) atDepth(depth int) Distribution {
	if depth < len(c.size) {
		return c.largeAskings[depth][c.perReach]
	}
	var d Distribution
	share := math.Pow(c.deeper, float64(depth))
	for m, chance := range binomial(c.Nodes, share, len(c.askings)-1) {
		d.add(chance, &c.askings[m][c.perReach])
	}
	return d
}

// reaches is the number of values of a reach.
func (c *chain) reaches() int { return c.perReach*c.Alpha + 1 }

// at is the index of a state of a descent: so many members are known, and the contacts
// found above have a reach, which counts only if all known may become contacts.
func (c *chain) at(known, reach int) int {
	if known > c.Alpha {
		return c.Alpha*c.reaches() + known - c.Alpha - 1
	}
	return (known-1)*c.reaches() + reach
}

func (c *chain) states(members int) int {
	if most := min(members, c.known); most > c.Alpha {
		return c.at(most, 0) + 1
	}
	return c.Alpha * c.reaches()
}

// askingsOf is, for each reach, the distribution before an asking for a region.
func (c *chain) askingsOf(members float64, descents []Distribution) []Distribution {
	all := make([]Distribution, c.reaches())
	n := naming{members: members, k: c.K, fresh: make(map[[2]int][]float64)}
	for reach := range all {
		if members == 0 {
			all[reach] = within(1) // the closest is a neighbour of the contact asked, which knows it
			continue
		}
		for known, chance := range n.named(float64(max(reach, c.perReach)) / float64(c.perReach)) {
			if chance > 0 {
				all[reach].add(chance, &descents[c.at(known, 0)])
			}
		}
	}
	return all
}

// A naming is how contacts name members of a region, k each.
type naming struct {
	members float64
	k       int
	fresh   map[[2]int][]float64 // what freshOf has computed
}

// named is the distribution of the number of members that an asking names. The closest
// contact names k or all. What the others know of the region adds up to reach-1 times k,
// of which they may know the same.
func (n *naming) named(reach float64) []float64 {
	first := min(n.k, int(n.members))
	chances := make([]float64, first+1)
	chances[first] = 1
	for more := float64(float64(n.k) * (reach - 1)); more > 0; more -= float64(n.k) {
		draws := min(more, float64(n.k), n.members)
		whole := int(draws)
		chances = blend(n.more(chances, whole), n.more(chances, whole+1), draws-float64(whole))
	}
	return chances
}

// more is what becomes of the number of members named when another contact names so many.
func (n *naming) more(chances []float64, draws int) []float64 {
	draws = min(draws, int(n.members))
	next := make([]float64, min(len(chances)+draws, int(n.members)+1))
	for known, chance := range chances {
		if chance < negligible {
			continue
		}
		for fresh, p := range n.freshOf(known, draws) {
			if known+fresh < len(next) {
				next[known+fresh] += float64(chance * p)
			}
		}
	}
	return next
}

// freshOf is the distribution of those not known before among so many members drawn.
func (n *naming) freshOf(known, draws int) []float64 {
	at := [2]int{known, draws}
	if n.fresh[at] == nil {
		n.fresh[at] = hypergeometric(n.members, n.members-float64(known), draws)
	}
	return n.fresh[at]
}

// blend is a + (b-a)*share.
func blend(a, b []float64, share float64) []float64 {
	if len(b) < len(a) {
		b = append(b, make([]float64, len(a)-len(b))...)
	}
	mixed := make([]float64, len(b))
	for i := range b {
		mixed[i] = float64(b[i] * share)
		if i < len(a) {
			mixed[i] += float64(a[i] * (1 - share))
		}
	}
	return mixed
}
