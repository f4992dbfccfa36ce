package rpc

import (
	//lint:ignore SA1019 the project's choice of protobuf API; this is the one file that meets it
	"github.com/golang/protobuf/proto"

	"kadmium/identity"
	"kadmium/rpc/pb"
)

// A Codec turns messages into datagram bodies and back. It reuses its
// memory, so that a busy node allocates little; each goroutine that encodes or decodes
// needs its own. The zero value is ready to use. A Codec must not be copied and is not
// safe for concurrent use.
type Codec struct {
	buffer proto.Buffer
	packed []byte // contacts, tags and the like being encoded

	// The body being encoded or decoded is one of these, empty between calls.
	pingRequest  pb.PingRequest
	pingResponse pb.PingResponse
	query        pb.Query
	answer       pb.Answer
	store        pb.StoreRequest
	addProvider  pb.AddProviderRequest
	message      pb.MessageRequest
	outcome      pb.Outcome

	// Parts of a body being encoded.
	record    pb.Record
	providers []*pb.Provider // those used since the last Append
}

// A body is a protobuf message that a Codec holds.
type body = proto.Message

func pingRequest(c *Codec) body        { return &c.pingRequest }
func pingResponse(c *Codec) body       { return &c.pingResponse }
func query(c *Codec) body              { return &c.query }
func answer(c *Codec) body             { return &c.answer }
func storeRequest(c *Codec) body       { return &c.store }
func addProviderRequest(c *Codec) body { return &c.addProvider }
func messageRequest(c *Codec) body     { return &c.message }
func outcome(c *Codec) body            { return &c.outcome }

// body is the empty protobuf message for an RPC's request or response, nil for
// an unknown type.
func (c *Codec) body(t Type, response bool) body {
	switch row := &types[t.known()]; {
	case row.request == nil:
		return nil
	case response:
		return row.response(c)
	default:
		return row.request(c)
	}
}

// Append appends the message's body to dst. The header's fields (type, response,
// serves, ID) are not part of it. The error wraps ErrTooLarge or ErrBadMessage;
// dst is then returned as it was.
func (c *Codec) Append(dst []byte, m *Message, book identity.Book) ([]byte, error) {
	body := c.body(m.Type, m.Response)
	if body == nil {
		return dst, errType
	}
	defer c.release(body)
	c.packed = c.packed[:0]
	var err error
	switch b := body.(type) {
	case *pb.PingRequest:
		b.DialBack, b.Protocols = m.DialBack, m.WantProtocols
	case *pb.PingResponse:
		err = c.encodePingResponse(b, m)
	case *pb.Query:
		err = c.encodeQuery(b, m)
	case *pb.Answer:
		err = c.encodeAnswer(b, m, book)
	case *pb.StoreRequest:
		err = c.encodeStore(b, m)
	case *pb.AddProviderRequest:
		err = c.encodeAddProvider(b, m)
	case *pb.MessageRequest:
		err = c.encodeAppMessage(b, m)
	case *pb.Outcome:
		err = c.encodeOutcome(b, m)
	}
	if err != nil {
		return dst, err
	}
	c.buffer.SetBuf(dst)
	err = c.buffer.Marshal(body)
	out := c.buffer.Bytes()
	c.buffer.SetBuf(nil)
	if err != nil {
		return dst, errProtobuf
	}
	if len(out)-len(dst) > MaxDatagram {
		return dst, errBody
	}
	return out, nil
}

// release drops the references to what was encoded, which belongs to the caller.
func (c *Codec) release(b body) {
	b.Reset()
	c.record.Reset()
	for _, p := range c.providers {
		p.Reset()
	}
	c.providers = c.providers[:0]
}

// Decode reads a body into m, whose header fields (type, response, serves, ID)
// the caller has set; all others are set here. It never panics, whatever body
// holds. The error wraps ErrTooLarge or ErrBadMessage; the fields of m are then
// undefined.
//
// Nothing in m refers to body. The records, provider entries and byte slices of m
// are new and may be kept; the next Decode into m reuses its other slices. m.Target is
// the position of the key, if the RPC carries one. Contacts that cannot be reached (see
// Contactable) and contacts, tags and bits over their limits are left out. What has a
// Status of its own in a write (a size, an address, a lifetime) is not checked.
func (c *Codec) Decode(body []byte, m *Message, book identity.Book) error {
	t, response, serves, id := m.Type, m.Response, m.Serves, m.ID
	m.Reset()
	m.Type, m.Response, m.Serves, m.ID = t, response, serves, id
	wire := c.body(t, response)
	if wire == nil {
		return errType
	}
	if len(body) > MaxDatagram {
		return errBody
	}
	defer wire.Reset()
	if err := proto.Unmarshal(body, wire); err != nil {
		return errProtobuf
	}
	switch b := wire.(type) {
	case *pb.PingRequest:
		m.DialBack, m.WantProtocols = b.DialBack, b.Protocols
	case *pb.PingResponse:
		return decodePingResponse(m, b)
	case *pb.Query:
		return decodeQuery(m, b)
	case *pb.Answer:
		return decodeAnswer(m, b, book)
	case *pb.StoreRequest:
		return decodeStore(m, b)
	case *pb.AddProviderRequest:
		return decodeAddProvider(m, b)
	case *pb.MessageRequest:
		return decodeAppMessage(m, b)
	case *pb.Outcome:
		return decodeOutcome(m, b)
	}
	return nil
}
