import assert from "node:assert/strict";
import { test } from "node:test";

import { Health, isWeak } from "../../static/js/room/health.js";

const LOOK = 500;

/** A connection on which others talk and everything is heard, until something else is said. */
function listening() {
  const health = new Health();
  const seen = { now: 0, packets: 0, samples: 0, energy: 0, isExpected: true, isPlaying: true };
  /** What is said look after look; each `rates` is what comes in half a second. */
  const verdicts = (looks, { packets = 8, samples = 24_000, energy = 0.01, ...rest } = {}) =>
    Array.from({ length: looks }, () => {
      Object.assign(seen, rest, { now: seen.now + LOOK });
      seen.packets += packets;
      seen.samples += samples;
      seen.energy += energy;
      return health.judge({ ...seen });
    });
  const sleep = (ms) => (seen.now += ms);
  return { health, verdicts, sleep, now: () => seen.now };
}

const nothing = { packets: 0, energy: 0 };

test("what arrives and is played is well", () => {
  const { verdicts } = listening();
  assert.deepEqual(new Set(verdicts(20)), new Set(["well"]));
});

test("without packets while others talk it is doubtful after one second and gone after two", () => {
  const { verdicts } = listening();
  verdicts(4);
  assert.deepEqual(verdicts(4, nothing), ["well", "doubtful", "doubtful", "gone"]);
});

test("nobody misses packets while nobody talks", () => {
  const { verdicts } = listening();
  assert.deepEqual(new Set(verdicts(20, { ...nothing, isExpected: false })), new Set(["well"]));
  assert.equal(verdicts(1, { ...nothing, isExpected: true })[0], "well");
});

test("after a doubt packets must come within a second, also while nobody talks", () => {
  const { health, verdicts, now } = listening();
  verdicts(4, { isExpected: false });
  health.doubt(now());
  assert.deepEqual(verdicts(2, { ...nothing, isExpected: false }), ["well", "gone"]);
});

test("a packet ends the doubt", () => {
  const { health, verdicts, now } = listening();
  verdicts(4, { isExpected: false });
  health.doubt(now());
  verdicts(1, { packets: 1, isExpected: false });
  assert.deepEqual(new Set(verdicts(6, { ...nothing, isExpected: false })), new Set(["well"]));
});

test("what arrives and is not played is stuck, once in two seconds", () => {
  const { verdicts } = listening();
  verdicts(2);
  const said = verdicts(8, { samples: 0 });
  assert.deepEqual(said, ["well", "well", "well", "stuck", "well", "well", "well", "stuck"]);
});

test("nothing is stuck while the person or a call paused the sound", () => {
  const { verdicts } = listening();
  verdicts(2);
  const said = verdicts(10, { samples: 0, energy: 0, isPlaying: false });
  assert.deepEqual(new Set(said), new Set(["well"]));
});

test("silence in the place of those who talk is mended once, and not all the time", () => {
  const { verdicts } = listening();
  verdicts(2);
  const said = verdicts(40, { energy: 0 });
  assert.equal(said.indexOf("mute"), 7);
  assert.equal(said.lastIndexOf("mute"), 7);
});

test("silence is no fault while nobody talks", () => {
  const { verdicts } = listening();
  const said = verdicts(20, { energy: 0, isExpected: false });
  assert.deepEqual(new Set(said), new Set(["well"]));
});

test("a device that slept is noticed at once, and nothing is held against the time it slept", () => {
  const { verdicts, sleep } = listening();
  verdicts(2);
  sleep(60_000);
  assert.deepEqual(verdicts(2, nothing), ["asleep", "well"]);
});

test("a new connection starts without a past", () => {
  const { health, verdicts } = listening();
  verdicts(4);
  verdicts(3, nothing);
  health.reset();
  assert.deepEqual(verdicts(2, nothing), ["well", "well"]);
});

test("a weak network is one that loses or lags, and has to get well again", () => {
  assert.equal(isWeak({ loss: 0, round_trip_ms: null }, false), false);
  assert.equal(isWeak({ loss: 0.1, round_trip_ms: 40 }, false), true);
  assert.equal(isWeak({ loss: 0, round_trip_ms: 900 }, false), true);
  assert.equal(isWeak({ loss: 0.06, round_trip_ms: 40 }, false), false);
  assert.equal(isWeak({ loss: 0.06, round_trip_ms: 40 }, true), true);
});
