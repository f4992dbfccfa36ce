package session

import (
	"bytes"
	"testing"

	"kadmium/identity"
	"kadmium/internal/vectors"
)

// addVectors seeds a fuzzer with every datagram of testdata/wire.
func addVectors(f *testing.F) {
	for _, file := range []string{"first_request", "first_response", "session_request", "session_response", "cookie", "nosession", "notice"} {
		f.Add(vectors.Read(f, file+".txt", "datagram"))
	}
}

// vectorEnds are the two endpoints of testdata/wire.
func vectorEnds(f *testing.F) (initiator, responder *Endpoint) {
	n, err := NewNetwork("kadmium")
	if err != nil {
		f.Fatal(err)
	}
	end := func(file, seed string) *Endpoint {
		return NewEndpoint(identity.KeyFromSeed([32]byte(vectors.Read(f, file, seed))), n, mayOpen, bytes.NewReader(make([]byte, 1<<10)))
	}
	return end("first_request.txt", "initiator_seed"), end("first_response.txt", "responder_seed")
}

// Whatever is parsed was the one first request in the corpus, or is not signed.
func FuzzFirstRequest(f *testing.F) {
	addVectors(f)
	_, b := vectorEnds(f)
	known := hashRequest(vectors.Read(f, "first_request.txt", "datagram")).Sum(nil)
	f.Fuzz(func(t *testing.T, d []byte) {
		r, err := b.ParseFirstRequest(d)
		if err != nil {
			return
		}
		if len(d) < MinFirstRequest || len(d) > MaxDatagram || FirstRequestOverhead+len(r.Body) > len(d) {
			t.Fatalf("parsed %d bytes with a body of %d", len(d), len(r.Body))
		}
		if _, err := b.Verify(&r, addrA); err == nil && !bytes.Equal(hashRequest(d).Sum(nil), known) {
			t.Fatal("verified what nobody signed")
		}
	})
}

func FuzzFirstResponse(f *testing.F) {
	addVectors(f)
	a, _ := vectorEnds(f)
	f.Fuzz(func(t *testing.T, d []byte) {
		r, err := a.ParseFirstResponse(d)
		if err != nil {
			return
		}
		if len(d) > MaxDatagram || FirstResponseOverhead+len(r.Body) != len(d) {
			t.Fatalf("parsed %d bytes with a body of %d", len(d), len(r.Body))
		}
		if got := appendObserved(nil, r.Observed); !bytes.Equal(got, d[responseFamily:responseBodyLen]) {
			t.Fatalf("observed %v has two encodings", r.Observed)
		}
	})
}

func FuzzSession(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, d []byte) {
		id, err := ReceiverOf(d)
		if err != nil {
			return
		}
		RequestIDOf(d)
		tag := TagOf(d)
		answer := AppendNoSession(nil, id, tag)
		if len(answer) > len(d) {
			t.Fatal("a NOSESSION longer than its cause")
		}
		_, s := contact(t, endpoint(t, 1, "test"), endpoint(t, 2, "test"), noon)
		s.receiveID = id
		if _, err := s.Open(bytes.Clone(d)); err == nil {
			t.Fatal("opened what nobody sealed")
		}
		if s.window.next != 0 {
			t.Fatal("a forgery moved the window")
		}
	})
}

func FuzzRefusals(f *testing.F) {
	addVectors(f)
	n, err := NewNetwork("kadmium")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, d []byte) {
		if id, c, err := ParseCookie(d, &n); err == nil && !bytes.Equal(AppendCookie(nil, &n, id, c), d) {
			t.Fatal("a COOKIE with two encodings")
		}
		if id, tag, err := ParseNoSession(d); err == nil && !bytes.Equal(AppendNoSession(nil, id, tag), d) {
			t.Fatal("a NOSESSION with two encodings")
		}
	})
}
