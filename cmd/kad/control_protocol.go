package main

import (
	"encoding/json"
	"time"
)

// Limits of the control protocol.
const (
	maxControlLine       = 64 << 10 // bytes of a request; the largest value is far smaller
	maxControlRest       = 16 << 20 // bytes read and dropped of a longer one, so that its sender reads the answer
	maxControlRequests   = 64       // connections served at once; more wait
	controlReadTime      = 10 * time.Second
	controlShortReadTime = time.Second // while others wait for a file handle or a place
	defaultTimeout       = 30 * time.Second
	maxTimeout           = 10 * time.Minute
	controlWriteGrace    = 5 * time.Second
)

// A controlRequest is the one line that a client sends: an operation, its arguments,
// and how long it may take.
type controlRequest struct {
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args"`
	Timeout time.Duration   `json:"timeout_ns"`
}

// A controlReply is the one line that comes back. Then the connection is closed.
type controlReply struct {
	Result  json.RawMessage `json:"result,omitempty"`
	Failure *failure        `json:"failure,omitempty"`
}
