package rpc

import (
	"testing"
	"time"

	"kadmium/identity"
)

func BenchmarkAppend(b *testing.B) {
	var book identity.Contacts
	for _, s := range samples(&book, MaxContacts) {
		b.Run(s.name, func(b *testing.B) {
			var codec Codec
			buf := make([]byte, 0, MaxDatagram)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Append(buf, &s.message, &book); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The contacts are known already, as most are in a running network.
func BenchmarkDecode(b *testing.B) {
	var book identity.Contacts
	for _, s := range samples(&book, MaxContacts) {
		b.Run(s.name, func(b *testing.B) {
			var codec Codec
			body, err := codec.Append(nil, &s.message, &book)
			if err != nil {
				b.Fatal(err)
			}
			m := header(&s.message)
			b.ReportAllocs()
			for b.Loop() {
				if err := codec.Decode(body, &m, &book); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSize(b *testing.B) {
	var book identity.Contacts
	for _, s := range samples(&book, MaxContacts) {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Size(&s.message, &book)
			}
		})
	}
}

// One request from start to answer while 256 others are outstanding.
func BenchmarkRequests(b *testing.B) {
	var q Requests
	now := time.Unix(0, 0)
	for id := range uint64(256) {
		if _, err := q.Start(now, id, 1, nil, 0, time.Second); err != nil {
			b.Fatal(err)
		}
	}
	id := uint64(256)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Microsecond)
		if _, err := q.Start(now, id, 1, nil, 0, time.Second); err != nil {
			b.Fatal(err)
		}
		q.Answered(id - 256)
		id++
	}
}
