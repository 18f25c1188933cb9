// Times as people read them.
import { expect, test } from "vitest";
import { ago, durationWords, untilWords } from "./time.ts";

const NOW = new Date(2026, 4, 20, 12, 0, 0).getTime();
const MINUTE = 60_000;

test("how long ago something was", () => {
  expect(ago(NOW - 10_000, NOW)).toBe("just now");
  // Clocks differ: what comes from the future has just happened.
  expect(ago(NOW + 5_000, NOW)).toBe("just now");
  expect(ago(NOW - 5 * MINUTE, NOW)).toBe("5 min ago");
  expect(ago(NOW - 3 * 60 * MINUTE, NOW)).toBe("3 h ago");
  expect(ago(NOW - 30 * 60 * MINUTE, NOW)).toBe("yesterday");
  expect(ago(NOW - 400 * 24 * 60 * MINUTE, NOW)).toContain("2025");
});

test("an end is a time today and a date later", () => {
  expect(untilWords(undefined, NOW)).toBe("");
  expect(untilWords(NOW + MINUTE, NOW)).toMatch(/^until \d+:\d\d/);
  expect(untilWords(NOW + 48 * 60 * MINUTE, NOW)).toMatch(/22.*,/);
});

test("durations are said in the unit that fits", () => {
  expect([10_000, MINUTE, 90 * MINUTE, 60 * MINUTE, 7 * 24 * 60 * MINUTE].map(durationWords)).toEqual([
    "10 seconds",
    "1 minute",
    "90 minutes",
    "1 hour",
    "7 days",
  ]);
});
