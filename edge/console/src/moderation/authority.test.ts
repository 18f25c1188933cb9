// Who is offered what.
import { expect, test } from "vitest";
import { LEVEL, levelOf, mayActOn, mayManage, mayModerate, rolesToGrant, typesToCreate } from "./authority.ts";

test("the higher of the token's role and the room's role counts", () => {
  expect(levelOf([], "owner")).toBe(LEVEL.owner);
  expect(levelOf([], undefined)).toBe(LEVEL.member);
  expect(levelOf(["moderator"], "viewer")).toBe(LEVEL.staffModerator);
  expect(levelOf(["moderator"], "owner")).toBe(LEVEL.owner);
  expect(levelOf(["admin"], "member")).toBe(LEVEL.admin);
});

test("moderators keep order, owners manage the room", () => {
  expect([LEVEL.member, LEVEL.moderator, LEVEL.owner].map(mayModerate)).toEqual([false, true, true]);
  expect([LEVEL.moderator, LEVEL.staffModerator, LEVEL.owner].map(mayManage)).toEqual([false, false, true]);
});

test("nobody acts on an equal", () => {
  expect(mayActOn(LEVEL.moderator, "moderator")).toBe(false);
  expect(mayActOn(LEVEL.moderator, undefined)).toBe(true);
  expect(mayActOn(LEVEL.staffModerator, "moderator")).toBe(true);
  expect(mayActOn(LEVEL.staffModerator, "owner")).toBe(false);
  expect(mayActOn(LEVEL.member, "viewer")).toBe(false);
});

test("nobody grants the own role, except who owns the room", () => {
  expect(rolesToGrant(LEVEL.moderator)).not.toContain("moderator");
  expect(rolesToGrant(LEVEL.owner)).toContain("moderator");
});

test("the types on offer follow the token's roles", () => {
  expect(typesToCreate([])).toEqual(["discussion", "collaboration"]);
  expect(typesToCreate(["organizer"])).toContain("contest");
  expect(typesToCreate(["organizer"])).not.toContain("interview");
});
