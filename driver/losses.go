package driver

import (
	"kadmium/engine"
	"kadmium/identity"
)

// maxFallen bounds the peers that are told apart of those that fell silent in a minute; all
// further ones are only counted (design R8.44).
const maxFallen = DefaultPeers

// losses are the peers that a node has lost since the log last had them, of those that serve:
// a client is nobody's to lose (design R7.38).
type losses struct {
	removed int // contacts that left the table, but for those that wait for a place in it
	left    int // peers that said that they end
	fallen  map[identity.ID]struct{}
	more    int // that fell silent beyond maxFallen
}

// silent are the peers that fell silent and were not heard since.
func (l *losses) silent() int { return len(l.fallen) + l.more }

// noteLoss notes what an event says of losses. The caller holds d.mu.
func (d *Driver) noteLoss(ev *engine.Event) {
	l := &d.life.lost
	if ev.Kind == engine.PeerRemoved {
		if !ev.Waits {
			l.removed++
		}
		return
	}
	if p := d.peers.Find(d.book.Position(ev.Contact)); p == nil || !p.Serves {
		return
	}
	id := d.book.Address(ev.Contact).ID
	switch ev.Kind {
	case engine.PeerLeft:
		l.left++
	case engine.PeerReturned:
		delete(l.fallen, id)
	case engine.PeerSilent:
		if len(l.fallen) >= maxFallen {
			l.more++
			return
		}
		if l.fallen == nil {
			l.fallen = make(map[identity.ID]struct{})
		}
		l.fallen[id] = struct{}{}
	}
}

// tellLosses tells how many peers were lost since it last did. The caller holds d.mu.
func (d *Driver) tellLosses() {
	l := &d.life.lost
	if silent := l.silent(); l.removed+l.left+silent > 0 {
		table := d.engine.Table()
		d.logger.Info("peers lost", "silent", silent, "left", l.left, "out_of_table", l.removed,
			"in_table", table.Len(), "answering", table.Answering())
	}
	*l = losses{}
}
