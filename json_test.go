package kadmium

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/transport"
)

// Each result is read back from its JSON as it was.
func TestResultsRoundTrip(t *testing.T) {
	t.Run("Lookup", roundTrips(drawLookup))
	t.Run("Step", roundTrips(drawStep))
	t.Run("Pong", roundTrips(func(t *rapid.T) Pong {
		return Pong{drawAddress(t), drawDuration(t), drawAddress(t), rapid.Bool().Draw(t, "serves"), maybe(t, drawLookup), rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "protocols"), rapid.Bool().Draw(t, "more")}
	}))
	t.Run("Peer", roundTrips(drawPeer))
	t.Run("Found", roundTrips(func(t *rapid.T) Found { return Found{drawPeer(t), drawLookup(t)} }))
	t.Run("Closest", roundTrips(func(t *rapid.T) Closest { return Closest{drawText(t), several(t, drawPeer), drawLookup(t)} }))
	t.Run("Stored", roundTrips(func(t *rapid.T) Stored {
		s := Stored{
			Key: drawKey(t), Holders: drawInt(t), SelfHolder: rapid.Bool().Draw(t, "self"),
			Published: rapid.Bool().Draw(t, "published"), Refusals: drawCounts(t), RefusedBy: several(t, drawRefusal), Expires: drawTime(t), Lookup: drawLookup(t),
			provide: rapid.Bool().Draw(t, "provide"),
		}
		if !s.provide {
			s.Sequence = drawUint64(t)
		}
		return s
	}))
	t.Run("Value", roundTrips(func(t *rapid.T) Value {
		return Value{
			Key: drawKey(t), Value: drawBytes(t), Sequence: drawUint64(t), Publisher: drawID(t), From: drawID(t),
			Answers: drawInt(t), Expires: drawTime(t), Lookup: drawLookup(t),
		}
	}))
	t.Run("Provider", roundTrips(drawProvider))
	t.Run("Providers", roundTrips(func(t *rapid.T) Providers {
		return Providers{drawKey(t), several(t, drawProvider), rapid.Bool().Draw(t, "more"), drawLookup(t)}
	}))
	t.Run("Publication", roundTrips(func(t *rapid.T) Publication {
		return Publication{drawKey(t), drawText(t), drawUint64(t), drawInt(t), drawTime(t), drawTime(t)}
	}))
	t.Run("Holding", roundTrips(func(t *rapid.T) Holding {
		return Holding{drawKey(t), drawText(t), drawUint64(t), drawInt(t), drawID(t), rapid.Bool().Draw(t, "copy"), drawTime(t)}
	}))
	t.Run("Histograms", roundTrips(func(t *rapid.T) Histograms {
		return Histograms{Lookups: map[string]LookupStats{drawText(t): {Ended: map[string]uint64{"converged": 1}, Hops: drawHistogram(t)}}, RTT: drawHistogram(t)}
	}))
	t.Run("PeerInfo", roundTrips(func(t *rapid.T) PeerInfo {
		return PeerInfo{
			ID: drawID(t), Distance: drawInt(t), Met: drawTime(t), Serves: rapid.Bool().Draw(t, "serves"), Failing: rapid.Bool().Draw(t, "failing"),
			Addresses: several(t, func(t *rapid.T) PeerAddress { return PeerAddress{drawSomeAddress(t), drawTime(t)} }),
			Left:      rapid.Bool().Draw(t, "left"), InTable: rapid.Bool().Draw(t, "table"), Session: rapid.Bool().Draw(t, "session"),
			RTT: drawDuration(t), RTTVar: drawDuration(t), Protocols: several(t, drawText), ProtocolsAsked: drawTime(t),
			Notes: map[string][]byte{drawText(t): append([]byte{}, drawBytes(t)...)},
		}
	}))
	t.Run("Readiness", roundTrips(func(t *rapid.T) Readiness {
		return Readiness{rapid.Bool().Draw(t, "ready"), rapid.Bool().Draw(t, "alone"), drawText(t), drawTime(t)}
	}))
	t.Run("Event", roundTrips(func(t *rapid.T) Event {
		return Event{
			At: drawTime(t), Kind: drawText(t), Peer: drawAddress(t), Was: drawAddress(t), Mode: drawText(t), Key: drawKey(t), Count: drawInt(t),
			Lookup: drawUint64(t), Purpose: drawText(t), Step: maybe(t, drawStep), Dropped: drawUint64(t),
		}
	}))
	t.Run("Message", roundTrips(func(t *rapid.T) Message { return Message{drawAddress(t), drawText(t), drawBytes(t)} }))
	t.Run("Reply", roundTrips(func(t *rapid.T) Reply {
		return Reply{drawAddress(t), drawBytes(t), drawDuration(t), maybe(t, drawLookup)}
	}))
	t.Run("Table", roundTrips(func(t *rapid.T) Table {
		return Table{drawID(t), drawInt(t), drawInt(t), several(t, func(t *rapid.T) Bucket {
			return Bucket{drawInt(t), drawInt(t), several(t, func(t *rapid.T) TableContact {
				return TableContact{drawID(t), drawSomeAddress(t), drawTime(t), drawInt(t), rapid.Bool().Draw(t, "failing"), drawDuration(t)}
			})}
		})}
	}))
	t.Run("Stats", roundTrips(func(t *rapid.T) Stats {
		return Stats{
			Peer: drawID(t), Addresses: several(t, drawSomeAddress), Observed: drawAddress(t).Endpoint, Network: drawText(t), Mode: drawText(t),
			Started: drawTime(t), Peers: drawInt(t), Records: drawInt(t), Providers: drawInt(t), Bytes: drawInt(t), Published: drawInt(t),
			Tasks: several(t, func(t *rapid.T) Task {
				return Task{drawText(t), drawDuration(t), drawDuration(t), drawTime(t), drawUint64(t)}
			}),
			Gauges: drawCounts(t), Counters: map[string]uint64{drawText(t): drawUint64(t)},
			Wire: transport.Stats{In: map[string]transport.Traffic{drawText(t): {Datagrams: 1, Bytes: drawUint64(t)}}, Sessions: drawInt(t)},
		}
	}))
}

// roundTrips checks that drawn values survive JSON, alone and as a member.
func roundTrips[R any](draw func(*rapid.T) R) func(*testing.T) {
	type holder struct {
		Before int
		Result R
		After  int
	}
	return func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			want := holder{1, draw(t), 2}
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got holder
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s\nbecame %+v\nwant   %+v", text, got, want)
			}
		})
	}
}

func drawLookup(t *rapid.T) Lookup {
	return Lookup{drawInt(t), drawInt(t), drawInt(t), drawInt(t), drawInt(t), drawDuration(t), drawText(t), several(t, drawStep),
		drawInt(t), several(t, drawOctave), drawSuspect(t)}
}

func drawStep(t *rapid.T) Step {
	return Step{
		At: drawDuration(t), Kind: drawText(t), Peer: drawID(t), Address: drawAddress(t), NamedBy: drawID(t),
		Distance: drawInt(t), Hop: drawInt(t), Round: drawInt(t), Path: drawInt(t),
		Elapsed: drawDuration(t), Named: drawInt(t), New: drawInt(t), Reason: drawText(t),
	}
}

func drawHistogram(t *rapid.T) Histogram {
	return Histogram{Bounds: []float64{0.5, 1}, Counts: []uint64{drawUint64(t), 2, 3}, Sum: float64(drawInt(t))}
}

func drawPeer(t *rapid.T) Peer { return Peer{drawID(t), drawSomeAddress(t), drawInt(t)} }

func drawRefusal(t *rapid.T) Refusal { return Refusal{drawID(t), drawAddress(t), drawText(t)} }

func drawProvider(t *rapid.T) Provider { return Provider{drawID(t), drawAddress(t), drawTime(t)} }

func drawID(t *rapid.T) (id identity.ID) {
	if rapid.Bool().Draw(t, "known") {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, "id"))
	}
	return id
}

// drawAddress is an address, or none.
func drawAddress(t *rapid.T) identity.Address {
	if rapid.Bool().Draw(t, "nowhere") {
		return identity.Address{}
	}
	return drawSomeAddress(t)
}

func drawSomeAddress(t *rapid.T) identity.Address {
	var ip netip.Addr
	if rapid.Bool().Draw(t, "four") {
		ip = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
	} else {
		ip = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ip"))).Unmap()
	}
	id := identity.KeyFromSeed([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))).ID()
	return identity.Address{ID: id, Endpoint: netip.AddrPortFrom(ip, rapid.Uint16Min(1).Draw(t, "port"))}
}

// drawDuration is of whole microseconds: JSON has no more digits.
func drawDuration(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(1000*time.Hour/time.Microsecond)).Draw(t, "us")) * time.Microsecond
}

func drawTime(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "never") {
		return time.Time{}
	}
	return time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).UTC()
}

func drawText(t *rapid.T) string { return rapid.String().Draw(t, "text") }

// drawKey is any bytes.
func drawKey(t *rapid.T) string { return string(drawBytes(t)) }

func drawInt(t *rapid.T) int { return rapid.Int().Draw(t, "int") }

func drawUint64(t *rapid.T) uint64 { return rapid.Uint64().Draw(t, "uint64") }

// drawBytes are UTF-8 or any; none are nil.
func drawBytes(t *rapid.T) []byte {
	b := rapid.OneOf(rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }), rapid.SliceOf(rapid.Byte())).Draw(t, "bytes")
	if len(b) == 0 {
		return nil
	}
	return b
}

func drawCounts(t *rapid.T) map[string]int {
	m := rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "counts")
	if len(m) == 0 {
		return nil
	}
	return m
}

func maybe[E any](t *rapid.T, draw func(*rapid.T) E) *E {
	if rapid.Bool().Draw(t, "none") {
		return nil
	}
	e := draw(t)
	return &e
}

// several are up to three; none are nil.
func several[E any](t *rapid.T, draw func(*rapid.T) E) (all []E) {
	for range rapid.IntRange(0, 3).Draw(t, "several") {
		all = append(all, draw(t))
	}
	return all
}

func drawOctave(t *rapid.T) Octave {
	return Octave{float64(drawInt(t)) / 4, drawInt(t), drawInt(t)}
}

func drawSuspect(t *rapid.T) Suspect {
	return Suspect{several(t, drawInt), rapid.Bool().Draw(t, "sparse"), rapid.Bool().Draw(t, "subnet"), rapid.Bool().Draw(t, "stale")}
}
