package sim

import (
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/sim/report"
)

// measure compares what a call brought with the truth: the k closest that could
// have been found.
func measure(c *call, r *engine.Result, now time.Time, truth []identity.Contact, b *book) (report.Sample, []report.Step) {
	all := steps(epoch.Add(c.started), r.Trace)
	s := report.Sample{
		Started:          c.started,
		Hops:             r.Lookup.Hops,
		FirstReplicaHops: report.FirstReplica(all, func(p uint32) bool { return slices.Contains(truth, identity.Contact(p)) }),
		Rounds:           r.Lookup.Rounds,
		RPCs:             r.Lookup.RPCs,
		Latency:          now.Sub(epoch) - c.started,
		Bytes:            c.bytes,
	}
	if w := winner(r); w != 0 {
		s.RoundsAfterClosest = s.Rounds - report.RoundOf(all, w)
	}
	if len(truth) > 0 && r.Contacts != nil {
		s.Succeeded = slices.Contains(r.Contacts, truth[0])
		s.Found, s.Recall = true, recall(r.Contacts, truth, &c.target, b)
	}
	return s, all
}

// recall is the share of the truth that was returned. Where as many were returned as
// are true, those that stand behind the last of them were rightly left out: newer nodes,
// which the truth leaves out, had their places.
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

// winner is the node whose hop is the lookup's.
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

// occupancySample is how many tables are looked at.
const occupancySample = 1000

// An occupancy adds tables up.
type occupancy struct {
	tables                  int
	contacts, dead, waiting []int // by common-prefix length
}

func (o *occupancy) grow(cpl int) {
	for len(o.contacts) <= cpl {
		o.contacts, o.dead, o.waiting = append(o.contacts, 0), append(o.dead, 0), append(o.waiting, 0)
	}
}

func (o *occupancy) contact(cpl int, dead bool) {
	o.grow(cpl)
	o.contacts[cpl]++
	if dead {
		o.dead[cpl]++
	}
}

// table adds a table.
func (o *occupancy) table(t *kbucket.Table, self *identity.Position, b *book, dead func(identity.Contact) bool) {
	held := make(map[identity.Contact]bool)
	t.Each(func(c identity.Contact, _ time.Time, _, bucket int) {
		held[c] = true
		o.contact(bucket, dead(c))
	})
	t.EachHandle(func(c identity.Contact) {
		if !held[c] {
			cpl := identity.CommonPrefixLen(self, b.Position(c))
			o.grow(cpl)
			o.waiting[cpl]++
		}
	})
	o.tables++
}

func (o *occupancy) buckets() []report.Bucket {
	list := []report.Bucket{}
	for cpl := range o.contacts {
		mean := func(n int) float64 { return float64(n) / float64(o.tables) }
		list = append(list, report.Bucket{Prefix: cpl, Contacts: mean(o.contacts[cpl]), Waiting: mean(o.waiting[cpl]), Dead: mean(o.dead[cpl])})
	}
	return list
}
