package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
	"kadmium/transport/memnet"
)

// inMemory are nodes at 20.0.0.1 and so on, served in this process, in virtual time; the
// first is the others' bootstrap peer.
func inMemory(t testing.TB, number int) (nodes []*kadmium.Node, network *memnet.Network) {
	t.Helper()
	network = memnet.New(1, memnet.Conditions{})
	for i := range number {
		cfg := kadmium.Config{
			Listen: []string{fmt.Sprintf("20.0.0.%d:4100", i+1)}, Mode: kadmium.Server,
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
		}
		if i > 0 {
			cfg.Bootstrap = []string{nodes[0].Addresses()[0].String()}
		}
		n, err := kadmium.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		if err := n.Joined(t.Context()); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	return nodes, network
}

// request sends a GET for a stream and returns its body.
func request(t *testing.T, ctx context.Context, c *Client, target string) *bufio.Reader {
	t.Helper()
	return exchange(t, ctx, c, "GET", target)
}

// exchange is request with any method.
func exchange(t *testing.T, ctx context.Context, c *Client, method, target string) *bufio.Reader {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "http://kad"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return bufio.NewReader(response.Body)
}

// until reads lines until one begins with the text.
func until(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no line %q before %v", text, err)
		}
		if strings.HasPrefix(line, text) {
			return line
		}
	}
}

// The steps of a lookup are told while it runs.
func TestTraceIsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 2)
		c, stop := NewServer(nil, nodes[1]).Local(t.Context())
		defer stop()
		defer c.Close()
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		body := request(t, t.Context(), c, "/v1/closest/x?trace=sse")
		until(t, body, "event: step")
		if step := until(t, body, "data: "); !strings.Contains(step, `"asked"`) || nodes[1].Stats().Gauges["lookups"] != 1 {
			t.Errorf("the first step is %s, and %d lookups run", step, nodes[1].Stats().Gauges["lookups"])
		}
		until(t, body, "event: problem")
		if p := until(t, body, "data: "); !strings.Contains(p, "/problems/no-answer") || strings.Contains(p, `"trace"`) {
			t.Errorf("in the end: %s", p)
		}
		if _, err := body.ReadString(0); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A client that does not read its stream loses it, and the place is free again. One that
// listens while nothing happens keeps both.
func TestSlowReaderOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 1)
		s := NewServer(nil, nodes...)
		c, stop := s.Local(t.Context())
		defer stop()
		defer c.Close()
		slow, reader := request(t, t.Context(), c, "/v1/events"), request(t, t.Context(), c, "/v1/events")
		until(t, slow, ":")
		until(t, reader, ":")
		if len(s.streams) != 2 {
			t.Errorf("%d streams run", len(s.streams))
		}
		for range 4 { // comments, by which a client that has left is noticed
			time.Sleep(silenceTime)
			until(t, reader, ":")
		}
		if len(s.streams) != 1 {
			t.Errorf("after a minute %d streams run, want the reader's", len(s.streams))
		}
	})
}

// A reader that falls behind loses events, and the next has their number.
func TestReaderThatFallsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 2)
		s := NewServer(nil, nodes[1])
		c, stop := s.Local(t.Context())
		defer stop()
		defer c.Close()
		body := request(t, t.Context(), c, "/v1/events?kinds=record+stored")
		const puts = 400
		for i := range puts {
			if _, err := nodes[0].Put(t.Context(), "/v/x", fmt.Append(nil, i), kadmium.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		got, dropped := 0, 0
		for told := false; !told; {
			line, err := body.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			data, isEvent := strings.CutPrefix(line, "data: ")
			switch {
			case isEvent:
				var e kadmium.Event
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				got, dropped, told = got+1, dropped+int(e.Dropped), e.Dropped > 0
			case line == ":\n" && got > 0: // it has caught up: the next event tells what was lost
				if _, err := nodes[0].Put(t.Context(), "/v/x", []byte("last"), kadmium.PutOptions{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if all := got + dropped; all > puts+1 || all < puts/2 { // a holder may be asked twice, or not at all
			t.Errorf("of %d events %d came, and %d were dropped", puts+1, got, dropped)
		}
		if dropped == 0 || uint64(dropped) != s.Counters()["http.events.dropped"] {
			t.Errorf("%d events came, %d were dropped, counted %d", got, dropped, s.Counters()["http.events.dropped"])
		}
	})
}

// The end of a server ends streams, operations, and clients that have sent nothing, and
// says why.
func TestEndOfServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, network := inMemory(t, 2)
		l := newPipes()
		s := NewServer(nil, nodes[1])
		stop := s.serve(t.Context(), l, s.onSocket())
		c := NewClient(l.dial)
		defer c.Close()
		idle, err := l.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		body := request(t, t.Context(), c, "/v1/events")
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		ended := make(chan error)
		go func() {
			_, err := c.Closest(t.Context(), "x", true, Call{Timeout: MaxTimeout})
			ended <- err
		}()
		answer := make(chan string)
		go func() {
			b, _ := io.ReadAll(idle)
			answer <- string(b)
		}()
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop()
		}()
		if err := <-ended; !errors.Is(err, kadmium.ErrClosed) {
			t.Errorf("the operation ended with %v", err)
		}
		if text := <-answer; !strings.Contains(text, "503 Service Unavailable") || !strings.Contains(text, "/problems/closed") {
			t.Errorf("an idle client reads %q", text)
		}
		for {
			if _, err := body.ReadString('\n'); err != nil {
				break
			}
		}
		if <-stopped; time.Since(began) > endTime {
			t.Errorf("it took %s", time.Since(began))
		}
		if _, err := c.Stats(t.Context(), Call{}); err == nil {
			t.Error("it serves still")
		}
	})
}

// Comments come between the steps of a long operation, as clients give up a stream that is
// silent for a minute.
func TestSignOfLifeOfATracedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 2)
		if err := nodes[1].Handle("/slow", func(context.Context, kadmium.Message) ([]byte, error) {
			time.Sleep(70 * time.Second)
			return []byte("done"), nil
		}); err != nil {
			t.Fatal(err)
		}
		c, stop := NewServer(nil, nodes[0]).Local(t.Context())
		defer stop()
		defer c.Close()
		body := exchange(t, t.Context(), c, "POST", "/v1/messages/"+nodes[1].ID().String()+"/%2Fslow?trace=sse&timeout=2m")
		beats := 0
		for last := time.Now(); ; last = time.Now() {
			line, err := body.ReadString('\n')
			if err != nil {
				t.Fatalf("the stream ended with %v, without a result", err)
			}
			if silent := time.Since(last); silent > silenceTime {
				t.Errorf("no sign for %s", silent)
			}
			if line == ":\n" {
				beats++
			}
			if line == "event: result\n" {
				break
			}
		}
		if beats != 4 {
			t.Errorf("%d comments in 70 seconds", beats)
		}
	})
}

// An operation ends soon after the client that watches it takes nothing any more, and frees
// its place.
func TestTraceThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 2)
		if err := nodes[1].Handle("/slow", func(ctx context.Context, _ kadmium.Message) ([]byte, error) {
			<-ctx.Done()
			return nil, nil
		}); err != nil {
			t.Fatal(err)
		}
		s := NewServer(nil, nodes[0])
		c, stop := s.Local(t.Context())
		defer stop()
		defer c.Close()
		body := exchange(t, t.Context(), c, "POST", "/v1/messages/"+segment(nodes[1].Addresses()[0].String())+"/%2Fslow?trace=sse&timeout=10m")
		until(t, body, ":")
		time.Sleep(time.Second)
		if running := nodes[0].Stats().Gauges["operations"]; running != 1 {
			t.Fatalf("%d operations run", running)
		}
		time.Sleep(silenceTime + writeTime + time.Second)
		if running := nodes[0].Stats().Gauges["operations"]; running != 0 || len(s.streams) != 0 || s.Counters()["http.streams.cut"] != 1 {
			t.Errorf("%d operations and %d streams are left, %d were cut", running, len(s.streams), s.Counters()["http.streams.cut"])
		}
	})
}

// Events that a reader loses are counted, also if it never gets the one that says so.
func TestEventsLostAtTheEndOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := inMemory(t, 2)
		s := NewServer(nil, nodes[1])
		c, stop := s.Local(t.Context())
		defer stop()
		defer c.Close()
		until(t, request(t, t.Context(), c, "/v1/events?kinds=record+stored"), ":")
		for i := range 400 {
			if _, err := nodes[0].Put(t.Context(), "/v/x", fmt.Append(nil, i), kadmium.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(writeTime + time.Second)
		// Those that were dropped, the one in the middle of which it was cut off, and those behind it.
		dropped, lost := nodes[1].Stats().Counters["events.dropped"], s.Counters()["http.events.dropped"]
		if dropped == 0 || lost <= dropped+1 || len(s.streams) != 0 {
			t.Errorf("the node dropped %d events, and the reader lost %d; %d streams run", dropped, lost, len(s.streams))
		}
	})
}

// The system keeps little of a stream: a reader that is slow is told what it loses, and is
// not cut off for the megabytes that it has yet to take.
func TestSlowReaderOverTCP(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	token := NewToken()
	t.Cleanup(b.server.ServeTCP(l, TCPConfig{Token: token}))
	reader, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := reader.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	_ = reader.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(reader, "GET /v1/events?kinds=message&protocol=/p HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", l.Addr(), token.Secret()); err != nil {
		t.Fatal(err)
	}
	body := bufio.NewReader(reader)
	until(t, body, ": a stream")
	send := func() {
		_, err := a.node.Send(t.Context(), b.node.Addresses()[0], "/p", make([]byte, 1000))
		if !errors.Is(err, kadmium.ErrNoHandler) {
			t.Fatal(err)
		}
	}
	lost := func() uint64 { return b.server.Counters()["http.events.dropped"] }
	const enough = 600 // of 3 KB each: the channel of 256, and as much again
	for sent := 0; lost() == 0 && sent < enough; sent++ {
		send()
	}
	if lost() == 0 {
		t.Fatalf("a reader that takes nothing lost nothing of %d messages", enough)
	}
	for {
		line, err := body.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended with %v; %d were cut", err, b.server.Counters()["http.streams.cut"])
		}
		if strings.Contains(line, `"dropped":`) {
			return
		}
		if strings.HasPrefix(line, "data: ") && lost() > 0 {
			send() // until one has the number
		}
	}
}
