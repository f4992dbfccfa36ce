// Package identity is the ground floor of kadmium: Ed25519 keys and the files
// they live in, peer IDs, positions in the 256-bit keyspace, XOR distance,
// addresses, and the 4-byte contact handles every other package passes around.
//
// A peer's ID and position are the ones libp2p gives the same key, so a kadmium
// node and a libp2p node with one key stand at one place.
//
// Nothing here is safe for concurrent mutation; values may be copied freely.
package identity
