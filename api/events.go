package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"kadmium"
	"kadmium/rpc"
)

// maxProtocols bounds the protocols of one stream whose messages are copied.
const maxProtocols = 64

// events serves GET /v1/events.
func events(c *call) error {
	filter := kadmium.EventFilter{Protocols: c.query["protocol"], Lost: &c.server.counters.eventsDropped}
	if c.query.Has("kinds") {
		filter.Kinds = strings.Split(c.query.Get("kinds"), ",")
	}
	known := kadmium.EventKinds()
	for _, kind := range filter.Kinds {
		if !slices.Contains(known, kind) {
			c.fail(badRequest("choose of: "+strings.Join(known, ", "), "there is no kind of event %q", kind))
		}
	}
	for _, protocol := range filter.Protocols {
		if err := rpc.CheckProtocol(protocol); err != nil {
			c.fail(err)
		}
	}
	if len(filter.Protocols) > maxProtocols {
		c.fail(badRequest("name fewer", "%d protocols, at most %d", len(filter.Protocols), maxProtocols))
	}
	if c.bad != nil {
		return c.bad
	}
	if c.r.Method == http.MethodHead {
		c.w.Header().Set("Content-Type", eventStream)
		c.w.WriteHeader(http.StatusOK)
		return nil
	}
	all := c.node.EventsOf(c.r.Context(), filter) // before the client can know that it will get them
	s, err := c.stream()
	if err != nil {
		return err
	}
	defer s.close()
	s.events(all)
	return nil
}

// events sends events until there are no more, the client has left, or it takes nothing.
func (s *stream) events(all <-chan kadmium.Event) {
	beat := time.NewTicker(silenceTime)
	defer beat.Stop()
	for s.err == nil {
		select {
		case e, more := <-all:
			if !more {
				return
			}
			if s.send(e.Kind, e); s.cut {
				s.c.server.counters.eventsDropped.Add(1 + uint64(len(all)))
			}
		case <-beat.C:
			s.beat()
		}
	}
}
