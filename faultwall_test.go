package kadmium_test

import (
	"math"
	"time"

	"kadmium/store"
)

// noteAge is how old the last note of the clocks may be: one is made each minute.
const noteAge = 70 * time.Second

// A wallHistory is what is known of one host's wall clock, and of what a node may have made
// of it: after another start of the machine it is all that tells how much time has passed
// (design R6.28).
type wallHistory struct {
	steps   []wallStep
	noted   time.Duration // the last note before the end of the process is from then, or later
	ended   time.Duration // of the process
	reboots bool          // the machine starts anew before the node does

	// Since the last start of the node.
	started    time.Duration
	least      time.Duration // of wrong, when the clocks may have been noted
	most       time.Duration
	passed     time.Duration // since the note, at most; 0: the boot tells it
	uncounted  time.Duration // of that: the node may take this for not passed
	hidden     map[string]heldRecord
	hiddenNext time.Duration // what is hidden must be back then, if it is not over; 0: it stays
}

type wallStep struct{ at, wrong time.Duration }

func (k *wallHistory) wrong() time.Duration {
	if len(k.steps) == 0 {
		return 0
	}
	return k.steps[len(k.steps)-1].wrong
}

// setWall sets the wall clock of a host ahead of the time, or behind it.
func (h *faultHistory) setWall(host *faultHost, wrong time.Duration) {
	host.clock.set(wrong)
	h.mu.Lock()
	defer h.mu.Unlock()
	k, now := &h.hosts[host.index].wall, h.w.now()
	k.steps = append(k.steps, wallStep{now, wrong})
	if k.passed == 0 || now > k.started+store.ReviveTime+time.Minute {
		return
	}
	h.count(k)
	if now < k.started+store.ReviveTime-time.Minute && k.hidden != nil {
		k.hiddenNext = now + 30*time.Second
	}
}

// count adds what a node may take for not passed to what lifetimes may be longer by.
func (h *faultHistory) count(k *wallHistory) {
	if u := min(k.passed, k.most-k.wrong()); u > k.uncounted {
		h.uncounted += u - k.uncounted
		k.uncounted = u
	}
}

// wallHalted notes that a process has ended, and whether its machine starts anew.
func (h *faultHistory) wallHalted(k *hostHistory, reboots bool) {
	w := &k.wall
	w.ended, w.reboots, w.hidden, w.hiddenNext, w.passed = h.w.now(), reboots, nil, 0, 0
	w.noted = w.ended - noteAge
	if k.lasting != nil {
		w.noted = min(w.noted, k.fullSince-noteAge) // nothing could be written since
	}
	if k.slept.to > w.noted {
		w.noted = min(w.noted, k.slept.from-noteAge)
	}
}

// wallStarted works out by how much the node may count wrong what has passed, and hides what
// it may take for expired.
func (h *faultHistory) wallStarted(k *hostHistory) {
	w := &k.wall
	w.started = h.w.now()
	if !w.reboots || k.held == nil {
		return
	}
	w.least, w.most, w.uncounted = math.MaxInt64, math.MinInt64, 0
	before := time.Duration(0)
	for _, s := range append(w.steps, wallStep{at: w.ended}) {
		if s.at > w.noted { // before held from some time on that a note may be of
			w.least, w.most = min(w.least, before), max(w.most, before)
		}
		if s.at >= w.ended {
			break
		}
		before = s.wrong
	}
	w.passed = w.started - w.noted
	h.count(w)
	early := w.wrong() - w.least
	if early <= 0 {
		return
	}
	for key, e := range k.entries {
		e.until -= early
		k.entries[key] = e
	}
	w.hidden = make(map[string]heldRecord)
	for key, r := range k.held {
		w.hidden[key] = r
		if r.until -= early; r.until < w.started+expirySlack {
			delete(k.held, key)
		} else {
			k.held[key] = r
		}
	}
}

// checkRevived checks what a host holds once its clock, which was ahead, has been set back.
func (h *faultHistory) checkRevived(host int, held map[string]heldRecord) {
	k := &h.hosts[host].wall
	now := h.w.now()
	if k.hiddenNext == 0 || now < k.hiddenNext {
		return
	}
	early := max(0, k.wrong()-k.least)
	for key, r := range k.hidden {
		if _, ok := held[key]; !ok && r.until-early > now+lifetimeSlack && h.mustHold(host, key) && !h.putSince(key, k.ended-time.Minute) && h.rules.kept {
			h.wrong("host %d has not revived %s, sequence %d, which had %v to live", host, key, r.sequence, r.until-early-now)
		}
	}
	k.hidden, k.hiddenNext = nil, 0
}

// putSince says whether something may have been put under a key since then.
func (h *faultHistory) putSince(key string, then time.Duration) bool {
	for _, p := range h.byValue {
		if p.key == key && (p.begun > then || p.ended == 0 || p.ended > then) {
			return true
		}
	}
	return false
}

// checkUntil checks until when a host will have a value: no lifetime grows on the way, nor at
// a restart.
func (h *faultHistory) checkUntil(host int, key string, r heldRecord) {
	p := h.byValue[r.value]
	if p == nil || p.ended == 0 || h.mayRenew(p) || h.told[r.value] || !h.rules.lifetime {
		return
	}
	if more := r.until - (p.ended + p.ttl) - h.uncounted; more > lifetimeSlack {
		h.told[r.value] = true
		h.wrong("host %d has %q of %s for %v more than its lifetime of %v", host, r.value, key, more.Round(time.Second), p.ttl)
	}
}

// mayRenew says whether a put is published again with a new lifetime.
func (h *faultHistory) mayRenew(p *putRecord) bool {
	return p.ttl > renewedOver && (h.w.hosts[p.host].disk != nil || h.hosts[p.host].unsafe < p.begun)
}

// slept notes that a host has slept, or was stopped.
func (h *faultHistory) slept(host *faultHost, span time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := &h.hosts[host.index]
	k.slept.from, k.slept.to = h.w.now()-span, h.w.now()
}
