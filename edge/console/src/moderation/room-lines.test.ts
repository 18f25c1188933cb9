// Lines stand in the order of events, once each, and not without end.
import { expect, test } from "vitest";
import { type RoomLine, withLine } from "./room-lines.ts";

const line = (id: string): RoomLine => ({ id, roomId: "graphs", text: `at ${id}` });

test("a line that is told again stands there once, in its place", () => {
  const lines = ["10-0", "9-0", "10-0"].map(line).reduce<readonly RoomLine[]>(withLine, []);
  expect(lines.map(({ id }) => id)).toEqual(["9-0", "10-0"]);
});

test("the oldest lines go", () => {
  const ids = Array.from({ length: 150 }, (_, index) => `${index}-0`);
  const lines = ids.map(line).reduce<readonly RoomLine[]>(withLine, []);
  expect(lines.length).toBe(100);
  expect(lines[0]?.id).toBe("50-0");
});
