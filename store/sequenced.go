package store

// Sequenced reports whether records under the key are numbered, so that a put
// needs the next sequence: not so where the key determines the value.
func (n *Namespaces) Sequenced(key []byte) bool {
	name, _, _ := split(key)
	return name != immutable && name != publicKey
}
