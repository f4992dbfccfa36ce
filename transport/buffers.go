package transport

import (
	"sync"

	"kadmium/rpc"
)

// A buffer holds one datagram. All nodes of a process share the pool, so that a
// thousand of them need no thousand rings.
type buffer struct{ data [rpc.MaxDatagram]byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) { buffers.Put(b) }
