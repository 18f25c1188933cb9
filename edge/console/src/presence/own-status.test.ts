// When one becomes idle by itself.
import { expect, test } from "vitest";
import { effectiveStatus, IDLE_AFTER_MS } from "./own-status.ts";

test("who does nothing for five minutes is idle, and is back at the first input", () => {
  expect(effectiveStatus("active", 0, IDLE_AFTER_MS - 1)).toBe("active");
  expect(effectiveStatus("active", 0, IDLE_AFTER_MS)).toBe("idle");
  expect(effectiveStatus("active", IDLE_AFTER_MS, IDLE_AFTER_MS)).toBe("active");
});

test("a choice stands, whatever the keyboard does", () => {
  expect(effectiveStatus("busy", 0, IDLE_AFTER_MS * 2)).toBe("busy");
  expect(effectiveStatus("idle", IDLE_AFTER_MS, IDLE_AFTER_MS)).toBe("idle");
});
