// The server counts what is unread; what comes while it counts is not lost and not counted twice.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeConnection } from "../core/connection.fixture.ts";
import type { RoomJoined } from "../core/contract.ts";
import { MyRooms } from "./my-rooms.ts";
import type { Rooms } from "./rooms.ts";

/** One open room with its number, as `Rooms` keeps it. */
class OneRoom {
  unread = 0;
  unreadTold = 0;
  joined: (joined: RoomJoined) => void = () => {};

  onJoined(listener: (joined: RoomJoined) => void): void {
    this.joined = listener;
  }

  onLeft(): void {}

  get(): this {
    return this;
  }

  setUnread(_: string, unread: number): void {
    this.unread = unread;
    this.unreadTold += 1;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(answers: number[]) {
  const room = new OneRoom();
  const counting: (() => void)[] = [];
  const connection = new FakeConnection(
    () =>
      new Promise((resolve) => {
        const unread = answers.shift();
        counting.push(() => resolve({ rooms: { graphs: unread } }));
      }),
  );
  new MyRooms(connection.asConnection, room as unknown as Rooms);
  const answer = async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    counting.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { room, connection, answer };
}

test("after joining, the server's number stands", async () => {
  const { room, connection, answer } = start([4]);
  room.joined({ roomId: "graphs" } as RoomJoined);
  room.joined({ roomId: "graphs" } as RoomJoined);
  await answer();
  expect(room.unread).toBe(4);
  expect(connection.sent).toEqual([["get-unread", { roomIds: ["graphs"] }]]);
});

test("an answer that something overtook is asked for again", async () => {
  const { room, connection, answer } = start([3, 0]);
  room.joined({ roomId: "graphs" } as RoomJoined);
  await vi.advanceTimersByTimeAsync(1_000);
  // Read meanwhile: the three of the first answer are none any more.
  room.setUnread("graphs", 0);
  await answer();
  expect(room.unread).toBe(0);
  await answer();
  expect(room.unread).toBe(0);
  expect(connection.sent.length).toBe(2);
});

test("reading on another connection is counted by the server", async () => {
  const { room, connection, answer } = start([1]);
  connection.arrives("messages-read", { roomId: "graphs", messageId: "1-0" });
  await answer();
  expect(room.unread).toBe(1);
});
