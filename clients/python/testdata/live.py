"""Uses the client with a live node, as clients_test.go runs it."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import kadmium  # noqa: E402

SELF, PEER, ADDRESS = os.environ["KAD_SELF"], os.environ["KAD_PEER"], os.environ["KAD_ADDRESS"]


def raises(of, call, status):
    try:
        call()
    except of as problem:
        assert type(problem) is of, type(problem)
        assert problem.status == status and problem.detail and problem.next and problem.type.startswith("/problems/"), vars(problem)
        return problem
    raise AssertionError(f"no {of.__name__}")


def values(node, key):
    stored = node.put(key, b"one\x00\xff", ttl=7200.5, timeout=20)
    assert stored["holders"] == 2 and kadmium.key_of(stored) == key, stored
    got = node.get(key, quorum=2, trace=True)
    assert (got.value, got.key, got.sequence) == (b"one\x00\xff", key, 1) and got.json["trace"], got
    node.put(key, "two", if_match=got.etag)
    raises(kadmium.Changed, lambda: node.put(key, b"three", if_match=got.etag), 412)
    raises(kadmium.Changed, lambda: node.put(key, b"three", create=True), 412)
    raises(kadmium.Older, lambda: node.put(key, b"three", seq=0), 409)
    assert node.get(key).value == node.get(key, fresh=True).value == b"two"
    assert node.put(key, b"four", seq=9, once=True)["sequence"] == 9
    missing = raises(kadmium.NotFound, lambda: node.get(key + b"?"), 404)
    assert missing.lookup["rpcs"] >= 1, missing.lookup
    raises(kadmium.BadRequest, lambda: node.put(b"x", b""), 422)
    raises(kadmium.TooLarge, lambda: node.put(key, bytes(2000)), 413)
    raises(kadmium.NoAnswer, lambda: node.get(key + b"!", timeout=1e-9), 504)


def providers(node, key):
    assert node.provide(key)["holders"] == 2
    assert [p["peer"] for p in node.providers(key, max=1)["providers"]] == [SELF]
    assert key in [kadmium.key_of(p) for p in node.published()]
    assert kadmium.key_of(node.unpublish(key)) == key
    raises(kadmium.NotFound, lambda: node.unpublish(key), 404)
    assert node.held(max=1)


def peers(node):
    assert node.find(PEER)["address"] == ADDRESS
    assert [p["peer"] for p in node.peers()] == [PEER] and node.peer(PEER)["in_table"]
    assert node.ping(PEER, protocols=True)["protocols"] == ["/echo", "/fails"]
    assert node.ping(ADDRESS)["peer"] == PEER
    assert node.supports(PEER, "/echo", "/none")["handled"] == ["/echo"]
    node.set_note(PEER, "n/1", b"\xff")
    assert node.notes(PEER) == {"n/1": b"\xff"}
    node.set_note(PEER, "n/1", None)
    assert node.notes(PEER) == {}
    assert [p["peer"] for p in node.closest(b"\xff")["peers"]] == [PEER]
    assert node.closest(peer=PEER)["target"] != node.closest(PEER)["target"]
    assert node.send(PEER, "/echo", b"hi\xff").payload == b"hi\xff"
    raises(kadmium.NotFound, lambda: node.send(PEER, "/none"), 404)
    raises(kadmium.Problem, lambda: node.send(PEER, "/fails"), 502)


def shown(node):
    assert node.table()["peer"] == SELF and node.stats()["peers"] == 1 and node.tasks()[0]["name"]
    assert node.nodes() == [{"node": 0, "peer": SELF}]


def streams(node, key):
    events = node.events(kinds=["lookup step"])
    steps = list(node.trace_get(key))
    assert [kind for kind, _ in steps[:-1]] == ["step"] * (len(steps) - 1) and len(steps) > 1 and steps[-1][0] == "result", steps
    first = threading.Thread(target=lambda: node.closest(key))
    first.start()
    assert next(events)["kind"] == "lookup step"
    events.close()
    first.join()
    raises(kadmium.NotFound, lambda: list(node.trace_get(key + b"?")), 404)


def whole(node, suffix):
    values(node, b"/v/\xff/" + suffix)
    providers(node, b"\x00" + suffix)
    peers(node)
    shown(node)
    streams(node, b"/v/\xff/" + suffix)


whole(kadmium.Client(os.environ["KAD_URL"], token=os.environ["KAD_TOKEN"]), b"tcp")
if "KAD_SOCKET" in os.environ:
    whole(kadmium.Client("unix:" + os.environ["KAD_SOCKET"]), b"unix")
assert len(kadmium.Client(os.environ["KAD_URL"], token=os.environ["KAD_TOKEN"]).published(max=1)) == 1
raises(kadmium.NoToken, kadmium.Client(os.environ["KAD_URL"], token="wrong").stats, 401)
raises(kadmium.BadRequest, kadmium.Client(os.environ["KAD_URL"], token=os.environ["KAD_TOKEN"], node=7).stats, 400)


def tokens(url, token):
    """A token is taken as a file and as kad page have it, and shown by no error."""
    for node in (kadmium.Client(url, token=f" {token}\r\n"), kadmium.Client(f"{url}/#token={token}"), kadmium.Client(f"{url}/#token=wrong", token=token)):
        assert node.table()["peer"] == SELF
    for at, given in ((url, token[:8] + "\n" + token[8:]), (url, token + "\u20ac"), (f"ftp://host/#token={token}", None), (f"{url}/#token={token}\x00", None)):
        try:
            kadmium.Client(at, token=given).table()
            raise AssertionError(f"{at!r} is taken")
        except ValueError as error:
            assert token[:8] not in str(error), error


tokens(os.environ["KAD_URL"], os.environ["KAD_TOKEN"])
print("ok")
