// Messages arrive live, told again and by the page, in any order; the timeline comes out the same.
import { expect, test } from "vitest";
import { message, messages } from "./messages.fixture.ts";
import {
  change,
  EMPTY,
  find,
  insert,
  insertIsland,
  insertPage,
  insertRecent,
  type Timeline,
  trim,
} from "./timeline.ts";

const numbers = (timeline: Timeline) => timeline.messages.map(({ id }) => Number(id.split("-")[0]));
const holes = (timeline: Timeline) => [...timeline.holes];

test("messages stand in id order, each once, however they come", () => {
  let timeline = EMPTY;
  for (const number of [3, 10, 9, 3, 1, 10]) timeline = insert(timeline, [message(number)]);
  expect(numbers(timeline)).toEqual([1, 3, 9, 10]);
});

test("a later telling of a message replaces the earlier one", () => {
  const timeline = insert(insert(EMPTY, messages(1, 3)), [message(2, { content: "changed", editedAt: 9 })]);
  expect(timeline.messages.map(({ content }) => content)).toEqual(["message 1", "changed", "message 3"]);
});

test("a first snapshot has older history before it unless it is all there is", () => {
  expect(holes(insertRecent(EMPTY, messages(5, 9), false))).toEqual(["5-0"]);
  expect(holes(insertRecent(EMPTY, messages(5, 9), true))).toEqual([]);
});

test("a snapshot that touches what is held leaves no hole", () => {
  const timeline = insertRecent(insert(EMPTY, messages(1, 6)), messages(5, 9), false);
  expect(numbers(timeline)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(holes(timeline)).toEqual([]);
});

test("a snapshot beyond what is held leaves a hole, and pages close it", () => {
  let timeline = insertRecent(insert(EMPTY, messages(1, 3)), messages(20, 25), false);
  expect(holes(timeline)).toEqual(["20-0"]);
  timeline = insertPage(timeline, "20-0", messages(10, 19), true);
  expect(holes(timeline)).toEqual(["10-0"]);
  timeline = insertPage(timeline, "10-0", messages(2, 9), true);
  expect(holes(timeline)).toEqual([]);
  expect(numbers(timeline)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
});

test("the last page of history says that there is nothing before it", () => {
  const start = insertRecent(EMPTY, messages(5, 9), false);
  expect(holes(insertPage(start, "5-0", messages(1, 4), false))).toEqual([]);
  expect(holes(insertPage(start, "5-0", [], false))).toEqual([]);
});

test("a trimmed timeline keeps the newest and can be scrolled back", () => {
  const timeline = trim({ ...insert(EMPTY, messages(1, 10)), holes: new Set(["1-0", "9-0"]) }, 3);
  expect(numbers(timeline)).toEqual([8, 9, 10]);
  expect(holes(timeline).sort()).toEqual(["8-0", "9-0"]);
});

test("an island in the history has a hole on either side until it meets what is held", () => {
  const held = insertRecent(EMPTY, messages(50, 60), false);
  let timeline = insertIsland(held, messages(20, 24), true, true);
  expect(numbers(timeline).slice(0, 6)).toEqual([20, 21, 22, 23, 24, 50]);
  expect(holes(timeline).sort()).toEqual(["20-0", "50-0"]);
  timeline = insertIsland(timeline, messages(23, 52), true, true);
  expect(holes(timeline)).toEqual(["20-0"]);
  timeline = insertIsland(timeline, messages(1, 20), false, true);
  expect(holes(timeline)).toEqual([]);
});

test("an island that ends where the held messages begin leaves no hole between", () => {
  const held = insertRecent(EMPTY, messages(50, 60), false);
  expect(holes(insertIsland(held, messages(40, 49), true, false))).toEqual(["40-0"]);
});

test("a message is found and changed by its id, and nothing else is", () => {
  const timeline = insert(EMPTY, messages(1, 3));
  const changed = change(timeline, "2-0", (message) => ({ ...message, content: "other" }));
  expect(changed.messages.map(({ content }) => content)).toEqual(["message 1", "other", "message 3"]);
  expect(change(timeline, "7-0", (message) => ({ ...message, content: "other" }))).toBe(timeline);
  expect(change(EMPTY, "7-0", (message) => message)).toBe(EMPTY);
  expect(find(changed, "2-0")?.content).toBe("other");
  expect(find(changed, "9-0")).toBeUndefined();
});

test("a page that is older than what is known takes nothing back", () => {
  const deleted = insert(EMPTY, [message(1, { content: "", deletedAt: 9 })]);
  expect(find(insert(deleted, [message(1)]), "1-0")?.deletedAt).toBe(9);
  const edited = insert(EMPTY, [message(1, { content: "second", editedAt: 9 })]);
  expect(find(insert(edited, [message(1, { content: "first", editedAt: 5 })]), "1-0")?.content).toBe("second");
  expect(find(insert(edited, [message(1, { content: "third", editedAt: 11 })]), "1-0")?.content).toBe("third");
  expect(find(insert(edited, [message(1, { content: "", deletedAt: 12 })]), "1-0")?.deletedAt).toBe(12);
});
