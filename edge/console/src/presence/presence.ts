// Keeps the members of each open room up to date: snapshots at joining, then what the server tells.
import type { Connection } from "../core/connection.ts";
import type { User } from "../core/contract.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { type Members, NOBODY, snapshot, withChanges, withPage, withStatus } from "./members.ts";

export class Presence {
  readonly rooms = new Store<ReadonlyMap<string, Members>>(new Map());
  readonly #connection: Connection;
  /** Where the next page of a big room begins; absent before the first page, `null` after the last. */
  readonly #cursors = new Map<string, string | null>();

  constructor(connection: Connection, rooms: Rooms, me: User) {
    this.#connection = connection;
    rooms.onJoined(({ roomId, members, memberCount }) => {
      this.#cursors.delete(roomId);
      // A big room's list is cut, and the one who just came in may be beyond the cut.
      const present = members.some(({ id }) => id === me.id) ? members : [...members, me];
      this.rooms.update((all) => withEntry(all, roomId, snapshot(present, memberCount)));
    });
    rooms.onLeft((roomId) => {
      this.#cursors.delete(roomId);
      this.rooms.update((all) => withoutEntry(all, roomId));
    });
    // Replayed joins and leaves are older than the snapshot, which counts them in.
    connection.on("user-joined-room", ({ roomId, user, memberCount }, { replayed }) => {
      if (!replayed) this.#change(roomId, (known) => withChanges(known, [user], [], memberCount));
    });
    connection.on("user-left-room", ({ roomId, user, memberCount }, { replayed }) => {
      if (!replayed) this.#change(roomId, (known) => withChanges(known, [], [user], memberCount));
    });
    connection.on("room-presence", ({ roomId, joined, left, memberCount }, { replayed }) => {
      if (!replayed) this.#change(roomId, (known) => withChanges(known, joined, left, memberCount));
    });
    connection.on("user-status-changed", ({ user, status }) => {
      for (const roomId of this.rooms.state.keys()) this.#change(roomId, (known) => withStatus(known, user.id, status));
    });
  }

  of(roomId: string): Members {
    return this.rooms.state.get(roomId) ?? NOBODY;
  }

  /** Brings the next page of a room's members. Throws a `Refusal`. */
  async more(roomId: string): Promise<void> {
    const cursor = this.#cursors.get(roomId);
    const from = typeof cursor === "string" ? { cursor } : {};
    const page = await this.#connection.requestPatiently("get-members", { roomId, ...from });
    // After the last page it starts anew: who came meanwhile may stand on any page.
    this.#cursors.set(roomId, page.nextCursor ?? null);
    this.#change(roomId, (known) => withPage(known, page.members, page.memberCount));
    // The first page is often the snapshot again; go on to one that brings somebody.
    if (cursor === undefined && page.nextCursor !== undefined) await this.more(roomId);
  }

  /** Reads the first page again, for the roles and statuses of who came in. Without an answer they stay unknown. */
  async refresh(roomId: string): Promise<void> {
    try {
      const page = await this.#connection.request("get-members", { roomId });
      this.#change(roomId, (known) => withPage(known, page.members, page.memberCount));
    } catch {
      // The next snapshot has them.
    }
  }

  #change(roomId: string, change: (known: Members) => Members): void {
    const known = this.rooms.state.get(roomId);
    if (known !== undefined) this.rooms.update((all) => withEntry(all, roomId, change(known)));
  }
}
