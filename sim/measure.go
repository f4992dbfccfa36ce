package sim

import (
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/sim/report"
)

// measure compares the result of a lookup with the ground truth: the k closest nodes
// that it could have found, closest first.
func measure(o *operation, r *engine.Result, truth []identity.Contact, b *book) (report.Sample, []report.Step) {
	all := steps(epoch.Add(o.started), r.Trace)
	s := report.Sample{
		Started:          o.started,
		Hops:             r.Lookup.Hops,
		FirstReplicaHops: report.FirstReplica(all, func(p uint32) bool { return slices.Contains(truth, identity.Contact(p)) }),
		Rounds:           r.Lookup.Rounds,
		RPCs:             r.Lookup.RPCs,
		Latency:          o.ended - o.started,
		Bytes:            o.bytes,
	}
	if w := winner(r); w != 0 {
		s.RoundsAfterClosest = s.Rounds - report.RoundOf(all, w)
	}
	if len(truth) > 0 && r.Contacts != nil {
		s.Succeeded = slices.Contains(r.Contacts, truth[0])
		s.Found, s.Recall = true, recall(r.Contacts, truth, &o.target, b)
	}
	return s, all
}

// recall is the share of the ground truth that was returned. If at least as many nodes
// were returned as the truth has, those farther than the last returned do not count as
// missed: nodes that joined too recently to be in the truth took their places.
func recall(returned, truth []identity.Contact, target *identity.Position, b *book) float64 {
	found, all := 0, 0
	for _, t := range truth {
		if slices.Contains(returned, t) {
			found++
		} else if len(returned) >= len(truth) && identity.Compare(target, b.Position(t), b.Position(returned[len(returned)-1])) > 0 {
			continue
		}
		all++
	}
	if all == 0 {
		return 0
	}
	return float64(found) / float64(all)
}

// winner is the node whose hop is the hop of the lookup (design R5.15).
func winner(r *engine.Result) uint32 {
	if len(r.Contacts) > 0 {
		return uint32(r.Contacts[0])
	}
	for _, e := range r.Trace {
		if e.Kind == lookup.Found {
			return uint32(e.Contact)
		}
	}
	return 0
}

// steps are the events of a lookup, as package report takes them.
func steps(start time.Time, trace []lookup.Event) []report.Step {
	all := make([]report.Step, len(trace))
	for i, e := range trace {
		all[i] = report.Step{At: e.At.Sub(start), Kind: e.Kind, Peer: uint32(e.Contact), NamedBy: uint32(e.NamedBy),
			Hop: e.Hop, Round: e.Round, Distance: e.Distance}
	}
	return all
}
