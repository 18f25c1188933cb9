// What may be tried again, and what people read when something fails.
import { expect, test } from "vitest";
import { isUnsettled, mayPass, Refusal, sentence, signInSentence } from "./refusal.ts";

test("a refusal says when a retry has a chance", () => {
  expect(new Refusal({ code: "rate-limited", message: "slow down", retryAfterMs: 700 }, 1_000).retryAt).toBe(1_700);
  expect(new Refusal({ code: "forbidden", message: "no" }, 1_000).retryAt).toBeUndefined();
});

test("an unknown code is shown in the server's own words", () => {
  expect(sentence(new Refusal({ code: "invalid-payload", message: "content holds a control character" }))).toBe(
    "Content holds a control character.",
  );
  expect(signInSentence("something-new", "not today!")).toBe("Not today!");
});

test("what the server remembers is told apart from what may pass", () => {
  const refused = (code: string) => new Refusal({ code, message: "" });
  expect(["rate-limited", "unavailable", "internal", "no-answer"].every((code) => mayPass(refused(code)))).toBe(true);
  expect(["muted", "forbidden", "conflict", "too-large"].some((code) => mayPass(refused(code)))).toBe(false);
  expect(isUnsettled(Refusal.noAnswer())).toBe(true);
  expect(isUnsettled(refused("rate-limited"))).toBe(false);
});

test("a defect becomes a refusal instead of vanishing", () => {
  expect(Refusal.from(new TypeError("x is undefined"))).toMatchObject({ code: "internal", message: "x is undefined" });
});
