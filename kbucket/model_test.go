package kbucket

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kadmium/identity"
)

// A model is the routing table as the design puts it, in the plainest code: no
// cached keys, no counting cells, no packed times, every question answered by a
// walk over everything.
type model struct {
	self    identity.Position
	book    *testBook
	limits  limits
	epoch   time.Time                  // whole seconds count from here
	held    map[int][]modelContact     // least recently seen first
	waiting map[int][]identity.Contact // newest first
	kept    []identity.Contact         // a place waits for each
	found   bool                       // free places are kept for contacts that the node finds
	unasked map[identity.Contact]bool  // those that wait and spoke first
	vacant  map[int]int                // places that are free and kept, by bucket
	probed  map[int]time.Time          // buckets probed before
	pause   map[int]time.Duration      // until the next probe of one
	touched map[int]time.Time          // buckets known of: last lookup, or when they were first known of
}

type modelContact struct {
	c        identity.Contact
	seen     time.Time
	failures int
}

func newModel(self identity.Position, book *testBook, l limits) *model {
	return &model{
		self: self, book: book, limits: l,
		held: map[int][]modelContact{}, waiting: map[int][]identity.Contact{},
		unasked: map[identity.Contact]bool{}, vacant: map[int]int{},
		probed: map[int]time.Time{}, pause: map[int]time.Duration{}, touched: map[int]time.Time{},
	}
}

func (m *model) bucket(c identity.Contact) int {
	return identity.CommonPrefixLen(&m.self, m.book.Position(c))
}

func (m *model) samePeer(a, b identity.Contact) bool {
	return *m.book.Position(a) == *m.book.Position(b)
}

func (m *model) indexHeld(c identity.Contact) int {
	return slices.IndexFunc(m.held[m.bucket(c)], func(h modelContact) bool { return m.samePeer(h.c, c) })
}

func (m *model) indexWaiting(c identity.Contact) int {
	return slices.IndexFunc(m.waiting[m.bucket(c)], func(w identity.Contact) bool { return m.samePeer(w, c) })
}

func (m *model) indexKept(c identity.Contact) int {
	return slices.IndexFunc(m.kept, func(k identity.Contact) bool { return m.samePeer(k, c) })
}

// taken are the contacts of a bucket and the places kept in it.
func (m *model) taken(i int) int {
	n := len(m.held[i])
	for _, k := range m.kept {
		if m.bucket(k) == i {
			n++
		}
	}
	return n
}

func (m *model) touch(now time.Time, i int) {
	if len(m.touched) == 0 {
		m.epoch = now
	}
	for j := 0; j <= min(i+1, identity.Bits-1); j++ {
		if _, known := m.touched[j]; !known {
			m.touched[j] = now
		}
	}
}

func (m *model) Keep(now time.Time, c identity.Contact) bool {
	i := m.bucket(c)
	if i == identity.Bits {
		return false
	}
	m.touch(now, i)
	if m.taken(i) >= m.limits.k || m.indexHeld(c) >= 0 || m.indexWaiting(c) >= 0 || m.indexKept(c) >= 0 || !m.admits(c, 0, true, true) {
		return false
	}
	m.kept = append(m.kept, c)
	return true
}

// sameSubnet is the limits' rule, spelled out for the addresses of the test.
func (m *model) sameSubnet(a, b identity.Contact) bool {
	x, y := m.book.entries[a].endpoint.Addr(), m.book.entries[b].endpoint.Addr()
	if x.IsPrivate() || x.IsLoopback() || x.Is4() != y.Is4() {
		return false
	}
	width := 3
	if x.Is6() {
		width = 6
	}
	return slices.Equal(x.AsSlice()[:width], y.AsSlice()[:width])
}

// admits counts others than out, which leaves, of c's subnet.
func (m *model) admits(c, out identity.Contact, bucket, table bool) bool {
	inBucket, inTable := 0, 0
	for i, contacts := range m.held {
		for _, h := range contacts {
			if h.c != out && m.sameSubnet(c, h.c) {
				inTable++
				if i == m.bucket(c) {
					inBucket++
				}
			}
		}
	}
	for _, k := range m.kept {
		if k != out && m.sameSubnet(c, k) {
			inTable++
			if m.bucket(k) == m.bucket(c) {
				inBucket++
			}
		}
	}
	for _, w := range m.waiting[m.bucket(c)] {
		if w != out && m.sameSubnet(c, w) {
			inBucket++
		}
	}
	return !(bucket && inBucket >= m.limits.perSubnetBucket) && !(table && inTable >= m.limits.perSubnetTable)
}

func (m *model) Seen(now time.Time, c identity.Contact, unasked bool) Outcome {
	i := m.bucket(c)
	if i == identity.Bits {
		return Refused
	}
	m.touch(now, i)
	if at := m.indexHeld(c); at >= 0 {
		if m.held[i][at].c != c {
			return Elsewhere
		}
		m.held[i] = append(slices.Delete(m.held[i], at, at+1), modelContact{c: c, seen: now})
		return Moved
	}
	waits := m.indexWaiting(c)
	unasked = unasked || waits >= 0 && m.unasked[m.waiting[i][waits]]
	taken := m.taken(i)
	if unasked {
		taken += m.vacant[i]
	}
	if at := m.indexKept(c); at >= 0 || taken < m.limits.k {
		if waits >= 0 {
			m.waiting[i] = slices.Delete(m.waiting[i], waits, waits+1)
		}
		var former identity.Contact
		if at >= 0 {
			former = m.kept[at]
		}
		if !m.admits(c, former, true, true) {
			return Refused
		}
		if at >= 0 {
			m.kept = slices.Delete(m.kept, at, at+1)
		}
		m.held[i] = append(m.held[i], modelContact{c: c, seen: now})
		m.vacant[i] = min(m.vacant[i], max(0, m.limits.k-m.taken(i)))
		return Added
	}
	if unasked && m.found {
		return m.wait(i, c)
	}
	var out identity.Contact
	at := m.indexWaiting(c)
	if at >= 0 {
		out = m.waiting[i][at]
	}
	if c != out && !m.admits(c, out, true, false) {
		return Refused
	}
	if at >= 0 {
		m.waiting[i] = slices.Delete(m.waiting[i], at, at+1)
	}
	m.unasked[c] = false
	m.waiting[i] = append([]identity.Contact{c}, m.waiting[i]...)
	m.waiting[i] = m.waiting[i][:min(len(m.waiting[i]), m.limits.replacements)]
	return Waiting
}

// wait has a contact that spoke first wait, where there is room, behind all others.
func (m *model) wait(i int, c identity.Contact) Outcome {
	if at := m.indexWaiting(c); at >= 0 {
		if m.waiting[i][at] == c {
			return Waiting
		}
		m.waiting[i] = slices.Delete(m.waiting[i], at, at+1)
	}
	if len(m.waiting[i]) >= m.limits.replacements || !m.admits(c, 0, true, false) {
		return Refused
	}
	m.unasked[c] = true
	m.waiting[i] = append(m.waiting[i], c)
	return Waiting
}

func (m *model) Named(c identity.Contact) {
	i := m.bucket(c)
	if at := m.indexWaiting(c); at >= 0 && m.unasked[m.waiting[i][at]] {
		m.waiting[i] = slices.Delete(m.waiting[i], at, at+1)
	}
}

func (m *model) Searched(i int) identity.Contact {
	if m.vacant[i] == 0 {
		return 0
	}
	m.vacant[i]--
	return m.promoteAny(i)
}

func (m *model) Replace(old, new identity.Contact) bool {
	at := m.indexHeld(old)
	if at < 0 || m.held[m.bucket(old)][at].c != old || !m.samePeer(old, new) || !m.admits(new, old, true, true) {
		return false
	}
	m.held[m.bucket(old)][at].c = new
	return true
}

func (m *model) Probe(now time.Time, c identity.Contact) (identity.Contact, bool) {
	i := m.bucket(c)
	last, before := m.probed[i]
	if len(m.waiting[i]) == 0 || len(m.held[i]) == 0 || before && now.Sub(last) < max(m.pause[i], time.Minute) {
		return 0, false
	}
	if before {
		m.pause[i] = min(2*max(m.pause[i], time.Minute), 16*time.Minute)
	}
	m.probed[i] = now
	return m.held[i][0].c, true
}

func (m *model) Failed(c identity.Contact) (bool, identity.Contact) {
	i := m.bucket(c)
	if at := m.indexHeld(c); at >= 0 && m.held[i][at].c == c {
		m.pause[i] = 0
		m.held[i][at].failures++
		if len(m.waiting[i]) == 0 && m.held[i][at].failures < 5 {
			return false, 0
		}
		return true, m.leave(i, at)
	}
	if at := slices.Index(m.waiting[i], c); at >= 0 {
		m.waiting[i] = slices.Delete(m.waiting[i], at, at+1)
		return false, 0
	}
	if at := slices.Index(m.kept, c); at >= 0 {
		m.kept = slices.Delete(m.kept, at, at+1)
		return false, m.promote(i)
	}
	return false, 0
}

func (m *model) Doubt(c identity.Contact) bool {
	i := m.bucket(c)
	at := m.indexHeld(c)
	if at < 0 || m.held[i][at].c != c {
		return false
	}
	m.held[i][at].failures = max(m.held[i][at].failures, 1)
	return true
}

func (m *model) Remove(c identity.Contact) (bool, identity.Contact) {
	i := m.bucket(c)
	if at := m.indexHeld(c); at >= 0 {
		return true, m.leave(i, at)
	}
	if at := m.indexWaiting(c); at >= 0 {
		m.waiting[i] = slices.Delete(m.waiting[i], at, at+1)
	}
	if at := m.indexKept(c); at >= 0 {
		m.kept = slices.Delete(m.kept, at, at+1)
		return false, m.promote(i)
	}
	return false, 0
}

func (m *model) leave(i, at int) (promoted identity.Contact) {
	m.held[i] = slices.Delete(m.held[i], at, at+1)
	return m.promote(i)
}

func (m *model) promote(i int) identity.Contact {
	if m.found && len(m.waiting[i]) > 0 && m.unasked[m.waiting[i][0]] {
		m.vacant[i]++
		return 0
	}
	return m.promoteAny(i)
}

func (m *model) promoteAny(i int) identity.Contact {
	for len(m.waiting[i]) > 0 {
		c := m.waiting[i][0]
		m.waiting[i] = m.waiting[i][1:]
		if m.admits(c, 0, false, true) {
			m.held[i] = append([]modelContact{{c: c}}, m.held[i]...)
			return c
		}
	}
	return 0
}

// deepest is the closest neighbour's bucket, -1 if there is none.
func (m *model) deepest() int {
	deepest := -1
	for i, contacts := range m.held {
		if len(contacts) > 0 {
			deepest = max(deepest, i)
		}
	}
	return deepest
}

func (m *model) LookedUp(now time.Time, target *identity.Position) {
	i := min(identity.CommonPrefixLen(&m.self, target), m.deepest()+1)
	if _, known := m.touched[i]; known {
		m.touched[i] = now
	}
}

func (m *model) Covered(now time.Time, cpl int) {
	for i := range m.touched {
		if i > cpl {
			m.touched[i] = now
		}
	}
}

// Subtree is the longest prefix that n contacts without failures share with self.
func (m *model) Subtree(n int) int {
	var shared []int
	for i, contacts := range m.held {
		for _, h := range contacts {
			if h.failures == 0 {
				shared = append(shared, i)
			}
		}
	}
	if len(shared) < n {
		return 0
	}
	slices.Sort(shared)
	return shared[len(shared)-n]
}

// Free is the number of places that are free or a failing contact's, less the
// replacements that the node found.
func (m *model) Free(cpl int) int {
	free := m.limits.k
	for _, h := range m.held[cpl] {
		if h.failures == 0 {
			free--
		}
	}
	for _, w := range m.waiting[cpl] {
		if !m.unasked[w] {
			free--
		}
	}
	return max(0, free)
}

func (m *model) NextRefresh() (next time.Time, cpl int) {
	for i := 0; i <= m.deepest()+1 && m.deepest() >= 0; i++ {
		if at, known := m.touched[i]; known && (next.IsZero() || at.Before(next)) {
			next, cpl = at, i
		}
	}
	if !next.IsZero() {
		next = next.Add(time.Hour)
	}
	return next, cpl
}

func (m *model) Nearest(target *identity.Position, n int, any bool) []identity.Contact {
	var all []identity.Contact
	for _, contacts := range m.held {
		for _, h := range contacts {
			if any || h.failures == 0 {
				all = append(all, h.c)
			}
		}
	}
	for _, contacts := range m.waiting {
		if any {
			all = append(all, contacts...)
		}
	}
	slices.SortFunc(all, func(a, b identity.Contact) int {
		return identity.Compare(target, m.book.Position(a), m.book.Position(b))
	})
	return all[:min(n, len(all))]
}

// String tells all that the model knows of contacts, for comparison.
func (m *model) String() string {
	var s strings.Builder
	for i := range identity.Bits {
		for _, h := range m.held[i] {
			seen := h.seen
			if !seen.IsZero() {
				seen = m.epoch.Add(seen.Sub(m.epoch).Truncate(time.Second))
			}
			fmt.Fprintf(&s, "%d: %d seen %v failures %d\n", i, h.c, seen, h.failures)
		}
		if len(m.waiting[i]) > 0 {
			fmt.Fprintf(&s, "%d: waiting %v\n", i, m.waiting[i])
		}
	}
	return s.String()
}
