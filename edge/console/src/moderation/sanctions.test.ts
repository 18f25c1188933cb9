// Sanctions end by themselves, and the lines about them read like sentences.
import { expect, test } from "vitest";
import { inForce, NO_SANCTIONS, sanctionOf, withoutSanction, withSanction } from "./sanctions.ts";
import { sanctionLine } from "./words.ts";

const ann = { id: "ann", name: "Ann" };
const ben = { id: "ben", name: "Ben" };
const told = { id: "1-0", roomId: "graphs", user: ben, by: ann };

test("a mute ends at its time, by an unmute, and not by an unban", () => {
  const known = withSanction(NO_SANCTIONS, "mute", { ...told, until: 1_000 });
  expect(sanctionOf(known, "mute", "ben", 999)?.until).toBe(1_000);
  expect(sanctionOf(known, "mute", "ben", 1_000)).toBeUndefined();
  expect(sanctionOf(withoutSanction(known, "ban", "ben"), "mute", "ben", 1)).toBeDefined();
  expect(sanctionOf(withoutSanction(known, "mute", "ben"), "mute", "ben", 1)).toBeUndefined();
});

test("those that end first come first, those without an end last", () => {
  let known = withSanction(NO_SANCTIONS, "ban", told);
  known = withSanction(known, "mute", { ...told, user: ann, until: 50 });
  expect(inForce(known, 0).map(({ kind }) => kind)).toEqual(["mute", "ban"]);
  expect(inForce(known, 60).map(({ kind }) => kind)).toEqual(["ban"]);
});

test("a line names who, by whom and why", () => {
  expect(sanctionLine("user-muted", { ...told, reason: "links" }, "cy", 0)).toBe("Ben was muted by Ann: links");
  expect(sanctionLine("user-unbanned", told, "ann", 0)).toBe("Ben was unbanned by you");
  expect(sanctionLine("user-muted", { ...told, until: 1_000 }, "ben", 0)).toMatch(/^You were muted by Ann until /);
});
