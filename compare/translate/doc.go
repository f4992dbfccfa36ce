// Package translate converts the lookup steps of a kadmium node to the query events of
// github.com/libp2p/go-libp2p/core/routing, so that a program that observes a libp2p DHT by
// routing.RegisterForQueryEvents can observe a kadmium node.
//
// When go-libp2p-kad-dht v0.42.0 publishes each kind, and the step of kadmium that
// becomes it:
//
//	SendingQuery   before each request of a lookup (lookup.go, routing.go).
//	               From asked.
//	PeerResponse   after each answer, with the peers it named; not for the answer
//	               that ends a search for providers (routing.go).
//	               From answered, with those of the named peers that were asked.
//	QueryError     a peer could not be connected to, or, in GetClosestPeers alone, did
//	               not answer (query.go, lookup.go); without a peer: nobody to ask.
//	               From failed, in every operation; from ended for want of contacts.
//	FinalPeer      never. Kubo's commands publish it themselves: of FindPeer with
//	               the peer as the response.
//	               From found of FindPeer, likewise.
//	Value          before each PUT of PutValue (routing.go), to whom it goes. When a
//	               value is got: never, but Kubo's command then publishes it itself.
//	               From found of Get: who had the value that ended the search.
//	Provider       never. Kubo's command publishes it of each provider that
//	               FindProvidersAsync yields.
//	               From what Providers yields, by the function Provider.
//	AddingPeer     never.
//	               From nothing: a step counts the peers that an answer named, and
//	               a peer added is one added to the table.
//	DialingPeer    before a connection to a peer is opened (query.go).
//	               From nothing: first contact takes no round trip of its own.
//
// The events of kadmium for which libp2p has no kind:
//
//	set aside      libp2p waits for a slow peer as for any other.
//	found          of Providers: it is who had the entries, and the response of a
//	               Provider event is the provider. Of the other operations never.
//	ended          converged, exhausted, satisfied, cancelled, timed out: libp2p has
//	               these in its lookup events, not in its query events.
//	peer added, peer removed, mode changed, record stored, records expired, joined,
//	address changed, peer met, peer moved, peer silent, peer returned, peer left:
//	of the node, not of a query.
//
// The STOREs of a put and the ADD_PROVIDERs of a provide are no lookup steps. kadmium's result
// says how many peers confirmed. libp2p publishes a Value for each peer before it sends to
// it, and nothing about the answers.
package translate
