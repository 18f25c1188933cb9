// The list of members under joins, leaves and pages.
import { expect, test } from "vitest";
import { hasUnknownRoles, snapshot, sorted, withChanges, withPage, withStatus } from "./members.ts";

const user = (id: string) => ({ id, name: id.toUpperCase() });
const start = snapshot([user("ann"), user("bob")], 2);
const ids = (members: typeof start, myId = "") => sorted(members, myId).map(({ id }) => id);

test("joins and leaves change the list, the count is the server's", () => {
  const members = withChanges(start, [user("cy"), user("dan")], [user("bob")], 7);
  expect(ids(members)).toEqual(["ann", "cy", "dan"]);
  expect(members.count).toBe(7);
});

test("a join that is told twice adds nobody twice and keeps what is known", () => {
  const known = snapshot([{ ...user("ann"), roomRole: "owner" }], 1);
  const members = withChanges(known, [user("ann")], [], 1);
  expect([...members.list.values()]).toEqual([{ ...user("ann"), roomRole: "owner", status: "active" }]);
});

test("pages add up", () => {
  expect(ids(withPage(start, [user("bob"), user("eve")], 3))).toEqual(["ann", "bob", "eve"]);
});

test("one finds oneself first, then the others by name", () => {
  expect(ids(withPage(start, [user("zoe"), user("u10"), user("u9")], 5), "zoe")).toEqual([
    "zoe",
    "ann",
    "bob",
    "u9",
    "u10",
  ]);
});

test("who keeps order stands above the others", () => {
  const mia = { ...user("mia"), roomRole: "moderator" as const };
  const zed = { ...user("zed"), roomRole: "owner" as const };
  const members = snapshot([user("ann"), mia, zed], 3);
  expect(ids(members)).toEqual(["zed", "mia", "ann"]);
});

test("one who came in is known by name alone until a page tells the role", () => {
  const known = snapshot([{ ...user("ann"), roomRole: "member" }], 1);
  const joined = withChanges(known, [user("bob")], [], 2);
  expect([known, joined].map(hasUnknownRoles)).toEqual([false, true]);
  expect(hasUnknownRoles(withPage(joined, [{ ...user("bob"), roomRole: "viewer" }], 2))).toBe(false);
});

test("a status changes one member and nothing else", () => {
  expect(withStatus(start, "bob", "busy").list.get("bob")?.status).toBe("busy");
  expect(withStatus(start, "nobody", "busy")).toBe(start);
});
