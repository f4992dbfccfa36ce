// Package identity has what every other package uses: Ed25519 keys and their files,
// peer IDs, positions in the 256-bit keyspace, XOR distance, addresses, and 4-byte
// contact handles.
//
// A peer's ID and position are those that libp2p gives the same key, so a kadmium node
// and a libp2p node with the same key have the same position (design R2.2 to R2.6).
//
// Nothing here is safe for concurrent mutation; values may be copied freely.
package identity
