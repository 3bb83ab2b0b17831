import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Wire } from "../../static/js/room/wire.js";

/** A WebSocket whose other side is the test. */
class FakeSocket {
  static OPEN = 1;
  static made = [];

  constructor(url, protocol) {
    Object.assign(this, { url, protocol, readyState: FakeSocket.OPEN, sent: [] });
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

function connected() {
  FakeSocket.made = [];
  const wire = new Wire("ws://test/", { Socket: FakeSocket });
  const events = [];
  for (const name of ["message", "lost", "closed"]) {
    wire.addEventListener(name, ({ detail }) => events.push([name, detail]));
  }
  wire.connect();
  return { wire, socket: FakeSocket.made[0], events };
}

test("the protocol's version is asked for", () => {
  assert.equal(connected().socket.protocol, "spaces.v1");
});

test("replies find their commands in any order", async () => {
  const { wire, socket } = connected();
  const answers = Promise.all([wire.command("join"), wire.command("ping")]);
  socket.says({ type: "reply", id: 2, data: {} });
  socket.says({ type: "reply", id: 1, data: { you: "me" } });
  assert.deepEqual(await answers, [{ you: "me" }, {}]);
});

test("a refusal carries the code and the words of the server", async () => {
  const { wire, socket } = connected();
  const answer = wire.command("hand.raise");
  socket.says({ type: "error", id: 1, code: "hand_not_allowed", message: "Not here." });
  await assert.rejects(answer, { code: "hand_not_allowed", message: "Not here." });
});

test("events are passed on", () => {
  const { socket, events } = connected();
  const event = { type: "speaking.changed", data: { speaking: [] } };
  socket.says(event);
  assert.deepEqual(events, [["message", event]]);
});

test("a lost connection fails what waits and comes back, later each time", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(Math, "random", () => 0.5);
  const { wire, socket, events } = connected();
  const answer = wire.command("ping");
  socket.onclose({ code: 1006 });
  await assert.rejects(answer, { code: "offline" });
  assert.deepEqual(events, [["lost", undefined]]);
  context.mock.timers.tick(300);
  assert.equal(FakeSocket.made.length, 2);
  FakeSocket.made[1].onclose({ code: 1006 });
  context.mock.timers.tick(300);
  assert.equal(FakeSocket.made.length, 2);
  context.mock.timers.tick(700);
  assert.equal(FakeSocket.made.length, 3);
  mock.restoreAll();
  wire.close();
});

test("whoever was removed does not come back, and learns why", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, events } = connected();
  socket.says({ type: "error", id: null, code: "removed", message: "Removed." });
  socket.onclose({ code: 4403 });
  context.mock.timers.tick(60_000);
  assert.equal(FakeSocket.made.length, 1);
  assert.deepEqual(events, [["closed", { code: 4403, reason: "removed" }]]);
});

test("a heartbeat without an answer is a lost connection", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { wire, socket, events } = connected();
  wire.beat(10);
  context.mock.timers.tick(10_000);
  assert.equal(socket.sent.at(-1).type, "ping");
  context.mock.timers.tick(10_000);
  await new Promise(setImmediate);
  assert.deepEqual(events[0], ["lost", undefined]);
  wire.close();
});
