package driver

import (
	"slices"

	"kadmium/identity"
)

// maxGivenSeeds bounds the seeds that are remembered (design R8.34).
const maxGivenSeeds = 64

// noteSeeds remembers which seeds were given, and which of them are this node itself. Of
// names that is known once they resolve.
func (d *Driver) noteSeeds(seeds []Seed) {
	other := d.isOther()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range seeds {
		name := s.String()
		if _, known := d.givenSeeds[name]; known {
			continue
		}
		if len(d.givenSeeds) >= maxGivenSeeds {
			name = "" // some other
		}
		d.givenSeeds[name] = name != "" && s.host == "" && !other(s.address)
	}
}

// seedsAreSelf reports whether all seeds given are this node itself, as is the case where
// it is the first behind a name for many. The caller holds d.mu.
func (d *Driver) seedsAreSelf() bool {
	for _, self := range d.givenSeeds {
		if !self {
			return false
		}
	}
	return true
}

// isOther returns a function that reports whether a seed's address is another node's.
func (d *Driver) isOther() func(identity.Address) bool {
	own := d.Addresses()
	return func(a identity.Address) bool {
		if !a.ID.IsZero() {
			return a.ID != d.id
		}
		return !slices.ContainsFunc(own, func(o identity.Address) bool { return o.Endpoint == a.Endpoint })
	}
}

// firstOfNetwork reports whether seeds were given, and all of them are this node itself. The
// caller holds d.mu.
func (d *Driver) firstOfNetwork() bool { return len(d.givenSeeds) > 0 && d.seedsAreSelf() }

// withoutSelf leaves out the seeds that are this node's own addresses: a list that all nodes
// of a network share names each of them too.
func (d *Driver) withoutSelf(seeds []Seed) (others []Seed) {
	d.noteSeeds(seeds)
	other := d.isOther()
	for _, s := range seeds {
		if s.host == "" && !other(s.address) {
			d.logger.Info("bootstrap peer not used: it is this node itself", "peer", s)
			d.ownSeeds = append(d.ownSeeds, s.address.Endpoint)
			continue
		}
		others = append(others, s)
	}
	return others
}
