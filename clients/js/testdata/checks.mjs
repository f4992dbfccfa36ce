// Uses a client with a live node: in Node as live.mjs, and in a browser as api/browsertest
// has it. The node has one peer, which handles /echo and /fails.
const bytes = (...all) => Uint8Array.from(all);
const key = bytes(0x2f, 0x76, 0x2f, 0xff, 0x00, 0x3e);
const none = bytes(...key, 0x3f);

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Throws what is not as it should be. */
export async function check(kadmium, assert, { url, token, self, peer, address }) {
  const node = new kadmium.Client(url, { token });
  async function throws(of, call, status) {
    const problem = await call().then(() => null, (e) => e);
    assert.equal(problem?.constructor, of, String(problem));
    assert.equal(problem.status, status);
    assert.ok(problem.detail && problem.next && problem.type.startsWith("/problems/") && problem instanceof kadmium.Problem);
    return problem;
  }

  const stored = await node.put(key, bytes(0x6f, 0, 0xff), { ttl: 7200.5, timeout: 20 });
  assert.equal(stored.holders, 2);
  assert.deepEqual(kadmium.keyOf(stored), key);
  const got = await node.get(key, { quorum: 2, trace: true });
  assert.deepEqual([got.value, got.key, got.sequence], [bytes(0x6f, 0, 0xff), key, 1]);
  assert.ok(got.json.trace.length > 0);
  await node.put(key, "two", { ifMatch: got.etag });
  await throws(kadmium.Changed, () => node.put(key, "three", { ifMatch: got.etag }), 412);
  await throws(kadmium.Changed, () => node.put(key, "three", { create: true }), 412);
  await throws(kadmium.Older, () => node.put(key, "three", { seq: 0 }), 409);
  assert.equal(kadmium.text((await node.get(key)).value), "two");
  assert.equal(kadmium.text((await node.get(key, { fresh: true })).value), "two");
  assert.equal((await node.put(key, "four", { seq: 9, once: true })).sequence, 9);
  assert.ok((await throws(kadmium.NotFound, () => node.get(none), 404)).lookup.rpcs > 0);
  await throws(kadmium.BadRequest, () => node.put("x", ""), 422);
  await throws(kadmium.TooLarge, () => node.put(key, new Uint8Array(2000)), 413);
  await throws(kadmium.NoAnswer, () => node.get(none, { timeout: 0.000001 }), 504);

  assert.equal((await node.provide(key)).holders, 2);
  assert.deepEqual((await node.providers(key, { max: 1 })).providers.map((p) => p.peer), [self]);
  assert.ok((await node.published()).some((p) => kadmium.text(kadmium.keyOf(p)) === kadmium.text(key)));
  assert.deepEqual(kadmium.keyOf(await node.unpublish(key)), key);
  await throws(kadmium.NotFound, () => node.unpublish(key), 404);
  assert.equal((await node.held(1)).length, 1);

  assert.equal((await node.find(peer)).address, address);
  assert.deepEqual((await node.peers()).map((p) => p.peer), [peer]);
  assert.ok((await node.peer(peer)).in_table);
  assert.deepEqual((await node.ping(peer, { protocols: true })).protocols, ["/echo", "/fails"]);
  assert.equal((await node.ping(address)).peer, peer);
  assert.deepEqual((await node.supports(peer, ["/echo", "/none"])).handled, ["/echo"]);
  await node.setNote(peer, "n/1", bytes(0xff));
  assert.deepEqual(await node.notes(peer), { "n/1": bytes(0xff) });
  await node.setNote(peer, "n/1", null);
  assert.deepEqual(await node.notes(peer), {});
  assert.deepEqual((await node.closest(bytes(0xff))).peers.map((p) => p.peer), [peer]);
  assert.notEqual((await node.closestTo(peer)).target, (await node.closest(peer)).target);
  assert.deepEqual((await node.send(peer, "/echo", bytes(0x68, 0xff))).payload, bytes(0x68, 0xff));
  await throws(kadmium.NotFound, () => node.send(peer, "/none"), 404);
  await throws(kadmium.Problem, () => node.send(peer, "/fails"), 502);

  assert.equal((await node.table()).peer, self);
  assert.equal((await node.stats()).peers, 1);
  assert.ok((await node.tasks())[0].name);
  assert.deepEqual(await node.nodes(), [{ node: 0, peer: self }]);

  const events = await node.events({ kinds: ["lookup step"] });
  const steps = await all(node.traceGet(key));
  assert.deepEqual(new Set(steps.slice(0, -1).map((s) => s.kind)), new Set(["step"]));
  assert.equal(steps.at(-1).kind, "result");
  await node.closest(key);
  assert.equal((await events.next()).value.kind, "lookup step");
  await events.return();
  await throws(kadmium.NotFound, () => all(node.traceGet(none)), 404);

  for (const name of [".", ".."]) { // another path would be asked for
    for (const call of [() => node.setNote(peer, name, "x"), () => node.send(peer, name), () => node.find(name), () => node.ping(name)]) {
      const error = await Promise.resolve().then(call).then(() => null, (e) => e);
      assert.ok(error instanceof RangeError, String(error));
    }
  }
  assert.deepEqual(await node.notes(peer), {});

  for (const other of [new kadmium.Client(url, { token: ` ${token}\r\n` }), new kadmium.Client(`${url}/#token=${token}`), new kadmium.Client(`${url}/#token=wrong`, { token })]) {
    assert.equal((await other.table()).peer, self);
  }
  for (const [at, given] of [[url, `${token.slice(0, 8)}\n${token.slice(8)}`], [url, `${token}\u20ac`], [`${url}/#token=${token}\x00`]]) {
    const error = await Promise.resolve().then(() => new kadmium.Client(at, { token: given }).table()).then(() => null, (e) => e);
    assert.ok(error instanceof TypeError && !String(error).includes(token.slice(0, 8)), String(error));
  }
  await throws(kadmium.NoToken, () => new kadmium.Client(url, { token: "wrong" }).stats(), 401);
  await throws(kadmium.BadRequest, () => new kadmium.Client(url, { token, node: 7 }).stats(), 400);
}
