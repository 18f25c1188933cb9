// A refusal says what it means for what was tried.
import { expect, test } from "vitest";
import { Refusal } from "../core/refusal.ts";
import { chatSentence } from "./refusals.ts";

const refusal = (code: string, details?: Refusal["details"]) => new Refusal({ code, message: "server words", details });

test("the same code says different things for different attempts", () => {
  expect(chatSentence("send", refusal("forbidden"))).toContain("not write");
  expect(chatSentence("edit", refusal("forbidden"))).toContain("within a day");
  expect(chatSentence("react", refusal("conflict"))).toContain("reactions");
});

test("a mute says until when, if the server does", () => {
  const noon = new Date(2024, 4, 7, 12).getTime();
  expect(chatSentence("send", refusal("muted", { until: noon + 60_000 }), noon)).toMatch(/muted .* until .*12/);
  expect(chatSentence("send", refusal("muted"))).toBe("You are muted in this room.");
});

test("what has no words of its own has the page's common ones, or the server's", () => {
  expect(chatSentence("delete", refusal("unavailable"))).toContain("Trying again is safe");
  expect(chatSentence("send", refusal("invalid-payload"))).toBe("Server words.");
});
