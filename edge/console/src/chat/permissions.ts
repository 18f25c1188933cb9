// What one may do to a message, as the server will decide it. The server has the last word.
import { EDIT_WINDOW_MS, type Message } from "../core/contract.ts";
import { LEVEL, mayModerate } from "../moderation/authority.ts";

export interface Rights {
  myId: string;
  moderates: boolean;
  /** A viewer reads and does not write. */
  writes: boolean;
}

/** `level` as `moderation/authority` has it; absent until the room was entered. */
export function rightsOf(myId: string, level: number = LEVEL.member): Rights {
  return { myId, moderates: mayModerate(level), writes: level >= LEVEL.member };
}

export function mayEdit(message: Message, { myId, writes }: Rights, now: number): boolean {
  return writes && isOwn(message, myId) && isThere(message) && now - message.createdAt < EDIT_WINDOW_MS;
}

export function mayDelete(message: Message, { myId, moderates }: Rights): boolean {
  return isThere(message) && (moderates || isOwn(message, myId));
}

/** Nobody reports oneself. */
export function mayReport(message: Message, { myId }: Rights): boolean {
  return isThere(message) && !isOwn(message, myId);
}

function isOwn(message: Message, myId: string): boolean {
  return message.sender.id === myId;
}

function isThere({ kind, deletedAt }: Message): boolean {
  return kind !== "system" && deletedAt === undefined;
}
