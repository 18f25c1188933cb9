// What of a text becomes a link or code, and that nothing else does.
import { expect, test } from "vitest";
import { segments } from "./content.ts";

test("plain text stays as it is, markup included", () => {
  expect(segments("<b>1 < 2</b>\n  &amp;")).toEqual([{ kind: "text", text: "<b>1 < 2</b>\n  &amp;" }]);
});

test("addresses become links without the sentence's end", () => {
  expect(segments("See https://a.example/x?y=1, or (https://b.example/F_(x)).")).toEqual([
    { kind: "text", text: "See " },
    { kind: "link", text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
    { kind: "text", text: ", or (" },
    { kind: "link", text: "https://b.example/F_(x)", href: "https://b.example/F_(x)" },
    { kind: "text", text: ")." },
  ]);
});

test("nothing but http and https becomes a link", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "http://"]) {
    expect(segments(text).some(({ kind }) => kind === "link")).toBe(false);
  }
});

test("code in backticks and fences is set apart and not searched for links", () => {
  expect(segments('use `x` so:\n```rust\nlet a = "https://a.example";\n```\nok')).toEqual([
    { kind: "text", text: "use " },
    { kind: "inline-code", text: "x" },
    { kind: "text", text: " so:\n" },
    { kind: "block", text: 'let a = "https://a.example";', language: "rust" },
    { kind: "text", text: "ok" },
  ]);
});

test("no character is lost or doubled in text with links", () => {
  const text = "a https://x.example/).,; b http://y.example!!! `c";
  expect(
    segments(text)
      .map((segment) => segment.text)
      .join(""),
  ).toBe(text);
});
