package session

import (
	"bytes"
	"fmt"
	"testing"
)

// benchBodies are a FIND_NODE's size, and that of an answer with 20 contacts.
var benchBodies = []int{40, 790}

func BenchmarkSeal(b *testing.B) {
	for _, size := range benchBodies {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, _ := contact(b, endpoint(b, 1, "test"), endpoint(b, 2, "test"), noon)
			body, buffer := make([]byte, size), make([]byte, 0, MaxDatagram)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.Seal(buffer, KindRequest, 1, 2, 0, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range benchBodies {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			from, to := contact(b, endpoint(b, 1, "test"), endpoint(b, 2, "test"), noon)
			sealed, err := from.Seal(nil, KindRequest, 1, 2, 0, make([]byte, size))
			if err != nil {
				b.Fatal(err)
			}
			datagram := make([]byte, len(sealed))
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				copy(datagram, sealed)
				to.window = Window{}
				if _, err := to.Open(datagram); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFind is what a table adds to each datagram received.
func BenchmarkFind(b *testing.B) {
	self := endpoint(b, 1, "test")
	table := NewTable(self.ID(), 0, 0)
	for i := range 1000 {
		table.AddInitiated(noon, &Session{receiveID: uint64(i) * 0x9e3779b97f4a7c15, peer: [32]byte{byte(i), byte(i >> 8)}, made: noon.UnixNano(), initiated: true, confirmed: true})
	}
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		s, ok := table.Find(noon, i%1000*0x9e3779b97f4a7c15)
		if !ok {
			b.Fatal("not found")
		}
		table.Confirm(noon, s)
	}
}

// BenchmarkFirstContact is the signed exchange, step by step: Initiate and
// Complete are the initiator's, Verify and Answer the responder's.
func BenchmarkFirstContact(b *testing.B) {
	from, to := endpoint(b, 1, "test"), endpoint(b, 2, "test")
	h := ask(b, from, to).answer(b, noon)
	req, err := to.ParseFirstRequest(h.request)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := from.ParseFirstResponse(h.response)
	if err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 780)
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"parse", func() error {
			_, err := to.ParseFirstRequest(h.request)
			return err
		}},
		{"initiate", func() error {
			_, err := from.Initiate(to.ID(), 0, 2, 0, 1, body[:40])
			return err
		}},
		{"verify", func() error {
			_, err := to.Verify(&req, addrA)
			return err
		}},
		{"answer", func() error {
			r := *h.responder
			r.hash = hashRequest(h.request)
			_, _, err := r.Answer(noon, 0, body)
			return err
		}},
		{"complete", func() error {
			_, err := h.initiator.Complete(noon, &resp, addrB)
			return err
		}},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := step.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCookie(b *testing.B) {
	c, err := NewCookies(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Make(noon, addrA)
	}
}

// The session path allocates nothing, neither sealing nor finding nor opening.
func TestSessionPathAllocatesNothing(t *testing.T) {
	from, to := contact(t, endpoint(t, 1, "test"), endpoint(t, 2, "test"), noon)
	table := NewTable(to.peer, 0, 0)
	to.initiated = true
	table.AddInitiated(noon, to)
	buffer, body := make([]byte, 0, MaxDatagram), make([]byte, 780)
	if n := testing.AllocsPerRun(100, func() {
		d, err := from.Seal(buffer, KindResponse, 1, 2, 0, body)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := table.Find(noon, from.sendID)
		if !ok {
			t.Fatal("not found")
		}
		if _, err := s.Open(d); err != nil {
			t.Fatal(err)
		}
		table.Confirm(noon, s)
		if _, ok := table.ForPeer(noon, from.peer); ok != (s.peer == from.peer) {
			t.Fatal("wrong peer")
		}
	}); n != 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}
