package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// The journal's entries, integers big-endian, times in Unix nanoseconds. Each
// begins with a version byte; the key is in Change.Key and is not repeated.
//
//	record     2 | expires 8 | last STORE 8 | between 2 | source | sequence 8 | publisher | signature | value ...
//	provider   2 | expires 8 | last STORE 8 | between 2 | source | sequence 8 | endpoint | signature | signed
//	published  2 | due 8 | lifetime 8 | sequence 8 | peer | endpoint | signature | value ...   (a record)
//	           2 | due 8 | lifetime 8 | sequence 8 | peer | endpoint | signature | signed      (a provider)
//	sequence   2 | sequence 8
//	table      2 | (peer | endpoint) ...
//	note       2 | text ...
//
//	source     peer | length 1 | subnet, as netip.Prefix.MarshalBinary writes it
//	peer       0, or 1 and 32 bytes
//	endpoint   length 1 | as netip.AddrPort.MarshalBinary writes it
//	           of a record: no IP, and its Waiting as the port, which releases that know no
//	           Waiting do not look at (design R6.36)
//	signature  length 1 | bytes
//	signed     lifetime in seconds 4 | flags 1 | description ...   (what else a provider's signature covers)
const entryVersion = 2

var (
	errShort = errors.New("cut short, or malformed")
	errLong  = errors.New("bytes behind its end")
)

// A loadedItem is a record or provider entry as it was read from the journal.
type loadedItem struct {
	item    *item
	key     []byte
	expires time.Time
	between int
}

func appendItem(b []byte, it *item) []byte {
	b = append(b, entryVersion)
	b = appendTime(b, it.expires.at)
	b = appendTime(b, it.lastStore)
	b = binary.BigEndian.AppendUint16(b, uint16(min(it.keyItems.Between, 1<<16-1)))
	b = appendSource(b, it.source)
	if r := it.record; r != nil {
		b = binary.BigEndian.AppendUint64(b, r.Sequence)
		b = appendBytes(appendPeer(b, r.Publisher), r.Signature)
		return append(b, r.Value...)
	}
	p := it.provider
	b = binary.BigEndian.AppendUint64(b, p.Sequence)
	return appendSigned(appendBytes(appendEndpoint(b, p.Peer.Endpoint), p.Signature), p)
}

func parseItem(c Change) (loadedItem, error) {
	r := reader{rest: c.Value}
	r.version()
	loaded := loadedItem{key: c.Key, item: &item{}, expires: r.time()}
	loaded.item.lastStore, loaded.between, loaded.item.source = r.time(), int(r.uint16()), r.source()
	sequence := r.uint64()
	if c.Kind == RecordEntry {
		record := &rpc.Record{Key: loaded.key, Sequence: sequence, Publisher: r.peer(), Signature: r.bytes(), Value: r.remainder()}
		loaded.item.record, loaded.item.size = record, recordCost(record)
	} else {
		split := len(c.Key) - len(identity.ID{})
		if split < 0 {
			return loaded, errShort
		}
		loaded.key = c.Key[:split]
		p := &rpc.Provider{Key: loaded.key, Sequence: sequence}
		p.Peer = identity.Address{ID: identity.ID(c.Key[split:]), Endpoint: r.endpoint()}
		p.Signature = r.bytes()
		r.signed(p)
		loaded.item.provider, loaded.item.size = p, providerCost(p)
	}
	if len(loaded.key) == 0 || len(loaded.key) > rpc.MaxKey {
		return loaded, errShort
	}
	return loaded, r.end()
}

func appendPublished(b []byte, p *Published) []byte {
	b = appendTime(append(b, entryVersion), p.due.at)
	if r := p.Record; r != nil {
		b = binary.BigEndian.AppendUint64(b, uint64(r.TTL))
		b = binary.BigEndian.AppendUint64(b, r.Sequence)
		b = appendEndpoint(appendPeer(b, r.Publisher), netip.AddrPortFrom(netip.Addr{}, uint16(p.Waits)))
		return append(appendBytes(b, r.Signature), r.Value...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(p.Provider.TTL))
	b = binary.BigEndian.AppendUint64(b, p.Provider.Sequence)
	b = appendEndpoint(appendPeer(b, p.Provider.Peer.ID), p.Provider.Peer.Endpoint)
	return appendSigned(appendBytes(b, p.Provider.Signature), p.Provider)
}

func parsePublished(c Change) (*Published, time.Time, error) {
	r := reader{rest: c.Value}
	r.version()
	due, ttl, sequence := r.time(), time.Duration(r.uint64()), r.uint64()
	peer, endpoint, signature := r.peer(), r.endpoint(), r.bytes()
	if r.err != nil || len(c.Key) < 2 || len(c.Key) > 1+rpc.MaxKey || ttl <= 0 {
		return nil, due, cmp.Or(r.err, errShort)
	}
	key := c.Key[1:]
	switch {
	case c.Key[0] == recordKind && !endpoint.IsValid():
		record := &rpc.Record{Key: key, Value: r.remainder(), Sequence: sequence, Publisher: peer, Signature: signature, TTL: ttl}
		return &Published{Record: record, Waits: Waiting(min(endpoint.Port(), uint16(WaitsChosen)))}, due, r.end()
	case c.Key[0] == providerKind:
		provider := &rpc.Provider{Key: key, Peer: identity.Address{ID: peer, Endpoint: endpoint}, Sequence: sequence, TTL: ttl, Signature: signature}
		r.signed(provider)
		return &Published{Provider: provider}, due, r.end()
	}
	return nil, due, errShort
}

func sequenceChange(key []byte, sequence uint64) Change {
	return Change{Kind: SequenceEntry, Key: key, Value: binary.BigEndian.AppendUint64([]byte{entryVersion}, sequence)}
}

func parseSequence(c Change) (uint64, error) {
	r := reader{rest: c.Value}
	r.version()
	sequence := r.uint64()
	if len(c.Key) < 2 || c.Key[0] != recordKind && c.Key[0] != providerKind {
		return 0, errShort
	}
	return sequence, r.end()
}

func appendTable(b []byte, contacts []identity.Address) []byte {
	b = append(b, entryVersion)
	for _, a := range contacts {
		b = appendEndpoint(appendPeer(b, a.ID), a.Endpoint)
	}
	return b
}

func parseTable(c Change) ([]identity.Address, error) {
	r := reader{rest: c.Value}
	r.version()
	var table []identity.Address
	for r.err == nil && len(r.rest) > 0 {
		table = append(table, identity.Address{ID: r.peer(), Endpoint: r.endpoint()})
	}
	if string(c.Key) != tableKey {
		return nil, errShort
	}
	return table, r.end()
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(t.UnixNano()))
}

func appendBytes(b, field []byte) []byte { return append(append(b, byte(len(field))), field...) }

func appendPeer(b []byte, id identity.ID) []byte {
	if id.IsZero() {
		return append(b, 0)
	}
	return append(append(b, 1), id[:]...)
}

func appendEndpoint(b []byte, a netip.AddrPort) []byte {
	field, _ := a.MarshalBinary() // its error is always nil
	return appendBytes(b, field)
}

func appendSource(b []byte, s identity.NetGroup) []byte {
	field, _ := s.Subnet.MarshalBinary() // its error is always nil
	return appendBytes(appendPeer(b, s.Peer), field)
}

func appendSigned(b []byte, p *rpc.Provider) []byte {
	b = append(binary.BigEndian.AppendUint32(b, p.Lifetime), providerFlags(p))
	return append(b, p.Description...)
}

// A reader cuts an entry into fields. After its first error all fields are zero.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) cut(n int) []byte {
	if r.err == nil && len(r.rest) < n {
		r.err = errShort
	}
	if r.err != nil {
		return make([]byte, n)
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field
}

func (r *reader) version() {
	if r.cut(1)[0] != entryVersion && r.err == nil {
		r.err = ErrEntryVersion
	}
}

func (r *reader) uint16() uint16  { return binary.BigEndian.Uint16(r.cut(2)) }
func (r *reader) uint64() uint64  { return binary.BigEndian.Uint64(r.cut(8)) }
func (r *reader) time() time.Time { return time.Unix(0, int64(r.uint64())) }

// bytes is a copy of a field that says its length, nil if that is 0.
func (r *reader) bytes() []byte {
	field := r.cut(int(r.cut(1)[0]))
	if len(field) == 0 {
		return nil
	}
	return bytes.Clone(field)
}

func (r *reader) remainder() []byte { return bytes.Clone(r.cut(len(r.rest))) }

func (r *reader) peer() identity.ID {
	switch r.cut(1)[0] {
	case 0:
		return identity.ID{}
	case 1:
		return identity.ID(r.cut(len(identity.ID{})))
	}
	r.err = errShort
	return identity.ID{}
}

func (r *reader) endpoint() (a netip.AddrPort) {
	if err := a.UnmarshalBinary(r.bytes()); err != nil && r.err == nil {
		r.err = errShort
	}
	return a
}

func (r *reader) source() (s identity.NetGroup) {
	s.Peer = r.peer()
	if err := s.Subnet.UnmarshalBinary(r.bytes()); err != nil && r.err == nil {
		r.err = errShort
	}
	return s
}

// signed reads what appendSigned wrote.
func (r *reader) signed(p *rpc.Provider) {
	p.Lifetime = binary.BigEndian.Uint32(r.cut(4))
	flags := r.cut(1)[0]
	if flags > withdrawnFlag && r.err == nil {
		r.err = errShort
	}
	p.Withdrawn = flags == withdrawnFlag
	if p.Description = r.remainder(); len(p.Description) == 0 {
		p.Description = nil
	}
}

func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = errLong
	}
	return r.err
}
