package engine

// A Purpose is what a lookup is made for.
type Purpose uint8

// The purposes of lookups: of operations, of joins, and of what a node does by itself.
const (
	ForPeer        Purpose = 1 + iota // FindPeer
	ForClosest                        // Closest
	ForGet                            // Get
	ForPut                            // Put, and a put that is made again
	ForProvide                        // Provide, likewise
	ForProviders                      // Providers
	ForJoin                           // this node itself, in a join
	ForSelf                           // this node itself, so that its neighbours know it
	ForRefresh                        // refresh of a bucket
	ForReplication                    // the holders of a key that is replicated
	ForRepublish                      // the holders of a key that is published again
	PurposeLimit                      // no purpose: one more than the last
)

var purposeNames = [PurposeLimit]string{"?", "find", "closest", "get", "put", "provide", "providers", "join", "self", "refresh", "re-store", "re-publish"}

// writes reports whether a key is written to what such a lookup returns.
func (p Purpose) writes() bool {
	return p == ForPut || p == ForProvide || p == ForReplication || p == ForRepublish
}

// String is the purpose in a word.
func (p Purpose) String() string {
	if p >= PurposeLimit {
		return purposeNames[0]
	}
	return purposeNames[p]
}
