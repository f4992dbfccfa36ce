package store

import (
	"container/heap"
	"slices"

	"kadmium/identity"
)

// A full store displaces instead of refusing (design R6.42): otherwise a few sources fill it
// and all others are refused until their records expire. Whoever wants to be displaced last
// has less stored than others; nearness would be no measure, since keys are chosen.

// A share is what one source has stored, or all sources of one wide subnet.
type share struct {
	usage
	wide    *share  // of a source; nil: this node itself, or a wide one
	index   int     // in its ranking
	sources ranking // of a wide one
	items   []*item // of a source, as they came until one was removed
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
func (s *Store) shareOf(source identity.NetGroup) *share {
	if sh := s.sources[source]; sh != nil {
		return sh
	}
	if s.sources == nil {
		s.sources, s.wide = make(map[identity.NetGroup]*share), make(map[identity.NetGroup]*share)
	}
	sh := new(share)
	s.sources[source] = sh
	if source == (identity.NetGroup{}) {
		return sh
	}
	if sh.wide = s.wide[source.Wide()]; sh.wide == nil {
		sh.wide = new(share)
		s.wide[source.Wide()] = sh.wide
		heap.Push(&s.ranking, sh.wide)
	}
	heap.Push(&sh.wide.sources, sh)
	return sh
}

// count adds an item to the totals, or subtracts it if sign is -1.
func (s *Store) count(it *item, sign int) {
	total := usage{s.records, s.providers, s.bytes}
	total.add(it, sign)
	s.records, s.providers, s.bytes = total.records, total.providers, total.bytes
	sh := s.shareOf(it.source)
	sh.add(it, sign)
	if sign > 0 {
		it.place = len(sh.items)
		sh.items = append(sh.items, it)
	} else {
		last := len(sh.items) - 1
		sh.items[it.place] = sh.items[last]
		sh.items[it.place].place = it.place
		sh.items[last] = nil
		sh.items = sh.items[:last]
	}
	if sh.wide != nil {
		sh.wide.add(it, sign)
		heap.Fix(&sh.wide.sources, sh.index)
		heap.Fix(&s.ranking, sh.wide.index)
	}
	if len(sh.items) == 0 {
		s.forgetShare(it.source, sh)
	}
}

func (s *Store) forgetShare(source identity.NetGroup, sh *share) {
	delete(s.sources, source)
	if sh.wide == nil {
		return
	}
	heap.Remove(&sh.wide.sources, sh.index)
	if len(sh.wide.sources) == 0 {
		delete(s.wide, source.Wide())
		heap.Remove(&s.ranking, sh.wide.index)
	}
}

// maxDisplaced items of a source are looked at to make room for one (design R8.8).
const maxDisplaced = 64

// makeRoom finds the items that an item displaces: those that came last of the source with
// most in the wide subnet with most, while that has more than the item's own wide subnet
// would have with it, or its source where both are of one. old, if there is one, makes room
// too.
func (s *Store) makeRoom(it, old *item) (out []*item, ok bool) {
	total := usage{s.records, s.providers, s.bytes}
	total.replace(it, old, true)
	over := func() bool {
		return total.bytes > s.cfg.MaxBytes || it.record != nil && total.records > s.cfg.MaxRecords ||
			it.provider != nil && total.providers > s.cfg.MaxProviders
	}
	if !over() {
		return nil, true
	}
	if len(s.ranking) == 0 {
		return nil, false
	}
	wide := s.ranking[0]
	from, has := wide.sources[0], wide.bytes
	own := s.wide[it.source.Wide()]
	if own == wide {
		own, has = s.sources[it.source], from.bytes
	}
	wants := s.wants(it, old, own)
	for i := len(from.items) - 1; i >= max(0, len(from.items)-maxDisplaced) && over(); i-- {
		v := from.items[i]
		if v == old || total.bytes <= s.cfg.MaxBytes && (v.record == nil) != (it.record == nil) {
			continue
		}
		if wants >= has {
			return nil, false
		}
		has -= v.size
		total.add(v, -1)
		out = append(out, v)
	}
	return out, !over()
}

// wants is what a share would have with an item in the place of old; of this node's own
// items less than any.
func (s *Store) wants(it, old *item, own *share) int {
	if it.source == (identity.NetGroup{}) {
		return 0
	}
	wants := it.size
	if own != nil {
		wants += own.bytes
	}
	if old != nil && own != nil && (s.sources[old.source] == own || s.wide[old.source.Wide()] == own) {
		wants -= old.size
	}
	return wants
}

// displace removes items to make room, and returns the changes.
func (s *Store) displace(out []*item) (changes []Change) {
	for _, it := range out {
		changes = slices.Concat(changes, s.deletion(it))
		s.unlink(it)
		s.displaced++
	}
	return changes
}
