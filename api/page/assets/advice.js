// What to do about a problem, for who looks at this page: the node's own advice (next) is for
// who has a command line, and names its flags and commands.

const alone = 'The node is alone. To join a network, start it with the address of one of its nodes.';
const disk = 'Look at the disk of the node\'s machine. The node writes again by itself within a minute of its mending.';
const data = 'Look at the node\'s log, and who changes its data directory.';
const page = 'Load this page anew, from the address that kad page prints on the node\'s machine.';

/** Advice by the type of a problem; null: the node's own, which is for everybody. */
export const advice = {
  'disk-full': 'Make room on the disk of the node\'s machine. The node writes again by itself within a minute.',
  'bad-peer-id': 'Give a peer ID (12D3KooW…). The list of everybody whom this node knows has those of its peers.',
  'bad-address': null,
  'unknown-namespace': null,
  'too-large': null,
  'empty-key': 'Give a key, text like /v/hello.',
  'invalid': 'Give a value that the key\'s namespace takes: the text before the second slash of a key says which that is.',
  'bad-protocol': null,
  'bad-note': null,
  'notes-full': null,
  'bad-option': null,
  'not-found': 'Check the name. The drawing shows who was asked.',
  'no-socket': 'Start the node with a socket for that version of IP.',
  'only-clients': 'Let UDP datagrams that nobody asked for through to the port of one of them, or start one as a server.',
  'other-peer': null,
  'no-answer': 'Check the network of the node\'s machine, and that who was asked runs, is reachable by UDP, and is in the same network.',
  'no-peers': alone,
  'journal-replaced': data,
  'journal-damaged': data,
  'journal': disk,
  'closed': 'The node is ending. The page shows it again when it is started.',
  'last-sequence': 'Choose another key, or put a value of greater bytes; else wait until the record there expires.',
  'conflict': 'Get the value anew, then try again.',
  'older': 'Try again: the next value gets a higher sequence.',
  'full': null,
  'lookup-timed-out': 'Try again. The drawing shows who was silent.',
  'busy': null,
  'handler-failed': null,
  'no-handler': null,
  'not-stored': 'The drawing shows who was asked, and the list of refusals what they said.',
  'refused': null,
  'kept-here': 'The routing table shows which peers answer. The node publishes this itself when one does.',
  'timed-out': 'Try again. The drawing shows who was silent.',
  'interrupted': 'Try again.',
  'bad-request': null,
  'internal': 'Look at the node\'s log.',
  'method-not-allowed': page,
  'no-page': page,
  'no-such-host': null,
  'no-such-resource': page,
  'no-token': page,
  'not-acceptable': page,
  'token-in-url': page,
  'too-slow': 'Try again.',
  'wrong-host': page,
  'wrong-origin': page,
};

const commands = /--[a-z]|`|\bkad [a-z]|\?\w+/; // what a command line or a program does

/** What to do about an error; empty if there is nothing to say. */
export function adviceFor(problem) {
  if (!problem.status) return 'Look whether the node runs, and at its log.'; // it gave no answer at all
  const own = advice[problem.type?.replace('/problems/', '')];
  if (own) return own;
  const next = problem.next ?? '';
  if (commands.test(next)) return 'Correct what was typed, then try again.';
  return next && period(next[0].toUpperCase() + next.slice(1));
}

/** A text that ends as a sentence. It may begin with a key, which stays as it is. */
export const period = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
