package kadmium

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// text is all that was written.
func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// lines are those with a message.
func (b *lockedBuffer) lines(message string) (found []string) {
	for line := range strings.Lines(b.text()) {
		if strings.Contains(line, "msg="+message+" ") || strings.Contains(line, fmt.Sprintf("msg=%q ", message)) {
			found = append(found, line)
		}
	}
	return found
}

// wantLine is the one line with a message, which has each of the texts.
func wantLine(t *testing.T, log *lockedBuffer, message string, texts ...string) {
	t.Helper()
	synctest.Wait() // for what is being logged
	found := log.lines(message)
	if len(found) != 1 {
		t.Errorf("%d lines %q, want 1:\n%s", len(found), message, log.text())
		return
	}
	for _, text := range texts {
		if !strings.Contains(found[0], text) {
			t.Errorf("want %q in %s", text, found[0])
		}
	}
}

func logTo(level slog.Level) (*lockedBuffer, *slog.Logger) {
	b := new(lockedBuffer)
	return b, slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: level}))
}

// The link of twenty nodes at rest is cut, and nobody asks them how they are: within a minute
// the log of each says that it is cut off, and so does its readiness, in the same words; all
// turn back after.
func TestTwentyNodesWhoseLinkIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		var nodes []*Node
		var logs []*lockedBuffer
		for i := range 20 {
			log, to := logTo(slog.LevelInfo)
			logs = append(logs, log)
			var seeds []*Node
			if i > 0 {
				seeds = nodes[:1]
			}
			nodes = append(nodes, on(t, network, i+1, Config{Mode: Server, Logger: to}, seeds...))
		}
		time.Sleep(30*time.Minute + 7*time.Second)
		for i, log := range logs {
			if len(log.lines("cut off"))+len(log.lines("peers lost"))+len(log.lines("no peer is known")) > 0 {
				t.Errorf("node %d before the cut:\n%s", i, log.text())
			}
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		time.Sleep(time.Minute)
		for i, n := range nodes {
			wantLine(t, logs[i], "cut off", "level=WARN", "cut off: nobody has answered for ", " contacts 3 were asked ")
			wantReady(t, n, false, "cut off: nobody has answered for ")
		}
		time.Sleep(5 * time.Minute)
		network.Partition(nil)
		time.Sleep(time.Minute)
		for i, n := range nodes {
			wantReady(t, n, true, "a peer answered")
			wantLine(t, logs[i], "together again", "peers=19", "after=6m")
			wantLine(t, logs[i], "cut off")
		}
	})
}

// What the log of a node has of its life, from its first join on.
func TestLogOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		log, to := logTo(slog.LevelDebug)
		one := on(t, network, 1, Config{Mode: Server, Logger: to})
		wantLine(t, log, "listening", "level=INFO", one.ID().String(), "20.0.1.1:4100", "network="+DefaultNetwork)
		wantLine(t, log, "alone", "level=INFO", "it was given no peer to join through")
		second, toSecond := logTo(slog.LevelInfo)
		two := on(t, network, 2, Config{Mode: Server, Logger: toSecond}, one)
		wantLine(t, second, "joined", "level=INFO", "peers=1", "took=")
		three := on(t, network, 3, Config{Mode: Server}, one)
		time.Sleep(time.Minute)
		wantLine(t, log, "no longer alone", "peers=")
		if _, err := one.Put(t.Context(), "/v/x", []byte("x"), PutOptions{}); err != nil {
			t.Error(err)
		}
		if found := log.lines("lookup ended"); len(found) == 0 || !strings.Contains(log.text(), "level=DEBUG msg=\"lookup ended\" purpose=put reason=exhausted hops=1 ") {
			t.Errorf("no line of the put's lookup:\n%s", strings.Join(found, ""))
		}
		if len(log.lines("session begun")) == 0 || len(second.lines("session begun")) > 0 {
			t.Errorf("sessions begun: %q and %q", log.lines("session begun"), second.lines("session begun"))
		}
		two.Close()
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "peers lost", "left=1", "silent=0", "out_of_table=1", "in_table=1")
		three.Close()
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "no peer is known", "level=WARN", "no other is left")
		again := on(t, network, 3, Config{Mode: Server}, one)
		time.Sleep(time.Minute)
		wantLine(t, log, "together again", "after=")
		again.Close()
	})
}

// Clients that end are no lost peers, nor are those that were silent and have answered since.
func TestLogOfPeersThatAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		log, to := logTo(slog.LevelInfo)
		one := on(t, network, 1, Config{Mode: Server, Logger: to})
		two := on(t, network, 2, Config{Mode: Server}, one)
		for i := range 3 {
			client := on(t, network, 3+i, Config{Mode: Client}, one)
			if _, err := client.FindPeer(t.Context(), two.ID()); err != nil {
				t.Error(err)
			}
			client.Close()
		}
		time.Sleep(2*time.Minute - time.Second)
		for log.lines("no longer alone") == nil {
			time.Sleep(time.Second)
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		if _, err := one.Ping(t.Context(), two.Addresses()[0]); err == nil {
			t.Error("it answered")
		}
		network.Partition(nil)
		if _, err := one.Ping(t.Context(), two.Addresses()[0]); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		if found := log.lines("peers lost"); len(found) > 0 {
			t.Errorf("%q", found)
		}
		two.Close()
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "peers lost", "left=1", "silent=0")
	})
}

// A node whose seed is away says so once, and that it has joined when that is true.
func TestLogOfALateJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		conn, err := network.Listen(netip.AddrPortFrom(publicIP(1), 4100))
		if err != nil {
			t.Fatal(err)
		}
		log, to := logTo(slog.LevelInfo)
		n, err := New(Config{Conns: []net.PacketConn{conn}, Bootstrap: seedList(2, 2), Logger: to})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		time.Sleep(10 * time.Minute)
		wantLine(t, log, "no bootstrap peer answered", "level=WARN")
		if strings.Count(log.text(), "\n") != 2 { // and that it listens
			t.Errorf("in ten minutes without its seed:\n%s", log.text())
		}
		on(t, network, 2, Config{Mode: Server})
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "joined", "peers=1", "took=1")
	})
}

// Ten thousand events of one reason in a second are a line, and their number.
func TestFailingHandlerFloodsNoLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		log, to := logTo(slog.LevelInfo)
		one := on(t, network, 1, Config{Mode: Server, Logger: to, Handlers: map[string]Handler{
			"fail": func(context.Context, Message) ([]byte, error) { return nil, fmt.Errorf("out of %s", "paper") },
		}})
		two := on(t, network, 2, Config{Mode: Server}, one)
		for range 1000 {
			_, _ = two.Send(t.Context(), one.Addresses()[0], "fail", nil)
		}
		wantLine(t, log, "handler failed", "level=WARN", "out of paper")
		time.Sleep(2 * time.Minute)
		if found := log.lines("handler failed"); len(found) != 2 || !strings.Contains(found[1], "left_out=998") {
			t.Errorf("a minute later: %s", found)
		}
	})
}

// A limit that is reached is named, with how often.
func TestLogNamesTheLimitReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		log, to := logTo(slog.LevelInfo)
		one := on(t, network, 1, Config{Mode: Server, Logger: to, Limits: Limits{Records: 4}})
		two := on(t, network, 2, Config{Mode: Client}, one)
		for i := range 20 {
			_, _ = two.Put(t.Context(), fmt.Sprintf("/v/%d", i), []byte("x"), PutOptions{Ephemeral: true})
		}
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "limit reached: the store is full", "level=WARN", "times=")
	})
}
