package kadmium

import (
	"cmp"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/store"
)

// The kinds of publications.
const (
	PublishedRecord   = "record"
	PublishedProvider = "provider"
)

// A Publication is a record or a provider entry that this node publishes again and again,
// until Unpublish.
type Publication struct {
	Key      string
	Kind     string // PublishedRecord or PublishedProvider
	Sequence uint64
	Bytes    int       // of the value; 0: a provider entry
	Expires  time.Time // unless it is published again
	Due      time.Time // when it is published again
}

// Published is what this node publishes, provider entries first, each kind ordered by key:
// the first of it, most at most; 0: all. Stats has the number of all.
func (n *Node) Published(most int) []Publication {
	all := []Publication{}
	n.driver.View(func(e *engine.Engine) {
		e.Store().EachPublished(n.driver.Now(), most, func(p *store.Published, expires time.Time) {
			item := Publication{Key: string(p.Key()), Expires: n.driver.Wall(expires), Due: n.driver.Wall(p.Due())}
			item.Kind, item.Sequence, item.Bytes = recordOrProvider(p.Record, p.Provider)
			all = append(all, item)
		})
	})
	slices.SortFunc(all, func(a, b Publication) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// recordOrProvider tells of a record, or if it is nil of a provider entry: its kind, its
// sequence, and the bytes of its value.
func recordOrProvider(r *rpc.Record, p *rpc.Provider) (kind string, sequence uint64, bytes int) {
	if r != nil {
		return PublishedRecord, r.Sequence, len(r.Value)
	}
	return PublishedProvider, p.Sequence, 0
}

type publicationJSON struct {
	keyJSON
	Kind     string    `json:"kind"`
	Sequence uint64    `json:"sequence"`
	Bytes    int       `json:"bytes"`
	Expires  time.Time `json:"expires"`
	Due      time.Time `json:"due"`
}

// MarshalJSON writes key (or key_base64), kind, sequence, bytes, expires and due.
func (p Publication) MarshalJSON() ([]byte, error) {
	return marshal(publicationJSON{keyOf(p.Key), p.Kind, p.Sequence, p.Bytes, p.Expires.UTC(), p.Due.UTC()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Publication) UnmarshalJSON(b []byte) error {
	return unmarshal(b, p, func(w publicationJSON) Publication {
		return Publication{w.key(), w.Kind, w.Sequence, w.Bytes, w.Expires, w.Due}
	})
}
