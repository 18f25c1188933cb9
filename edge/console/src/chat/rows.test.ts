// How a talk is cut into days, groups and holes.
import { expect, test } from "vitest";
import { received, SILENCE, withLine } from "./conversation.ts";
import { message } from "./messages.fixture.ts";
import { dayLabel, rowsOf } from "./rows.ts";

const me = { id: "ann", name: "Ann" };
const bob = { id: "bob", name: "Bob" };
const noon = new Date(2024, 4, 7, 12).getTime();
const MINUTE = 60_000;

const rows = (...times: { at: number; sender?: typeof bob }[]) =>
  rowsOf(
    received(
      SILENCE,
      times.map(({ at, sender }, index) => message(index + 1, { createdAt: at, sender: sender ?? me })),
      "ann",
    ),
    me,
  ).map((row) => (row.kind === "message" ? (row.isFirst ? "first" : "next") : row.kind));

test("messages are grouped by author, pause and day", () => {
  expect(
    rows({ at: noon }, { at: noon + MINUTE }, { at: noon + 2 * MINUTE, sender: bob }, { at: noon + 3 * MINUTE }),
  ).toEqual(["day", "first", "next", "first", "first"]);
  expect(rows({ at: noon }, { at: noon + 6 * MINUTE })).toEqual(["day", "first", "first"]);
  expect(rows({ at: noon }, { at: noon + 24 * 60 * MINUTE })).toEqual(["day", "first", "day", "first"]);
});

test("a hole stands before its message and begins a new group", () => {
  const talk = received(SILENCE, [message(1, { createdAt: noon }), message(2, { createdAt: noon + 1 })], "ann");
  const holed = { ...talk, timeline: { ...talk.timeline, holes: new Set(["1-0", "2-0"]) } };
  expect(rowsOf(holed, me).map((row) => (row.kind === "hole" ? `hole ${row.isTop}` : row.kind))).toEqual([
    "hole true",
    "day",
    "message",
    "hole false",
    "day",
    "message",
  ]);
});

test("lines on their way stand last, and a message keeps its line's key", () => {
  const line = {
    requestId: "a",
    draft: { kind: "text", content: "message 2" },
    sentAt: noon,
    state: "sending",
  } as const;
  const talk = withLine(received(SILENCE, [message(1, { createdAt: noon, sender: bob })], "ann"), line);
  expect(
    rowsOf(talk, me)
      .map((row) => row.key)
      .slice(1),
  ).toEqual(["1-0", "a"]);
  expect(
    rowsOf(received(talk, [message(2, { createdAt: noon })], "ann"), me)
      .map((row) => row.key)
      .slice(1),
  ).toEqual(["1-0", "a"]);
});

test("days have names", () => {
  expect(dayLabel(noon, noon + MINUTE)).toBe("Today");
  expect(dayLabel(noon - 24 * 60 * MINUTE, noon)).toBe("Yesterday");
  expect(dayLabel(new Date(2020, 0, 2).getTime(), noon)).toContain("2020");
});
