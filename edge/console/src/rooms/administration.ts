// What owners and moderators do with a room itself. Everything here throws a `Refusal`.
import type { Connection } from "../core/connection.ts";
import type { Access, RoomRole, RoomType } from "../core/contract.ts";
import type { Rooms } from "./rooms.ts";

/** The server takes no more than this of one person. */
const INVITATIONS_PER_MINUTE = 10;

export interface NewRoom {
  type: RoomType;
  name: string;
  isPrivate: boolean;
  invited: string[];
  maxMembers?: number;
}

/** What is to be changed; what is left out stays. */
export interface RoomChange {
  name?: string;
  visibility?: Access["visibility"];
  maxMembers?: number;
}

export class Administration {
  readonly #connection: Connection;
  readonly #rooms: Rooms;

  constructor(connection: Connection, rooms: Rooms) {
    this.#connection = connection;
    this.#rooms = rooms;
  }

  /** Creates a room and enters it. The same `requestId` again finds the first room. */
  async create({ type, name, isPrivate, invited, maxMembers }: NewRoom, requestId: string): Promise<void> {
    const members = Object.fromEntries(invited.map((id) => [id, "member" as const]));
    const { room } = await this.#connection.request("create-room", {
      type,
      name,
      access: isPrivate ? { visibility: "private", members } : { visibility: "public" },
      ...(maxMembers === undefined ? {} : { maxMembers }),
      requestId,
    });
    if (isPrivate) await this.#tellInvited(room.id, invited, requestId);
    this.#rooms.enter(room.id);
  }

  async update(roomId: string, { visibility, ...change }: RoomChange, requestId: string): Promise<void> {
    const access = visibility === undefined ? {} : { access: await this.#accessWith(roomId, visibility) };
    const { room } = await this.#connection.request("update-room", { roomId, ...change, ...access, requestId });
    this.#rooms.describe(room);
  }

  async setSlowMode(roomId: string, intervalMs: number, requestId: string): Promise<void> {
    const { room } = await this.#connection.request("set-slow-mode", { roomId, intervalMs, requestId });
    this.#rooms.describe(room);
  }

  async close(roomId: string, requestId: string): Promise<void> {
    await this.#connection.request("close-room", { roomId, requestId });
    this.#rooms.forget(roomId);
  }

  async invite(roomId: string, userId: string, roomRole: RoomRole, requestId: string): Promise<void> {
    await this.#connection.request("invite-to-room", { roomId, userId, roomRole, requestId });
  }

  /** Who stands on the list may enter; an invitation besides is what tells them so. */
  async #tellInvited(roomId: string, invited: string[], requestId: string): Promise<void> {
    const told = invited.slice(0, INVITATIONS_PER_MINUTE);
    // Whoever cannot be told finds the room among their own.
    await Promise.allSettled(told.map((userId, index) => this.invite(roomId, userId, "member", `${requestId} ${index}`)));
  }

  /** An update replaces the list of who may enter, so it starts from the present one: invitations change it unseen. */
  async #accessWith(roomId: string, visibility: Access["visibility"]): Promise<Access> {
    await this.#rooms.refresh(roomId);
    return { ...this.#rooms.get(roomId)?.room?.access, visibility };
  }
}
