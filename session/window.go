package session

// A Window remembers which counters have been seen, so that no datagram counts
// twice: the sliding window of RFC 6479, a ring of bit blocks in which moving on
// clears whole blocks instead of shifting all bits. The zero value is ready to
// use. Not safe for concurrent use.
type Window struct {
	next uint64 // one above the highest counter seen
	ring [windowBlocks]uint64
}

const (
	windowBlocks = 4 // a power of two
	blockBits    = 64

	// WindowSize is how far below the highest counter seen an unseen one is
	// still let in. One block of the ring is always partly ahead.
	WindowSize = (windowBlocks - 1) * blockBits
)

// Check reports whether the counter is new: neither seen nor too old.
func (w *Window) Check(counter uint64) bool {
	if counter >= w.next {
		return true
	}
	if w.next-counter > WindowSize {
		return false
	}
	return w.ring[counter/blockBits%windowBlocks]>>(counter%blockBits)&1 == 0
}

// Mark remembers a counter that Check let in and whose datagram was authentic.
func (w *Window) Mark(counter uint64) {
	if counter >= w.next {
		w.advance(counter)
	}
	w.ring[counter/blockBits%windowBlocks] |= 1 << (counter % blockBits)
}

// advance makes counter the highest and clears the blocks that are entered anew.
func (w *Window) advance(counter uint64) {
	block := counter / blockBits
	fresh := block + 1 // blocks never entered, when nothing has been seen yet
	if w.next > 0 {
		fresh = block - (w.next-1)/blockBits
	}
	for i := range min(fresh, windowBlocks) {
		w.ring[(block-i)%windowBlocks] = 0
	}
	w.next = counter + 1
}
