// From typed text to what is sent, counted as the server counts.
import { expect, test } from "vitest";
import { charactersLeft, draftFrom } from "./draft.ts";

test("text is trimmed and normalised, blanks are nothing", () => {
  expect(draftFrom("  e\u0301te\r\nend \n", false, "")).toEqual({ kind: "text", content: "éte\nend" });
  expect(draftFrom(" \n\t", false, "")).toBeUndefined();
  expect(draftFrom("", true, "cpp")).toBeUndefined();
});

test("code keeps its indentation and its language", () => {
  expect(draftFrom("\n    return 1;\n\n", true, "cpp")).toEqual({
    kind: "code",
    content: "    return 1;",
    language: "cpp",
  });
  expect(draftFrom("x", true, "")).toEqual({ kind: "code", content: "x" });
});

test("a text that is one fenced block is code", () => {
  expect(draftFrom("```c++\nint x;\n\nint y;\n```", false, "")).toEqual({
    kind: "code",
    content: "int x;\n\nint y;",
    language: "c++",
  });
  expect(draftFrom("```\nx\n```\nand more", false, "")?.kind).toBe("text");
});

test("characters are counted as code points after normalisation", () => {
  expect(charactersLeft("🙂".repeat(4_000))).toBe(0);
  expect(charactersLeft("e\u0301")).toBe(3_999);
  expect(charactersLeft("x".repeat(4_001))).toBe(-1);
});
