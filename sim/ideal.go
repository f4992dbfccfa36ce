package sim

import (
	"slices"
	"time"

	"math/rand/v2"

	"kadmium/identity"
	"kadmium/kbucket"
)

// idealBucket appends the contacts of one bucket of an ideal table: k uniformly random
// of the servers and known identities (ground) of its range, or all if there are fewer. They depend on the seed, the owner and
// the bucket only. The owner is identified by a number, as guests have no contact of
// their own.
func (b *book) idealBucket(dst []identity.Contact, seed, owner uint64, self *identity.Position, cpl, k int) []identity.Contact {
	if cpl >= 64 {
		return dst // the prefixes of the book are distinct
	}
	prefix := self.Prefix() ^ 1<<(63-cpl)
	lo, hi := b.within(prefix, cpl+1)
	if b.present != nil {
		lo, hi = b.presentFrom(lo), b.presentFrom(hi)
	}
	known := b.knownWithin(prefix, cpl+1)
	available := hi - lo + len(known)
	if available <= k {
		for i := lo; i < hi; i++ {
			dst = append(dst, b.server(i))
		}
		return append(dst, known...)
	}
	at := func(i int) identity.Contact {
		if i < hi-lo {
			return b.server(lo + i)
		}
		return known[i-(hi-lo)]
	}
	var random rand.PCG
	h := hash(seed, forBucket, owner, uint64(cpl))
	random.Seed(h, mix(h))
	// Floyd's sample of k out of the range (Bentley, 1987).
	first := len(dst)
	for top := available - k; top < available; top++ {
		pick := at(below(random.Uint64(), top+1))
		for _, c := range dst[first:] {
			if c == pick {
				pick = at(top)
				break
			}
		}
		dst = append(dst, pick)
	}
	return dst
}

// restrictTo has ideal buckets contain these nodes only, which are in the order of the
// book; nil lifts the restriction.
func (b *book) restrictTo(present []identity.Contact) { b.present = present }

// presentFrom is the number of present nodes before server i.
func (b *book) presentFrom(i int) int {
	at, _ := slices.BinarySearch(b.present, identity.Contact(i+1))
	return at
}

// server is server i, or present node i if buckets are restricted.
func (b *book) server(i int) identity.Contact {
	if b.present != nil {
		return b.present[i]
	}
	return identity.Contact(i + 1)
}

// deepest is the last bucket that can hold a contact of a node at p.
func (b *book) deepest(p *identity.Position) int {
	cpl := 0
	for ; cpl < 64; cpl++ {
		if lo, hi := b.within(p.Prefix(), cpl); (hi-lo == 0 || hi-lo == 1 && b.positions[lo] == *p) && len(b.knownWithin(p.Prefix(), cpl)) == 0 {
			break
		}
	}
	return cpl - 1
}

// An idealTable records which buckets of an ideal table have been made. A bucket is made
// when it is first read, so that a node that is asked once has only one or two.
type idealTable struct {
	deepest int       // the last bucket that can hold a contact, plus one; 0: not computed yet
	filled  uint64    // a bit for each bucket
	size    [64]uint8 // of the buckets filled
}

// fill makes the buckets of a node's table that a search of the n contacts nearest
// to a target visits. The search ends mostly in the first of them, so the deepest
// bucket is looked for only when it does not.
func (w *world) fill(nd *node, owner uint64, target *identity.Position, n int) {
	self := w.book.Position(nd.contact)
	f := nd.ideal
	if f == nil {
		f = new(idealTable)
		nd.ideal = f
	}
	first := identity.CommonPrefixLen(self, target)
	for cpl := range kbucket.BucketsByDistance(self, target, len(f.size)) {
		if cpl != first {
			if f.deepest == 0 {
				f.deepest = w.book.deepest(self) + 1
			}
			if cpl >= f.deepest {
				continue
			}
		}
		if n -= w.bucket(nd, owner, self, cpl); n <= 0 {
			return
		}
	}
}

// bucket makes a bucket, if it was not made before, and returns its number of contacts.
func (w *world) bucket(nd *node, owner uint64, self *identity.Position, cpl int) int {
	f := nd.ideal
	if f.filled>>cpl&1 == 0 {
		w.contacts = w.book.idealBucket(w.contacts[:0], w.cfg.Seed, owner, self, cpl, nd.engine.Table().Room(cpl).Contacts)
		if len(w.contacts) > 0 {
			nd.engine.Table().Fill(w.seen(owner), cpl, w.contacts)
		}
		f.filled |= 1 << cpl
		f.size[cpl] = uint8(len(w.contacts))
	}
	return int(f.size[cpl])
}

// fillAll makes all buckets of the ideal table of an owner of that number.
func (w *world) fillAll(nd *node, owner uint64) {
	self := w.book.Position(nd.contact)
	nd.ideal = new(idealTable)
	for cpl := w.book.deepest(self); cpl >= 0; cpl-- {
		w.bucket(nd, owner, self, cpl)
	}
	nd.ideal = nil
}

// seen is when the contacts of an ideal table were last heard: at random within the last
// hour, so that the tables are not all refreshed at once.
func (w *world) seen(owner uint64) time.Time {
	return epoch.Add(-time.Duration(below(hash(w.cfg.Seed, forGrowth, owner), int(kbucket.RefreshInterval))))
}
