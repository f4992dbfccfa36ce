package kadmium

import (
	"time"

	"kadmium/identity"
)

// Stats is what a node is doing and has done since it started.
type Stats struct {
	Peer      identity.ID        `json:"peer"`
	Addresses []identity.Address `json:"addresses"`
	Network   string             `json:"network"`
	Mode      string             `json:"mode"`   // as configured
	Serves    bool               `json:"serves"` // others may keep this node in their tables
	Started   time.Time          `json:"started"`
	Peers     int                `json:"peers"`     // contacts in the table
	Records   int                `json:"records"`   // held
	Providers int                `json:"providers"` // provider entries held
	Published int                `json:"published"` // keys this node publishes again
	Tasks     []Task             `json:"tasks"`
	Counters  map[string]uint64  `json:"counters"` // by dotted name, since the start
}

// A Task is something the node does by itself, again and again.
type Task struct {
	Name     string        `json:"name"`
	Interval time.Duration `json:"interval_ns"`
	Jitter   time.Duration `json:"jitter_ns"`
	Due      time.Time     `json:"due,omitzero"` // zero: not until something happens
}
