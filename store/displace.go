package store

import (
	"container/heap"
	"iter"
	"slices"
	"time"

	"kadmium/identity"
)

// A full store displaces instead of refusing (design R6.42): otherwise a few sources fill it
// and all others are refused until their records expire. Whoever wants to be displaced last
// has less stored than others; nearness alone would be no measure, since keys are chosen.

// The classes of a source's items, of which the last is displaced first (design R6.42, R6.45).
const (
	putInRegion    = iota // in the region around this node
	copiedInRegion        // likewise, and stored again by who holds it
	outOfRegion
	classes
)

// A pool is what others have stored of one kind: records, provider entries, or sequences of
// records that were displaced.
type pool struct {
	count, bytes  int
	sources, wide map[identity.NetGroup]*share
	ranking       ranking // of wide
}

// A share is what one source has of a pool, or all sources of one wide subnet.
type share struct {
	count, bytes int
	wide         *share           // of a source; nil: this node itself, or a wide one
	index        int              // in its ranking
	sources      ranking          // of a wide one
	items        [classes][]*item // of a source, as they came until one was removed
}

// A ranking is a heap of shares, that with the most bytes first.
type ranking []*share

func (r ranking) Len() int           { return len(r) }
func (r ranking) Less(i, j int) bool { return r[i].bytes > r[j].bytes }
func (r ranking) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].index, r[j].index = i, j
}

func (r *ranking) Push(x any) {
	s := x.(*share)
	s.index = len(*r)
	*r = append(*r, s)
}

func (r *ranking) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return s
}

// shareOf is the share of a source, which is made if there is none.
func (p *pool) shareOf(source identity.NetGroup) *share {
	if sh := p.sources[source]; sh != nil {
		return sh
	}
	if p.sources == nil {
		p.sources, p.wide = make(map[identity.NetGroup]*share), make(map[identity.NetGroup]*share)
	}
	sh := new(share)
	p.sources[source] = sh
	if source == (identity.NetGroup{}) {
		return sh
	}
	if sh.wide = p.wide[source.Wide()]; sh.wide == nil {
		sh.wide = new(share)
		p.wide[source.Wide()] = sh.wide
		heap.Push(&p.ranking, sh.wide)
	}
	heap.Push(&sh.wide.sources, sh)
	return sh
}

// memory is what the pool's items and shares take, in bytes.
func (p *pool) memory() int { return p.bytes + shareOverhead*(len(p.sources)+len(p.wide)) }

// newShares is the memory of the shares that another source would add.
func (p *pool) newShares(source identity.NetGroup) (bytes int) {
	if p.sources[source] == nil {
		bytes += shareOverhead
	}
	if source != (identity.NetGroup{}) && p.wide[source.Wide()] == nil {
		bytes += shareOverhead
	}
	return bytes
}

func (p *pool) add(it *item) {
	sh := p.shareOf(it.source)
	sh.insert(it)
	p.count++
	p.bytes += it.size
	p.changed(sh, 1, it.size)
}

func (p *pool) remove(it *item) {
	sh := p.sources[it.source]
	sh.take(it)
	p.count--
	p.bytes -= it.size
	p.changed(sh, -1, -it.size)
	if sh.count > 0 {
		return
	}
	delete(p.sources, it.source)
	if sh.wide == nil {
		return
	}
	heap.Remove(&sh.wide.sources, sh.index)
	if len(sh.wide.sources) == 0 {
		delete(p.wide, it.source.Wide())
		heap.Remove(&p.ranking, sh.wide.index)
	}
}

// changed counts what a share has gained.
func (p *pool) changed(sh *share, count, bytes int) {
	sh.count += count
	sh.bytes += bytes
	if sh.wide != nil {
		sh.wide.count += count
		sh.wide.bytes += bytes
		heap.Fix(&sh.wide.sources, sh.index)
		heap.Fix(&p.ranking, sh.wide.index)
	}
}

func (sh *share) insert(it *item) {
	of := &sh.items[it.class]
	it.place = len(*of)
	*of = append(*of, it)
}

func (sh *share) take(it *item) {
	of := &sh.items[it.class]
	last := len(*of) - 1
	(*of)[it.place] = (*of)[last]
	(*of)[it.place].place = it.place
	(*of)[last] = nil
	*of = (*of)[:last]
}

// move puts an item into another class.
func (p *pool) move(it *item, class uint8) {
	if it.class != class {
		sh := p.sources[it.source]
		sh.take(it)
		it.class = class
		sh.insert(it)
	}
}

// victims are the items of a source of classes from one on, in the order in which they are
// displaced: the last class first, of one class what came last.
func (sh *share) victims(from int) iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for c := classes - 1; c >= from; c-- {
			for _, it := range slices.Backward(sh.items[c]) {
				if !yield(it) {
					return
				}
			}
		}
	}
}

// most is who is displaced for a source: the source with most in the wide subnet with most.
// has is what that has and own what counts against it: of the wide subnets, or of the
// sources where both are of one. from is nil if all is this node's own.
func (p *pool) most(source identity.NetGroup) (from *share, has int, own *share) {
	if len(p.ranking) == 0 {
		return nil, 0, nil
	}
	wide := p.ranking[0]
	from = wide.sources[0]
	if own = p.wide[source.Wide()]; own == wide {
		return from, from.bytes, p.sources[source]
	}
	return from, wide.bytes, own
}

// poolOf is the pool that an item counts in.
func (s *Store) poolOf(it *item) (own, other *pool) {
	if it.record != nil {
		return &s.records, &s.providers
	}
	return &s.providers, &s.records
}

// maxDisplaced items of a source are looked at to make room for one (design R8.8).
const maxDisplaced = 64

// A need is what a store lacks to keep an item, and what it would displace.
type need struct {
	s           *Store
	it, old     *item
	pool, other *pool
	count       int   // items of its kind, with it
	bytes       int   // of memory that they take
	total       int   // and both kinds
	mine        usage // of its source, with it
	out         []*item
}

// makeRoom finds the items that an item displaces (design R6.42). old, if there is one,
// makes room too.
func (s *Store) makeRoom(it, old *item) (out []*item, ok bool) {
	n := need{s: s, it: it, old: old, mine: s.usageOf(it.source)}
	n.pool, n.other = s.poolOf(it)
	n.count, n.bytes = n.pool.count, n.pool.memory()+n.pool.newShares(it.source)
	n.total = n.bytes + n.other.memory()
	n.add(it, 1)
	if old != nil {
		n.add(old, -1)
	}
	if n.within() && !n.overAll() {
		return nil, true
	}
	if others := n; others.within() && others.displaceOthers() {
		return others.out, true
	}
	return n.out, n.displaceOwn()
}

func (n *need) add(it *item, sign int) {
	n.total += sign * it.size
	if (it.record != nil) == (n.it.record != nil) {
		n.count += sign
		n.bytes += sign * it.size
	}
	if it.source == n.it.source {
		n.mine.add(it, sign)
	}
}

// within reports whether the item's source keeps its part of the limits.
func (n *need) within() bool {
	s := n.s
	switch {
	case n.it.source == identity.NetGroup{}:
		return true
	case n.mine.bytes > s.share(s.cfg.MaxBytes):
		return false
	case n.it.record != nil:
		return n.mine.records <= s.cfg.MaxPerSource
	}
	return n.mine.providers <= s.share(s.cfg.MaxProviders)
}

func (n *need) overAll() bool { return n.overOwn() || n.overBoth() }

func (n *need) overBoth() bool { return n.total > n.s.cfg.MaxBytes }

// overOwn reports whether what is of the item's kind has to make room: more of it than its
// limit, or than its part of the bytes where these are used up.
func (n *need) overOwn() bool {
	most, part := n.s.limits(n.it)
	return n.count > most || n.overBoth() && n.bytes > part
}

// limits are the most items of the kind of an item, and its part of the bytes, beyond which
// it uses what the other kind leaves.
func (s *Store) limits(it *item) (most, bytes int) {
	forProviders := s.cfg.MaxBytes / partOfProviders
	if it.record != nil {
		return s.cfg.MaxRecords, s.cfg.MaxBytes - forProviders
	}
	return s.cfg.MaxProviders, forProviders
}

// displaceOthers takes from who has most, while that is more than the item's source would
// have; and what the other kind uses of this one's part.
func (n *need) displaceOthers() bool {
	if n.overOwn() && !n.displaceMost() {
		return false
	}
	if from, _, _ := n.other.most(n.it.source); n.overBoth() && from != nil {
		n.displaceFrom(n.other, from, 0, n.overBoth, func(*item) bool { return true })
	}
	return !n.overAll()
}

func (n *need) displaceMost() bool {
	from, has, own := n.pool.most(n.it.source)
	if from == nil {
		return false
	}
	wants := n.wants(own)
	n.displaceFrom(n.pool, from, 0, n.overOwn, func(v *item) bool {
		has -= v.size
		return wants < has+v.size
	})
	return !n.overOwn()
}

// displaceOwn takes what of the item's own source is displaced before it: another class.
func (n *need) displaceOwn() bool {
	over := func() bool { return n.overAll() || !n.within() }
	if own := n.pool.sources[n.it.source]; own != nil && n.it.source != (identity.NetGroup{}) {
		n.displaceFrom(n.pool, own, int(n.it.class)+1, over, func(*item) bool { return true })
	}
	return !over()
}

// displaceFrom takes items of a source from its pool, as long as they are needed and may be
// taken.
func (n *need) displaceFrom(p *pool, from *share, class int, over func() bool, may func(*item) bool) {
	looked, left := 0, from.count
	for v := range from.victims(class) {
		if looked++; looked > maxDisplaced || !over() {
			return
		}
		if v == n.old {
			continue
		}
		if !may(v) {
			return
		}
		n.add(v, -1)
		n.out = append(n.out, v)
		if left--; left == 0 {
			n.release(p, from)
		}
	}
}

// release counts the memory of a share of which nothing is left, unless the item's source
// needs it.
func (n *need) release(p *pool, from *share) {
	freed := 0
	if from != n.pool.sources[n.it.source] {
		freed += shareOverhead
	}
	if wide := from.wide; wide != nil && len(wide.sources) == 1 && wide != n.pool.wide[n.it.source.Wide()] {
		freed += shareOverhead
	}
	n.total -= freed
	if p == n.pool {
		n.bytes -= freed
	}
}

// wants is what a share would have with the item in the place of old; of this node's own
// items less than any.
func (n *need) wants(own *share) int {
	if n.it.source == (identity.NetGroup{}) {
		return 0
	}
	wants := n.it.size
	if own != nil {
		wants += own.bytes
		if old := n.old; old != nil && (n.pool.sources[old.source] == own || n.pool.wide[old.source.Wide()] == own) {
			wants -= old.size
		}
	}
	return wants
}

// displace removes items to make room, and returns the changes.
func (s *Store) displace(now time.Time, out []*item) (changes []Change) {
	for _, it := range out {
		changes = slices.Concat(changes, s.deletion(it))
		s.unlink(it)
		s.displaced++
		s.keepSequence(now, it)
	}
	return changes
}
