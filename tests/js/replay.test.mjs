import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, columns, current, decodeLevels, plain } from "../../static/js/replay/data.js";
import { afterSilence, silences } from "../../static/js/replay/silence.js";

const LOUD = 220;

/** Tenths of a second: so many loud, so many silent, and so on. */
const levels = (...counts) =>
  Uint8Array.from(counts.flatMap((count, at) => Array(count).fill(at % 2 ? 0 : LOUD)));

test("a long silence is skipped but for the pause it is", () => {
  const silent = silences(levels(10, 30, 10), 0.1);
  assert.deepEqual(silent.map((ends) => ends.map((second) => second.toFixed(1))), [["1.4", "3.6"]]);
  assert.equal(afterSilence(silent, 2).toFixed(1), "3.6");
});

test("a breath is no silence, and what is said is never skipped", () => {
  const silent = silences(levels(10, 12, 10), 0.1);
  assert.deepEqual(silent, []);
  assert.equal(afterSilence(silences(levels(10, 30, 10), 0.1), 0.5), 0.5);
});

test("a silence at the end is skipped as well", () => {
  assert.equal(silences(levels(10, 40), 0.1).length, 1);
});

test("levels come as bytes", () => {
  assert.deepEqual([...decodeLevels(btoa("\x00\x7f\xff"))], [0, 127, 255]);
});

test("each column shows the loudest of its part, and nothing below -50 dBFS", () => {
  const shown = columns(Uint8Array.from([0, 255, 55, 30]), 2);
  assert.deepEqual([...shown], [1, 0]);
  assert.equal(columns(new Uint8Array(), 3).length, 3);
});

test("the line of a moment is the last that has begun", () => {
  const lines = [{ start: 1 }, { start: 2 }, { start: 5 }];
  assert.deepEqual([0, 1, 4.9, 100].map((time) => current(lines, time)), [-1, 0, 1, 2]);
  assert.equal(current([], 3), -1);
});

test("people read times as they write them", () => {
  assert.deepEqual([0, 65, 3661.9].map(clock), ["0:00", "1:05", "1:01:01"]);
});

test("one searches without accents and capitals", () => {
  assert.equal(plain("Perché È così"), "perche e cosi");
});
