// Whom a text names, and who is offered while one is typing.
import { expect, test } from "vitest";
import { completed, mentionedIn, mentionParts, mentionQuery, offered, written } from "./mentions.ts";

const ann = { id: "ann", name: "Ann" };
const smith = { id: "u-7", name: "Ann Smith" };
const bob = { id: "auth0|bob", name: "Bob" };
const other = { id: "bob-2", name: "bob" };
const people = [ann, smith, bob];

test("people are offered in the word after an at sign", () => {
  expect(mentionQuery("hi @an", 6)).toEqual({ from: 3, to: 6, word: "an" });
  expect(mentionQuery("@", 1)).toEqual({ from: 0, to: 1, word: "" });
  expect(mentionQuery("(@b", 3)).toEqual({ from: 1, to: 3, word: "b" });
  expect(mentionQuery("hi @an there", 12)).toBeUndefined();
  expect(mentionQuery("ann@ex", 6)).toBeUndefined();
});

test("names that begin so come first, and oneself is not offered", () => {
  const all = [...people, { id: "smithy", name: "Zoe" }, { id: "x", name: "Blacksmith" }];
  expect(offered(all, "smith", "ann").map(({ id }) => id)).toEqual(["u-7", "smithy", "x"]);
  expect(offered(all, "an", "ann").map(({ id }) => id)).toEqual(["u-7"]);
  expect(offered(all, "", "ann")).toHaveLength(4);
});

test("a name that two people have is written as the id", () => {
  expect(written(smith, people)).toBe("@Ann Smith");
  expect(written(bob, [bob, other])).toBe("@auth0|bob");
});

test("a chosen person takes the place of what was typed", () => {
  const query = { from: 3, to: 6, word: "an" };
  expect(completed("hi @an", query, "@Ann Smith")).toEqual({ text: "hi @Ann Smith ", caret: 14 });
  expect(completed("hi @an, you", query, "@Ann")).toEqual({ text: "hi @Ann , you", caret: 8 });
  expect(completed("hi @an you", query, "@Ann")).toEqual({ text: "hi @Ann you", caret: 8 });
});

test("names and ids are found, the longest first, in any case", () => {
  expect(mentionedIn("@ann smith, @Ann! and @auth0|bob.", people)).toEqual(["u-7", "ann", "auth0|bob"]);
  expect(mentionedIn("@ann @ann", people)).toEqual(["ann"]);
  expect(mentionedIn("@Ann.", people)).toEqual(["ann"]);
});

test("what only looks like a name is none", () => {
  for (const text of ["@anna", "mail ann@ann.example", "@ann.example", "Ann", "`@ann`", "```\n@ann\n```", "@@ann"]) {
    expect(mentionedIn(text, people), text).toEqual([]);
  }
});

test("ten people are mentioned at most", () => {
  const many = Array.from({ length: 12 }, (_, index) => ({ id: `u${index}x`, name: `u${index}x` }));
  expect(mentionedIn(many.map(({ id }) => `@${id}`).join(" "), many)).toHaveLength(10);
});

test("no character is lost where a text is cut at its mentions", () => {
  const text = "so @Ann, ask @Ann Smith or @nobody";
  const parts = mentionParts(text, people);
  expect(parts.map((part) => part.text).join("")).toBe(text);
  expect(parts.flatMap(({ userId }) => userId ?? [])).toEqual(["ann", "u-7"]);
});
