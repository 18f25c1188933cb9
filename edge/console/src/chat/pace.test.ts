// When the next message may go out.
import { expect, test } from "vitest";
import { Refusal } from "../core/refusal.ts";
import { mayWriteAt, NO_HURRY, secondsUntil, waitLabel, withRefusal, withSent } from "./pace.ts";

test("slow mode counts from one's last message", () => {
  expect(mayWriteAt(NO_HURRY, 30_000, false)).toBe(0);
  expect(mayWriteAt(withSent(NO_HURRY, 1_000), 30_000, false)).toBe(31_000);
  expect(mayWriteAt(withSent(withSent(NO_HURRY, 5_000), 1_000), 30_000, false)).toBe(35_000);
  expect(mayWriteAt(withSent(NO_HURRY, 1_000), 0, false)).toBe(1_000);
});

test("who moderates is not slowed down", () => {
  expect(mayWriteAt(withSent(NO_HURRY, 1_000), 30_000, true)).toBe(0);
});

test("the server's word on how long to wait is kept, and no other refusal's", () => {
  const refusal = new Refusal({ code: "rate-limited", message: "", retryAfterMs: 4_000 }, 10_000);
  expect(mayWriteAt(withRefusal(NO_HURRY, refusal), 0, true)).toBe(14_000);
  const muted = new Refusal({ code: "muted", message: "", retryAfterMs: 4_000 }, 10_000);
  expect(withRefusal(NO_HURRY, muted)).toBe(NO_HURRY);
  expect(withRefusal(NO_HURRY, new Refusal({ code: "rate-limited", message: "" }))).toBe(NO_HURRY);
});

test("a countdown ends at 0 and not before", () => {
  expect([10_000, 9_001, 9_000, 1, 0, -5].map((left) => secondsUntil(left, 0))).toEqual([10, 10, 9, 1, 0, 0]);
  expect([9, 60, 65, 600].map(waitLabel)).toEqual(["9 s", "1 min", "1:05 min", "10 min"]);
});
