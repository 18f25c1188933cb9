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

  /**
   * Creates a room, invites and enters it; the same `requestId` again finds the first room. Answers who could not be
   * invited. To be on the list from the beginning lets people in without a word, so that is for those who are too many.
   */
  async create({ type, name, isPrivate, invited, maxMembers }: NewRoom, requestId: string): Promise<string[]> {
    const listed = invited.slice(INVITATIONS_PER_MINUTE).map((id) => [id, "member"] as const);
    const { room } = await this.#connection.request("create-room", {
      type,
      name,
      access: isPrivate ? { visibility: "private", members: Object.fromEntries(listed) } : { visibility: "public" },
      ...(maxMembers === undefined ? {} : { maxMembers }),
      requestId,
    });
    const asked = invited.slice(0, INVITATIONS_PER_MINUTE);
    const answers = await Promise.allSettled(
      asked.map((userId, index) => this.invite(room.id, userId, "member", `${requestId} ${index}`)),
    );
    this.#rooms.enter(room.id);
    return asked.filter((_, index) => answers[index]?.status === "rejected");
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

  /** An update replaces the list of who may enter, so it starts from the present one: invitations change it unseen. */
  async #accessWith(roomId: string, visibility: Access["visibility"]): Promise<Access> {
    await this.#rooms.refresh(roomId);
    return { ...this.#rooms.get(roomId)?.room?.access, visibility };
  }
}
