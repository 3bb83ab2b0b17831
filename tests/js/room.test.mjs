import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Announcer, changes } from "../../static/js/room/announce.js";
import { clock } from "../../static/js/room/clock.js";
import { loudness } from "../../static/js/room/rings.js";
import { EMPTY, findPerson, hostActions, othersTalk, reduce } from "../../static/js/room/state.js";

const person = (id, role, more = {}) => ({
  id,
  name: id,
  handle: id,
  picture: null,
  role,
  muted: true,
  connected: true,
  ...more,
});
const host = person("host", "host");
const speaker = person("speaker", "speaker", { muted: false });
const listener = person("listener", "listener");
const guest = person("guest", "listener", { handle: null });

const joinedAs = (you) =>
  reduce(EMPTY, {
    type: "joined",
    data: {
      you,
      room: { cohost_limit: 1, successor: null },
      stage: [host, speaker],
      audience: { count: 2, sample: [listener, guest] },
      hands: [],
      speaking: [],
    },
  });

test("events before joining change nothing", () => {
  assert.equal(reduce(EMPTY, { type: "speaking.changed", data: { speaking: ["host"] } }), EMPTY);
});

test("an unknown event changes nothing", () => {
  const state = joinedAs(listener);
  assert.equal(reduce(state, { type: "weather.changed", data: {} }), state);
});

test("a listener who appears on stage is a speaker", () => {
  const up = { ...listener, role: "speaker" };
  const state = reduce(joinedAs(listener), {
    type: "stage.changed",
    data: { stage: [host, speaker, up] },
  });
  assert.equal(state.you.role, "speaker");
  assert.equal(findPerson(state, "listener").role, "speaker");
});

test("a speaker who is gone from the stage is a muted listener", () => {
  const state = reduce(joinedAs(speaker), { type: "stage.changed", data: { stage: [host] } });
  assert.equal(state.you.role, "listener");
  assert.equal(state.you.muted, true);
});

test("being muted by the host keeps what else is known of oneself", () => {
  const state = reduce(joinedAs({ ...speaker, recording_accepted: true }), {
    type: "you.changed",
    data: { you: { muted: true }, why: "muted" },
  });
  assert.equal(state.you.muted, true);
  assert.equal(state.you.recording_accepted, true);
});

test("one's own voice is no reason to expect sound", () => {
  const talk = (speaking) =>
    reduce(joinedAs(speaker), { type: "speaking.changed", data: { speaking } });
  assert.equal(othersTalk(talk(["speaker"])), false);
  assert.equal(othersTalk(talk(["speaker", "host"])), true);
});

test("a co-host acts on speakers and listeners, not on those who run the Space", () => {
  const cohost = person("cohost", "cohost");
  assert.deepEqual(hostActions(joinedAs(cohost), speaker), ["mute", "demote", "remove"]);
  assert.deepEqual(hostActions(joinedAs(cohost), listener), ["invite", "remove"]);
  assert.deepEqual(hostActions(joinedAs(cohost), host), []);
  assert.deepEqual(hostActions(joinedAs(cohost), person("other", "cohost")), []);
});

test("whoever is no co-host any more forgets the hands", () => {
  const cohost = person("cohost", "cohost");
  const before = { ...joinedAs(cohost), hands: [listener] };
  const demoted = { type: "you.changed", data: { you: { role: "listener" }, why: "demoted" } };
  assert.deepEqual(reduce(before, demoted).hands, []);
});

test("the time that is left is minutes and seconds, and never less than none", () => {
  assert.deepEqual([180_000, 61_001, 59_000, -5].map(clock), ["3:00", "1:02", "0:59", "0:00"]);
});

test("a host acts on others, and never on guests as speakers", () => {
  const upstairs = ["name-successor", "hand-over", "demote", "remove"];
  assert.deepEqual(hostActions(joinedAs(host), speaker), ["mute", "invite-cohost", ...upstairs]);
  assert.deepEqual(hostActions(joinedAs(host), listener), ["invite", "invite-cohost", "remove"]);
  assert.deepEqual(hostActions(joinedAs(host), guest), ["remove"]);
  assert.deepEqual(hostActions(joinedAs(host), host), []);
  assert.deepEqual(hostActions(joinedAs(listener), speaker), []);
});

test("a raised hand and a departure are announced, one's own mute as well", () => {
  const before = joinedAs({ ...host, muted: false });
  const after = { ...before, you: host, stage: [host], hands: [listener] };
  assert.deepEqual(changes(before, after), [
    "speaker left the stage",
    "listener raised a hand",
    "You are muted",
  ]);
});

test("the first state is announced by nobody", () => {
  assert.deepEqual(changes(EMPTY, joinedAs(listener)), []);
});

test("rings are as wide as an ear finds the sound loud", () => {
  assert.equal(loudness(0), 0);
  assert.equal(loudness(NaN), 0);
  assert.equal(loudness(1), 1);
  const [quiet, middle, loud] = [0.004, 0.03, 0.2].map(loudness);
  assert.ok(0 < quiet && quiet < middle && middle < loud && loud < 1);
});

test("a count alone keeps the names that are known", () => {
  const state = reduce(joinedAs(listener), {
    type: "audience.changed",
    data: { audience: { count: 3000 } },
  });
  assert.equal(state.audience.count, 3000);
  assert.deepEqual(state.audience.sample, [listener, guest]);
});

test("others' microphones are announced, and what goes to and fro is not", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const region = { textContent: "" };
  const announcer = new Announcer(region);
  const state = joinedAs(listener);
  const muted = { ...state, stage: [host, { ...speaker, muted: true }] };
  announcer.follow(state);
  announcer.follow(muted);
  mock.timers.runAll();
  assert.equal(region.textContent, "speaker is muted");
  region.textContent = "";
  announcer.follow(state);
  announcer.follow(muted);
  mock.timers.runAll();
  assert.equal(region.textContent, "");
  mock.timers.reset();
});

test("a rush is summed up in one sentence", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const region = { textContent: "" };
  const announcer = new Announcer(region);
  const state = joinedAs(host);
  const hands = Array.from({ length: 40 }, (_, number) => person(`p${number}`, "listener"));
  announcer.follow(state);
  for (let count = 1; count <= hands.length; count++) {
    announcer.follow({ ...state, hands: hands.slice(0, count) });
  }
  mock.timers.runAll();
  assert.equal(
    region.textContent,
    "p0 raised a hand. p1 raised a hand. p2 raised a hand. and 37 more changes",
  );
  mock.timers.reset();
});
