// Two devices of one person agree on a status instead of overruling each other.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeConnection } from "../core/connection.fixture.ts";
import type { RoomJoined } from "../core/contract.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { IDLE_AFTER_MS, OwnStatus } from "./own-status.ts";

const me = { id: "ann", name: "Ann" };
let input: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("addEventListener", (event: string, listener: () => void) => {
    if (event === "keydown") input = listener;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function start(statusInRoom: "active" | "idle" | "busy" = "active") {
  const connection = new FakeConnection();
  let joined: (told: RoomJoined) => void = () => {};
  const rooms = { onJoined: (listener: typeof joined) => (joined = listener) } as unknown as Rooms;
  const status = new OwnStatus(connection.asConnection, rooms, me);
  joined({ members: [{ ...me, status: statusInRoom }] } as RoomJoined);
  const told = () => connection.sent.map(([, payload]) => (payload as { status: string }).status);
  return { connection, status, told };
}

test("idle after a while, active with the next key, each told once", () => {
  const { told } = start();
  vi.advanceTimersByTime(IDLE_AFTER_MS + 60_000);
  expect(told()).toEqual(["idle"]);
  input();
  input();
  expect(told()).toEqual(["idle", "active"]);
});

test("what another device chose is taken over and not contradicted", () => {
  const { connection, status, told } = start();
  connection.arrives("user-status-changed", { user: me, status: "busy" });
  vi.advanceTimersByTime(IDLE_AFTER_MS + 60_000);
  input();
  expect(status.shown.state).toBe("busy");
  expect(told()).toEqual([]);
});

test("a device that comes later takes over what was chosen at another one", () => {
  const { status, told } = start("busy");
  expect(status.shown.state).toBe("busy");
  expect(told()).toEqual([]);
});

test("a device that was left alone does not make who works at another one idle for long", () => {
  const { connection, told } = start();
  connection.arrives("user-status-changed", { user: me, status: "idle" });
  expect(told()).toEqual([]);
  input();
  expect(told()).toEqual(["active"]);
});

test("what the server still holds from before is set right at joining", () => {
  expect(start("idle").told()).toEqual(["active"]);
  expect(start("active").told()).toEqual([]);
});
