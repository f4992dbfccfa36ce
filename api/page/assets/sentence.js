// The one sentence at the top: how the node is, and what to do if it is not well. It is
// made of what the node said last; what is older than it should be is said first.

import { adviceFor, period } from './advice.js';
import { counted, span } from './format.js';

/**
 * State and words. view has: problem (the last request's error), since (when the node was
 * last heard, ms), stats, ready, now.
 */
export function sentence(view) {
  return unheard(view) ?? broken(view.stats) ?? joined(view);
}

const well = (text, next = '') => ({ state: 'well', text, next });
const bad = (text, next) => ({ state: 'bad', text, next });

function unheard({ problem, since, stats, now }) {
  if (problem?.status === 401 || problem?.status === 403) {
    return bad('This page is not allowed to ask the node.', 'Open the address that kad page prints on the node\'s machine: the token has changed, or was left out.');
  }
  if (!stats) {
    if (!problem) return { state: 'unknown', text: 'Asking the node how it is.', next: '' };
    if (problem.status) return bad(`The node refuses to say how it is: ${period(problem.message)}`, adviceFor(problem));
    return bad('The node does not answer.', 'Look whether kad node runs, and at its log.');
  }
  if (problem && now - since > 5000) {
    return bad(`The node has not answered this page for ${span(Math.floor((now - since) / 1000))}; what is shown is older.`,
      'Look whether kad node runs, and at its log. The page goes on asking.');
  }
  return null;
}

function broken(stats) {
  if (stats.gauges['sockets.failing']) {
    return bad('A socket of this node cannot be read.', 'Look at the log, and whether the machine\'s addresses have changed; the node opens the socket anew by itself.');
  }
  if (stats.gauges['journal.failing']) {
    return bad('The disk fails: nothing that is written is acknowledged.', 'Make room, or mend the disk; the node tries again by itself.');
  }
  return null;
}

function joined({ stats, ready }) {
  const known = stats.peers + stats.gauges['contacts.failing'];
  const role = stats.serves ? 'serves others' : 'only asks, as others cannot reach it or it was told to';
  if (ready && !ready.ready) {
    return bad(`This node is not ready: ${period(ready.reason || 'it does not say why')}`, cutOff(stats, known));
  }
  if (ready?.alone) {
    return well('This node is a network of its own: it knows no other.', 'To join a network, start it with --bootstrap and the address of one of its nodes.');
  }
  if (stats.peers === 0) {
    return bad(known ? 'None of the peers in this node\'s table answered when last asked.' : 'This node knows no peer.', cutOff(stats, known));
  }
  // What a contact does now is not known before it is asked the next time.
  if (stats.peers === known) {
    return well(`This node is well: it ${role}, and ${known === 1 ? 'the one peer' : `all ${counted(known, 'peer')}`} in its table answered when last asked.`);
  }
  return well(`This node is well: it ${role}, and ${stats.peers} of ${counted(known, 'peer')} in its table answered when last asked.`,
    stats.peers * 2 < known ? 'More than half did not: if that lasts, look at the link, and at firewalls.' : '');
}

function cutOff(stats, known) {
  if (stats.wire.dropped['sending failed']) return 'This machine refuses to send some of its datagrams: look at its firewall and its link. The node tries again by itself.';
  if (known === 0) return 'Check that the addresses given with --bootstrap are right and reachable by UDP. The node tries again by itself.';
  return 'Check the link, and that firewalls let UDP through. The node tries again by itself.';
}
