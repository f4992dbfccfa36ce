package sim

import (
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/sim/report"
)

// occupancySample is the number of tables that are counted.
const occupancySample = 1000

// An occupancy adds up tables, bucket by bucket.
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

// table adds one table.
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

// idealOccupancy counts a sample of ideal tables.
func (w *world) idealOccupancy() []report.Bucket {
	var o occupancy
	b := w.book
	for i := range min(occupancySample, b.servers) {
		c := identity.Contact(1 + i*b.servers/min(occupancySample, b.servers))
		self := b.Position(c)
		for cpl := range b.deepest(self) + 1 {
			for _, other := range b.idealBucket(nil, w.cfg.Seed, uint64(c), self, cpl, w.places(self, cpl)) {
				o.contact(cpl, w.role(other) == silent)
			}
		}
		o.tables++
	}
	return o.buckets()
}
