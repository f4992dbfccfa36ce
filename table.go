package kadmium

import (
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// A Table is a snapshot of the routing table.
type Table struct {
	Self    identity.ID `json:"peer"`
	K       int         `json:"k"`       // contacts that a bucket has room for
	Size    int         `json:"size"`    // contacts in all buckets
	Buckets []Bucket    `json:"buckets"` // those that hold contacts, farthest first
}

// A Bucket holds the contacts that share exactly Prefix leading bits with this
// node, least recently seen first.
type Bucket struct {
	Prefix   int            `json:"prefix"`
	Waiting  int            `json:"waiting"` // contacts that wait for a place, as the bucket was full
	Contacts []TableContact `json:"contacts"`
}

// A TableContact is one contact of a bucket.
type TableContact struct {
	Peer     identity.ID      `json:"peer"`
	Address  identity.Address `json:"address"`
	LastSeen time.Time        `json:"last_seen,omitzero"` // zero: not since it replaced another contact
	Failures int              `json:"failures"`           // requests failed in a row, which count against it
	Failing  bool             `json:"failing"`            // it did not answer the last request, whether or not that counts
	RTT      time.Duration    `json:"rtt_ns,omitempty"`   // smoothed; 0: not measured
}

// Table is the routing table as it stands.
func (n *Node) Table() Table {
	t := Table{Self: n.id, Buckets: []Bucket{}}
	n.driver.View(func(e *engine.Engine) {
		t.K, t.Size = e.Table().K(), e.Table().Len()
		e.Table().Each(func(c identity.Contact, seen time.Time, failures, bucket int) {
			last := len(t.Buckets) - 1
			if last < 0 || t.Buckets[last].Prefix != bucket {
				t.Buckets = append(t.Buckets, Bucket{Prefix: bucket, Waiting: e.Table().Waiting(bucket)})
				last++
			}
			a := n.book.Address(c)
			rtt, _ := e.RTT(c)
			t.Buckets[last].Contacts = append(t.Buckets[last].Contacts, TableContact{
				Peer: a.ID, Address: a, LastSeen: n.driver.Wall(seen), Failures: failures, Failing: e.Table().Failing(c), RTT: rtt,
			})
		})
	})
	return t
}
