// What a key or a peer that somebody typed is in the path of a request.

import { Problem } from './node.js';

/** A key in base64url, as ?key64= takes it: a path would be changed by the browser. */
function key64(key) {
  const binary = String.fromCharCode(...new TextEncoder().encode(key));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The path of a resource that has a key. */
export const byKey = (resource, key) => `/v1/${resource}?key64=${key64(key)}&trace=sse`;

/** The path of a peer. */
export function theirs(text) {
  if (/^\.*$/.test(text)) throw new Problem(400, { type: '/problems/bad-peer-id', detail: `"${text}" is not a peer ID` });
  return `/v1/peers/${encodeURIComponent(text)}?trace=sse`;
}

/**
 * The path of the nodes closest to a peer or key. The node says which it is, by all forms that
 * a peer ID has, where it can be one; what stands after key64 is a key whatever it reads like.
 */
export function peerOrKey(text) {
  if (/^[0-9a-z]+$/i.test(text) || text.includes('/p2p/')) return `/v1/closest/${encodeURIComponent(text)}?trace=sse`;
  return byKey('closest', text);
}
