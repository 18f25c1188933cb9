// Initials and colours of people.
import { expect, test } from "vitest";
import { initials, TONES, toneOf } from "./initials.ts";

test("initials come from the first and the last word", () => {
  expect(initials("Ann")).toBe("AN");
  expect(initials("marta von kovacs")).toBe("MK");
  expect(initials("bob_smith")).toBe("BS");
  expect(initials("🙂")).toBe("🙂");
  expect(initials("")).toBe("?");
});

test("a person has the same colour everywhere, and people have different ones", () => {
  expect(toneOf("ann")).toBe(toneOf("ann"));
  const tones = new Set(Array.from({ length: 200 }, (_, index) => toneOf(`user-${index}`)));
  expect(tones.size).toBe(TONES);
});
