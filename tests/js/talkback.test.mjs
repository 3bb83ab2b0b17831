import assert from "node:assert/strict";
import { test } from "node:test";

import { NONE, follow } from "../../static/js/room/box.js";
import { sample, totals } from "../../static/js/room/tally.js";

const question = (id, votes = 0, more = {}) => ({
  id,
  participant: "p1",
  name: "Ada",
  text: `${id}?`,
  votes,
  answered: false,
  asked_at: `2026-11-22T10:00:0${id.length}.000Z`,
  ...more,
});
const joined = (top, asked = [], voted = []) =>
  follow(NONE, {
    type: "joined",
    data: { questions: { count: top.length, top }, your_questions: { asked, voted } },
  });
const changes = (data) => ({
  type: "questions.changed",
  data: { count: 0, changed: [], votes: {}, gone: [], ...data },
});
const order = (box) => box.questions.map(({ id }) => id);

test("votes put a question first, answered ones go last", () => {
  const box = joined([question("a", 2), question("bb", 1), question("ccc")]);
  const voted = follow(box, changes({ votes: { bb: 3 } }));
  assert.deepEqual(order(voted), ["bb", "a", "ccc"]);
  const answered = follow(voted, changes({ changed: [question("bb", 3, { answered: true })] }));
  assert.deepEqual(order(answered), ["a", "ccc", "bb"]);
});

test("the older of two questions with as many votes comes first", () => {
  assert.deepEqual(order(joined([question("bb"), question("a")])), ["a", "bb"]);
});

test("one's own question is in the box once, also when few want it answered", () => {
  const own = question("ccc");
  assert.deepEqual(order(joined([question("a", 9)], [own])), ["a", "ccc"]);
  const box = follow(joined([question("a", 9)]), { type: "question.asked", data: { question: own } });
  assert.deepEqual(order(follow(box, changes({ changed: [own] }))), ["a", "ccc"]);
});

test("what is gone is gone, and told twice changes nothing", () => {
  const box = joined([question("a"), question("bb")]);
  const after = follow(box, changes({ gone: ["a"] }));
  assert.deepEqual(order(after), ["bb"]);
  assert.deepEqual(order(follow(after, changes({ gone: ["a"] }))), ["bb"]);
});

test("a vote is remembered and taken back", () => {
  const vote = (isFor) => ({ type: "question.voted", data: { question: "a", isFor } });
  const box = follow(joined([question("a")]), vote(true));
  assert.deepEqual([...box.voted], ["a"]);
  assert.deepEqual([...follow(box, vote(false)).voted], []);
});

test("other messages leave the box alone", () => {
  const box = joined([question("a")]);
  assert.equal(follow(box, { type: "stage.changed", data: { stage: [] } }), box);
});

test("few reactions are all shown", () => {
  assert.deepEqual(sample({ "❤️": 1, "👏": 2 }, 14).sort(), ["❤️", "👏", "👏"].sort());
});

test("of thousands a handful is shown, and the rare kind is among them", () => {
  const shown = sample({ "😂": 5000, "❤️": 1 }, 14);
  assert.ok(shown.length <= 14);
  assert.ok(shown.includes("❤️"));
});

test("no place in the air, nothing more is shown", () => {
  assert.deepEqual(sample({ "❤️": 3 }, 0), []);
  assert.deepEqual(sample({}, 14), []);
});

test("minutes add up by kind, the most first", () => {
  const minutes = [
    { minute: "a", counts: { heart: 1, clap: 5 } },
    { minute: "b", counts: { heart: 2 } },
  ];
  assert.deepEqual(totals(minutes), [
    ["clap", 5],
    ["heart", 3],
  ]);
});
