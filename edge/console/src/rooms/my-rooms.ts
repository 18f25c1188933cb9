// What one belongs to, whether it is open here or not, and how much is unread: the server counts, this asks it.
import type { Connection } from "../core/connection.ts";
import { type Room, UNREAD_SHOWN_MAX } from "../core/contract.ts";
import { Store, withoutEntry } from "../core/store.ts";
import type { Rooms } from "./rooms.ts";

const PAGE_ROOMS = 100;
/** More than this is found by browsing. */
const PAGES_MAX = 3;
/** As many rooms as one question may name. */
const ASKED_MAX = 100;
/** After a reconnect the rooms are entered one after the other, and asked about together. */
const GATHER_MS = 150;

/** A room that one belongs to, open or not. */
export interface MyRoom {
  id: string;
  name: string;
  isPrivate: boolean;
  unread: number;
}

export class MyRooms {
  readonly state = new Store<ReadonlyMap<string, MyRoom>>(new Map());
  readonly #connection: Connection;
  readonly #rooms: Rooms;
  readonly #toAsk = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, rooms: Rooms) {
    this.#connection = connection;
    this.#rooms = rooms;
    connection.onConnected(() => void this.load());
    rooms.onJoined(({ roomId }) => this.#askSoon(roomId));
    // An owner belongs to the room all the same; the next list says so.
    rooms.onLeft((roomId) => this.state.update((known) => withoutEntry(known, roomId)));
    connection.on("messages-read", ({ roomId }) => this.#askSoon(roomId));
  }

  /** Reads the list and the counts anew. Without an answer what is known stays. */
  async load(): Promise<void> {
    if (!this.#connection.connected) return;
    try {
      const found = await this.#list();
      const { rooms: counts } = await this.#connection.requestPatiently("get-unread", {});
      this.state.set(
        new Map(
          found.map((room) => [
            room.id,
            {
              id: room.id,
              name: room.name ?? room.id,
              isPrivate: room.access?.visibility === "private",
              unread: counts[room.id] ?? 0,
            },
          ]),
        ),
      );
    } catch {
      // The list is a convenience; the open rooms have their own counts.
    }
  }

  async #list(): Promise<Room[]> {
    const found: Room[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const from = cursor === undefined ? {} : { cursor };
      const answer = await this.#connection.requestPatiently("list-rooms", {
        scope: "mine",
        limit: PAGE_ROOMS,
        ...from,
      });
      found.push(...answer.rooms);
      cursor = answer.nextCursor;
      if (cursor === undefined) break;
    }
    return found;
  }

  #askSoon(roomId: string): void {
    this.#toAsk.add(roomId);
    this.#timer ??= setTimeout(() => void this.#ask(), GATHER_MS);
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    const roomIds = [...this.#toAsk].slice(0, ASKED_MAX);
    for (const roomId of roomIds) this.#toAsk.delete(roomId);
    const toldBefore = new Map(roomIds.map((roomId) => [roomId, this.#rooms.get(roomId)?.unreadTold]));
    try {
      const { rooms } = await this.#connection.requestPatiently("get-unread", { roomIds });
      for (const [roomId, unread] of Object.entries(rooms)) {
        // What came or was read while the server counted may be in its number or not.
        if (this.#rooms.get(roomId)?.unreadTold === toldBefore.get(roomId)) this.#rooms.setUnread(roomId, unread);
        else this.#askSoon(roomId);
      }
    } catch {
      // The next connection asks again.
    }
  }
}

/** "7", or "999+" where the server stops counting; nothing for none. */
export function unreadWords(unread: number): string {
  if (unread <= 0) return "";
  return unread >= UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : String(unread);
}
