// Each way not to be in a room has words of its own.
import { expect, test } from "vitest";
import { Refusal } from "../core/refusal.ts";
import { described, opened, shownUnread, totalUnread } from "./open-room.ts";
import { endOf, isOver, refusedWords } from "./refused.ts";

const refusal = (code: string, details?: Refusal["details"]) => new Refusal({ code, message: "", details });

test("each refusal says what happened", () => {
  const codes = ["not-found", "forbidden", "conflict", "banned", "gone", "removed", "internal"];
  const headings = codes.map((code) => refusedWords(refusal(code), 0).heading);
  expect(new Set(headings).size).toBe(codes.length);
  expect(refusedWords(refusal("gone"), 0).mayTry).toBe(false);
  expect(refusedWords(refusal("banned", { until: 60_000 }), 0).text).toContain("until");
});

test("who was put out is not brought back by a reload; who found a full room is", () => {
  const refused = (code: string) => ({ ...opened("graphs"), phase: "refused" as const, refusal: refusal(code) });
  expect(["removed", "banned", "gone", "conflict"].map((code) => isOver(refused(code)))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(endOf("left").refusal).toBeUndefined();
  expect(endOf("removed").refusal?.code).toBe("removed");
});

test("what the owner was told about access outlives an update for everyone", () => {
  const room = {
    id: "graphs",
    type: "discussion" as const,
    name: "Graphs",
    createdAt: 1,
    createdBy: "ana",
    slowModeMs: 0,
  };
  const mine = described(opened("graphs"), { ...room, access: { visibility: "private" } });
  const updated = described(mine, { ...room, name: "Trees" });
  expect(updated).toMatchObject({ name: "Trees", isPrivate: true });
  expect(updated.room?.access?.visibility).toBe("private");
});

test("the room that is looked at shows no number, until the page is out of sight", () => {
  const graphs = { ...opened("graphs"), unread: 3 };
  const trees = { ...opened("trees"), unread: 2 };
  const state = { open: new Map([graphs, trees].map((room) => [room.id, room])), active: "graphs", visible: true };
  expect(shownUnread(state, graphs)).toBe(0);
  expect(totalUnread(state)).toBe(2);
  expect(totalUnread({ ...state, visible: false })).toBe(5);
});
