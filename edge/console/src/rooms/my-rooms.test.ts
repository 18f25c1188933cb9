// Numbers beside rooms, and numbers that people type.
import { expect, test } from "vitest";
import { unreadWords } from "./my-rooms.ts";
import { readLimit, roomFacts } from "./room-types.ts";

test("the badge stops where the server stops counting", () => {
  expect([0, 7, 998, 999, 1_004].map(unreadWords)).toEqual(["", "7", "998", "999+", "999+"]);
});

test("a limit is a whole number or nothing", () => {
  expect(readLimit(" ", 100)).toEqual({});
  expect(readLimit("20", 100)).toEqual({ maxMembers: 20 });
  for (const text of ["0", "-3", "1.5", "many", "101"]) expect(readLimit(text, 100)).toBeUndefined();
});

test("a room in a line", () => {
  const room = {
    id: "graphs",
    type: "contest" as const,
    name: "Graphs",
    createdAt: 1,
    createdBy: "ana",
    slowModeMs: 0,
  };
  expect(roomFacts(room)).toBe("Contest");
  expect(roomFacts({ ...room, maxMembers: 20 })).toBe("Contest · at most 20 people");
});
