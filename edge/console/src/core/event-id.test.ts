// Ids are compared as numbers; the page's order and its catching up rest on it.
import { expect, test } from "vitest";
import { compareIds, idAfter, laterId } from "./event-id.ts";

test("ids order by number in both parts, not as text", () => {
  const ids = ["1700000000000-10", "999999999999-3", "1700000000000-9", "1700000000001-0"];
  expect(ids.sort(compareIds)).toEqual(["999999999999-3", "1700000000000-9", "1700000000000-10", "1700000000001-0"]);
  expect(compareIds("5-1", "5-1")).toBe(0);
});

test("the later of two ids is found also when one is missing", () => {
  expect(laterId(undefined, "5-1")).toBe("5-1");
  expect(laterId("5-10", undefined)).toBe("5-10");
  expect(laterId("5-10", "5-9")).toBe("5-10");
  expect(laterId(undefined, undefined)).toBeUndefined();
});

test("nothing lies between an id and the one after it", () => {
  expect(idAfter("1700000000000-9")).toBe("1700000000000-10");
});
