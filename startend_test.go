package kadmium

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
)

// A Config's handlers are there before anything is received: a handler set after New
// could miss the first message.
func TestHandlersOfTheConfig(t *testing.T) {
	one := start(t, Config{})
	two := start(t, Config{Handlers: map[string]Handler{
		"echo": echoPayload,
		"":     func(context.Context, Message) ([]byte, error) { return []byte("other"), nil },
		"none": nil,
	}}, one)
	for protocol, want := range map[string]string{"echo": "x", "none": "other", "bogus": "other"} {
		reply, err := one.Send(t.Context(), two.Addresses()[0], protocol, []byte("x"))
		if err != nil || string(reply.Payload) != want {
			t.Errorf("%s: %q, %v", protocol, reply.Payload, err)
		}
	}
	two.Handle("echo", nil)
	if reply, err := one.Send(t.Context(), two.Addresses()[0], "echo", []byte("x")); err != nil || string(reply.Payload) != "other" {
		t.Errorf("echo, removed: %q, %v", reply.Payload, err)
	}
}

// A node that is closed while it joins does not complain of peers it stopped asking.
func TestCloseWhileJoiningIsNoFailure(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var log bytes.Buffer
	n, err := New(Config{
		Listen: []string{"127.0.0.1:0"}, Bootstrap: []string{silent.LocalAddr().String()},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := silent.ReadFrom(make([]byte, 2048)); err != nil { // it is joining
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "bootstrap") {
		t.Errorf("logged %s", &log)
	}
}
