package main

// notModelled is the section about what the simulator does not model.
const notModelled = `
## What the model leaves out

The engines are those of real nodes.
The world around them is modelled, and is simpler than the real one:

- **Handshakes and first contacts.**
  Every datagram is one of an established session.
  On the wire the first datagram between two nodes is signed and larger, and the engine changes nothing because of it: a peer learns of a newcomer only from its second message, here from the first.
  A request that is a first contact takes 420 to 450 bytes more than the simulator counts, with its answer ([beside whole nodes](#beside-whole-nodes)).
  All requests of a fresh client are first contacts, so the bytes of lookups on ideal tables are those of a client that has sessions with all whom it asks.
  Bytes are UDP payload, without IP and UDP headers.
- **Computing time and queues.**
  An engine answers in no time; no link, socket or worker has a queue, and no datagram waits for another.
  A write is acknowledged at once: no journal is synced.
- **The transport's limits.**
  There is no limit on first contacts, no cookie and no NOSESSION: nobody is refused, and no session is lost.
  Values are not validated on arrival.
- **Retries of writes.**
  A holder that gets a repeated write executes it again.
  On the wire it answers from memory.
- **NATs**, except that clients get no requests: their answers always arrive, no mapping ends, no address changes, nobody asks for a dial back.
- **Losses and duplicates** are independent for each datagram: there are no bursts and no partitions.
  Duplicates cost nothing, because a session's replay window drops them before the engine.
- **Leaving.**
  Nodes leave without notice, as in a crash, and return with their identity and what a data directory would have kept.
  All clocks run alike.
- **The bootstrap node** never leaves, and is neither silent, a client nor a liar.
- **Addresses.**
  Each node has an IPv4 address in a /24 of its own, so that the limits on contacts of one subnet have no effect, unless ` + "`--subnets`" + ` or an attack says otherwise.
- **Liars** cooperate: for any target they name those of their number that are nearest to it, hold no records, acknowledge writes and forget them.
  None invents peers (invented ones would only be silent), chooses its position, or attacks one key, but for those [under attack](#under-attack).
- **Ideal tables** are those of a network where nothing has happened yet: no contact is unresponsive except those that are silent from the start, and there are no replacements.
  Where sessions end, lookups begin only after a tenth of the time, an hour at most.
  Where nodes never leave, those that were never asked anything do nothing by themselves either, and contribute nothing to the requests and bytes of the network.
`
