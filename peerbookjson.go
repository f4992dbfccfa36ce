package kadmium

import (
	"maps"
	"time"

	"kadmium/identity"
)

type peerInfoJSON struct {
	ID        identity.ID       `json:"peer"`
	PublicKey []byte            `json:"public_key"`
	Addresses []PeerAddress     `json:"addresses"`
	Distance  int               `json:"distance"`
	Answered  time.Time         `json:"answered,omitzero"`
	Met       time.Time         `json:"met,omitzero"`
	Serves    bool              `json:"serves"`
	Failing   bool              `json:"failing"`
	Left      bool              `json:"left"`
	InTable   bool              `json:"in_table"`
	Session   bool              `json:"session"`
	MS        float64           `json:"rtt_ms,omitempty"`
	VarMS     float64           `json:"rtt_var_ms,omitempty"`
	Protocols []string          `json:"protocols,omitempty"`
	More      bool              `json:"more_protocols,omitempty"`
	Asked     time.Time         `json:"protocols_asked,omitzero"`
	Notes     map[string]string `json:"notes,omitempty"`
	Base64    map[string][]byte `json:"notes_base64,omitempty"`
}

// MarshalJSON writes peer, public_key, addresses, distance, answered (the latest), met,
// serves, failing, left, in_table, session, rtt_ms and rtt_var_ms (if measured), protocols,
// more_protocols and protocols_asked (if asked), notes (those that are UTF-8) and
// notes_base64.
func (p PeerInfo) MarshalJSON() ([]byte, error) {
	w := peerInfoJSON{
		p.ID, p.ID[:], list(p.Addresses), p.Distance, p.Answered().UTC(), p.Met.UTC(), p.Serves, p.Failing, p.Left, p.InTable, p.Session,
		milliseconds(p.RTT), milliseconds(p.RTTVar), p.Protocols, p.MoreProtocols, p.ProtocolsAsked.UTC(), nil, maps.Clone(p.Notes),
	}
	for name, note := range p.Notes {
		if t := text(note); t != nil {
			if w.Notes == nil {
				w.Notes = make(map[string]string)
			}
			w.Notes[name] = *t
		}
	}
	return marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *PeerInfo) UnmarshalJSON(b []byte) error {
	return unmarshal(b, p, func(w peerInfoJSON) PeerInfo {
		return PeerInfo{
			ID: w.ID, Addresses: unlist(w.Addresses), Distance: w.Distance, Met: w.Met, Serves: w.Serves, Failing: w.Failing, Left: w.Left,
			InTable: w.InTable, Session: w.Session, RTT: duration(w.MS), RTTVar: duration(w.VarMS),
			Protocols: w.Protocols, MoreProtocols: w.More, ProtocolsAsked: w.Asked, Notes: w.Base64,
		}
	})
}
