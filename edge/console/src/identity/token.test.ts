// Tokens, addresses and names as people bring them, good and bad.
import { expect, test } from "vitest";
import { readHash, readToken, userIdFrom } from "./token.ts";

const encode = (value: object) => {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
};
const token = (claims: object) => `${encode({ alg: "HS256" })}.${encode(claims)}.signature`;

test("a token names its holder, in any script", () => {
  expect(readToken(token({ sub: "ann", name: "Žofia 🙂", exp: 1_700_000_000 }))).toMatchObject({
    id: "ann",
    name: "Žofia 🙂",
    expiresAt: 1_700_000_000_000,
  });
  expect(readToken(token({ sub: "ann", exp: 1 }))?.name).toBe("ann");
});

test("roles come as a list or as a single word", () => {
  const rolesOf = (claims: object) => readToken(token({ sub: "ann", exp: 1, ...claims }))?.roles;
  expect(rolesOf({ roles: ["moderator", 7, "organizer"] })).toEqual(["moderator", "organizer"]);
  expect(rolesOf({ role: "admin" })).toEqual(["admin"]);
  expect(rolesOf({})).toEqual([]);
});

test("what is no token is refused", () => {
  for (const text of ["", "ann", "a.b.c", "a.b", token({ name: "nobody", exp: 1 }), token({ sub: "ann" })]) {
    expect(readToken(text)).toBeUndefined();
  }
});

test("the address may bring a token and a room", () => {
  expect(readHash("#token=a.b.c&room=graph-theory")).toEqual({ token: "a.b.c", room: "graph-theory" });
  expect(readHash("")).toEqual({});
});

test("a typed name becomes a user id or nothing", () => {
  expect(userIdFrom("  Marta  Kovacs ")).toBe("Marta-Kovacs");
  expect(userIdFrom("Žofia")).toBe("Zofia");
  expect(userIdFrom("Ольга")).toBeUndefined();
  expect(userIdFrom(" ")).toBeUndefined();
});
