package kadmium

import (
	"time"

	"kadmium/identity"
)

// A Table is a picture of the routing table.
type Table struct {
	Self    identity.ID `json:"peer"`
	Size    int         `json:"size"`    // contacts in all buckets
	Buckets []Bucket    `json:"buckets"` // those that hold contacts, farthest first
}

// A Bucket holds the contacts that share exactly Prefix leading bits with this
// node, least recently seen first.
type Bucket struct {
	Prefix   int            `json:"prefix"`
	Contacts []TableContact `json:"contacts"`
}

// A TableContact is one contact of a bucket.
type TableContact struct {
	Peer     identity.ID      `json:"peer"`
	Address  identity.Address `json:"address"`
	LastSeen time.Time        `json:"last_seen"`
	Failures int              `json:"failures"` // requests failed in a row
}
