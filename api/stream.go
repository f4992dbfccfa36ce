package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"kadmium"
)

const eventStream = "text/event-stream"

// Bounds of streams.
const (
	maxStreams  = 32               // of one server
	silenceTime = 15 * time.Second // after which a stream sends a comment: a client that left is noticed
	// streamBuffer is what the system may keep of a stream, in bytes. It takes more only
	// after a part of that has left, of a buffer of its own choice up to a megabyte: a slow
	// reader would not take that much within writeTime.
	streamBuffer = 32 << 10
)

// A stream is a response of server-sent events.
type stream struct {
	c       *call
	control *http.ResponseController

	mu     sync.Mutex
	failed func() // at the first write that fails; nil: nobody needs to know
	err    error  // of that write
	cut    bool   // the client took nothing for writeTime
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
	limitBuffer(c.r.Context(), streamBuffer)
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
		s.fail(err)
		return
	}
	s.write(fmt.Appendf(nil, "event: %s\ndata: %s\n", event, b))
}

// beat sends a comment.
func (s *stream) beat() { s.write([]byte(":\n\n")) }

// beats sends a comment each silenceTime until stop, beside whatever else is sent, and calls
// failed once if the client takes nothing or has left.
func (s *stream) beats(failed func()) (stop func()) {
	s.mu.Lock()
	s.failed = failed
	s.mu.Unlock()
	var done sync.WaitGroup
	ended := make(chan struct{})
	done.Go(func() {
		beat := time.NewTicker(silenceTime)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				s.beat()
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		done.Wait()
	}
}

func (s *stream) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	began := time.Now()
	_ = s.control.SetWriteDeadline(began.Add(writeTime))
	_, err := s.c.w.Write(b)
	if err == nil {
		err = s.control.Flush()
	}
	if err == nil {
		return
	}
	if s.cut = time.Since(began) >= writeTime; s.cut {
		s.c.server.counters.streamsCut.Add(1)
	}
	s.fails(err)
}

// fail ends the stream, which cannot go on.
func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails(err)
}

// fails is fail with s.mu held.
func (s *stream) fails(err error) {
	if s.err = err; s.failed != nil {
		s.failed()
	}
}
