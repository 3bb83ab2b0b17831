import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, full } from "../../static/js/times.js";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const MINUTE = 60_000;

test("times are seen from now, in the language of the page", () => {
  assert.equal(ago(NOW - 20_000, NOW, "en"), "this minute");
  assert.equal(ago(NOW - 5 * MINUTE, NOW, "en"), "5 minutes ago");
  assert.equal(ago(NOW - MINUTE, NOW, "it"), "1 minuto fa");
  assert.equal(ago(NOW - 130 * MINUTE, NOW, "it"), "2 ore fa");
  assert.equal(ago(NOW - 24 * 60 * MINUTE, NOW, "it"), "ieri");
});

test("a clock that is behind sees nothing begin in the future", () => {
  assert.equal(ago(NOW + 5 * MINUTE, NOW, "en"), "this minute");
});

test("a moment is written out in the language of the page", () => {
  assert.match(full(NOW, "it"), /novembre 2026/);
  assert.match(full(NOW, "en"), /November 22, 2026/);
});
