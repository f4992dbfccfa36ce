package lookup

// Disjoint paths (S/Kademlia, section 4.4; design R5.13): the seeds are divided among d
// searches that run in parallel. What a peer names is known only to the path that asked
// it, so that a liar can mislead only its own path. No peer is asked twice: a peer that
// one path asked counts as asked, answered or failed on every path that knows it. The
// lookup returns the closest of all paths. Each path has its share of alpha, its own
// burst and its own end.
type path struct {
	rule     Rule
	inFlight int // requests that count against alpha
}

// seedPath is the set of paths, one bit each, that the nth seed belongs to.
func (l *Lookup) seedPath(n int) uint8 { return 1 << (n % l.cfg.DisjointPaths) }
