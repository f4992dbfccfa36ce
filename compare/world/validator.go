package world

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync/atomic"
)

// Namespace is the namespace of the values of the workload on both sides: /seq/NAME.
const Namespace = "seq"

// ErrBadValue reports bytes that are not a value of the namespace.
var ErrBadValue = errors.New("no sequenced value")

// A Sequenced validator is written for libp2p (Validate, Select) and used unchanged on both
// sides. A value is 8 bytes of sequence, then the payload. The higher sequence wins, then
// the greater bytes. The zero value is ready to use. It is safe for concurrent use.
type Sequenced struct {
	refused atomic.Pointer[[]byte] // a payload that is invalid
}

// Value makes a value of the namespace.
func Value(sequence uint64, payload string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, sequence), payload...)
}

// Refuse makes values of the payload invalid from now on.
func (s *Sequenced) Refuse(payload string) { b := []byte(payload); s.refused.Store(&b) }

// Validate checks a value.
func (s *Sequenced) Validate(_ string, value []byte) error {
	if len(value) < 8 {
		return ErrBadValue
	}
	if refused := s.refused.Load(); refused != nil && bytes.Equal(value[8:], *refused) {
		return ErrBadValue
	}
	return nil
}

// Select is the index of the best of the values.
func (s *Sequenced) Select(_ string, values [][]byte) (int, error) {
	best := -1
	for i, v := range values {
		if len(v) >= 8 && (best < 0 || bytes.Compare(v, values[best]) > 0) {
			best = i
		}
	}
	if best < 0 {
		return 0, ErrBadValue
	}
	return best, nil
}
