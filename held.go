package kadmium

import (
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// A Holding is a record or a provider entry that this node holds for its network. Its Kind
// is that of a Publication.
type Holding struct {
	Key      string
	Kind     string
	Sequence uint64
	Bytes    int         // of the value; 0: a provider entry
	Provider identity.ID // of a provider entry: who provides the key; zero: a record
	Copy     bool        // the node is not among the closest to the key, and keeps it for a shorter time
	Expires  time.Time
}

// Held is what this node holds: the n that expire first, in that order. Stats has the
// number of all.
func (n *Node) Held(most int) []Holding {
	all := []Holding{}
	n.driver.View(func(e *engine.Engine) {
		for _, h := range e.Store().SoonestHeld(n.driver.Now(), most) {
			item := Holding{Key: string(h.Key), Copy: h.Copy, Expires: n.driver.Wall(h.Expires)}
			item.Kind, item.Sequence, item.Bytes = recordOrProvider(h.Record, h.Provider)
			if h.Provider != nil {
				item.Provider = h.Provider.Peer.ID
			}
			all = append(all, item)
		}
	})
	return all
}

type holdingJSON struct {
	keyJSON
	Kind     string      `json:"kind"`
	Sequence uint64      `json:"sequence"`
	Bytes    int         `json:"bytes"`
	Provider identity.ID `json:"provider,omitzero"`
	Copy     bool        `json:"copy,omitempty"`
	Expires  time.Time   `json:"expires"`
}

// MarshalJSON writes key (or key_base64), kind, sequence, bytes, provider (of an entry), copy (if
// so) and expires.
func (h Holding) MarshalJSON() ([]byte, error) {
	return marshal(holdingJSON{keyOf(h.Key), h.Kind, h.Sequence, h.Bytes, h.Provider, h.Copy, h.Expires.UTC()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Holding) UnmarshalJSON(b []byte) error {
	return unmarshal(b, h, func(w holdingJSON) Holding {
		return Holding{w.key(), w.Kind, w.Sequence, w.Bytes, w.Provider, w.Copy, w.Expires}
	})
}
