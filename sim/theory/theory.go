package theory

import (
	"errors"
	"fmt"
)

// ErrNotCovered reports parameters that the model does not cover.
var ErrNotCovered = errors.New("not covered by the model")

// Limits of Params.
const (
	MaxNodes = 100_000_000
	MaxK     = 64
	MaxAlpha = 20
	MaxBits  = 8
	// MaxHops is the number of hops of a Distribution.
	MaxHops = 16
)

// Params are the parameters of a lookup on ideal tables.
type Params struct {
	Nodes int // of the network, the searcher apart
	K     int // contacts of a bucket
	Alpha int // contacts asked in a step
	Bits  int // of the keyspace that a bucket divides: 1 for Kademlia's binary tree
}

// A Distribution is that of the hops of a lookup: element h is the chance that the node
// closest to the target is named within h hops. Element 0 is 0.
type Distribution [MaxHops + 1]float64

// Mean is the expected number of hops.
func (d *Distribution) Mean() float64 {
	mean := 0.0
	for _, p := range d {
		mean += 1 - p
	}
	return mean
}

// Hops is the distribution of the hops of a lookup of a random target by a node at a random
// position. Its error is ErrNotCovered.
func Hops(p Params) (*Distribution, error) {
	switch {
	case p.Nodes < 1 || p.Nodes > MaxNodes:
		return nil, fmt.Errorf("%w: %d nodes (1 to %d are)", ErrNotCovered, p.Nodes, MaxNodes)
	case p.K < 1 || p.K > MaxK:
		return nil, fmt.Errorf("%w: k %d (1 to %d are)", ErrNotCovered, p.K, MaxK)
	case p.Alpha < 1 || p.Alpha > MaxAlpha:
		return nil, fmt.Errorf("%w: alpha %d (1 to %d are)", ErrNotCovered, p.Alpha, MaxAlpha)
	case p.Bits < 1 || p.Bits > MaxBits:
		return nil, fmt.Errorf("%w: %d bits a bucket (1 to %d are)", ErrNotCovered, p.Bits, MaxBits)
	}
	c := newChain(p)
	var d Distribution
	rest := 1.0 // chance that the searcher shares at least so many digits with the target
	for level := range levels {
		here := rest * (1 - c.deeper)
		if level == levels-1 {
			here = rest
		}
		rest -= here
		found := c.atDepth(level + 1)
		d.add(here, &found)
	}
	return &d, nil
}

// levels is the number of levels of searchers that are told apart.
const levels = 64

// add adds another distribution times w.
func (d *Distribution) add(w float64, o *Distribution) {
	for h := range d {
		d[h] += float64(w * o[h])
	}
}

// addLater adds another distribution times w, one asking later.
func (d *Distribution) addLater(w float64, o *Distribution) {
	for h := 1; h < len(d); h++ {
		d[h] += float64(w * o[h-1])
	}
}

// within is the distribution of what certainly takes n askings.
func within(n int) (d Distribution) {
	for h := n; h < len(d); h++ {
		d[h] = 1
	}
	return d
}
