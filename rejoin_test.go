package kadmium

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// halves are 12 nodes with the same bootstrap list, whose network is cut into two halves
// and whole again after a time.
type halves struct {
	network *memnet.Network
	nodes   []*Node
}

func newHalves(t *testing.T) *halves {
	h := &halves{network: memnet.New(12, memnet.Conditions{Latency: 10 * time.Millisecond})}
	var list []string
	for i := range 12 {
		list = append(list, netip.AddrPortFrom(publicIP(i), 4100).String())
	}
	for i := range 12 {
		n, err := New(Config{
			Mode: Server, Bootstrap: list, Listen: list[i : i+1],
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return h.network.Listen(at) },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		h.nodes = append(h.nodes, n)
	}
	time.Sleep(time.Minute)
	return h
}

// cut cuts the network for a time while all nodes look something up, at first every 5 s. One node
// of each half puts a record meanwhile.
func (h *halves) cut(t *testing.T, d time.Duration) {
	h.network.Partition(func(from, to netip.Addr) bool { return from.As4()[2] < 6 != (to.As4()[2] < 6) })
	every := 5 * time.Second
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(every) {
		for i, n := range h.nodes {
			go n.Get(t.Context(), fmt.Sprintf("/v/%d/%v", i, time.Now().Unix()), GetOptions{})
		}
		if time.Until(end) < d-4*time.Minute {
			every = time.Minute // the first minutes decide
		}
	}
	for _, n := range []*Node{h.nodes[0], h.nodes[11]} {
		key := "/v/" + n.ID().String()
		if got, err := n.Put(t.Context(), key, []byte("x"), PutOptions{}); err != nil || got.Holders != 6 {
			t.Errorf("in the cut: %d holders, %v", got.Holders, err)
		}
	}
	h.network.Partition(nil)
}

// whole reports what is missing of a network in which everybody is in every table.
func (h *halves) whole() (missing string) {
	for i, n := range h.nodes {
		if known := n.Table().Size; known < len(h.nodes)-1 {
			missing += fmt.Sprintf("node %d knows %d; ", i, known)
		}
	}
	return missing
}

// Twelve nodes are cut into halves; two minutes after the end of the cut the network is
// whole, and what was put on either side is read on both.
func TestCutIntoHalves(t *testing.T) {
	for _, d := range []time.Duration{4 * time.Minute, 15 * time.Minute} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHalves(t)
				h.cut(t, d)
				time.Sleep(2 * time.Minute)
				if missing := h.whole(); missing != "" {
					t.Error(missing)
				}
				for i, n := range h.nodes {
					for _, by := range []*Node{h.nodes[0], h.nodes[11]} {
						if _, err := n.Get(t.Context(), "/v/"+by.ID().String(), GetOptions{}); err != nil {
							t.Errorf("node %d: %v", i, err)
						}
					}
				}
			})
		})
	}
}
