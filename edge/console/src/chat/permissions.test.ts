// Who is offered what.
import { expect, test } from "vitest";
import { EDIT_WINDOW_MS } from "../core/contract.ts";
import { LEVEL } from "../moderation/authority.ts";
import { message } from "./messages.fixture.ts";
import { mayDelete, mayEdit, mayReport, rightsOf } from "./permissions.ts";

const ann = rightsOf("ann", LEVEL.member);
const bob = rightsOf("bob");
const hers = message(1_000);

test("an author edits for a day and deletes for ever", () => {
  expect(mayEdit(hers, ann, 2_000)).toBe(true);
  expect(mayEdit(hers, ann, 1_000 + EDIT_WINDOW_MS)).toBe(false);
  expect(mayDelete(hers, ann)).toBe(true);
  expect(mayReport(hers, ann)).toBe(false);
});

test("others report, and delete where they moderate", () => {
  expect(mayEdit(hers, bob, 2_000)).toBe(false);
  expect(mayDelete(hers, bob)).toBe(false);
  expect(mayReport(hers, bob)).toBe(true);
  expect(mayDelete(hers, rightsOf("bob", LEVEL.moderator))).toBe(true);
  expect(mayDelete(hers, rightsOf("bob", LEVEL.staffModerator))).toBe(true);
});

test("nothing is done to tombstones and to what the system says", () => {
  for (const fixed of [message(1, { deletedAt: 2 }), message(1, { kind: "system" })]) {
    expect(mayEdit(fixed, ann, 2)).toBe(false);
    expect(mayDelete(fixed, ann)).toBe(false);
    expect(mayReport(fixed, bob)).toBe(false);
  }
});

test("a viewer writes nothing", () => {
  expect(rightsOf("ann", LEVEL.viewer).writes).toBe(false);
  expect(mayEdit(hers, rightsOf("ann", LEVEL.viewer), 2_000)).toBe(false);
});
