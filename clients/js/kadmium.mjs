// A client of a kadmium node's HTTP API (docs/api.md), in one file, with fetch alone: for
// browsers and for Node 20 or later.
//
//   import { Client, NotFound } from "./kadmium.mjs";
//
//   const node = new Client("http://127.0.0.1:8080", { token: "..." }); // kad page says both
//   await node.put("/v/hello", "world");
//   console.log(text((await node.get("/v/hello")).value));
//
// Keys, values and payloads are Uint8Array; text is taken as UTF-8. Results are the JSON of
// the API. Methods throw a Problem, or a class of it, with the node's words. Times are
// seconds.
//
// In a browser it works on pages of the node's own origin only, with new Client("", { token }):
// the API has no CORS headers, so that no site can use the node of a visitor, and a request
// from another origin ends in a TypeError. Serve your page and the API from one origin: let a
// proxy hand /v1/ on to the node, with the scheme and the Host of the request, which the node
// has to know if it is a name (kad node --http-host). Whoever may open that page may have the
// token, which can do everything.

const defaultTimeout = 30; // seconds that a node takes for a request, unless told otherwise
const grace = 5; // seconds more that an answer may take on its way
const silence = 60; // seconds after which a stream without a sign is lost; a node gives one every 15

/** An error that a node reports (RFC 9457). `next` says what to do. */
export class Problem extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || `HTTP status ${problem.status}`);
    this.name = this.constructor.name;
    for (const member of ["type", "title", "status", "detail", "next", "lookup", "result"]) this[member] = problem[member];
  }
}
export class BadRequest extends Problem {} // 400, 422
export class NoToken extends Problem {} // 401: it is missing or wrong
export class NotFound extends Problem {} // 404
export class Older extends Problem {} // 409: a newer record is held
export class Changed extends Problem {} // 412: the record held is not the one that was named
export class TooLarge extends Problem {} // 413
export class Busy extends Problem {} // 429: try again later
export class NotReady extends Problem {} // 503: the node is ending, or knows no peer
export class NoAnswer extends Problem {} // 504: nobody answered in time
export class NoRoom extends Problem {} // 507

const byStatus = {
  400: BadRequest, 422: BadRequest, 401: NoToken, 404: NotFound, 409: Older, 412: Changed,
  413: TooLarge, 429: Busy, 503: NotReady, 504: NoAnswer, 507: NoRoom,
};
const problemOf = (problem) => new (byStatus[problem.status] || Problem)(problem);

const encoder = new TextEncoder();

/** Bytes as text. */
export const text = (bytes) => new TextDecoder().decode(bytes);

const bytesOf = (data) => (typeof data === "string" ? encoder.encode(data) : new Uint8Array(data));
const fromBase64 = (data) => Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
const toBase64 = (data) => btoa(Array.from(bytesOf(data), (b) => String.fromCharCode(b)).join(""));

/** The key of a result, in bytes. */
export const keyOf = (result) => (result.key_base64 ? fromBase64(result.key_base64) : encoder.encode(result.key ?? ""));

/** One segment of a path. Every URL parser takes "." and ".." for steps in it, also escaped. */
function segment(name) {
  if (name === "." || name === "..") {
    throw new RangeError(`"${name}" cannot be sent: fetch makes another path of it; choose another name, or use the Python client or kad`);
  }
  return encodeURIComponent(name);
}

/** A token without the space around it. What can be none is not shown: it may be most of one. */
function tokenOf(given) {
  const token = (given ?? "").trim();
  if (!/^[!-~]*$/.test(token)) {
    throw new TypeError("the token has a character that no token has: give what kad page prints after #token=, or what the file api.token holds");
  }
  return token;
}

const keyed = (key, query = {}) => ({ ...query, key64: toBase64(key).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") });
const duration = (seconds) => (seconds === undefined ? undefined : `${seconds.toFixed(9)}s`);

function queryOf(query) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) pairs.append(name, one === true ? "" : String(one));
  }
  const all = pairs.toString();
  return all && `?${all}`;
}

/**
 * Speaks to a node at an origin like "http://127.0.0.1:8080"; "" is the one that the page
 * came from. It may have the token as kad page prints it, "http://127.0.0.1:8080/#token=...".
 * Options: token (space around it is left out, so that the text of a file serves), timeout (how long the node may take, in seconds), node (of a
 * process that runs several). Methods that ask the network take timeout, trace and signal.
 */
export class Client {
  #origin; #token; #timeout; #node;

  constructor(origin = "", { token, timeout = defaultTimeout, node } = {}) {
    const [at, fragment = ""] = origin.split("#", 2);
    this.#origin = at.replace(/\/$/, "");
    this.#token = tokenOf(token ?? (fragment.startsWith("token=") ? fragment.slice(6) : ""));
    this.#timeout = timeout;
    this.#node = node;
  }

  // Values

  /** The value of a key: { value, key, sequence, etag, json }. */
  async get(key, { quorum, fresh, ...how } = {}) {
    const { json, headers } = await this.#ask("GET", "/v1/values", keyed(key, { quorum, fresh }), how);
    return { value: fromBase64(json.value_base64), key: keyOf(json), sequence: json.sequence, etag: headers.get("ETag"), json };
  }

  /** Stores a value. ifMatch is the etag of the value that it replaces; with create there
   * must be none: else Changed is thrown. */
  async put(key, value, { ttl, seq, once, local, ifMatch, create, ...how } = {}) {
    const headers = {};
    if (ifMatch !== undefined) headers["If-Match"] = ifMatch;
    if (create) headers["If-None-Match"] = "*";
    return (await this.#ask("PUT", "/v1/values", keyed(key, { ttl: duration(ttl), seq, once, local }), how, bytesOf(value), headers)).json;
  }

  // Providers and publications

  /** Who provides a key; the list is under providers. */
  async providers(key, { max, ...how } = {}) {
    return (await this.#ask("GET", "/v1/providers", keyed(key, { max }), how)).json;
  }

  /** Tells the network that the node provides a key. */
  async provide(key, { local, ...how } = {}) {
    return (await this.#ask("PUT", "/v1/providers", keyed(key, { local }), how)).json;
  }

  /** Stops publishing a key's value and provider entry. */
  async unpublish(key, how = {}) {
    return (await this.#ask("DELETE", "/v1/published", keyed(key), how)).json;
  }

  /** What the node publishes, max of it at most; stats has the number of all. */
  published = (max) => this.#show("/v1/published", { max });

  /** What the node holds for the network. */
  held = (max) => this.#show("/v1/held", { max });

  // Peers

  /** Everybody whom the node knows. */
  peers = () => this.#show("/v1/peers");

  /** What the node knows of a peer, without asking anybody. */
  peer = (peer) => this.#show(`/v1/peers/${segment(peer)}`, { local: true });

  /** Where a peer is. */
  async find(peer, how = {}) {
    return (await this.#ask("GET", `/v1/peers/${segment(peer)}`, {}, how)).json;
  }

  /** Asks a peer, or who is at an address, whether it is there. */
  async ping(peer, { protocols, ...how } = {}) {
    return (await this.#ask("POST", `/v1/peers/${segment(peer)}/ping`, { protocols }, how)).json;
  }

  /** Which of the protocols a peer handles. */
  async supports(peer, protocols, how = {}) {
    return (await this.#ask("GET", `/v1/peers/${segment(peer)}/supports`, { protocol: protocols }, how)).json;
  }

  /** The notes about a peer, bytes by name. */
  async notes(peer) {
    const { notes_base64: notes } = await this.#show(`/v1/peers/${segment(peer)}/notes`);
    return Object.fromEntries(Object.entries(notes).map(([name, note]) => [name, fromBase64(note)]));
  }

  /** Notes something about a peer; null removes the note. */
  async setNote(peer, name, note) {
    const [method, body] = note === null ? ["DELETE"] : ["PUT", bytesOf(note)];
    await this.#ask(method, `/v1/peers/${segment(peer)}/notes/${segment(name)}`, {}, {}, body);
  }

  /** The nodes closest to a key. */
  async closest(key, how = {}) {
    return (await this.#ask("GET", "/v1/closest", keyed(key), how)).json;
  }

  /** The nodes closest to a peer. */
  async closestTo(peer, how = {}) {
    return (await this.#ask("GET", `/v1/closest/${segment(peer)}`, {}, how)).json;
  }

  /** Sends a message, and waits for the reply: { payload, json }. */
  async send(peer, protocol, payload = "", how = {}) {
    const { json } = await this.#ask("POST", `/v1/messages/${segment(peer)}/${segment(protocol)}`, {}, how, bytesOf(payload));
    return { payload: fromBase64(json.reply_base64), json };
  }

  // The node

  /** The routing table. */
  table = () => this.#show("/v1/table");

  /** What the node is doing and has done. */
  stats = () => this.#show("/v1/stats");

  /** The nodes of the process: the number of each, for the option node, and its peer ID. */
  nodes = () => this.#show("/v1/nodes", { node: undefined });

  /** What the node does by itself. */
  tasks = () => this.#show("/v1/tasks");

  /** Yields events as they happen. Messages of protocols come as copies, of kind "message".
   * The node listens once the promise is kept. */
  async events({ kinds, protocols, signal } = {}) {
    const stream = await this.#stream("GET", "/v1/events", { kinds: kinds?.join(","), protocol: protocols }, { signal });
    return (async function* () {
      for await (const { data } of stream) yield data;
    })();
  }

  /** Yields the steps of the lookup of any request as they happen, then its result:
   * { kind: "step" or "result", data }. A problem is thrown. */
  async *trace(method, path, { query = {}, body, headers, timeout = this.#timeout, signal } = {}) {
    const all = { ...query, trace: "sse", timeout: duration(timeout) };
    for await (const event of await this.#stream(method, path, all, { signal }, body, headers)) {
      if (event.kind === "problem") throw problemOf(event.data);
      yield event;
    }
  }

  /** As trace, of get. */
  traceGet(key, { quorum, fresh, ...how } = {}) {
    return this.trace("GET", "/v1/values", { query: keyed(key, { quorum, fresh }), ...how });
  }

  // Requests

  async #show(path, query = {}) {
    const response = await this.#fetch("GET", path, query, { wait: this.#timeout + grace });
    return response.json();
  }

  async #ask(method, path, query, { timeout = this.#timeout, trace, signal }, body, headers) {
    const all = { ...query, trace, timeout: duration(timeout) };
    const response = await this.#fetch(method, path, all, { signal, wait: timeout + grace, body, headers });
    const answer = await response.text(); // empty after a note
    return { json: answer ? JSON.parse(answer) : null, headers: response.headers };
  }

  async #stream(method, path, query, { signal }, body, headers) {
    const lost = new AbortController();
    const either = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
    const response = await this.#fetch(method, path, query, { signal: either, body, headers, accept: "text/event-stream" });
    return eventsOf(response.body.getReader(), lost);
  }

  async #fetch(method, path, query, { signal, wait, body, headers, accept = "application/json" }) {
    const all = { ...headers, Accept: accept };
    if (this.#token) all.Authorization = `Bearer ${this.#token}`;
    if (body) all["Content-Type"] = "application/octet-stream";
    const signals = [signal, wait && AbortSignal.timeout(Math.ceil(wait * 1000))].filter(Boolean);
    const response = await fetch(this.#origin + path + queryOf({ node: this.#node, ...query }), {
      method, body, headers: all, cache: "no-store", credentials: "omit", redirect: "error",
      signal: signals.length > 0 ? AbortSignal.any(signals) : undefined,
    });
    if (response.ok) return response;
    const problem = await response.json().catch(() => null);
    throw problemOf({
      detail: `status ${response.status}, and no problem: is this a kadmium node?`, next: "check the address",
      ...problem, status: response.status,
    });
  }
}

/** The events of a stream: { kind, data } each. */
async function* eventsOf(reader, lost) {
  const decoder = new TextDecoder();
  let rest = "";
  let kind = "";
  try {
    for (;;) {
      const timer = setTimeout(() => lost.abort(new Error("the stream fell silent")), silence * 1000);
      const { value, done } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line.startsWith("event: ")) kind = line.slice(7);
        else if (line.startsWith("data: ")) yield { kind, data: JSON.parse(line.slice(6)) };
      }
    }
  } finally {
    lost.abort();
  }
}
