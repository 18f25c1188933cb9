// Typing is told seldom and ended once.
import { expect, test } from "vitest";
import { TypingThrottle, typingSentence } from "./typing-throttle.ts";

test("a start is sent at once and then at most every three seconds", () => {
  const throttle = new TypingThrottle();
  const signals = [0, 100, 2_999, 3_000, 3_100, 6_500].map((now) => throttle.input("text", now));
  expect(signals).toEqual(["start", undefined, undefined, "start", undefined, "start"]);
});

test("a stop is sent once, and only after a start", () => {
  const throttle = new TypingThrottle();
  expect(throttle.stop()).toBeUndefined();
  throttle.input("text", 0);
  expect(throttle.stop()).toBe("stop");
  expect(throttle.stop()).toBeUndefined();
});

test("an emptied field is a stop, blanks are no typing", () => {
  const throttle = new TypingThrottle();
  expect(throttle.input("  ", 0)).toBeUndefined();
  throttle.input("x", 10);
  expect(throttle.input("", 20)).toBe("stop");
});

test("the next message starts at once", () => {
  const throttle = new TypingThrottle();
  throttle.input("x", 0);
  expect(throttle.sent()).toBe("stop");
  expect(throttle.input("y", 500)).toBe("start");
});

test("writing and erasing does not start each time", () => {
  const throttle = new TypingThrottle();
  throttle.input("x", 0);
  throttle.stop();
  expect(throttle.input("y", 1_000)).toBeUndefined();
  expect(throttle.stop()).toBeUndefined();
  expect(throttle.input("y", 3_000)).toBe("start");
});

test("the sentence names two at most", () => {
  expect(typingSentence([])).toBe("");
  expect(typingSentence(["Ann"])).toBe("Ann is typing…");
  expect(typingSentence(["Ann", "Bob"])).toBe("Ann and Bob are typing…");
  expect(typingSentence(["Ann", "Bob", "Cy"])).toBe("Several people are typing…");
});
