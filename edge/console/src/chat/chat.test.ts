// The chat behind a connection that answers as the service does: what is told twice, what is read, what is looked for.
import { expect, test, vi } from "vitest";
import type { Connection } from "../core/connection.ts";
import type { Message, RoomJoined } from "../core/contract.ts";
import { compareIds } from "../core/event-id.ts";
import type { Presence } from "../presence/presence.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { held } from "./changes.ts";
import { Chat } from "./chat.ts";
import { message, messages } from "./messages.fixture.ts";

const zoe = { id: "zoe", name: "Zoe" };
const ann = { id: "ann", name: "Ann" };

/** A service with one room `r` and these messages, and the page of zoe, who has just entered it. */
function entered(all: Message[], unread = 0) {
  const asked: { event: string; payload: Record<string, unknown> }[] = [];
  const handlers = new Map<string, ((payload: unknown, how: { replayed: boolean }) => void)[]>();
  const joins: ((joined: RoomJoined) => void)[] = [];
  const answers: Record<string, (payload: Record<string, string>) => unknown> = {
    "get-messages": ({ before, after, limit, threadId }) => {
      const fits = (one: Message) =>
        (before === undefined || compareIds(one.id, before) < 0) &&
        (after === undefined || compareIds(one.id, after) > 0) &&
        (threadId === undefined || one.threadId === threadId);
      const found = all.filter(fits);
      const page = after === undefined ? found.slice(-Number(limit)) : found.slice(0, Number(limit));
      return { messages: page, hasMore: page.length < found.length };
    },
    "get-unread": () => ({ rooms: { r: unread } }),
    "mark-read": () => ({ roomId: "r", unread: 0 }),
    react: () => ({ reactions: { "👍": { count: 21, users: [], me: true } } }),
  };
  const request = async (event: string, payload: Record<string, string>) => {
    asked.push({ event, payload });
    return answers[event]?.(payload);
  };
  const connection = {
    on: (event: string, handler: never) => handlers.set(event, [...(handlers.get(event) ?? []), handler]),
    request,
    requestPatiently: request,
  };
  const rooms = {
    get: () => ({ id: "r", phase: "joined" }),
    onJoined: (listener: never) => joins.push(listener),
    onLeft: () => undefined,
    countUnread: vi.fn(),
    setUnread: vi.fn(),
  };
  const presence = { of: () => ({ list: new Map([["ann", ann]]), count: 1 }) };
  const chat = new Chat(
    connection as unknown as Connection,
    rooms as unknown as Rooms,
    presence as unknown as Presence,
    zoe,
  );
  const join = (more: Partial<RoomJoined> = {}) => {
    const snapshot = { id: "0-1", roomId: "r", recentMessages: all.slice(-50), memberCount: 1, ...more };
    for (const listener of joins) listener(snapshot as RoomJoined);
  };
  join();
  const tell = (event: string, payload: object, replayed = false) => {
    for (const handler of handlers.get(event) ?? []) handler({ roomId: "r", ...payload }, { replayed });
  };
  const ids = () => chat.talks.of("r").timeline.messages.map(({ id }) => id);
  return { chat, tell, join, asked, rooms, ids };
}

test("what is told again after a reconnect changes nothing", () => {
  const { chat, tell, ids, rooms } = entered(messages(1, 3));
  const told: [string, object][] = [
    ["message-received", { message: message(4) }],
    ["message-edited", { message: message(2, { content: "better", editedAt: 9 }) }],
    ["message-deleted", { messageId: "1-0", deletedBy: ann }],
    ["message-reaction", { messageId: "3-0", reactions: { "👍": { count: 1, users: ["zoe"] } } }],
    ["message-edited", { message: message(77) }],
  ];
  for (const [event, payload] of told) tell(event, payload);
  const once = chat.talks.of("r").timeline.messages;
  for (const [event, payload] of told) tell(event, payload, true);
  expect(ids()).toEqual(["1-0", "2-0", "3-0", "4-0"]);
  expect(chat.talks.of("r").timeline.messages).toEqual(once.map((one) => ({ ...one })));
  expect(once[2]?.reactions["👍"]?.me).toBe(true);
  expect(rooms.countUnread).toHaveBeenCalledTimes(1);
});

test("one's own reaction in a crowd is known from the answer and survives the next event", async () => {
  const { chat, tell } = entered([message(1, { reactions: { "👍": { count: 20, users: [] } } })]);
  await chat.actions.react("r", "1-0", "👍");
  tell("message-reaction", { messageId: "1-0", reactions: { "👍": { count: 22, users: [] } } });
  expect(held(chat.talks.of("r"), "1-0")?.reactions["👍"]).toMatchObject({ count: 22, me: true });
});

test("a thread is read with the message that began it, however old, and with what came meanwhile", async () => {
  const answer = (number: number) => message(number, { threadId: "1-0" });
  const { chat, tell } = entered([...messages(1, 100), answer(101), answer(102)]);
  const reading = chat.history.loadThread("r", "1-0");
  tell("message-received", { message: answer(103) });
  await reading;
  const thread = chat.talks.of("r").threads.get("1-0");
  expect(thread?.messages.map(({ id }) => id)).toEqual(["1-0", "101-0", "102-0", "103-0"]);
});

test("threads are read anew where not everything missed is known", async () => {
  const { chat, join } = entered([message(1), message(2, { threadId: "1-0" })]);
  await chat.history.loadThread("r", "1-0");
  join({ missed: { complete: true, events: [] } });
  expect(chat.talks.of("r").threads.size).toBe(1);
  join({ missed: { complete: false, events: [] } });
  expect(chat.talks.of("r").threads.size).toBe(0);
});

test("a message far back is read with those around it and looked for in its place", async () => {
  const { chat, ids } = entered(messages(1, 300));
  await chat.goTo("r", "100-0");
  expect(ids()).toContain("100-0");
  expect(chat.talks.of("r").timeline.holes.has("251-0")).toBe(true);
  expect(chat.desk.state.state.sought).toEqual({ place: "r", messageId: "100-0" });
  await expect(chat.goTo("r", "999-0")).rejects.toMatchObject({ code: "not-found" });
});

test("an answer in a thread is looked for in the thread", async () => {
  const { chat } = entered([message(1), message(2, { threadId: "1-0" })]);
  await chat.goTo("r", "2-0");
  expect(chat.desk.state.state.threads.get("r")).toBe("1-0");
  expect(chat.desk.state.state.sought).toEqual({ place: "r 1-0", messageId: "2-0" });
});

test("what is unread is asked before the first mark, and marks are told seldom", async () => {
  vi.useFakeTimers();
  const { chat, tell, asked, rooms } = entered(messages(1, 5), 2);
  chat.reading.attend("r", "reading");
  await vi.advanceTimersByTimeAsync(10);
  expect(chat.reading.of("r")).toMatchObject({ readId: "5-0", lineId: "3-0" });
  for (const number of [6, 7, 8]) {
    tell("message-received", { message: message(number) });
    chat.reading.attend("r", "reading");
  }
  await vi.advanceTimersByTimeAsync(5_000);
  const marks = asked.filter(({ event }) => event === "mark-read").map(({ payload }) => payload["messageId"]);
  expect(marks).toEqual(["5-0", "8-0"]);
  expect(asked.map(({ event }) => event).indexOf("get-unread")).toBeLessThan(
    asked.map(({ event }) => event).indexOf("mark-read"),
  );
  expect(rooms.setUnread).toHaveBeenLastCalledWith("r", 0);
  vi.useRealTimers();
});
