package api

import "kadmium"

// eventDocs say what the kinds of events are.
var eventDocs = map[string]string{
	kadmium.MessageCopied: "a message came in of a protocol that ?protocol= names",
	"peer added":          "a peer entered the routing table",
	"peer removed":        "a peer left the routing table",
	"mode changed":        "the node has become a server or a client (`mode`)",
	"record stored":       "a record was stored, or stored again (`key`), as `peer` asked; its journal entry may not be synced yet",
	"records expired":     "the lifetimes of `count` records and provider entries ended",
	"lookup step":         "a lookup (`lookup`, `purpose`) made a `step`",
	"joined":              "a join ended, with `count` contacts in the routing table",
	"address changed":     "peers see the node elsewhere: at `peer`",
	"peer silent":         "a peer did not answer a request",
	"peer met":            "a peer was heard for the first time",
	"peer moved":          "a peer is heard at another address; before it was at `was`",
	"peer returned":       "a peer was heard after it had fallen silent, or had left",
	"peer left":           "a peer has said that it ends",
}

// memberDocs describe the members of JSON objects, by the name of the schema; what several
// have stands once. TestEveryMemberIsDescribed keeps them complete.
var memberDocs = map[string]map[string]string{
	keyMembers: {
		"key":        "the key, if it is UTF-8",
		"key_base64": "the key in base64, if it is not UTF-8",
	},
	lookupMembers: {
		"hops":     "hops to the closest node that answered, or to the one that had what was looked for",
		"rounds":   "the longest chain of requests that waited for one another",
		"rpcs":     "requests; one that was sent again counts once",
		"answered": "peers that answered",
		"failed":   "peers that did not answer",
		"ms":       "milliseconds from the first request to the end",
		"reason":   "why it ended: converged, exhausted, satisfied, cancelled, timed out, no contacts, held here",
		"trace":    "its steps in the order of time, with ?trace",

		"network_size": "the node's estimate of how many nodes the network has; left out if it has none",
		"octaves":      "nodes near the target by octaves of distance, the farthest first; left out without an estimate",
		"suspect":      "what is not as chance has it near the target, or as the node has seen it before; left out if nothing is",
	},
	"Octave": {
		"expected": "nodes that chance puts there, by the estimate of the network's size",
		"known":    "nodes there that were named and have not failed",
		"answered": "nodes there that answered",
	},
	"Suspect": {
		"crowded": "the octaves, from 0, with more nodes than chance puts there",
		"sparse":  "too few near the target answered, or one subnet named them all",
		"subnet":  "many near the target are of one subnet",
		"stale":   "the record is signed, and older than one that the node has seen",
	},
	"Bucket": {
		"prefix":   "leading bits that its contacts share with the node, and no more",
		"waiting":  "contacts that wait for a place, as the bucket is full",
		"contacts": "its contacts, the one heard longest ago first",
	},
	"Closest": {
		"target": "the position looked for, in hex",
		"peers":  "the nodes that answered, nearest first",
	},
	"Event": {
		"at":      "when it happened",
		"kind":    "what happened; the kinds are those of ?kinds",
		"peer":    "the peer that it is about; address changed: the node itself",
		"was":     "peer moved: its address before",
		"mode":    "mode changed: the new mode",
		"count":   "records expired: how many; joined: contacts in the table",
		"lookup":  "lookup step: a number that tells lookups apart; 0 or left out: one of the node's own",
		"purpose": "lookup step: what the lookup is for",
		"step":    "lookup step: the step",
		"dropped": "events lost before this one, as the reader was too slow",
		"message": "message: a copy of one that came in",
	},
	"Found": {
		"peer":     "the peer",
		"address":  "where it answered",
		"distance": "bits of the XOR distance to the node asked",
	},
	"Health": {
		"healthy": "whether the node itself works",
		"reason":  "why, in words",
	},
	"Holding": {
		"kind":     "record or provider",
		"sequence": "its sequence",
		"bytes":    "bytes of its value; 0 for a provider entry",
		"provider": "of a provider entry: who provides the key",
		"copy":     "whether it is a copy for a shorter time, as the node is not among the closest to the key",
		"expires":  "when it expires",
	},
	"Liveness": {
		"live":   "whether the node lives, so that to start it again would do it no good",
		"reason": "why, in words",
	},
	"Message": {
		"from":           "who sent it, and from where",
		"protocol":       "its protocol",
		"payload":        "its payload, if it is UTF-8",
		"payload_base64": "its payload in base64",
	},
	"Notes": {
		"notes":        "the notes that are UTF-8, by name",
		"notes_base64": "all notes in base64, by name",
	},
	"PageAddress": {
		"url": "the address of the page with the token in its fragment: who has it may do everything",
	},
	"Peer": {
		"peer":     "its ID",
		"address":  "where it answered",
		"distance": "bits of the XOR distance to the target",
	},
	"PeerAddress": {
		"address":  "the address",
		"answered": "when the peer last answered from there, or sent something under a session",
	},
	"PeerInfo": {
		"peer":            "its ID",
		"public_key":      "its Ed25519 public key",
		"addresses":       "its addresses, the one in use first",
		"distance":        "bits of the XOR distance to the node asked",
		"answered":        "when it last answered, or sent something under a session",
		"met":             "when the node first met it",
		"serves":          "whether it is a server",
		"failing":         "whether it has not answered a request, and was not heard since",
		"left":            "whether it has said that it ends, and was not heard since",
		"in_table":        "whether it is in the routing table",
		"session":         "whether there is a session with it",
		"rtt_ms":          "smoothed round trip time in milliseconds, if measured",
		"rtt_var_ms":      "mean deviation of the round trip time in milliseconds, if measured",
		"protocols":       "up to 16 names of protocols that it handles, ascending, if it was asked",
		"more_protocols":  "whether it handles more protocols than it named",
		"protocols_asked": "when it said which protocols it handles",
		"notes":           "notes about it that are UTF-8, by name",
		"notes_base64":    "all notes about it in base64, by name",
	},
	"Pong": {
		"peer":           "the peer that answered",
		"address":        "where it answered",
		"ms":             "round trip time in milliseconds; it includes a first contact",
		"observed":       "where the peer saw the node",
		"serves":         "whether the peer is a server",
		"protocols":      "with ?protocols: up to 16 names of those that it handles, ascending",
		"more_protocols": "with ?protocols: whether it handles others too",
		"lookup":         "how it was found, if it had to be",
	},
	"Problem": {
		"type":   "tells kinds of errors apart",
		"title":  "the type in words",
		"status": "the status of HTTP",
		"detail": "what happened, and to what",
		"next":   "what to do",
		"exit":   "the exit code of the command line: 1 not done, 2 bad input",
		"lookup": "the lookup that failed; its steps are there with ?trace",
		"result": "what a put or provide that failed came to",
	},
	"Provider": {
		"peer":    "its ID",
		"address": "where it said that it is",
		"expires": "when its entry expires",
	},
	"Providers": {
		"providers": "the providers found",
		"more":      "whether there may be more",
	},
	"Publication": {
		"kind":     "record or provider",
		"sequence": "its sequence",
		"bytes":    "bytes of its value; 0 for a provider entry",
		"expires":  "when it expires, unless it is published again",
		"due":      "when it is published again",
	},
	"Readiness": {
		"ready":    "whether the node is a working member of its network",
		"alone":    "whether it is ready as a network of its own",
		"reason":   "why, in words",
		"answered": "when a peer last answered",
	},
	"Refusal": {
		"peer":    "the node that was to hold it, and does not",
		"address": "where it was asked; left out: it is the node itself",
		"reason":  "the status that it answered, or no answer",
	},
	"Reply": {
		"peer":         "the peer that replied",
		"address":      "where it replied from",
		"reply":        "the reply, if it is UTF-8",
		"reply_base64": "the reply in base64",
		"ms":           "milliseconds until the reply",
		"lookup":       "how the peer was found, if it had to be",
	},
	"ServedNode": {
		"node": "its number, as ?node= takes it",
		"peer": "its ID",
	},
	"Stats": {
		"peer":      "the node's ID",
		"addresses": "where it listens",
		"observed":  "IP:PORT at which peers see it",
		"network":   "the name of its network",
		"mode":      "its mode, as configured",
		"serves":    "whether others may keep it in their tables",
		"started":   "when it was started",
		"peers":     "contacts in the table that answered the last request",
		"records":   "records held",
		"providers": "provider entries held",
		"bytes":     "bytes of memory that records and provider entries take",
		"published": "records and provided keys that it publishes again",
		"tasks":     "what it does by itself",
		"gauges":    "what there is now, by name (docs/operations.md)",
		"counters":  "what there was since the start, by name (docs/operations.md)",
		"wire":      "its datagrams and sessions",
	},
	"Step": {
		"at_ms":    "milliseconds since the lookup began",
		"kind":     "asked, answered, failed, set aside, found, ended",
		"peer":     "the peer that it is about",
		"address":  "the peer's address",
		"named_by": "the peer that named it first; left out: it was in the node's table",
		"distance": "bits of the XOR distance to the target",
		"hop":      "the peer's hop",
		"round":    "the round",
		"path":     "which of the disjoint paths, from 0",
		"took_ms":  "milliseconds since the peer was asked; ended: that the lookup took",
		"named":    "answered: contacts in the answer",
		"new":      "answered: contacts among them that the lookup did not know",
		"reason":   "ended: why",
	},
	"Stored": {
		"sequence":    "the record's sequence; left out after a provide",
		"holders":     "nodes that confirmed it, this one included",
		"self_holder": "whether this node is one of them",
		"expires":     "when it expires, unless it is published again",
		"republished": "whether this node publishes it again before it expires",
		"kept_here":   "whether only this node has it, though others should",
		"created":     "whether nobody who was asked held a record before; after a provide, whether this node did not provide the key before",
		"refusals":    "how many nodes refused it, by reason",
		"refused_by":  "the nodes that were to hold it and do not",
	},
	"Support": {
		"handled": "the protocols that it handles",
		"unknown": "those of which it is not known, as it handles more than it has named",
	},
	"Table": {
		"peer":    "the node's ID",
		"k":       "contacts that a bucket has room for",
		"size":    "contacts in all buckets",
		"buckets": "the buckets that hold contacts, farthest first",
	},
	"TableContact": {
		"peer":      "its ID",
		"address":   "its address",
		"last_seen": "when it was last heard; left out: not since it took the place of another",
		"failures":  "requests failed in a row, which count against it",
		"failing":   "whether it did not answer the last request, whether or not that counts",
		"rtt_ns":    "smoothed round trip time in nanoseconds, if measured",
	},
	"Task": {
		"name":        "what it does",
		"interval_ns": "nanoseconds between two runs; 0: as work comes",
		"jitter_ns":   "nanoseconds that are added at most",
		"due":         "when it runs next; left out: not until something happens",
		"runs":        "how often it ran",
	},
	"TransportStats": {
		"in":             "datagrams received, by kind",
		"out":            "datagrams sent, by kind",
		"dropped":        "datagrams dropped, by reason",
		"restarts":       "requests started again after a COOKIE or NOSESSION",
		"sessions":       "sessions, without those that are half open",
		"half_open":      "first contacts answered and not confirmed yet",
		"outstanding":    "requests of the node in flight",
		"pending_writes": "writes among them that wait for a session",
		"waiting":        "first requests that no worker has taken",
	},
	"TransportTraffic": {
		"datagrams": "how many",
		"bytes":     "bytes of UDP payload",
	},
	"Value": {
		"value":        "the value, if it is UTF-8",
		"value_base64": "the value in base64",
		"sequence":     "the record's sequence",
		"publisher":    "who published it, if its namespace has a publisher",
		"from":         "the peer that had it; the node itself, if it held it",
		"answers":      "nodes that gave a valid record so far, this one included",
		"expires":      "when it expires, unless it is published again",
	},
}

// The names of what several objects have.
const (
	keyMembers    = "key"
	lookupMembers = "Lookup"
)

// memberDoc is the description of a member of a schema; empty: there is none.
func memberDoc(schema string, m *member) string {
	if own := memberDocs[schema][m.name]; own != "" {
		return own
	}
	if key := memberDocs[keyMembers][m.name]; key != "" {
		return key
	}
	if m.shared {
		return memberDocs[lookupMembers][m.name]
	}
	return ""
}
