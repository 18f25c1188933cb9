// A sign-in that ends: renewed where a name suffices, told where it does not, and tried once, not for ever.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeConnection } from "../core/connection.fixture.ts";
import { Renewal } from "./renewal.ts";
import { type Identity, readToken } from "./token.ts";

const HOUR_MS = 3_600_000;
const tokenOf = (sub: string, expiresAt: number) =>
  `x.${btoa(JSON.stringify({ sub, exp: Math.floor(expiresAt / 1_000) }))}.x`;
const identity = (byName: boolean, expiresAt = Date.now() + HOUR_MS) =>
  readToken(tokenOf("ann", expiresAt), byName) as Identity;

let login: ReturnType<typeof vi.fn>;

beforeEach(() => {
  login = vi.fn(async () => Response.json({ token: tokenOf("ann", Date.now() + 2 * HOUR_MS) }));
  vi.stubGlobal("fetch", login);
  vi.stubGlobal("sessionStorage", { setItem: () => {}, getItem: () => null, removeItem: () => {} });
});
afterEach(() => vi.unstubAllGlobals());

test("a token got by name is renewed, and nobody is troubled", async () => {
  const connection = new FakeConnection();
  const renewal = new Renewal(connection.asConnection, identity(true));
  connection.arrives("auth-expiring", { expiresAt: 1 });
  await vi.waitFor(() => expect(connection.sent.map(([event]) => event)).toEqual(["refresh-token"]));
  expect(renewal.state.state.kind).toBe("good");
});

test("who signed in with a token is told, and a new one of the same person settles it", async () => {
  const connection = new FakeConnection();
  const renewal = new Renewal(connection.asConnection, identity(false));
  connection.arrives("auth-expiring", { expiresAt: 7 });
  await vi.waitFor(() => expect(renewal.state.state).toEqual({ kind: "expiring", expiresAt: 7 }));
  expect(login).not.toHaveBeenCalled();
  await expect(renewal.take(tokenOf("bob", Date.now() + HOUR_MS))).rejects.toThrow("bob");
  await expect(renewal.take(tokenOf("ann", Date.now() - HOUR_MS))).rejects.toThrow("expired");
  await renewal.take(` ${tokenOf("ann", Date.now() + HOUR_MS)} `);
  expect(renewal.state.state.kind).toBe("good");
  expect(connection.sent.length).toBe(1);
});

test("a connection that ended for the token's sake comes back once with a new one", async () => {
  const connection = new FakeConnection();
  const renewal = new Renewal(connection.asConnection, identity(true, Date.now() - 1_000));
  connection.state.set({ kind: "ended" });
  await vi.waitFor(() => expect(connection.opened).toBe(1));
  expect(connection.token).not.toBe("");
  // Ended again with a good token: that was not the token's fault.
  connection.state.set({ kind: "connected" });
  connection.state.set({ kind: "ended" });
  expect(login).toHaveBeenCalledTimes(1);
  expect(renewal.state.state.kind).toBe("good");
});

test("an operator's disconnect is not answered by signing in again", () => {
  const connection = new FakeConnection();
  const renewal = new Renewal(connection.asConnection, identity(true));
  connection.state.set({ kind: "ended" });
  expect(login).not.toHaveBeenCalled();
  expect(connection.opened).toBe(0);
  expect(renewal.state.state.kind).toBe("good");
});
