// Tells the server how far one has read, and keeps the mark above what is new.
import type { Connection } from "../core/connection.ts";
import { compareIds, laterId } from "../core/event-id.ts";
import { Refusal } from "../core/refusal.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { type Attention, attended, learned, type ReadMark, readElsewhere, spoke, UNSEEN } from "./read-mark.ts";
import type { Talks } from "./talks.ts";

/** Least time between two marks of one room. */
const TELL_PAUSE_MS = 1_500;

interface Told {
  readId?: string;
  at: number;
  timer?: ReturnType<typeof setTimeout>;
}

export class Reading {
  readonly marks = new Store<ReadonlyMap<string, ReadMark>>(new Map());
  readonly #connection: Connection;
  readonly #openRooms: Rooms;
  readonly #talks: Talks;
  readonly #myId: string;
  readonly #told = new Map<string, Told>();
  readonly #learning = new Set<string>();

  constructor(connection: Connection, openRooms: Rooms, talks: Talks, myId: string) {
    this.#connection = connection;
    this.#openRooms = openRooms;
    this.#talks = talks;
    this.#myId = myId;
    openRooms.onJoined(({ roomId }) => this.#tellSoon(roomId));
    openRooms.onLeft((roomId) => {
      clearTimeout(this.#told.get(roomId)?.timer);
      this.#told.delete(roomId);
      this.marks.update((all) => withoutEntry(all, roomId));
    });
    connection.on("messages-read", ({ roomId, user, messageId }) => {
      if (user.id === myId) this.#readElsewhere(roomId, messageId);
    });
  }

  of(roomId: string): ReadMark {
    return this.marks.state.get(roomId) ?? UNSEEN;
  }

  /** How a room's talk is being looked at; to be said whenever that or the talk changes. */
  attend(roomId: string, attention: Attention): void {
    const { messages, holes } = this.#talks.of(roomId).timeline;
    if (this.of(roomId).readId === undefined) {
      const isEmpty = messages.length === 0 && holes.size === 0;
      if (attention !== "away" && !isEmpty) void this.#learn(roomId, attention);
      return;
    }
    this.#change(roomId, (mark) => attended(mark, attention, messages, this.#myId));
    if (attention === "reading") this.#tellSoon(roomId);
  }

  /** One has written in the room. */
  spoke(roomId: string): void {
    this.#change(roomId, spoke);
  }

  /** Asks how much is unread before the first mark is set, which would make it nothing. */
  async #learn(roomId: string, attention: Attention): Promise<void> {
    if (this.#learning.has(roomId)) return;
    this.#learning.add(roomId);
    let unread = 0;
    try {
      const { rooms } = await this.#connection.requestPatiently("get-unread", { roomIds: [roomId] });
      unread = rooms[roomId] ?? 0;
    } catch (cause) {
      // The next look asks again.
      if (Refusal.from(cause).code === "offline") return;
    } finally {
      this.#learning.delete(roomId);
    }
    const { messages } = this.#talks.of(roomId).timeline;
    this.#change(roomId, () => learned(messages, unread, this.#myId));
    this.attend(roomId, attention);
  }

  #readElsewhere(roomId: string, messageId: string): void {
    const told = this.#told.get(roomId);
    this.#told.set(roomId, { at: 0, ...told, ...definedId(laterId(told?.readId, messageId)) });
    this.#change(roomId, (mark) => readElsewhere(mark, messageId));
  }

  #tellSoon(roomId: string): void {
    const { readId } = this.of(roomId);
    const told = this.#told.get(roomId) ?? { at: 0 };
    const isNews = readId !== undefined && (told.readId === undefined || compareIds(readId, told.readId) > 0);
    if (!isNews || told.timer !== undefined || readId === BEFORE_ALL) return;
    const wait = Math.max(0, told.at + TELL_PAUSE_MS - Date.now());
    this.#told.set(roomId, { ...told, timer: setTimeout(() => void this.#tell(roomId), wait) });
  }

  async #tell(roomId: string): Promise<void> {
    const { timer: _, ...told } = this.#told.get(roomId) ?? { at: 0 };
    const { readId } = this.of(roomId);
    this.#told.set(roomId, { ...told, at: Date.now() });
    if (readId === undefined) return;
    try {
      const { unread } = await this.#connection.request("mark-read", { roomId, messageId: readId });
      const now = this.#told.get(roomId);
      if (now !== undefined) this.#told.set(roomId, { ...now, ...definedId(laterId(now.readId, readId)) });
      // Of what was read since, the answer does not know.
      if (this.of(roomId).readId === readId) this.#openRooms.setUnread(roomId, unread);
    } catch {
      // Said again with the next message, look or connection.
      return;
    }
    this.#tellSoon(roomId);
  }

  #change(roomId: string, how: (mark: ReadMark) => ReadMark): void {
    if (this.#openRooms.get(roomId) === undefined) return;
    const mark = this.of(roomId);
    const changed = how(mark);
    if (changed !== mark) this.marks.update((all) => withEntry(all, roomId, changed));
  }
}

const BEFORE_ALL = "0-0";

function definedId(readId: string | undefined): { readId?: string } {
  return readId === undefined ? {} : { readId };
}
