// How far a room is read, and the line above what is new, through the days of a reader.
import { expect, test } from "vitest";
import { message, messages } from "./messages.fixture.ts";
import { attended, learned, readElsewhere, spoke, unreadAfter } from "./read-mark.ts";

const five = messages(1, 5);
const six = messages(1, 6);
const seven = messages(1, 7);

test("the mark is found from the count, own and deleted messages not counted", () => {
  const talk = [
    message(1),
    message(2, { sender: { id: "zoe", name: "Zoe" } }),
    message(3),
    message(4, { deletedAt: 9, content: "" }),
    message(5),
  ];
  expect(learned(talk, 0, "zoe")).toMatchObject({ readId: "5-0", lineId: undefined });
  expect(learned(talk, 2, "zoe")).toMatchObject({ readId: "2-0", lineId: "2-0" });
  expect(learned(talk, 40, "zoe").lineId).toBe("0-0");
  expect(unreadAfter(talk, "2-0", "zoe")).toBe(2);
});

test("who comes to news reads them, and the line stays above them while one reads on", () => {
  let mark = attended(learned(five, 2, "zoe"), "reading", five, "zoe");
  expect(mark).toMatchObject({ readId: "5-0", lineId: "3-0" });
  mark = attended(mark, "reading", six, "zoe");
  expect(mark).toMatchObject({ readId: "6-0", lineId: "3-0" });
});

test("what comes while one reads is not new", () => {
  const mark = attended(learned(five, 0, "zoe"), "reading", five, "zoe");
  expect(attended(mark, "reading", six, "zoe")).toMatchObject({ readId: "6-0", lineId: undefined });
});

test("what comes while one is away is below the line at the return, and nothing leaves no line", () => {
  const reading = attended(learned(five, 0, "zoe"), "reading", five, "zoe");
  const away = attended(reading, "away", five, "zoe");
  expect(attended(away, "away", six, "zoe")).toBe(away);
  expect(attended(away, "reading", six, "zoe")).toMatchObject({ readId: "6-0", lineId: "5-0" });
  const back = attended(away, "reading", five, "zoe");
  expect(back.lineId).toBeUndefined();
  expect(attended(back, "reading", six, "zoe").lineId).toBeUndefined();
});

test("scrolling up keeps the line, or draws it below what was read", () => {
  const reading = attended(learned(five, 2, "zoe"), "reading", five, "zoe");
  expect(attended(reading, "scrolled", five, "zoe").lineId).toBe("3-0");
  const plain = attended(attended(learned(five, 0, "zoe"), "reading", five, "zoe"), "scrolled", five, "zoe");
  expect(attended(plain, "scrolled", six, "zoe")).toMatchObject({ readId: "5-0", lineId: "5-0" });
  expect(attended(plain, "reading", seven, "zoe")).toMatchObject({ readId: "7-0", lineId: "5-0" });
});

test("reading in another window moves the mark and the line, and never back", () => {
  const away = learned(seven, 4, "zoe");
  const moved = readElsewhere(away, "5-0");
  expect(moved).toMatchObject({ readId: "5-0", lineId: "5-0" });
  expect(readElsewhere(moved, "4-0")).toBe(moved);
});

test("who writes has seen what was new", () => {
  expect(spoke(learned(five, 2, "zoe")).lineId).toBeUndefined();
});

test("before the server said what is unread nothing is marked", () => {
  expect(attended({ attention: "away" }, "reading", five, "zoe").readId).toBeUndefined();
});
