"""A client of a kadmium node's HTTP API (docs/api.md), in one file, with the standard
library alone. Python 3.9 or later.

    from kadmium import Client, NotFound

    node = Client("unix:/home/me/.kad/control.sock")
    node = Client("http://127.0.0.1:8080", token="...")   # kad page says both
    node.put(b"/v/hello", b"world")
    print(node.get(b"/v/hello").value)

Keys, values and payloads are bytes; text is taken as UTF-8. Results are the JSON of the
API, as dictionaries. Methods raise Problem, or a class of it, with the node's words. A
Client may be used by several threads: each request has a connection of its own.
"""

import base64
import http.client
import json
import re
import socket
import ssl
import urllib.parse
from dataclasses import dataclass, field

DEFAULT_TIMEOUT = 30.0  # seconds that a node takes for a request, unless told otherwise
GRACE = 5.0  # seconds more that an answer may take on its way
_NO_TIMEOUT = object()  # of requests that ask nobody
SILENCE = 60.0  # seconds after which a stream without a sign is lost; a node gives one every 15


class Problem(Exception):
    """An error that a node reports (RFC 9457). `next` says what to do."""

    def __init__(self, problem):
        self.type = problem.get("type", "")
        self.title = problem.get("title", "")
        self.status = problem.get("status", 0)
        self.detail = problem.get("detail", "")
        self.next = problem.get("next", "")
        self.lookup = problem.get("lookup")  # of the lookup that failed, if there was one
        self.result = problem.get("result")  # what a put or provide that failed came to
        super().__init__(f"{self.detail or self.title or 'HTTP status %d' % self.status}; next: {self.next}")


class BadRequest(Problem):
    """400, 422: the request cannot be understood, or a namespace does not take it."""


class NoToken(Problem):
    """401: the token is missing or wrong."""


class NotFound(Problem):
    """404: there is no such value, peer, provider, note or handler."""


class Older(Problem):
    """409: a newer record is held."""


class Changed(Problem):
    """412: the record held is not the one that was named."""


class TooLarge(Problem):
    """413."""


class Busy(Problem):
    """429: try again later."""


class NotReady(Problem):
    """503: the node is ending, or knows no peer."""


class NoAnswer(Problem):
    """504: nobody answered in time."""


class NoRoom(Problem):
    """507."""


_BY_STATUS = {
    400: BadRequest, 422: BadRequest, 401: NoToken, 404: NotFound, 409: Older, 412: Changed,
    413: TooLarge, 429: Busy, 503: NotReady, 504: NoAnswer, 507: NoRoom,
}


def _problem(problem):
    return _BY_STATUS.get(problem.get("status"), Problem)(problem)


def key_of(result):
    """The key of a result, in bytes."""
    if "key_base64" in result:
        return base64.b64decode(result["key_base64"])
    return result.get("key", "").encode()


@dataclass
class Value:
    """A value, and what came with it. `etag` names it for put(if_match=...)."""

    value: bytes
    key: bytes
    sequence: int
    etag: str
    json: dict = field(repr=False)


@dataclass
class Reply:
    """A peer's reply to a message."""

    payload: bytes
    json: dict = field(repr=False)


class _Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("kad", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            self.sock = None
            raise


def _bytes(text):
    return text.encode() if isinstance(text, str) else bytes(text)


def _token(token):
    """A token without the space around it. What can be none is not shown: it may be most of
    one."""
    token = (token or "").strip()
    if not re.fullmatch("[!-~]*", token):
        raise ValueError("the token has a character that no token has: give what kad page prints after #token=, or what the file api.token holds")
    return token


def _segment(text):
    text = _bytes(text)
    if text in (b".", b".."):
        return text.replace(b".", b"%2E").decode()
    return urllib.parse.quote(text, safe="")


def _keyed(resource, key, query):
    query["key64"] = base64.urlsafe_b64encode(_bytes(key)).rstrip(b"=").decode()
    return "/v1/" + resource, query


class Client:
    """Speaks to a node at "unix:PATH", "http://HOST:PORT" or "https://HOST:PORT". The address
    may have the token as `kad page` prints it, "http://HOST:PORT/#token=..."; space around a
    token is left out, so that the text of a file serves.

    A `timeout` in seconds, here or of a method, is how long the node may take. `node` tells
    the nodes of one process apart. `context` is an ssl.SSLContext for HTTPS.
    """

    def __init__(self, at, token=None, timeout=DEFAULT_TIMEOUT, node=0, context=None):
        self._timeout, self._node, self._context = timeout, node, context
        self._unix = at[len("unix:"):] if at.startswith("unix:") else None
        if self._unix is None:
            at, _, fragment = at.partition("#")
            if token is None and fragment.startswith("token="):
                token = fragment[len("token="):]
        self._token = _token(token)
        self._at = urllib.parse.urlsplit(at)
        if self._unix is None and (self._at.scheme not in ("http", "https") or not self._at.hostname):
            raise ValueError(f"{at!r}: want unix:PATH, http://HOST:PORT or https://HOST:PORT")

    # Values

    def get(self, key, quorum=None, timeout=None, trace=False, fresh=False):
        """The value of a key: a Value. `fresh` asks all nodes near the key, so that few of
        them cannot hide a newer value."""
        path, query = _keyed("values", key, {"quorum": quorum, "fresh": fresh})
        got, headers = self._ask("GET", path, query, timeout=timeout, trace=trace)
        return Value(base64.b64decode(got["value_base64"]), key_of(got), got["sequence"], headers["ETag"], got)

    def put(self, key, value, ttl=None, seq=None, once=False, local=False, if_match=None, create=False, timeout=None, trace=False):
        """Stores a value. `ttl` is in seconds. `if_match` is the etag of the Value that it
        replaces; with `create` there must be none: else Changed is raised."""
        headers = {}
        if if_match is not None:
            headers["If-Match"] = if_match
        if create:
            headers["If-None-Match"] = "*"
        path, query = _keyed("values", key, {"ttl": _seconds(ttl), "seq": seq, "once": once, "local": local})
        return self._ask("PUT", path, query, _bytes(value), headers, timeout, trace)[0]

    # Providers and publications

    def providers(self, key, max=None, timeout=None, trace=False):
        """Who provides a key; the list is under "providers"."""
        path, query = _keyed("providers", key, {"max": max})
        return self._ask("GET", path, query, timeout=timeout, trace=trace)[0]

    def provide(self, key, local=False, timeout=None, trace=False):
        """Tells the network that the node provides a key."""
        path, query = _keyed("providers", key, {"local": local})
        return self._ask("PUT", path, query, timeout=timeout, trace=trace)[0]

    def unpublish(self, key, timeout=None):
        """Stops publishing a key's value and provider entry."""
        path, query = _keyed("published", key, {})
        return self._ask("DELETE", path, query, timeout=timeout)[0]

    def published(self, max=None):
        """What the node publishes, `max` of it at most; stats has the number of all."""
        return self._ask("GET", "/v1/published", {"max": max})[0]

    def held(self, max=None):
        """What the node holds for the network."""
        return self._ask("GET", "/v1/held", {"max": max})[0]

    # Peers

    def peers(self):
        """Everybody whom the node knows."""
        return self._ask("GET", "/v1/peers", {})[0]

    def peer(self, peer):
        """What the node knows of a peer, without asking anybody."""
        return self._ask("GET", "/v1/peers/" + _segment(peer), {"local": True})[0]

    def find(self, peer, timeout=None, trace=False):
        """Where a peer is."""
        return self._ask("GET", "/v1/peers/" + _segment(peer), {}, timeout=timeout, trace=trace)[0]

    def ping(self, peer, protocols=False, timeout=None, trace=False):
        """Asks a peer, or who is at an address, whether it is there."""
        return self._ask("POST", f"/v1/peers/{_segment(peer)}/ping", {"protocols": protocols}, timeout=timeout, trace=trace)[0]

    def supports(self, peer, *protocols, timeout=None):
        """Which of the protocols a peer handles."""
        return self._ask("GET", f"/v1/peers/{_segment(peer)}/supports", {"protocol": list(protocols)}, timeout=timeout)[0]

    def notes(self, peer):
        """The notes about a peer, bytes by name."""
        got = self._ask("GET", f"/v1/peers/{_segment(peer)}/notes", {})[0]
        return {name: base64.b64decode(text) for name, text in got["notes_base64"].items()}

    def set_note(self, peer, name, text):
        """Notes something about a peer; None removes the note."""
        method, body = ("DELETE", b"") if text is None else ("PUT", _bytes(text))
        self._ask(method, f"/v1/peers/{_segment(peer)}/notes/{_segment(name)}", {}, body)

    def closest(self, key=None, peer=None, timeout=None, trace=False):
        """The nodes closest to a key, or to a peer."""
        if (key is None) == (peer is None):
            raise ValueError("give a key or a peer")
        path, query = "/v1/closest/" + _segment(peer or b""), {}
        if key is not None:
            path, query = _keyed("closest", key, query)
        return self._ask("GET", path, query, timeout=timeout, trace=trace)[0]

    def send(self, peer, protocol, payload=b"", timeout=None, trace=False):
        """Sends a message, and waits for the reply: a Reply."""
        path = f"/v1/messages/{_segment(peer)}/{_segment(protocol)}"
        got = self._ask("POST", path, {}, _bytes(payload), timeout=timeout, trace=trace)[0]
        return Reply(base64.b64decode(got["reply_base64"]), got)

    # The node

    def table(self):
        """The routing table."""
        return self._ask("GET", "/v1/table", {})[0]

    def stats(self):
        """What the node is doing and has done."""
        return self._ask("GET", "/v1/stats", {})[0]

    def nodes(self):
        """The nodes of the process: the number of each, for `node`, and its peer ID."""
        return self._ask("GET", "/v1/nodes", {"node": None})[0]

    def tasks(self):
        """What the node does by itself."""
        return self._ask("GET", "/v1/tasks", {})[0]

    def events(self, kinds=None, protocols=()):
        """Yields events as they happen, dictionaries with "kind". Messages of `protocols`
        come as copies, of kind "message". The node listens from the call on."""
        query = {"kinds": ",".join(kinds) if kinds else None, "protocol": list(protocols)}
        stream = self._stream("GET", "/v1/events", query)
        return (data for _, data in stream)

    def trace(self, method, path, body=b"", headers=None, timeout=None, **query):
        """Yields the steps of the lookup of any request as they happen, then its result:
        ("step", {...}), ..., ("result", {...}). A problem is raised. As in
        trace("GET", "/v1/closest", key64=...)."""
        query["trace"] = "sse"
        for kind, data in self._stream(method, path, query, body, headers, timeout):
            if kind == "problem":
                raise _problem(data)
            yield kind, data

    def trace_get(self, key, quorum=None, timeout=None, fresh=False):
        """As trace, of get."""
        path, query = _keyed("values", key, {"quorum": quorum, "fresh": fresh})
        return self.trace("GET", path, timeout=timeout, **query)

    # Requests

    def _ask(self, method, path, query, body=b"", headers=None, timeout=_NO_TIMEOUT, trace=False):
        query = dict(query, trace=trace)
        connection, response = self._open(method, path, query, body, headers, "application/json", timeout)
        try:
            text = response.read()
        finally:
            connection.close()
        return (json.loads(text) if text else None), response.headers

    def _stream(self, method, path, query, body=b"", headers=None, timeout=_NO_TIMEOUT):
        connection, response = self._open(method, path, query, body, headers, "text/event-stream", timeout)
        if connection.sock is not None:
            connection.sock.settimeout(SILENCE)
        return _events(connection, response)

    def _open(self, method, path, query, body, headers, accept, timeout):
        wait = self._timeout if timeout is None or timeout is _NO_TIMEOUT else timeout
        query = {"node": self._node or None, **query}
        if timeout is not _NO_TIMEOUT:
            query["timeout"] = _seconds(wait)
        target = path + _query(query)
        headers = dict(headers or {}, Accept=accept)
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        if body:
            headers["Content-Type"] = "application/octet-stream"
        connection = self._connection(wait + GRACE)
        try:
            connection.request(method, target, body or None, headers)
            response = connection.getresponse()
            if response.status >= 400:
                raise _refusal(response)
        except BaseException:
            connection.close()
            raise
        return connection, response

    def _connection(self, timeout):
        if self._unix is not None:
            return _Unix(self._unix, timeout)
        if self._at.scheme == "https":
            context = self._context or ssl.create_default_context()
            return http.client.HTTPSConnection(self._at.hostname, self._at.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self._at.hostname, self._at.port, timeout=timeout)


def _seconds(duration):
    return None if duration is None else f"{duration:.9f}".rstrip("0").rstrip(".") + "s"


def _query(query):
    """The query of a target. None and False are left out; True is a flag."""
    pairs = []
    for name, value in query.items():
        if value is None or value is False:
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            pairs.append((name, "" if one is True else one))
    return "?" + urllib.parse.urlencode(pairs) if pairs else ""


def _refusal(response):
    """The error of an answer that is a problem."""
    text = response.read()
    try:
        problem = json.loads(text)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict) or "detail" not in problem:
        problem = {"detail": f"status {response.status}, and no problem: is this a kadmium node?", "next": "check the address"}
    return _problem(dict(problem, status=response.status))


def _events(connection, response):
    """The events of a stream: its kind and its data each."""
    try:
        kind = ""
        for line in response:
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                kind = line[len("event: "):]
            elif line.startswith("data: "):
                yield kind, json.loads(line[len("data: "):])
    finally:
        response.close()
        connection.close()
