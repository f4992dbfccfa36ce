package kadmium

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
	"unicode/utf8"

	"kadmium/identity"
)

// The JSON of results is what kad prints with --json, and what travels over its control
// socket. Members may be added; none is renamed or removed. Durations are milliseconds
// with at most three decimals, but nanoseconds where the member's name ends in _ns
// (Table, Stats); values and payloads are base64, and stand beside it as text if they are
// UTF-8; a key is text if it is UTF-8, and otherwise base64. A type with MarshalJSON must not be embedded: its method would be
// promoted, and hide the fields beside it. So each has a struct of its own that says what
// is written, and those embed lookupJSON, which has no methods.

// marshal is json.Marshal without escapes for HTML. The encoder that calls MarshalJSON
// adds them if it is set to.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// unmarshal reads a result from the JSON of its W.
func unmarshal[W, R any](b []byte, result *R, read func(W) R) error {
	var w W
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*result = read(w)
	return nil
}

// milliseconds is a duration in JSON.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// duration reads what milliseconds wrote.
func duration(ms float64) time.Duration {
	return time.Duration(math.Round(ms*1e3)) * time.Microsecond
}

// text is bytes as JSON can show them, nil if they are not UTF-8.
func text(b []byte) *string {
	if !utf8.Valid(b) {
		return nil
	}
	s := string(b)
	return &s
}

// keyJSON is a key: text, or base64 if it is not UTF-8.
type keyJSON struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 []byte  `json:"key_base64,omitempty"`
}

func keyOf(key string) keyJSON {
	if t := text([]byte(key)); t != nil {
		return keyJSON{Key: t}
	}
	return keyJSON{KeyBase64: []byte(key)}
}

func (w keyJSON) key() string {
	if w.Key != nil {
		return *w.Key
	}
	return string(w.KeyBase64)
}

// list is a list in JSON, where none is [].
func list[E any](all []E) []E { return append([]E{}, all...) }

// unlist reads a list: an empty one is nil.
func unlist[E any](all []E) []E {
	if len(all) == 0 {
		return nil
	}
	return all
}

type lookupJSON struct {
	Hops     int     `json:"hops"`
	Rounds   int     `json:"rounds"`
	RPCs     int     `json:"rpcs"`
	Answered int     `json:"answered"`
	Failed   int     `json:"failed"`
	MS       float64 `json:"ms"`
	Reason   string  `json:"reason"`
	Trace    []Step  `json:"trace,omitempty"`

	Size    int      `json:"network_size,omitempty"`
	Octaves []Octave `json:"octaves,omitempty"`
	Suspect Suspect  `json:"suspect,omitzero"`
}

func (l *Lookup) json() lookupJSON {
	return lookupJSON{l.Hops, l.Rounds, l.RPCs, l.Answered, l.Failed, milliseconds(l.Elapsed), l.Reason, l.Trace, l.Size, l.Octaves, l.Suspect}
}

func (w lookupJSON) result() Lookup {
	return Lookup{w.Hops, w.Rounds, w.RPCs, w.Answered, w.Failed, duration(w.MS), w.Reason, unlist(w.Trace), w.Size, unlist(w.Octaves), w.Suspect}
}

// MarshalJSON writes hops, rounds, rpcs, answered, failed, ms, reason, trace, network_size,
// octaves and suspect.
func (l Lookup) MarshalJSON() ([]byte, error) { return marshal(l.json()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Lookup) UnmarshalJSON(b []byte) error { return unmarshal(b, l, lookupJSON.result) }

type stepJSON struct {
	AtMS     float64          `json:"at_ms"`
	Kind     string           `json:"kind"`
	Peer     identity.ID      `json:"peer,omitzero"`
	Address  identity.Address `json:"address,omitzero"`
	NamedBy  identity.ID      `json:"named_by,omitzero"`
	Distance int              `json:"distance"`
	Hop      int              `json:"hop"`
	Round    int              `json:"round"`
	Path     int              `json:"path"`
	TookMS   float64          `json:"took_ms,omitempty"`
	Named    int              `json:"named,omitempty"`
	New      int              `json:"new,omitempty"`
	Reason   string           `json:"reason,omitempty"`
}

// MarshalJSON writes at_ms, kind, peer, address, named_by, distance, hop, round, path,
// took_ms, named, new and reason.
func (s Step) MarshalJSON() ([]byte, error) {
	return marshal(stepJSON{
		AtMS: milliseconds(s.At), Kind: s.Kind, Peer: s.Peer, Address: s.Address, NamedBy: s.NamedBy,
		Distance: s.Distance, Hop: s.Hop, Round: s.Round, Path: s.Path,
		TookMS: milliseconds(s.Elapsed), Named: s.Named, New: s.New, Reason: s.Reason,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Step) UnmarshalJSON(b []byte) error {
	return unmarshal(b, s, func(w stepJSON) Step {
		return Step{
			At: duration(w.AtMS), Kind: w.Kind, Peer: w.Peer, Address: w.Address, NamedBy: w.NamedBy,
			Distance: w.Distance, Hop: w.Hop, Round: w.Round, Path: w.Path,
			Elapsed: duration(w.TookMS), Named: w.Named, New: w.New, Reason: w.Reason,
		}
	})
}

type pongJSON struct {
	Peer     identity.ID      `json:"peer"`
	Address  identity.Address `json:"address,omitzero"`
	MS       float64          `json:"ms"`
	Observed identity.Address `json:"observed,omitzero"`
	Serves   bool             `json:"serves"`

	Protocols     []string `json:"protocols,omitempty"`
	MoreProtocols bool     `json:"more_protocols,omitempty"`

	Lookup *Lookup `json:"lookup,omitempty"`
}

// MarshalJSON writes peer, address, ms, observed, serves, protocols, more_protocols and
// lookup.
func (p Pong) MarshalJSON() ([]byte, error) {
	return marshal(pongJSON{p.Address.ID, p.Address, milliseconds(p.RTT), p.Observed, p.Serves, p.Protocols, p.MoreProtocols, p.Lookup})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Pong) UnmarshalJSON(b []byte) error {
	return unmarshal(b, p, func(w pongJSON) Pong {
		return Pong{w.Address, duration(w.MS), w.Observed, w.Serves, w.Lookup, w.Protocols, w.MoreProtocols}
	})
}

type foundJSON struct {
	ID       identity.ID      `json:"peer"`
	Address  identity.Address `json:"address,omitzero"`
	Distance int              `json:"distance,omitempty"`
	lookupJSON
}

// MarshalJSON writes peer, address and distance, then the lookup's members.
func (f Found) MarshalJSON() ([]byte, error) {
	return marshal(foundJSON{f.Peer.ID, f.Peer.Address, f.Peer.Distance, f.Lookup.json()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Found) UnmarshalJSON(b []byte) error {
	return unmarshal(b, f, func(w foundJSON) Found {
		return Found{Peer{w.ID, w.Address, w.Distance}, w.lookupJSON.result()}
	})
}

type closestJSON struct {
	Target string `json:"target"`
	Peers  []Peer `json:"peers"`
	lookupJSON
}

// MarshalJSON writes target and peers, then the lookup's members.
func (c Closest) MarshalJSON() ([]byte, error) {
	return marshal(closestJSON{c.Target, list(c.Peers), c.Lookup.json()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Closest) UnmarshalJSON(b []byte) error {
	return unmarshal(b, c, func(w closestJSON) Closest {
		return Closest{w.Target, unlist(w.Peers), w.lookupJSON.result()}
	})
}

type storedJSON struct {
	keyJSON
	Sequence    *uint64        `json:"sequence,omitempty"`
	Holders     int            `json:"holders"`
	SelfHolder  bool           `json:"self_holder"`
	Expires     time.Time      `json:"expires"`
	Republished bool           `json:"republished"`
	KeptHere    bool           `json:"kept_here,omitempty"`
	Created     bool           `json:"created,omitempty"`
	Refusals    map[string]int `json:"refusals,omitempty"`
	RefusedBy   []Refusal      `json:"refused_by,omitempty"`
	lookupJSON
}

// MarshalJSON writes key (or key_base64), sequence (not after a provide), holders, self_holder,
// expires, republished, kept_here and created (if so), refusals and refused_by (if any), then
// the lookup's members.
func (s Stored) MarshalJSON() ([]byte, error) {
	sequence := &s.Sequence
	if s.provide {
		sequence = nil
	}
	return marshal(storedJSON{keyOf(s.Key), sequence, s.Holders, s.SelfHolder, s.Expires.UTC(), s.Published, s.KeptHere, s.Created, s.Refusals, s.RefusedBy, s.Lookup.json()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Stored) UnmarshalJSON(b []byte) error {
	return unmarshal(b, s, func(w storedJSON) Stored {
		s := Stored{
			Key: w.key(), Holders: w.Holders, SelfHolder: w.SelfHolder, Published: w.Republished, KeptHere: w.KeptHere, Created: w.Created,
			Refusals: w.Refusals, RefusedBy: w.RefusedBy, Expires: w.Expires, Lookup: w.lookupJSON.result(), provide: w.Sequence == nil,
		}
		if w.Sequence != nil {
			s.Sequence = *w.Sequence
		}
		return s
	})
}

type valueJSON struct {
	keyJSON
	Value     *string     `json:"value,omitempty"`
	Base64    []byte      `json:"value_base64"`
	Sequence  uint64      `json:"sequence"`
	Publisher identity.ID `json:"publisher,omitzero"`
	From      identity.ID `json:"from,omitzero"`
	Answers   int         `json:"answers,omitempty"`
	Expires   time.Time   `json:"expires,omitzero"`
	lookupJSON
}

// MarshalJSON writes key (or key_base64), value (if it is UTF-8), value_base64, sequence, publisher,
// from, answers and expires, then the lookup's members.
func (v Value) MarshalJSON() ([]byte, error) {
	return marshal(valueJSON{keyOf(v.Key), text(v.Value), list(v.Value), v.Sequence, v.Publisher, v.From, v.Answers, v.Expires.UTC(), v.Lookup.json()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	return unmarshal(b, v, func(w valueJSON) Value {
		return Value{w.key(), unlist(w.Base64), w.Sequence, w.Publisher, w.From, w.Answers, w.Expires, w.lookupJSON.result()}
	})
}

type providerJSON struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address,omitzero"`
	Expires time.Time        `json:"expires"`
}

// MarshalJSON writes peer, address and expires.
func (p Provider) MarshalJSON() ([]byte, error) {
	return marshal(providerJSON{p.Peer, p.Address, p.Expires.UTC()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Provider) UnmarshalJSON(b []byte) error {
	return unmarshal(b, p, func(w providerJSON) Provider { return Provider(w) })
}

type providersJSON struct {
	keyJSON
	Providers []Provider `json:"providers"`
	More      bool       `json:"more"`
	lookupJSON
}

// MarshalJSON writes key (or key_base64), providers and more, then the lookup's members.
func (p Providers) MarshalJSON() ([]byte, error) {
	return marshal(providersJSON{keyOf(p.Key), list(p.Providers), p.More, p.Lookup.json()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Providers) UnmarshalJSON(b []byte) error {
	return unmarshal(b, p, func(w providersJSON) Providers {
		return Providers{w.key(), unlist(w.Providers), w.More, w.lookupJSON.result()}
	})
}

type messageJSON struct {
	From     identity.Address `json:"from,omitzero"`
	Protocol string           `json:"protocol"`
	Payload  *string          `json:"payload,omitempty"`
	Base64   []byte           `json:"payload_base64"`
}

// MarshalJSON writes from, protocol, payload (if it is UTF-8) and payload_base64.
func (m Message) MarshalJSON() ([]byte, error) {
	return marshal(messageJSON{m.From, m.Protocol, text(m.Payload), list(m.Payload)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Message) UnmarshalJSON(b []byte) error {
	return unmarshal(b, m, func(w messageJSON) Message {
		return Message{w.From, w.Protocol, unlist(w.Base64)}
	})
}

type replyJSON struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address,omitzero"`
	Reply   *string          `json:"reply,omitempty"`
	Base64  []byte           `json:"reply_base64"`
	MS      float64          `json:"ms"`
	Lookup  *Lookup          `json:"lookup,omitempty"`
}

// MarshalJSON writes peer, address, reply (if there was one and it is UTF-8),
// reply_base64, ms and lookup.
func (r Reply) MarshalJSON() ([]byte, error) {
	w := replyJSON{Peer: r.From.ID, Address: r.From, Base64: list(r.Payload), MS: milliseconds(r.RTT), Lookup: r.Lookup}
	if r.From != (identity.Address{}) {
		w.Reply = text(r.Payload)
	}
	return marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Reply) UnmarshalJSON(b []byte) error {
	return unmarshal(b, r, func(w replyJSON) Reply {
		return Reply{w.Address, unlist(w.Base64), duration(w.MS), w.Lookup}
	})
}

type eventJSON struct {
	At   time.Time        `json:"at"`
	Kind string           `json:"kind"`
	Peer identity.Address `json:"peer,omitzero"`
	Was  identity.Address `json:"was,omitzero"`
	Mode string           `json:"mode,omitempty"`
	keyJSON
	Count   int      `json:"count,omitempty"`
	Lookup  uint64   `json:"lookup,omitempty"`
	Purpose string   `json:"purpose,omitempty"`
	Step    *Step    `json:"step,omitempty"`
	Dropped uint64   `json:"dropped,omitempty"`
	Message *Message `json:"message,omitempty"`
}

// MarshalJSON writes at, kind, and of peer, was, mode, key (or key_base64), count, lookup,
// purpose, step, dropped and message what there is.
func (e Event) MarshalJSON() ([]byte, error) {
	w := eventJSON{At: e.At, Kind: e.Kind, Peer: e.Peer, Was: e.Was, Mode: e.Mode, Count: e.Count, Lookup: e.Lookup, Purpose: e.Purpose, Step: e.Step, Dropped: e.Dropped, Message: e.Message}
	if e.Key != "" {
		w.keyJSON = keyOf(e.Key)
	}
	return marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	return unmarshal(b, e, func(w eventJSON) Event {
		return Event{w.At, w.Kind, w.Peer, w.Was, w.Mode, w.key(), w.Count, w.Lookup, w.Purpose, w.Step, w.Dropped, w.Message}
	})
}
