package transport

import (
	"sync"

	"kadmium/session"
)

// A buffer holds one datagram. All nodes of a process share one pool.
type buffer struct {
	size    int
	request uint64 // the request that the datagram is a try of; 0: none
	data    [session.MaxDatagram]byte
}

func (b *buffer) bytes() []byte { return b.data[:b.size] }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) {
	b.request = 0
	buffers.Put(b)
}

func copyBuffer(datagram []byte) *buffer {
	b := getBuffer()
	b.size = copy(b.data[:], datagram)
	return b
}
