// Who is typing where, with a time limit for each, so that a lost stop never leaves somebody typing for ever.
import type { Connection } from "../core/connection.ts";
import { MEMBERS_TOLD_SINGLY_MAX, type User } from "../core/contract.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Presence } from "../presence/presence.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { TYPING_SHOWN_MS, type TypingSignal, TypingThrottle } from "./typing-throttle.ts";

type Typists = ReadonlyMap<string, User>;

export class Typing {
  readonly rooms = new Store<ReadonlyMap<string, Typists>>(new Map());
  readonly #connection: Connection;
  readonly #openRooms: Rooms;
  readonly #presence: Presence;
  readonly #myId: string;
  readonly #throttles = new Map<string, TypingThrottle>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(connection: Connection, rooms: Rooms, presence: Presence, myId: string) {
    this.#connection = connection;
    this.#openRooms = rooms;
    this.#presence = presence;
    this.#myId = myId;
    connection.on("user-typing", ({ roomId, user, isTyping }) => this.#told(roomId, user, isTyping));
    connection.on("message-received", ({ roomId, message }) => this.#told(roomId, message.sender, false));
    connection.on("user-left-room", ({ roomId, user }) => this.#told(roomId, user, false));
    rooms.onLeft((roomId) => this.#throttles.delete(roomId));
  }

  /** The text of a room's composer changed. */
  input(roomId: string, text: string): void {
    const throttle = this.#throttles.get(roomId) ?? new TypingThrottle();
    this.#throttles.set(roomId, throttle);
    if (this.#maySend(roomId)) this.#send(roomId, throttle.input(text, performance.now()));
  }

  sent(roomId: string): void {
    this.#send(roomId, this.#throttles.get(roomId)?.sent());
  }

  /** The composer was left. */
  stop(roomId: string): void {
    this.#send(roomId, this.#throttles.get(roomId)?.stop());
  }

  #maySend(roomId: string): boolean {
    return (
      this.#openRooms.get(roomId)?.phase === "joined" && this.#presence.of(roomId).count <= MEMBERS_TOLD_SINGLY_MAX
    );
  }

  #send(roomId: string, signal: TypingSignal): void {
    if (signal !== undefined && this.#maySend(roomId)) this.#connection.tell(`typing-${signal}`, { roomId });
  }

  #told(roomId: string, user: User, isTyping: boolean): void {
    if (user.id === this.#myId) return;
    const key = `${roomId} ${user.id}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (isTyping)
      this.#timers.set(
        key,
        setTimeout(() => this.#told(roomId, user, false), TYPING_SHOWN_MS),
      );
    this.rooms.update((all) => {
      const typists = all.get(roomId) ?? new Map<string, User>();
      const changed = isTyping ? withEntry(typists, user.id, user) : withoutEntry(typists, user.id);
      if (changed === typists) return all;
      return changed.size === 0 ? withoutEntry(all, roomId) : withEntry(all, roomId, changed);
    });
  }
}
