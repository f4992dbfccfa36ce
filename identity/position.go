package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Bits is the width of the keyspace.
const Bits = 256

// A Position is a place in the 256-bit keyspace, most significant byte first:
// a peer's, a value's, or any target of a lookup.
type Position [32]byte

// KeyPosition is the position of a value's key: SHA-256 of its bytes (design R2.4).
func KeyPosition(key []byte) Position { return sha256.Sum256(key) }

// String is the position in hex.
func (p Position) String() string { return hex.EncodeToString(p[:]) }

// MarshalText makes a position hex in JSON.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Bit is bit i of the position, 0 being the most significant.
func (p *Position) Bit(i int) byte { return p[i/8] >> (7 - i%8) & 1 }

// Prefix is the first 64 bits of the position.
func (p *Position) Prefix() uint64 { return binary.BigEndian.Uint64(p[:8]) }

// Xor is the XOR distance of two positions (Kademlia, section 2.1; design R2.5).
func Xor(a, b *Position) Position {
	var d Position
	for i := 0; i < len(d); i += 8 {
		binary.BigEndian.PutUint64(d[i:], binary.BigEndian.Uint64(a[i:])^binary.BigEndian.Uint64(b[i:]))
	}
	return d
}

// CommonPrefixLen is the number of leading bits two positions share, 0 to 256.
func CommonPrefixLen(a, b *Position) int {
	for i := 0; i < len(a); i += 8 {
		if x := binary.BigEndian.Uint64(a[i:]) ^ binary.BigEndian.Uint64(b[i:]); x != 0 {
			return i*8 + bits.LeadingZeros64(x)
		}
	}
	return Bits
}

// DistanceBits is the XOR distance on a logarithmic scale: the number of bits of
// a XOR b, 256 for the other half of the keyspace, 0 for equal positions.
func DistanceBits(a, b *Position) int { return Bits - CommonPrefixLen(a, b) }

// Compare orders a and b by their XOR distance to target: negative when a is
// nearer, positive when b is, 0 when they are equal.
func Compare(target, a, b *Position) int {
	for i := 0; i < len(target); i += 8 {
		t := binary.BigEndian.Uint64(target[i:])
		x, y := binary.BigEndian.Uint64(a[i:])^t, binary.BigEndian.Uint64(b[i:])^t
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}

// RandomInRange is a position that shares exactly the first cpl bits with p, the
// rest taken from random: a random key of one bucket's range (Kademlia, section
// 2.3, refresh). With cpl 256 it is p itself.
func RandomInRange(p *Position, cpl int, random [32]byte) Position {
	if cpl >= Bits {
		return *p
	}
	r := Position(random)
	whole := cpl / 8
	copy(r[:whole], p[:whole])
	mask := byte(0xff) << (8 - cpl%8) // the leading bits of the split byte
	r[whole] = p[whole]&mask | r[whole]&^mask
	flip := byte(0x80) >> (cpl % 8)
	r[whole] = r[whole]&^flip | ^p[whole]&flip
	return r
}
