package main

// leftOut says what the simulator's figures are silent about, and what follows.
const leftOut = `
## What the model leaves out

The engines are those of real nodes. What is modelled is the world around them, and more simply than it is:

- **Handshakes and first contacts.** Every datagram is one of a session that stands already. On the wire the first between two nodes is signed and larger, and the engine changes
  nothing on its account: a peer learns of a newcomer only from its second message, here from the first. Bytes are UDP payload, without IP and UDP headers.
- **Computing time and queues.** An engine answers in no time; no link, socket or worker has a queue, and no datagram waits for another. A write is acknowledged at once: no journal is synced.
- **The transport's limits.** No limit on first contacts, no cookies, no NOSESSION: nobody is turned away, and nobody ever loses a session. Values are not validated on arrival.
- **Retries of writes.** A holder that gets a repeated write executes it again. On the wire it answers from memory.
- **NATs**, beyond that clients get no requests: their answers always come through, no mapping ends, no address changes, nobody asks to be called back.
- **Losses and duplicates** strike each datagram by itself: no bursts, no partitions. Duplicates cost nothing, as a session's replay window drops them before the engine.
- **Leaving.** Nodes leave without a word, as in a crash, and return with their identity and what a data directory would have kept. All clocks run alike.
- **The bootstrap node** never leaves, and is neither silent, a client nor a liar.
- **Addresses.** Each node has an IPv4 address in a /24 of its own, so that the limits on contacts of one subnet never bind.
- **Liars** are one league: whatever is sought they name those of their number that are nearest to it, hold no records, acknowledge writes and forget them. None invents peers (invented
  ones would only be silent), chooses its position, or attacks one key.
- **Ideal tables** are of a network where nothing has happened yet: no contact is dead but those that are silent from the start, and none waits in a replacement list. Where sessions end, lookups begin only after a
  tenth of the time, an hour at most. Where nodes never leave, those that nobody has asked anything do nothing by themselves either, and have no part in the requests and bytes of the network.
`
