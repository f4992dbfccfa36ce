// The node's API. The token comes in the page's fragment and goes out in a header only.

import { visible } from './format.js';

const storeKey = 'kad.token';
let token = null;
let chosen = inAddress();

/** The number of the node in the page's address, ?node=; 0 if there is none. */
function inAddress() {
  const number = new URLSearchParams(location.search).get('node');
  return /^\d{1,4}$/.test(number ?? '') ? Number(number) : 0;
}

/** The number of the node that requests are for, of a process that runs several. */
export const chosenNode = () => chosen;

/** Chooses the node that requests are for, and keeps it in the page's address. */
export function chooseNode(number) {
  chosen = number;
  history.replaceState(null, '', `${location.pathname}${number ? `?node=${number}` : ''}${location.hash}`);
}

/** A path with the node that it is for. */
function forNode(path) {
  if (chosen === 0 || path === '/v1/nodes') return path;
  return `${path}${path.includes('?') ? '&' : '?'}node=${chosen}`;
}

/** Takes the token out of the URL's fragment, so that neither history nor bookmark has it. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    history.replaceState(null, '', location.pathname + location.search);
    remember(given);
  } else {
    token = recall();
  }
  return token !== null;
}

function remember(given) {
  token = given;
  try {
    sessionStorage.setItem(storeKey, given);
  } catch {
    // Without storage it lasts until the page is reloaded.
  }
}

function recall() {
  try {
    return sessionStorage.getItem(storeKey);
  } catch {
    return null;
  }
}

/** A Problem is an answer that says why something was not done. */
export class Problem extends Error {
  constructor(status, body) {
    super(visible(body?.detail || body?.title || `the node answered with status ${status}`));
    this.status = status;
    this.type = body?.type ?? '';
    this.next = visible(body?.next ?? '');
    this.result = body?.result ?? null; // what a put that failed came to
  }
}

/** Sends a request; the answer has any status. */
function send(path, { method = 'GET', body, accept, signal } = {}) {
  const headers = {};
  if (accept) headers.Accept = accept;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/octet-stream';
  return fetch(forNode(path), { method, body, headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
}

/** The JSON of a resource. */
export async function get(path, options) {
  const response = await send(path, { accept: 'application/json', ...options });
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

/** What /readyz says, whatever its status; null if it answered with a problem. */
export async function readiness(signal) {
  const response = await send('/readyz', { accept: 'application/json', signal });
  const body = await response.json().catch(() => null);
  return typeof body?.ready === 'boolean' ? body : null;
}

/** Calls take(event, data) for each server-sent event of a resource, until it ends. */
export async function stream(path, options, take) {
  const response = await send(path, { accept: 'text/event-stream', ...options });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => null));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest = split(rest + value, take);
  }
}

/** Takes whole events off a text, and returns what is left of it. */
export function split(text, take) {
  let from = 0;
  for (;;) {
    const end = text.indexOf('\n\n', from);
    if (end < 0) return text.slice(from);
    let event = 'message';
    let data = null;
    for (const line of text.slice(from, end).split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
    }
    if (data !== null) take(event, data);
    from = end + 2;
  }
}
