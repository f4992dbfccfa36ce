package rpc

import (
	"encoding/binary"

	"kadmium/identity"
)

// The offsets in a position that tags are taken from (design R3.18). Contacts near
// one target share their first bits, so the first 8 bytes are not used.
const (
	tagFirst  = 8
	tagPlaces = 23 // the last place's second byte is the position's last
)

// Tag is two bytes of a contact's position, by which a request lists a known contact
// that the answer should leave out. Their offset depends on the request's ID. So an
// attacker cannot search for an ID with the tag of another node, and a false match,
// 1 in 65,536, does not repeat in the next request.
func Tag(requestID uint64, p *identity.Position) uint16 {
	return binary.BigEndian.Uint16(p[tagFirst+requestID%tagPlaces:])
}

// appendTags packs tags, 2 bytes each.
func appendTags(dst []byte, tags []uint16) []byte {
	for _, t := range tags {
		dst = binary.BigEndian.AppendUint16(dst, t)
	}
	return dst
}

// parseTags reads packed tags, at most MaxTags of them.
func parseTags(dst []uint16, b []byte) ([]uint16, error) {
	if len(b)%2 != 0 {
		return dst, errTags
	}
	for ; len(b) > 0 && len(dst) < MaxTags; b = b[2:] {
		dst = append(dst, binary.BigEndian.Uint16(b))
	}
	return dst, nil
}

// appendIDs packs request IDs, 8 bytes each.
func appendIDs(dst []byte, ids []uint64) []byte {
	for _, id := range ids {
		dst = binary.BigEndian.AppendUint64(dst, id)
	}
	return dst
}

// parseIDs reads packed request IDs, at most MaxSettled of them.
func parseIDs(dst []uint64, b []byte) ([]uint64, error) {
	if len(b)%8 != 0 {
		return dst, errSettled
	}
	for ; len(b) > 0 && len(dst) < MaxSettled; b = b[8:] {
		dst = append(dst, binary.BigEndian.Uint64(b))
	}
	return dst, nil
}
