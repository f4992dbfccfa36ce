package behaviour

import (
	"slices"
	"testing"

	"kadmium"
	"kadmium/compare/world"
	"kadmium/identity"
)

// Of all lookups of a node the answers of one count: not those of its own, and not
// those of a lookup of another target.
func TestHeedStepsOfOneLookup(t *testing.T) {
	target, another := identity.KeyPosition([]byte("target")), world.Host(1, 1).ID().Position()
	events := make(chan kadmium.Event, 100)
	step := func(lookup uint64, target identity.Position, kind string, peer, named int) {
		id := world.Host(1, peer).ID()
		at := id.Position()
		events <- kadmium.Event{Kind: "lookup step", Lookup: lookup, Step: &kadmium.Step{
			Kind: kind, Peer: id, Distance: identity.Bits - identity.CommonPrefixLen(&target, &at), Named: named,
		}}
	}
	step(0, target, "asked", 2, 0)
	step(0, target, "answered", 2, 1)
	step(3, another, "asked", 1, 0) // at the distance 0 of its target: it fits no other
	step(4, target, "asked", 3, 0)
	step(3, another, "answered", 1, 2)
	step(4, target, "answered", 3, 5)
	step(4, target, "asked", 4, 0)
	step(4, target, "answered", 4, 7)
	events <- kadmium.Event{Kind: "lookup step", Lookup: 4, Step: &kadmium.Step{Kind: "ended"}}
	close(events)
	var named []int
	listenToSteps(events, target, func(all []identity.ID) { named = append(named, len(all)) })
	if want := []int{5, 7}; !slices.Equal(named, want) {
		t.Errorf("answers that named %v were handed over, want %v", named, want)
	}
}
