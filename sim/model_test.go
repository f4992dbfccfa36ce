package sim

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A model is a Kademlia network of ideal tables written down as plainly as can be, to
// judge the simulator by: nodes are numbers of 64 bits, a table is made by looking at
// all nodes, a lookup follows design.md, section 5, and all round trips last alike.
// It shares nothing with the packages that the simulator is made of.
type model struct {
	k, alpha int
	random   *rand.Rand
	nodes    []uint64
	tables   map[uint64][]uint64
}

func newModel(n, k, alpha int) *model {
	m := &model{k: k, alpha: alpha, random: rand.New(rand.NewPCG(7, 7)), tables: make(map[uint64][]uint64)}
	for range n {
		m.nodes = append(m.nodes, m.random.Uint64())
	}
	return m
}

// table is all contacts of a node: of each bucket k at random, or all.
func (m *model) table(of uint64) []uint64 {
	var buckets [64][]uint64
	for _, other := range m.nodes {
		if other != of {
			prefix := bits.LeadingZeros64(other ^ of)
			buckets[prefix] = append(buckets[prefix], other)
		}
	}
	var all []uint64
	for _, b := range buckets {
		m.random.Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		all = append(all, b[:min(m.k, len(b))]...)
	}
	return all
}

// closest are the k nodes of a list that are closest to the target.
func (m *model) closest(list []uint64, target uint64) []uint64 {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b uint64) int {
		if a^target < b^target {
			return -1
		}
		return 1
	})
	return sorted[:min(m.k, len(sorted))]
}

// answer is what a node says when asked for a target.
func (m *model) answer(of, target uint64) []uint64 {
	if m.tables[of] == nil {
		m.tables[of] = m.table(of)
	}
	return m.closest(m.tables[of], target)
}

// lookup looks up a random target from a random place. It returns the hop of the
// closest node and the number of requests.
func (m *model) lookup() (hops, requests float64) {
	searcher, target := m.random.Uint64(), m.random.Uint64()
	hop := make(map[uint64]int) // of all that are known
	var known, flying []uint64  // flying: in the order of asking, which is that of the answers
	asked, answered := make(map[uint64]bool), make(map[uint64]bool)
	learn := func(named []uint64, at int) {
		for _, node := range named {
			if hop[node] == 0 {
				hop[node] = at
				known = append(known, node)
			}
		}
	}
	ask := func(node uint64) {
		asked[node] = true
		flying = append(flying, node)
		requests++
	}
	learn(m.closest(m.table(searcher), target), 1)
	for {
		best := m.closest(known, target)
		done := true
		for _, node := range best {
			done = done && answered[node]
		}
		if done {
			return float64(hop[best[0]]), requests
		}
		for _, node := range best {
			if !asked[node] && (answered[best[0]] || len(flying) < m.alpha) {
				ask(node)
			}
		}
		node := flying[0]
		flying = flying[1:]
		answered[node] = true
		learn(m.answer(node, target), hop[node]+1)
	}
}
