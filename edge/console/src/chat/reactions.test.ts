// Whose reactions are one's own, from answers, events and what was known before.
import { expect, test } from "vitest";
import { afterOwn, answered, told, whoReacted } from "./reactions.ts";

const crowd = Array.from({ length: 20 }, (_, index) => `user-${index}`);

test("an event's reactions are one's own where it names one", () => {
  const reactions = told({ "👍": { count: 2, users: ["bob", "ann"] }, "🎉": { count: 1, users: ["bob"] } }, "ann");
  expect(reactions["👍"]?.me).toBe(true);
  expect(reactions["🎉"]?.me).toBe(false);
});

test("beyond the named users an event leaves what was known", () => {
  const many = { "👍": { count: 25, users: crowd } };
  expect(told(many, "ann")["👍"]?.me).toBe(false);
  expect(told(many, "ann", { "👍": { count: 24, users: crowd, me: true } })["👍"]?.me).toBe(true);
});

test("a reaction taken back in another window is seen, where all users are named", () => {
  const before = { "👍": { count: 2, users: ["ann", "bob"], me: true } };
  expect(told({ "👍": { count: 1, users: ["bob"] } }, "ann", before)["👍"]?.me).toBe(false);
});

test("an answer says it for certain", () => {
  expect(answered({ "👍": { count: 25, users: crowd, me: true } }, "ann")["👍"]?.me).toBe(true);
  expect(answered({ "👍": { count: 25, users: crowd } }, "ann")["👍"]?.me).toBe(false);
});

test("an answer that is later than newer events does not take their counts back", () => {
  const held = told({ "👍": { count: 30, users: crowd } }, "ann");
  const reactions = afterOwn(held, { "👍": { count: 29, users: crowd, me: true } }, "👍", "ann");
  expect(reactions["👍"]).toMatchObject({ count: 30, me: true });
});

test("an answer that comes before its event shows the reaction at once", () => {
  const answer = { "👍": { count: 1, users: ["ann"], me: true } };
  expect(afterOwn({}, answer, "👍", "ann")["👍"]).toMatchObject({ count: 1, me: true });
});

test("a reaction that was taken back is not one's own any more, whichever of answer and event came first", () => {
  const held = { "👍": { count: 21, users: crowd, me: true } };
  expect(afterOwn(held, { "👍": { count: 20, users: crowd } }, "👍", "ann")["👍"]?.me).toBe(false);
  expect(afterOwn({}, {}, "👍", "ann")).toEqual({});
});

test("who reacted reads as a sentence", () => {
  const name = (id: string) => id.toUpperCase();
  expect(whoReacted({ count: 1, users: ["bob"] }, "ann", name)).toBe("BOB");
  expect(whoReacted({ count: 3, users: ["bob", "ann", "cy"], me: true }, "ann", name)).toBe("You, BOB and CY");
  expect(whoReacted({ count: 9, users: ["bob", "cy"], me: true }, "ann", name)).toBe("You, BOB, CY and 6 more");
});
