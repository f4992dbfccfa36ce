package transport

// Request sends a request, or sends it again: the caller times the tries. Under
// a session with the peer it is sealed; else, or if Fresh, it is a first contact,
// signed on a worker, and a repeat sends identical bytes. A write without a
// session is kept until a PING, sent as first contact in its place, has made one.
//
// Its error says that nothing was or will be sent: ErrTooLarge, ErrBadRequest,
// ErrNoSocket, ErrTooManyFirstContacts, ErrBusy, ErrClosed. Loss is no error.
func (t *Transport) Request(r Request) error { return ErrBusy }

// Forget drops a request that is over; its response, if it still comes, is
// unsolicited. Forgetting twice does nothing.
func (t *Transport) Forget(id uint64) {}

// A ReplyTo says where the reply to a request goes. It may be kept and used
// once, also after the Handler returned.
type ReplyTo struct{}

// Reply answers a request, with one datagram. The answer to a write is kept for
// its retries. The body is copied if it is kept.
//
// Its error says that nothing was sent: ErrTooLarge if the body is over the
// request's Room, ErrStale if it was answered or is forgotten, ErrBusy, ErrClosed.
func (t *Transport) Reply(to ReplyTo, serves bool, body []byte) error { return ErrBusy }

func (t *Transport) receive(r *reader, datagram []byte) { t.count.received(datagram) }

// Stats is what was counted so far.
func (t *Transport) Stats() Stats { return Stats{} }
