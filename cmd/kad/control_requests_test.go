package main

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"kadmium"
)

// The control protocol takes what its documents say, and refuses the rest in words.
func TestControlRequests(t *testing.T) {
	t.Parallel()
	n, err := kadmium.New(kadmium.Config{Listen: []string{"[::1]:0"}})
	if err != nil {
		if n, err = kadmium.New(kadmium.Config{Listen: []string{"127.0.0.1:0"}}); err != nil {
			t.Fatal(err)
		}
	}
	defer n.Close()
	foreign := "[::1]:9"
	if n.Addresses()[0].Endpoint.Addr().Is6() {
		foreign = "127.0.0.1:9"
	}
	for _, test := range []struct{ send, says string }{
		{`{"command":"stats"}`, ""},
		{`{"command":"stats","args":{}}`, ""},
		{`{"command":"stats","timeout_ns":-1}`, "timeout_ns -1 is negative"},
		{`{"command":"stats","args":[]}`, "arguments of stats: it is array, want an object"},
		{`{"command":"get","args":{"key":7}}`, "key is number, want text"},
		{`{"command":"get","args":{"key":"/v/x","quorum":"many"}}`, "quorum is string, want a whole number"},
		{`[]`, "control request: it is array, want an object"},
		{`{"command":"find"}`, "no peer is named"},
		{`{"command":"ping"}`, "no destination is named"},
		{`{"command":"send","args":{"protocol":"/p","payload":""}}`, "no destination is named"},
		{`{"command":"ping","args":{"to":{"endpoint":"` + foreign + `"}}}`, "socket"},
		{`{"command":"get","args":{"key":"/v/nothing","quorum":1}}`, "/v/nothing: "},
	} {
		client, node := net.Pipe()
		result, err := runControlRequest(t.Context(), node, n, []byte(test.send))
		client.Close()
		node.Close()
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", test.send, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: no error, want %q", test.send, test.says)
			continue
		}
		if f := asFailure(err); !strings.Contains(f.Message, test.says) || f.Next == "" || strings.Contains(f.Message, "Go ") {
			t.Errorf("%s: %+v, want %q", test.send, f, test.says)
		}
		if b, err := json.Marshal(result); err != nil || strings.Contains(string(b), time.Time{}.Format(time.RFC3339)) {
			t.Errorf("%s: result %s, %v", test.send, b, err)
		}
	}
}
