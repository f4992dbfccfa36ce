package kadmium

import (
	"context"
	"time"
)

// A Readiness says whether a node is a working member of its network, and why in words.
type Readiness struct {
	Ready    bool
	Alone    bool      // ready as a network of its own: it has no peers to join through but itself, and has met nobody
	Reason   string    // in words
	Answered time.Time // when a peer last answered; zero: none has
}

// Ready says whether the node is ready: it has joined, and in the last 30 s a peer answered
// a lookup, a PING or another request. If none did, three of its neighbours get a PING, at
// most every 15 s, and Ready waits for an answer until the context ends; if none of them
// answers, the node looks itself up, at most every 10 min. For 10 min afterwards it asks one
// by itself when nobody has answered for 15 s. A node that was given nobody to join through
// but itself, and that has met nobody, is ready alone.
func (n *Node) Ready(ctx context.Context) Readiness {
	r := n.driver.Ready(ctx)
	return Readiness{Ready: r.Ready, Alone: r.Alone, Reason: r.Reason, Answered: n.driver.Wall(r.Answered)}
}

// Health is nil if the node itself works, whether or not others answer: its sockets are
// read, and its journal, if it has one, is written. Otherwise it says what does not, and
// the node goes on trying, unless Failed is closed. ErrJournal says that it serves what it
// holds, but writes nothing: to start it again would end that too.
func (n *Node) Health() error { return n.driver.Health() }

type readinessJSON struct {
	Ready    bool      `json:"ready"`
	Alone    bool      `json:"alone,omitempty"`
	Reason   string    `json:"reason"`
	Answered time.Time `json:"answered,omitzero"`
}

// MarshalJSON writes ready, alone (if so), reason and answered.
func (r Readiness) MarshalJSON() ([]byte, error) {
	return marshal(readinessJSON{r.Ready, r.Alone, r.Reason, r.Answered.UTC()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Readiness) UnmarshalJSON(b []byte) error {
	return unmarshal(b, r, func(w readinessJSON) Readiness { return Readiness(w) })
}
