// How a talk is cut into days, groups and holes.
import { expect, test } from "vitest";
import type { Message } from "../core/contract.ts";
import { type Conversation, received, SILENCE, withLine } from "./conversation.ts";
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

const kinds = (...rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.kind === "message" ? row.message.id : row.kind === "line" ? row.key : row.kind));
const said = (number: number, more: Partial<Message> = {}) => message(number, { createdAt: noon + number, ...more });

test("messages of a thread that follow each other are one row, and the one that began it knows of them", () => {
  const inThread = { threadId: "1-0", sender: bob };
  const talk = received(SILENCE, [said(1), said(2, inThread), said(3, inThread), said(4), said(5, inThread)], "ann");
  const found = rowsOf(talk, me);
  expect(kinds(...found)).toEqual(["day", "1-0", "thread", "4-0", "thread"]);
  expect(found[1]).toMatchObject({ thread: { count: 3, people: [bob] } });
  expect(found[2]).toMatchObject({ threadId: "1-0", messages: [{ id: "2-0" }, { id: "3-0" }] });
  expect(found[3]).toMatchObject({ isFirst: true });
});

test("a thread's own rows are its messages", () => {
  const talk = received(SILENCE, [said(2, { threadId: "1-0" }), said(3, { threadId: "1-0" })], "ann");
  expect(kinds(...rowsOf(talk, me, { threadId: "1-0" }))).toEqual(["day", "2-0", "3-0"]);
});

test("what was deleted in a thread leaves no row in the room", () => {
  const talk = received(SILENCE, [said(1), said(2, { threadId: "1-0", deletedAt: 9 })], "ann");
  expect(kinds(...rowsOf(talk, me))).toEqual(["day", "1-0"]);
});

test("a line on its way to a thread stands in the room only when it failed and the thread is shut", () => {
  const draft = { kind: "text", content: "hi", threadId: "1-0" } as const;
  const talk = withLine(SILENCE, { requestId: "a", draft, sentAt: noon, state: "failed" });
  expect(kinds(...rowsOf(talk, me))).toEqual(["day", "a"]);
  expect(kinds(...rowsOf(talk, me, { besideId: "1-0" }))).toEqual([]);
  expect(kinds(...rowsOf(withLine(SILENCE, { requestId: "a", draft, sentAt: noon, state: "sending" }), me))).toEqual(
    [],
  );
});

test("the line stands above the first message of others that is new, and the author is named below it", () => {
  const talk = received(
    SILENCE,
    [said(1, { sender: bob }), said(2), said(3, { sender: bob }), said(4, { sender: bob })],
    "ann",
  );
  expect(kinds(...rowsOf(talk, me, { lineId: "1-0" }))).toEqual(["day", "1-0", "2-0", "new", "3-0", "4-0"]);
  const found = rowsOf(talk, me, { lineId: "3-0" });
  expect(kinds(...found)).toEqual(["day", "1-0", "2-0", "3-0", "new", "4-0"]);
  expect(found.at(-1)).toMatchObject({ isFirst: true });
  expect(kinds(...rowsOf(talk, me, { lineId: "4-0" }))).not.toContain("new");
  expect(kinds(...rowsOf(talk, me, { lineId: "0-0" })).slice(0, 3)).toEqual(["day", "new", "1-0"]);
});

test("notes stand among the messages, and one from before all that is held is left out", () => {
  const talk = received(SILENCE, [said(3), said(5)], "ann");
  const note = (number: number) => ({ id: `${number}-0`, roomId: "r", text: `note ${number}` });
  const all = [note(1), note(4), note(9)];
  const only = (talk: Conversation) => kinds(...rowsOf(talk, me, { notes: all })).filter((kind) => kind !== "day");
  expect(only(talk)).toEqual(["note", "3-0", "note", "5-0", "note"]);
  const holed = { ...talk, timeline: { ...talk.timeline, holes: new Set(["3-0"]) } };
  expect(only(holed)).toEqual(["hole", "3-0", "note", "5-0", "note"]);
});

test("days have names", () => {
  expect(dayLabel(noon, noon + MINUTE)).toBe("Today");
  expect(dayLabel(noon - 24 * 60 * MINUTE, noon)).toBe("Yesterday");
  expect(dayLabel(new Date(2020, 0, 2).getTime(), noon)).toContain("2020");
});
