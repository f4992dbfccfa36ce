package session

import "time"

// A halfOpenEntry is a first request whose signature was checked, and once it is
// answered also the session and the reply: a retry gets the same bytes again (wire.md
// rule 1).
type halfOpenEntry struct {
	key     RequestKey
	session *Session // nil while being answered
	reply   []byte
	added   int64
}

// A RequestState says what is known of a first request before its signature is checked.
type RequestState uint8

// The states of a first request.
const (
	Unseen   RequestState = iota // never seen, or forgotten: verify it
	Working                      // being answered: drop this copy
	Answered                     // send the stored reply
)

// Asked looks up a first request by its key; reply is the stored one if it has
// been answered. The caller may send it but not keep or change it.
func (t *Table) Asked(now time.Time, key RequestKey) (state RequestState, reply []byte) {
	id, ok := t.asked[key]
	if !ok {
		return Unseen, nil
	}
	h, _ := t.half.Peek(id)
	if now.UnixNano()-h.added >= int64(HalfOpenLife) {
		t.half.Remove(id)
		return Unseen, nil
	}
	if h.session == nil {
		return Working, nil
	}
	return Answered, h.reply
}

// Claim marks a first request, whose signature was checked, as being answered. It
// reports false if another copy came first: this one is then dropped.
func (t *Table) Claim(now time.Time, r *Responder) bool {
	t.expireHalfOpen(now.UnixNano())
	if _, ok := t.asked[r.key]; ok || t.taken(r.receiveID) {
		return false
	}
	t.asked[r.key] = r.receiveID
	t.half.Add(r.receiveID, &halfOpenEntry{key: r.key, added: now.UnixNano()})
	return true
}

// AddAnswered stores the reply of a claimed request and its session, which stays
// half-open until it opens a datagram. It reports false if the claim is gone (too late,
// or evicted): the reply may still be sent, but makes no session.
func (t *Table) AddAnswered(now time.Time, r *Responder, s *Session, reply []byte) bool {
	h, ok := t.half.Peek(r.receiveID)
	if !ok || h.key != r.key || h.session != nil {
		return false
	}
	h.session, h.reply, h.added = s, reply, now.UnixNano()
	return true
}

// expireHalfOpen drops half-open entries past their life, oldest first. An entry that
// was answered late may keep those behind it, at most for its own life.
func (t *Table) expireHalfOpen(now int64) {
	for {
		id, h, ok := t.half.GetOldest()
		if !ok || now-h.added < int64(HalfOpenLife) {
			return
		}
		t.half.Remove(id)
	}
}
