package driver

import (
	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/session"
)

// A limitLine is what the log has of a limit, and what is counted each time that the limit
// is reached.
type limitLine struct {
	message string
	count   func(*Stats) uint64
}

// limitsTold are the limits that the log names when they are reached (design R7.30).
var limitsTold = []limitLine{
	{"limit reached: the store is full", func(s *Stats) uint64 {
		if s.Engine.Mode == engine.Client {
			return 0 // it refuses all
		}
		return s.Engine.Counters.Refused[rpc.Full]
	}},
	{"limit reached: requests of this node under way", func(s *Stats) uint64 { return s.Engine.Counters.RequestsRefused }},
	{"limit reached: keys that wait to be handed over", func(s *Stats) uint64 { return s.Engine.Counters.HandoversDropped }},
	{"limit reached: dial backs", func(s *Stats) uint64 { return s.Engine.DialBacksRefused }},
	{"limit reached: handlers of messages", func(s *Stats) uint64 { return s.NotHandled }},
	{"limit reached: messages of one subnet, or of all, in a second", func(s *Stats) uint64 { return s.OverLimit }},
	{"limit reached: messages and swaps remembered", func(s *Stats) uint64 { return s.NotRemembered }},
	{"limit reached: datagrams that wait for a validator", func(s *Stats) uint64 { return s.ValidationsDropped }},
	{"limit reached: first contacts of one host", func(s *Stats) uint64 { return s.Wire.Dropped["first contacts over limit"] }},
	{"limit reached: first contacts that wait for a worker", func(s *Stats) uint64 { return s.Wire.Dropped["queue full"] }},
	{"limit reached: reads of one peer", func(s *Stats) uint64 { return s.Wire.Dropped["reads over limit"] }},
	{"the system refuses to send datagrams", func(s *Stats) uint64 { return s.Wire.Dropped["sending failed"] }},
}

// tellLimits tells which limits were reached since it last looked, and how often. The caller
// holds d.mu.
func (d *Driver) tellLimits() {
	s := d.stats(d.transport.Stats())
	told := d.life.limits
	if told == nil {
		told = make([]uint64, len(limitsTold))
		d.life.limits = told
	}
	for i, l := range limitsTold {
		n := l.count(&s)
		if n > told[i] {
			d.logger.Warn(l.message, "times", n-told[i])
		}
		told[i] = n
	}
	d.tellFull("limit reached: sessions", s.Wire.Sessions, session.DefaultLive)
	d.tellFull("limit reached: half-open sessions", s.Wire.HalfOpen, session.DefaultHalfOpen)
}

// tellFull tells that a table is full whose oldest entries then make room.
func (d *Driver) tellFull(message string, has, most int) {
	if has >= most {
		d.logger.Warn(message, "has", has)
	}
}
