package kadmium_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"kadmium"
	"kadmium/identity"
)

// faultRules are the rules that a history is checked by.
type faultRules struct {
	kept     bool // no acknowledged record is lost while a holder lives that was not made to displace it
	lifetime bool // no record outlives its lifetime
	forward  bool // a holder's sequences never go back
	once     bool // messages and swaps run at most once between two starts of their receiver
	whole    bool // two minutes after the last fault everybody finds everybody, and every record
}

// Allowances of the rules.
const (
	lifetimeSlack = 20 * time.Second // differences under 10 s count as none (design R6.12), and a stop of 15 s is not noticed (R7.15)
	expirySlack   = time.Second
	renewedOver   = 22 * time.Hour // a lifetime over this is begun anew by the publisher (R6.8, R6.9)
)

// A faultHistory is what was done and seen in a run, and what was wrong with it.
type faultHistory struct {
	w     *faultWorld
	rules faultRules
	trace uint64
	rnd   *rand.Rand // of the handlers' delays

	mu         sync.Mutex
	lines      []string
	violations []string
	byValue    map[string]*putRecord
	hosts      []hostHistory
	ran        map[string]int // runs of a handler, by receiver, life and message
	swaps      map[swapKey][]*putRecord
	messages   int
	told       map[string]bool // lifetimes found to be over, by host and value
	counts     map[string]int  // how operations ended, for the log
	provisions map[providedKey]*provision
	uncounted  time.Duration // lifetimes may be longer by this, as wall clocks told it had not passed
}

// A putRecord is one put. Its value names it.
type putRecord struct {
	host   int
	key    string
	value  string
	ttl    time.Duration
	cas    *uint64
	begun  time.Duration
	ended  time.Duration // 0: not yet
	number uint64        // its sequence; 0: its user was not told

	confirmed int          // holders, as its user was told
	may       int          // hosts that have it, or may have lost it
	waiting   map[int]bool // hosts that were down then
}

// A heldRecord is what a host was seen to hold.
type heldRecord struct {
	sequence uint64
	value    string
	until    time.Duration
}

// A hostHistory is what is known of one host.
type hostHistory struct {
	held    map[string]heldRecord // when it was last looked at
	lasting map[string]heldRecord // while its disk is full, and until it starts again: what was there before
	unsafe  time.Duration         // when it last lost what it had confirmed before: it has no disk, or a full one

	fullSince time.Duration
	slept     struct{ from, to time.Duration } // or was stopped, the last time
	wall      wallHistory
	entries   map[entryKey]heldEntry // provider entries, likewise held
}

type swapKey struct {
	key      string
	sequence uint64
}

func newFaultHistory(w *faultWorld, rules faultRules) *faultHistory {
	return &faultHistory{
		w: w, rules: rules, rnd: rand.New(rand.NewPCG(w.plan.seed, 2)),
		byValue: make(map[string]*putRecord), hosts: make([]hostHistory, w.plan.hosts),
		ran: make(map[string]int), swaps: make(map[swapKey][]*putRecord), told: make(map[string]bool), counts: make(map[string]int),
		provisions: make(map[providedKey]*provision),
	}
}

func (h *faultHistory) log(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(format, args...)
}

// note is log with h.mu held, as is wrong.
func (h *faultHistory) note(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf("%12v  ", h.w.now().Round(time.Microsecond))+fmt.Sprintf(format, args...))
}

func (h *faultHistory) violated(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong(format, args...)
}

func (h *faultHistory) wrong(format string, args ...any) {
	h.note("WRONG: "+format, args...)
	h.violations = append(h.violations, h.lines[len(h.lines)-1])
}

// puts notes that a put begins.
func (h *faultHistory) puts(host int, key string, opts kadmium.PutOptions) *putRecord {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &putRecord{host: host, key: key, ttl: cmp.Or(opts.TTL, 24*time.Hour), cas: opts.CAS, begun: h.w.now()}
	p.value = fmt.Sprintf("put %d by host %d", len(h.byValue), host)
	h.byValue[p.value] = p
	return p
}

// put notes how a put ended, and checks that those who are said to hold it do.
func (h *faultHistory) put(p *putRecord, s kadmium.Stored, err error, survived bool) {
	seen := h.looks()
	h.mu.Lock()
	defer h.mu.Unlock()
	p.ended = h.w.now()
	h.end("put", err, survived)
	swap := ""
	if p.cas != nil {
		swap = fmt.Sprintf(" in place of sequence %d", *p.cas)
	}
	if !survived {
		h.note("%s: %s%s: the node ended", p.value, p.key, swap)
		return
	}
	if p.number = s.Sequence; errors.Is(err, kadmium.ErrKeptHere) {
		p.number = 0 // it may be numbered anew when it is published
	}
	h.note("%s: %s%s for %v as sequence %d: %d holders, refused %v, %v", p.value, p.key, swap, p.ttl, s.Sequence, s.Holders, s.Refusals, err)
	h.checkHolders(p, s, seen)
	h.checkSwap(p, s)
}

// checkHolders compares the holders that have confirmed a put with those that have it. Of
// hosts that are down it waits for what they have when they start again.
func (h *faultHistory) checkHolders(p *putRecord, s kadmium.Stored, seen [][]kadmium.HeldRecord) {
	p.confirmed = s.Holders
	p.waiting = make(map[int]bool)
	for i, records := range seen {
		switch {
		case has(records, p) || h.hosts[i].unsafe >= p.begun:
			p.may++
		case records == nil:
			p.waiting[i] = true
		}
	}
	h.checkConfirmed(p)
}

func has(records []kadmium.HeldRecord, p *putRecord) bool {
	return slices.ContainsFunc(records, func(r kadmium.HeldRecord) bool {
		return r.Key == p.key && worse(heldRecord{sequence: p.number, value: p.value}, r) <= 0
	})
}

func (h *faultHistory) checkConfirmed(p *putRecord) {
	over := h.w.now() > p.begun+p.ttl-expirySlack || h.superseded(p.key, heldRecord{sequence: p.number})
	if h.rules.kept && !over && len(p.waiting) == 0 && p.confirmed > p.may {
		h.wrong("%s: %d holders have confirmed it, and only %d may have it", p.value, p.confirmed, p.may)
	}
}

// checkSwap counts the holders that have put something in place of one sequence of a key: each
// can only do so once, unless it has lost what it had. When that has expired, another node may
// publish the sequence again.
func (h *faultHistory) checkSwap(p *putRecord, s kadmium.Stored) {
	if !h.rules.once || p.cas == nil || *p.cas == 0 {
		return
	}
	k := swapKey{p.key, *p.cas}
	h.swaps[k] = append(slices.DeleteFunc(h.swaps[k], func(before *putRecord) bool {
		return h.w.now() > before.begun+before.ttl-expirySlack
	}), p)
	replaced, most := 0, 0
	for _, swap := range h.swaps[k] {
		replaced += swap.confirmed
	}
	for _, host := range h.w.hosts {
		most += host.life
	}
	if replaced > most {
		h.wrong("%d holders have replaced sequence %d of %s, and there were %d", replaced, *p.cas, p.key, most)
	}
}

func (h *faultHistory) end(what string, err error, survived bool) {
	switch {
	case !survived:
		h.counts[what+", unknown"]++
	case err != nil:
		h.counts[what+", failed"]++
	default:
		h.counts[what]++
	}
}

func (h *faultHistory) got(host int, key string, v kadmium.Value, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end("get", err, true)
	h.note("host %d: get %s: %q, sequence %d, %v", host, key, v.Value, v.Sequence, err)
	if err == nil {
		h.checkLifetime(host, "gives out", key, string(v.Value))
	}
}

// checkLifetime checks a value that a host has or gives out now.
func (h *faultHistory) checkLifetime(host int, does, key, value string) {
	p := h.byValue[value]
	if p == nil || p.key != key {
		h.wrong("host %d %s %q under %s, which nobody put there", host, does, value, key)
		return
	}
	late := h.w.now() - p.ended - p.ttl - h.uncounted
	if h.mayRenew(p) {
		late = 0
	}
	if id := fmt.Sprint(host, value); h.rules.lifetime && p.ended > 0 && late > lifetimeSlack && !h.told[id] {
		h.told[id] = true
		h.wrong("host %d %s %q of %s %v after its lifetime of %v", host, does, value, key, late.Round(time.Second), p.ttl)
	}
}

// sends notes a message and returns its payload.
func (h *faultHistory) sends(from, to int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages++
	return fmt.Sprintf("message %d from host %d", h.messages, from)
}

// handled notes that a handler runs, and returns how long it takes.
func (h *faultHistory) handled(host, life int, payload string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	run := fmt.Sprintf("host %d, life %d: %s", host, life, payload)
	h.ran[run]++
	if h.rules.once && h.ran[run] == 2 {
		h.wrong("the handler ran twice: %s", run)
	}
	sum := uint64(len(payload)) // not drawn: the order of handlers at one moment is open
	for _, c := range []byte(payload) {
		sum = sum*31 + uint64(c)
	}
	return time.Duration(sum%1000)*200*time.Microsecond + time.Duration(sum%99991) + 50*time.Millisecond // no two alike
}

func (h *faultHistory) sent(from, to int, payload, reply string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end("message", err, true)
	if err != nil {
		h.note("%s to host %d: %v", payload, to, err)
		return
	}
	if reply != payload {
		h.wrong("%s: the reply is %q", payload, reply)
	}
	runs := 0
	for life := range h.w.hosts[to].life {
		runs += h.ran[fmt.Sprintf("host %d, life %d: %s", to, life+1, payload)]
	}
	if runs == 0 {
		h.wrong("%s is answered, and no handler ran", payload)
	}
}

// looks is what each host that runs holds; nil where none does.
func (h *faultHistory) looks() [][]kadmium.HeldRecord {
	seen := make([][]kadmium.HeldRecord, len(h.w.hosts))
	for i, host := range h.w.hosts {
		if n, _ := host.running(); n != nil {
			seen[i] = append(make([]kadmium.HeldRecord, 0, 1), kadmium.Held(n)...)
		}
	}
	return seen
}

// look checks what each host holds now.
func (h *faultHistory) look() {
	for i, records := range h.looks() {
		if records != nil {
			n, _ := h.w.hosts[i].running()
			entries, serves := kadmium.HeldProviders(n), n.Stats().Serves
			h.mu.Lock()
			h.see(i, records)
			h.seeProviders(i, entries)
			h.seeMode(i, serves)
			h.mu.Unlock()
		}
	}
}

// see compares what a host holds with what it was last seen to hold.
func (h *faultHistory) see(host int, records []kadmium.HeldRecord) {
	now := h.w.now()
	held := make(map[string]heldRecord, len(records))
	for _, r := range records {
		held[r.Key] = heldRecord{r.Sequence, string(r.Value), now + r.Left}
		h.checkLifetime(host, "holds", r.Key, string(r.Value))
		h.checkUntil(host, r.Key, held[r.Key])
	}
	h.checkRevived(host, held)
	for key, before := range h.hosts[host].held {
		if before.until < now+expirySlack || !h.mustHold(host, key) || h.superseded(key, before) {
			continue
		}
		r, ok := held[key]
		switch {
		case !ok && h.rules.kept:
			h.wrong("host %d has lost %s, sequence %d, %q, which had %v to live", host, key, before.sequence, before.value, before.until-now)
		case ok && h.rules.forward && worse(before, kadmium.HeldRecord{Sequence: r.sequence, Value: []byte(r.value)}) > 0:
			h.wrong("host %d held sequence %d of %s, %q, and holds %d, %q", host, before.sequence, key, before.value, r.sequence, r.value)
		}
	}
	h.hosts[host].held = held
}

// superseded says whether a better record may have come, and expired, since a host was seen
// to hold one.
func (h *faultHistory) superseded(key string, before heldRecord) bool {
	for _, p := range h.byValue {
		if p.key == key && p.begun+p.ttl < h.w.now()+expirySlack && (p.number == 0 || p.number > before.sequence) {
			return true
		}
	}
	return false
}

// worse compares two records of a key: over 0 if b loses against a.
func worse(a heldRecord, b kadmium.HeldRecord) int {
	return cmp.Or(cmp.Compare(a.sequence, b.Sequence), strings.Compare(a.value, string(b.Value)))
}

// mustHold says whether the host is always one of the k closest to the key. Copies at
// others may end sooner.
func (h *faultHistory) mustHold(host int, key string) bool {
	target := identity.KeyPosition([]byte(key))
	position := h.w.hosts[host].key.ID().Position()
	closer := 0
	for _, other := range h.w.hosts {
		if p := other.key.ID().Position(); identity.Compare(&target, &p, &position) < 0 {
			closer++
		}
	}
	return closer < h.w.plan.k
}

// halted notes that a process has ended, and whether its machine starts anew.
func (h *faultHistory) halted(host *faultHost, reboots bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := &h.hosts[host.index]
	h.wallHalted(k, reboots)
	h.provisionsHalted(host, host.disk == nil, k.lasting != nil)
	switch {
	case host.disk == nil:
		k.entries = nil
		k.held, k.unsafe = nil, h.w.now()
	case k.lasting != nil:
		k.entries = nil
		k.held, k.lasting, k.unsafe = k.lasting, nil, h.w.now()
	}
}

// started checks what a node has loaded.
func (h *faultHistory) started(host *faultHost) {
	records, entries := kadmium.Held(host.node), kadmium.HeldProviders(host.node)
	h.mu.Lock()
	defer h.mu.Unlock()
	k := &h.hosts[host.index]
	h.wallStarted(k)
	h.see(host.index, records)
	h.seeProviders(host.index, entries)
	for _, p := range h.byValue {
		if !p.waiting[host.index] {
			continue
		}
		delete(p.waiting, host.index)
		if has(records, p) || k.unsafe >= p.begun || k.wall.hidden != nil || !h.mustHold(host.index, p.key) {
			p.may++
		}
		h.checkConfirmed(p)
	}
}

// diskFull notes that a host's disk is full, or no longer. Writes that it then takes may not
// be acknowledged.
func (h *faultHistory) diskFull(host *faultHost, full bool) {
	h.look()
	h.mu.Lock()
	defer h.mu.Unlock()
	k := &h.hosts[host.index]
	k.unsafe = h.w.now()
	if full && k.lasting == nil {
		k.fullSince = h.w.now()
		k.lasting = maps.Clone(k.held)
	}
}

// keys are those that records were put under.
func (h *faultHistory) keys() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := make(map[string]bool)
	for _, p := range h.byValue {
		keys[p.key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

func (h *faultHistory) foundAtEnd(host, other int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil && h.rules.whole {
		h.wrong("at the end host %d does not find host %d: %v", host, other, err)
	}
}

// gotAtEnd checks a get against what the holders of the key have.
func (h *faultHistory) gotAtEnd(host int, key string, v kadmium.Value, err error) {
	seen := h.looks()
	h.mu.Lock()
	defer h.mu.Unlock()
	var best heldRecord
	for i, records := range seen {
		for _, r := range records {
			if r.Key == key && r.Left > lifetimeSlack && h.mustHold(i, key) && h.findable(h.w.hosts[i]) && worse(best, r) < 0 {
				best = heldRecord{sequence: r.Sequence, value: string(r.Value)}
			}
		}
	}
	if err == nil {
		h.checkLifetime(host, "gives out", key, string(v.Value))
	}
	if best.value == "" || !h.rules.whole {
		return
	}
	switch {
	case errors.Is(err, kadmium.ErrNotFound), err != nil:
		h.wrong("at the end host %d does not get %s, of which a host holds sequence %d: %v", host, key, best.sequence, err)
	case worse(best, kadmium.HeldRecord{Sequence: v.Sequence, Value: v.Value}) > 0:
		h.wrong("at the end host %d gets sequence %d of %s, and a host holds %d", host, v.Sequence, key, best.sequence)
	}
}
