package lookup

// Disjoint paths (S/Kademlia, section 4.4): the seeds are shared out among d
// searches that run side by side, and what a peer names is known only to the path
// that asked it, so that a liar can lead astray no path but its own. No peer is
// asked twice: what one path asked counts as asked, answered or failed on every
// path that knows the peer. The lookup returns the closest of all paths; each has
// its share of alpha, its own burst and its own end.
type path struct {
	inFlight int // requests that count against alpha
}

// seedPath is the set of paths, a bit each, that the nth seed belongs to.
func (l *Lookup) seedPath(n int) uint8 { return 1 << (n % l.cfg.DisjointPaths) }
