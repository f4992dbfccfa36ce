package api

import (
	"fmt"
	"net/http"
	"time"

	"kadmium"
)

const eventStream = "text/event-stream"

// Bounds of streams.
const (
	maxStreams  = 32               // of one server
	silenceTime = 15 * time.Second // after which a stream sends a comment: a client that left is noticed
)

// A stream is a response of server-sent events. Its methods are not safe for concurrent
// use.
type stream struct {
	c       *call
	control *http.ResponseController
	err     error // of the first write that failed
}

// stream begins a response of server-sent events. It is refused if too many run.
func (c *call) stream() (*stream, error) {
	if c.open {
		return nil, c.guard.noToken()
	}
	select {
	case c.server.streams <- struct{}{}:
	default:
		c.server.counters.streamsRefused.Add(1)
		return nil, fmt.Errorf("%w: %d streams of events run", kadmium.ErrBusy, maxStreams)
	}
	h := c.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s := &stream{c: c, control: http.NewResponseController(c.w)}
	c.w.WriteHeader(http.StatusOK)
	s.write([]byte(": a stream of events\n\n"))
	return s, nil
}

// close frees the stream's place.
func (s *stream) close() { <-s.c.server.streams }

// send sends an event. After an error it does nothing.
func (s *stream) send(event string, data any) {
	b, err := encode(data) // one line
	if err != nil {
		s.err = err
		return
	}
	s.write(fmt.Appendf(nil, "event: %s\ndata: %s\n", event, b))
}

// beat sends a comment.
func (s *stream) beat() { s.write([]byte(":\n\n")) }

func (s *stream) write(b []byte) {
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTime))
	if _, s.err = s.c.w.Write(b); s.err == nil {
		s.err = s.control.Flush()
	}
}
