// One's own standing in each open room.
import type { RoomJoined, RoomRole } from "../core/contract.ts";
import { Store, withEntry, withoutEntry } from "../core/store.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { levelOf } from "./authority.ts";

export class Standing {
  /** Room id → level; see `LEVEL`. */
  readonly levels = new Store<ReadonlyMap<string, number>>(new Map());
  readonly #userId: string;
  readonly #roles: readonly string[];

  constructor(rooms: Rooms, userId: string, roles: readonly string[]) {
    this.#userId = userId;
    this.#roles = roles;
    rooms.onJoined((joined) => this.learn(joined.roomId, this.roleIn(joined)));
    rooms.onLeft((roomId) => this.levels.update((all) => withoutEntry(all, roomId)));
  }

  in(roomId: string): number {
    return this.levels.state.get(roomId) ?? 0;
  }

  /** `undefined` where the snapshot does not tell: a big room lists only a part of those present. */
  roleIn({ members, room }: RoomJoined): RoomRole | undefined {
    const listed = members.find(({ id }) => id === this.#userId)?.roomRole;
    // Besides admins, only the owner is told who may enter.
    return listed ?? (room.access === undefined ? undefined : "owner");
  }

  learn(roomId: string, role: RoomRole | undefined): void {
    this.levels.update((all) => withEntry(all, roomId, levelOf(this.#roles, role)));
  }
}
